"""A problem package and its way into the mesh."""

import hashlib
from collections.abc import Iterator, Mapping

from submission_mesh import Calls

from gavel.submission.v1.file_service_pb2 import (
    FILE_PURPOSE_PACKAGE,
    FilePurpose,
    UploadFileRequest,
    UploadFileResponse,
)
from gavel.submission.v1.problem_pb2 import FileReference
from gavel.submission.v1.problem_service_pb2 import CreateProblemRequest, CreateProblemResponse

PACKAGE: Mapping[str, bytes] = {
    "problem.yaml": b"problem_format_version: 2025-09\nname: Sum\n"
    b"uuid: 8f7ed1ba-43f9-424e-9af4-8a5f2e428ee3\nlimits:\n  time_limit: 1.0\n",
    "data/sample/1.in": b"1 2\n",
    "data/sample/1.ans": b"3\n",
    "data/secret/01.in": b"4 5\n",
    "data/secret/01.ans": b"9\n",
}


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def chunks(
    content: bytes, chunk_bytes: int = 256 * 1024, purpose: FilePurpose = FILE_PURPOSE_PACKAGE
) -> Iterator[UploadFileRequest]:
    """An upload."""
    yield UploadFileRequest(digest=f"sha256:{sha256(content)}", size_bytes=len(content), purpose=purpose)
    for at in range(0, len(content), chunk_bytes):
        yield UploadFileRequest(data=content[at : at + chunk_bytes])


async def upload(calls: Calls, content: bytes) -> UploadFileResponse:
    """Uploads a file."""
    return await calls.files.UploadFile(chunks(content))


async def create(calls: Calls, name: str, package: Mapping[str, bytes] = PACKAGE) -> CreateProblemResponse:
    """Uploads a package's files and makes a problem of them."""
    for content in package.values():
        await upload(calls, content)
    references = [
        FileReference(path=path, sha256=sha256(content), size_bytes=len(content))
        for path, content in package.items()
    ]
    return await calls.problems.CreateProblem(CreateProblemRequest(name=name, files=references))
