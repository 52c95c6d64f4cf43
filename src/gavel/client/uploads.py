"""Sends the files of a package that are not there yet, a few at once."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Final

from gavel.client import calls
from gavel.client.calls import Calls
from gavel.client.packages import PackageFile, chunks
from gavel.submission.v1 import file_service_pb2

_DIGESTS_AT_ONCE: Final = 20_000
_UPLOADS_AT_ONCE: Final = 4
_BYTES_PER_S: Final = 1 << 20
"""The slowest upload that is waited for."""


async def upload_missing(
    rpc: Calls, package: Sequence[PackageFile], uploaded: Callable[[int, int], None]
) -> None:
    """Uploads what is missing; `uploaded` is told (files sent, files to send) after each."""
    by_digest = {f"sha256:{file.sha256}": file for file in package}
    digests = list(by_digest)
    missing: list[str] = []
    for first in range(0, len(digests), _DIGESTS_AT_ONCE):
        some = digests[first : first + _DIGESTS_AT_ONCE]
        request = file_service_pb2.FindMissingFilesRequest(digests=some)
        missing += (await rpc.unary(calls.files, "FindMissingFiles", request)).digests
    left = iter(missing)
    sent = 0

    async def upload_some() -> None:
        nonlocal sent
        for digest in left:
            await _upload(rpc, by_digest[digest])
            sent += 1
            uploaded(sent, len(missing))

    await _first_error([upload_some() for _ in range(_UPLOADS_AT_ONCE)])


async def _first_error(works: Sequence[Coroutine[None, None, None]]) -> None:
    """Waits for all; the first error ends the others and is raised as itself, not as a group."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _upload(rpc: Calls, file: PackageFile) -> None:
    timeout_s = rpc.timeout_s + file.size_bytes / _BYTES_PER_S
    await rpc.tried(
        lambda channel, left_s: calls.files(channel).UploadFile(_messages(file), timeout=left_s),
        timeout_s,
        timeout_s,
    )


def _messages(file: PackageFile) -> Iterator[file_service_pb2.UploadFileRequest]:
    message = file_service_pb2.UploadFileRequest(digest=f"sha256:{file.sha256}", size_bytes=file.size_bytes)
    for data in chunks(file.file):
        message.data = data
        yield message
        message = file_service_pb2.UploadFileRequest()
