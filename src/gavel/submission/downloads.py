"""Files as they go out: one of the tenant's by digest, a source of a submission, or an output that a test's
result links to.

What is read from its start to its end is checked by its digest, and its last piece goes out only when that is
right. Of a part the size alone is looked at.
"""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gavel.rpc import names
from gavel.rpc.admission import Gate
from gavel.rpc.errors import GavelError, invalid
from gavel.rpc.findings import Findings
from gavel.storage import digests, keys
from gavel.storage.objects import Objects
from gavel.submission.files import Files
from gavel.submission.reading import ANSWER_TIMEOUT_S, Reading
from gavel.submission.v1 import error_reason_pb2, file_service_pb2

CHUNK_BYTES: Final = 256 * 1024
"""The largest `data` of one message."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A whole file: an object, or bytes that are here."""

    key: str
    sha256: str
    size_bytes: int
    data: bytes | None = None


def check(request: file_service_pb2.ReadFileRequest) -> None:
    """GavelError INVALID_FIELD that names each bad field."""
    findings = Findings()
    if bool(request.digest) == bool(request.judgement):
        findings.add("digest", "either digest or judgement is needed, and not both")
    if request.judgement and request.source_path and request.test_number:
        findings.add("source_path", "either test_number or source_path, not both")
    elif request.judgement and not request.source_path and request.test_number < 1:
        findings.add("test_number", "with judgement a test's number is needed, 1 or more, or a source_path")
    for field in ("test_number", "source_path"):
        if request.digest and getattr(request, field):
            findings.add(field, "belongs to judgement")
    for field in ("offset_bytes", "length_bytes"):
        if getattr(request, field) < 0:
            findings.add(field, "is negative")
    if findings:
        raise findings.error()


class Downloads:
    """Reads files for one process; belongs to its event loop."""

    def __init__(self, objects: Objects, files: Files, reading: Reading, downloads_most: int) -> None:
        self._objects = objects
        self._files = files
        self._reading = reading
        self._downloads = Gate("downloads", downloads_most)

    async def read(
        self, tenant: str, request: file_service_pb2.ReadFileRequest
    ) -> AsyncGenerator[bytes, None]:
        """The bytes asked for, in pieces of at most 256 KiB.

        Raises GavelError: INVALID_FIELD, FILE_NOT_FOUND, OBJECT_DAMAGED (also behind some pieces),
        OVERLOADED, STORAGE_UNAVAILABLE, and for an output as `Reading.output`.
        """
        check(request)
        with self._downloads.hold():
            stored = await self._stored(tenant, request)
            offset_bytes = request.offset_bytes
            left_bytes = stored.size_bytes - offset_bytes
            if left_bytes < 0:
                raise invalid("offset_bytes", f"is behind the end of a file of {stored.size_bytes} bytes")
            length_bytes = min(left_bytes, request.length_bytes or left_bytes)
            async with aclosing(self._pieces(stored, offset_bytes, length_bytes)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _stored(self, tenant: str, request: file_service_pb2.ReadFileRequest) -> Stored:
        if request.judgement:
            submission_id, judgement = names.parse_judgement(request.judgement, field="judgement")
            if request.source_path:
                return await self._source(tenant, submission_id, request.source_path)
            link = await self._reading.output(tenant, submission_id, judgement, request.test_number)
            if await self._objects.size_async(link.key) != link.size_bytes:
                raise _damaged(link.key)
            return Stored(link.key, link.sha256, link.size_bytes)
        sha256 = digests.parse_digest(request.digest, "digest")
        size_bytes = (await self._files.sizes(tenant, [sha256]))[sha256]
        if size_bytes is None:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_FILE_NOT_FOUND, "no such file", digest=request.digest
            )
        return Stored(keys.blob_key(tenant, sha256), sha256, size_bytes)

    async def _source(self, tenant: str, submission_id: UUID, path: str) -> Stored:
        row, _ = await self._reading.get(tenant, submission_id, None, ANSWER_TIMEOUT_S)
        file = next((file for file in await self._reading.sources(row) if file.path == path), None)
        if file is None:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_FILE_NOT_FOUND, "the submission has no such source file"
            )
        if not file.digest:
            return Stored("", "", len(file.data), file.data)
        sha256 = digests.sha256_of(file.digest)
        for key in keys.source_blob_keys(keys.day_of(submission_id), tenant, sha256):
            size_bytes = await self._objects.size_async(key)
            if size_bytes is not None:
                return Stored(key, sha256, size_bytes)
        raise _damaged(keys.source_blob_key(keys.day_of(submission_id), tenant, sha256))

    async def _pieces(
        self, stored: Stored, offset_bytes: int, length_bytes: int
    ) -> AsyncGenerator[bytes, None]:
        if stored.data is not None:
            asked = stored.data[offset_bytes : offset_bytes + length_bytes]
            for first in range(0, len(asked), CHUNK_BYTES):
                yield asked[first : first + CHUNK_BYTES]
            return
        is_whole = length_bytes == stored.size_bytes
        found = hashlib.sha256()
        held = b""
        source = self._objects.stream_async(stored.key, offset_bytes, length_bytes, CHUNK_BYTES)
        async with aclosing(source) as blocks:
            async for block in blocks:
                for first in range(0, len(block), CHUNK_BYTES):
                    if held:
                        yield held
                    held = block[first : first + CHUNK_BYTES]
                    if is_whole:
                        found.update(held)
        if is_whole and found.hexdigest() != stored.sha256:
            raise _damaged(stored.key)
        if held:
            yield held


def _damaged(key: str) -> GavelError:
    return GavelError(
        error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED, f"the object {key} is not what was stored", object=key
    )
