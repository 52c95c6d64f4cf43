"""Files by digest: which are missing, and how one comes in as a stream of chunks.

What has come of an upload lies in memory up to 4 MiB, else in an unlinked temporary file, until its digest
is known to be right, and only then goes to the object storage. How many uploads go on and how many bytes they
have announced is bounded for the process.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import BinaryIO

from gavel.judging.admission import SOURCES_BYTES
from gavel.rpc.admission import Gate
from gavel.rpc.errors import GavelError, invalid
from gavel.storage import digests, keys
from gavel.storage.objects import Objects, StorageUnavailable
from gavel.submission.v1 import error_reason_pb2, file_service_pb2
from gavel.telemetry.metrics import SUBMISSION_UPLOAD_BYTES

FILE_BYTES = 1024 * 1024 * 1024
"""The largest file."""
CHUNK_BYTES = 1024 * 1024
"""The largest `data` of one message."""
SOURCE_BYTES = SOURCES_BYTES
"""The largest source: one submission may hold nothing else."""
DIGESTS = 20_000
"""Most digests of one FindMissingFiles."""
MEMORY_BYTES = 4 * 1024 * 1024
"""A file up to this size is held in memory while it comes in: 4 ms of CPU less for one of 3 MB."""
BATCH_BYTES = 1024 * 1024
"""Chunks of a larger one are hashed and written together, on a thread, once this much has come."""
LOOKUPS = 64
"""How many objects are looked up at one time."""
LOOK_UP_TIMEOUT_S = 3.0
"""How long an accept waits for the object storage to tell the sizes of its sources."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the first message of an upload says."""

    sha256: str
    size_bytes: int
    is_source: bool = False
    """It is for submissions, not for a problem."""


def announced(first: file_service_pb2.UploadFileRequest) -> Announced:
    """Reads the first message. GavelError INVALID_FIELD, MESSAGE_TOO_LARGE."""
    sha256 = digests.parse_digest(first.digest, "digest")
    if first.size_bytes < 0:
        raise invalid("size_bytes", "is negative")
    is_source = is_of_sources(first.purpose)
    most_bytes = SOURCE_BYTES if is_source else FILE_BYTES
    if first.size_bytes > most_bytes:
        raise _too_large("the source" if is_source else "the file", first.size_bytes, most_bytes)
    return Announced(sha256, first.size_bytes, is_source)


def is_of_sources(purpose: file_service_pb2.FilePurpose) -> bool:
    """Whether a purpose is that of sources; else it is that of packages. GavelError INVALID_FIELD."""
    if purpose not in file_service_pb2.FilePurpose.values():
        raise invalid("purpose", f"no such purpose: {purpose}")
    return purpose == file_service_pb2.FILE_PURPOSE_SOURCE


@dataclass(slots=True)
class Spool:
    """What has come of a large upload, in a file; its methods block."""

    file: BinaryIO
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, chunks: Sequence[bytes]) -> None:
        """Adds to the file and to the hash."""
        for chunk in chunks:
            self._hash.update(chunk)
            self.file.write(chunk)

    def finish(self, announced: Announced) -> None:
        """Leaves the file at its start. GavelError DIGEST_MISMATCH."""
        check_digest(announced, self._hash.hexdigest())
        self.file.flush()
        self.file.seek(0, os.SEEK_SET)


def joined(chunks: Sequence[bytes], announced: Announced) -> bytes:
    """A small upload as a whole; blocks. GavelError DIGEST_MISMATCH."""
    content = b"".join(chunks)
    check_digest(announced, digests.sha256_hex(content))
    return content


def check_digest(announced: Announced, found: str) -> None:
    """GavelError DIGEST_MISMATCH when the bytes have another SHA-256 than was announced."""
    if found != announced.sha256:
        raise GavelError(
            error_reason_pb2.ERROR_REASON_DIGEST_MISMATCH,
            f"the bytes have the digest {digests.format_digest(found)}",
            digest=digests.format_digest(announced.sha256),
            found=digests.format_digest(found),
        )


