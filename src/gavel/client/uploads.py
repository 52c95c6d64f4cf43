"""Sends files that are not there yet, a few at once: of a package, and sources too large for a request."""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from gavel.client import calls
from gavel.client.calls import Calls
from gavel.client.packages import CHUNK_BYTES, PackageFile, chunks
from gavel.submission.v1 import file_service_pb2, submission_pb2

_DIGESTS_AT_ONCE: Final = 20_000
_UPLOADS_AT_ONCE: Final = 4
_BYTES_PER_S: Final = 1 << 20
"""The slowest upload that is waited for."""
_INLINE_BYTES: Final = 64 << 10
"""What a request may hold of sources, their paths and inline tests."""


@dataclass(frozen=True, slots=True)
class _Upload:
    digest: str
    size_bytes: int
    chunks: Callable[[], Iterable[bytes]]
    """The bytes in pieces of at most 256 KiB; at least one, which may be empty."""


async def upload_missing(
    rpc: Calls, package: Sequence[PackageFile], uploaded: Callable[[int, int], None]
) -> None:
    """Uploads what is missing; `uploaded` is told (files sent, files to send) after each."""
    uploads = [
        _Upload(f"sha256:{file.sha256}", file.size_bytes, partial(chunks, file.file)) for file in package
    ]
    await _send(rpc, uploads, file_service_pb2.FILE_PURPOSE_PACKAGE, uploaded)


async def upload_large(rpc: Calls, sources: Collection[submission_pb2.SourceFile], beside_bytes: int) -> None:
    """Where a request's sources are too much for it beside `beside_bytes` of something else the largest are
    uploaded, and then named by their digests.
    """
    left_bytes = sum(len(source.path.encode()) + len(source.data) for source in sources) + beside_bytes
    uploads = []
    for source in sorted(sources, key=lambda source: len(source.data), reverse=True):
        data = source.data
        if left_bytes <= _INLINE_BYTES or not data:
            break
        upload = _Upload(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), partial(_pieces, data))
        source.digest = upload.digest
        left_bytes -= len(data)
        uploads.append(upload)
    if uploads:
        await _send(rpc, uploads, file_service_pb2.FILE_PURPOSE_SOURCE, lambda _sent, _all: None)


async def _send(
    rpc: Calls,
    uploads: Sequence[_Upload],
    purpose: file_service_pb2.FilePurpose,
    uploaded: Callable[[int, int], None],
) -> None:
    by_digest = {upload.digest: upload for upload in uploads}
    digests = list(by_digest)
    missing: list[str] = []
    for first in range(0, len(digests), _DIGESTS_AT_ONCE):
        some = digests[first : first + _DIGESTS_AT_ONCE]
        request = file_service_pb2.FindMissingFilesRequest(digests=some, purpose=purpose)
        missing += (await rpc.unary(calls.files, "FindMissingFiles", request)).digests
    left = iter(missing)
    sent = 0

    async def upload_some() -> None:
        nonlocal sent
        for digest in left:
            await _upload(rpc, by_digest[digest], purpose)
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


async def _upload(rpc: Calls, upload: _Upload, purpose: file_service_pb2.FilePurpose) -> None:
    timeout_s = rpc.timeout_s + upload.size_bytes / _BYTES_PER_S
    await rpc.tried(
        lambda channel, left_s: calls.files(channel).UploadFile(_messages(upload, purpose), timeout=left_s),
        timeout_s,
        timeout_s,
    )


def _pieces(data: bytes) -> Iterator[bytes]:
    for first in range(0, len(data), CHUNK_BYTES):
        yield data[first : first + CHUNK_BYTES]


def _messages(
    upload: _Upload, purpose: file_service_pb2.FilePurpose
) -> Iterator[file_service_pb2.UploadFileRequest]:
    message = file_service_pb2.UploadFileRequest(
        digest=upload.digest, size_bytes=upload.size_bytes, purpose=purpose
    )
    for data in upload.chunks():
        message.data = data
        yield message
        message = file_service_pb2.UploadFileRequest()
