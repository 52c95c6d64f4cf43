"""FileService: messages in, `files.py` and `downloads.py`, messages out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import grpc

from gavel.rpc.errors import GavelError, invalid
from gavel.rpc.findings import Findings
from gavel.rpc.server import tenant_of
from gavel.storage import digests
from gavel.submission.downloads import Downloads
from gavel.submission.files import DIGESTS, Files, is_of_sources
from gavel.submission.v1 import file_service_pb2, file_service_pb2_grpc

DRAIN_S = 1.0
"""How long what a refused upload still sends is read and thrown away."""

VIOLATIONS = 100
"""Bad digests named in one answer."""
_Context = grpc.aio.ServicerContext[Any, Any]


class FileServicer(file_service_pb2_grpc.FileServiceServicer):
    """Serves FileService; a call that is not defined here is answered UNIMPLEMENTED by the server."""

    def __init__(self, files: Files, downloads: Downloads) -> None:
        self._files = files
        self._downloads = downloads

    async def FindMissingFiles(  # noqa: N802 - the contract's name
        self, request: file_service_pb2.FindMissingFilesRequest, context: _Context
    ) -> file_service_pb2.FindMissingFilesResponse:
        missing = await self._files.missing(
            tenant_of(context), sha256s_of(request), sources=is_of_sources(request.purpose)
        )
        return file_service_pb2.FindMissingFilesResponse(digests=[f"sha256:{sha256}" for sha256 in missing])

    async def UploadFile(  # noqa: N802
        self, request: AsyncIterator[file_service_pb2.UploadFileRequest], context: _Context
    ) -> file_service_pb2.UploadFileResponse:
        try:
            stored = await self._files.upload(tenant_of(context), request)
        except GavelError:
            await _drain(request)
            raise
        return file_service_pb2.UploadFileResponse(
            digest=f"sha256:{stored.sha256}", size_bytes=stored.size_bytes
        )

    async def ReadFile(  # noqa: N802
        self, request: file_service_pb2.ReadFileRequest, context: _Context
    ) -> AsyncGenerator[file_service_pb2.ReadFileResponse, None]:
        async with aclosing(self._downloads.read(tenant_of(context), request)) as pieces:
            async for piece in pieces:
                yield file_service_pb2.ReadFileResponse(data=piece)


async def _drain(messages: AsyncIterator[file_service_pb2.UploadFileRequest]) -> None:
    """Reads on for a moment after a refusal: a client that is still writing when its call ends may see
    INTERNAL instead of the reason.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in messages:
                pass


def sha256s_of(request: file_service_pb2.FindMissingFilesRequest) -> list[str]:
    """The bare digests asked for. GavelError INVALID_FIELD that names each bad one."""
    if len(request.digests) > DIGESTS:
        raise invalid("digests", f"{len(request.digests)} digests, more than {DIGESTS}")
    findings = Findings()
    found = []
    for index, digest in enumerate(request.digests):
        try:
            found.append(digests.parse_digest(digest, f"digests[{index}]"))
        except GavelError as error:
            findings.absorb(error)
            if len(findings) >= VIOLATIONS:
                break
    if findings:
        raise findings.error()
    return found
