"""Files by digest: which are missing, and how one comes in as a stream of chunks.

An upload holds one batch of chunks in memory; what has come lies in an unlinked temporary file until its
digest is known to be right, and only then goes to the object storage. How many uploads go on and how many
bytes they have announced is bounded for the process.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from gavel.rpc.admission import Gate
from gavel.rpc.errors import GavelError, invalid
from gavel.storage import digests, keys
from gavel.storage.objects import Objects
from gavel.submission.v1 import error_reason_pb2, file_service_pb2
from gavel.telemetry.metrics import SUBMISSION_UPLOAD_BYTES

FILE_BYTES = 1024 * 1024 * 1024
"""The largest file."""
CHUNK_BYTES = 1024 * 1024
"""The largest `data` of one message."""
DIGESTS = 20_000
"""Most digests of one FindMissingFiles."""
BATCH_BYTES = 1024 * 1024
"""Chunks are hashed and written together, on a thread, once this much has come."""
LOOKUPS = 64
"""How many objects are looked up at one time."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the first message of an upload says."""

    sha256: str
    size_bytes: int


def announced(first: file_service_pb2.UploadFileRequest) -> Announced:
    """Reads the first message. GavelError INVALID_FIELD, MESSAGE_TOO_LARGE."""
    sha256 = digests.parse_digest(first.digest, "digest")
    if first.size_bytes < 0:
        raise invalid("size_bytes", "is negative")
    if first.size_bytes > FILE_BYTES:
        raise _too_large("the file", first.size_bytes, FILE_BYTES)
    return Announced(sha256, first.size_bytes)


@dataclass(slots=True)
class Spool:
    """What has come of one upload; its methods block."""

    announced: Announced
    file: BinaryIO
    received_bytes: int = 0
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            self._hash.update(chunk)
            self.file.write(chunk)

    def finish(self) -> None:
        """Checks digest and leaves the file at its start. GavelError DIGEST_MISMATCH."""
        found = self._hash.hexdigest()
        if found != self.announced.sha256:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_DIGEST_MISMATCH,
                f"the bytes have the digest sha256:{found}",
                digest=f"sha256:{self.announced.sha256}",
                found=f"sha256:{found}",
            )
        self.file.flush()
        self.file.seek(0, os.SEEK_SET)


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

    async def missing(self, tenant: str, sha256s: Sequence[str]) -> list[str]:
        """Those of some digests (bare hexadecimal) that are not stored, each once, in their order."""
        wanted = list(dict.fromkeys(sha256s))
        slots = asyncio.Semaphore(LOOKUPS)

        async def stored(sha256: str) -> bool:
            async with slots:
                return await self._objects.exists_async(keys.blob_key(tenant, sha256))

        found = await asyncio.gather(*[stored(sha256) for sha256 in wanted])
        return [sha256 for sha256, there in zip(wanted, found, strict=True) if not there]

    async def upload(
        self, tenant: str, messages: AsyncIterator[file_service_pb2.UploadFileRequest]
    ) -> Announced:
        """Takes one file in and stores it under its digest.

        Raises GavelError: INVALID_FIELD (digest, size_bytes), DIGEST_MISMATCH, MESSAGE_TOO_LARGE, OVERLOADED,
        STORAGE_UNAVAILABLE. What was refused is not stored.
        """
        first = await anext(messages, None)
        if first is None:
            raise invalid("digest", "the stream is empty; its first message names the digest")
        what = announced(first)
        with (
            self._uploads.hold(),
            self._upload_bytes.hold(what.size_bytes),
            tempfile.TemporaryFile(dir=self._spool_folder) as file,
        ):
            spool = Spool(what, file)
            await self._receive(spool, first, messages)
            await asyncio.to_thread(spool.finish)
            await self._objects.put_async(keys.blob_key(tenant, what.sha256), file)
        SUBMISSION_UPLOAD_BYTES.inc(what.size_bytes)
        return what

    async def _receive(
        self,
        spool: Spool,
        first: file_service_pb2.UploadFileRequest,
        messages: AsyncIterator[file_service_pb2.UploadFileRequest],
    ) -> None:
        """Spools all chunks; ends as soon as more has come than was announced."""
        size_bytes = spool.announced.size_bytes
        batch: list[bytes] = []
        batch_bytes = 0
        message: file_service_pb2.UploadFileRequest | None = first
        while message is not None:
            data = message.data
            if len(data) > CHUNK_BYTES:
                raise _too_large("a chunk", len(data), CHUNK_BYTES)
            spool.received_bytes += len(data)
            if spool.received_bytes > size_bytes:
                raise invalid("size_bytes", f"more than the {size_bytes} bytes announced have come")
            batch.append(data)
            batch_bytes += len(data)
            if batch_bytes >= BATCH_BYTES:
                await asyncio.to_thread(spool.write, batch)
                batch, batch_bytes = [], 0
            message = await anext(messages, None)
            if message is not None and (message.digest or message.size_bytes):
                raise invalid("digest", "digest and size_bytes belong in the first message alone")
        if spool.received_bytes != size_bytes:
            raise invalid("size_bytes", f"{size_bytes} announced, {spool.received_bytes} have come")
        await asyncio.to_thread(spool.write, batch)


def _too_large(what: str, size_bytes: int, limit_bytes: int) -> GavelError:
    return GavelError(
        error_reason_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
        f"{what} holds {size_bytes} bytes, more than {limit_bytes}",
        size_bytes=str(size_bytes),
        limit_bytes=str(limit_bytes),
    )