class Files:
    """The files of all tenants, in the object storage."""

    def __init__(
        self, objects: Objects, *, uploads_most: int, upload_bytes_most: int, spool_folder: str | None
    ) -> None:
        """`upload_bytes_most` bounds what all uploads going on have announced, on disk at `spool_folder`."""
        self._objects = objects
        self._uploads = Gate("uploads", uploads_most)
        self._upload_bytes = Gate("bytes of uploads", upload_bytes_most)
        self._spool_folder = spool_folder

    async def missing(self, tenant: str, sha256s: Sequence[str], *, sources: bool = False) -> list[str]:
        """Those of some digests (bare hexadecimal) that are not stored, each once, in their order: of a
        package's files, or of sources, which have to be of today or yesterday.
        """

        def places(sha256: str) -> list[str]:
            today = datetime.now(UTC).date()
            days = (today, today - timedelta(days=1))
            return [keys.source_blob_key(day, tenant, sha256) for day in days]

        sizes = await (self._sizes(sha256s, places) if sources else self.sizes(tenant, sha256s))
        return [sha256 for sha256, size_bytes in sizes.items() if size_bytes is None]

    async def sizes(self, tenant: str, sha256s: Sequence[str]) -> dict[str, int | None]:
        """How many bytes each of a package's files has, each once, in their order; None for one that is not
        stored.
        """
        return await self._sizes(sha256s, lambda sha256: [keys.blob_key(tenant, sha256)])

    async def source_sizes(self, tenant: str, day: date, sha256s: Sequence[str]) -> dict[str, int | None]:
        """As `sizes`, of sources that a submission of this day names. GavelError STORAGE_UNAVAILABLE."""
        try:
            async with asyncio.timeout(LOOK_UP_TIMEOUT_S):
                return await self._sizes(sha256s, lambda sha256: keys.source_blob_keys(day, tenant, sha256))
        except TimeoutError:
            raise StorageUnavailable from None

    async def _sizes(
        self, sha256s: Sequence[str], places: Callable[[str], Sequence[str]]
    ) -> dict[str, int | None]:
        wanted = list(dict.fromkeys(sha256s))
        slots = asyncio.Semaphore(LOOKUPS)

        async def size(sha256: str) -> int | None:
            async with slots:
                for key in places(sha256):
                    size_bytes = await self._objects.size_async(key)
                    if size_bytes is not None:
                        return size_bytes
            return None

        return dict(zip(wanted, await asyncio.gather(*map(size, wanted)), strict=True))

    async def upload(
        self, tenant: str, messages: AsyncIterator[file_service_pb2.UploadFileRequest]
    ) -> Announced:
        """Takes one file in and stores it under its digest.

        Raises GavelError: INVALID_FIELD (digest, size_bytes, purpose), DIGEST_MISMATCH, MESSAGE_TOO_LARGE,
        OVERLOADED, STORAGE_UNAVAILABLE. What was refused is not stored.
        """
        first = await anext(messages, None)
        if first is None:
            raise invalid("digest", "the stream is empty; its first message names the digest")
        what = announced(first)
        key = _place_of(tenant, what)
        with self._uploads.hold(), self._upload_bytes.hold(what.size_bytes):
            batches = _batches(what, first, messages)
            if what.size_bytes <= MEMORY_BYTES:
                chunks = [chunk async for batch in batches for chunk in batch]
                await self._objects.put_async(key, await asyncio.to_thread(joined, chunks, what))
            else:
                with tempfile.TemporaryFile(dir=self._spool_folder) as file:
                    spool = Spool(file)
                    async for batch in batches:
                        await asyncio.to_thread(spool.write, batch)
                    await asyncio.to_thread(spool.finish, what)
                    await self._objects.put_async(key, file)
        SUBMISSION_UPLOAD_BYTES.inc(what.size_bytes)
        return what


async def _batches(
    what: Announced,
    first: file_service_pb2.UploadFileRequest,
    messages: AsyncIterator[file_service_pb2.UploadFileRequest],
) -> AsyncIterator[list[bytes]]:
    """All chunks, about 1 MiB at a time; GavelError as soon as more has come than was announced."""
    received_bytes = 0
    batch: list[bytes] = []
    batch_bytes = 0
    message: file_service_pb2.UploadFileRequest | None = first
    while message is not None:
        data = message.data
        if len(data) > CHUNK_BYTES:
            raise _too_large("a chunk", len(data), CHUNK_BYTES)
        received_bytes += len(data)
        if received_bytes > what.size_bytes:
            raise invalid("size_bytes", f"more than the {what.size_bytes} bytes announced have come")
        batch.append(data)
        batch_bytes += len(data)
        if batch_bytes >= BATCH_BYTES:
            yield batch
            batch, batch_bytes = [], 0
        message = await anext(messages, None)
        if message is not None and (message.digest or message.size_bytes or message.purpose):
            raise invalid("digest", "digest, size_bytes and purpose belong in the first message alone")
    if received_bytes != what.size_bytes:
        raise invalid("size_bytes", f"{what.size_bytes} announced, {received_bytes} have come")
    yield batch


def _place_of(tenant: str, what: Announced) -> str:
    if what.is_source:
        return keys.source_blob_key(datetime.now(UTC).date(), tenant, what.sha256)
    return keys.blob_key(tenant, what.sha256)


def _too_large(what: str, size_bytes: int, limit_bytes: int) -> GavelError:
    return GavelError(
        error_reason_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
        f"{what} holds {size_bytes} bytes, more than {limit_bytes}",
        size_bytes=str(size_bytes),
        limit_bytes=str(limit_bytes),
    )
