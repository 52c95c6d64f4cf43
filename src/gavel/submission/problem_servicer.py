"""ProblemService: messages in, `problems.py` and `listing.py`, messages out."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import grpc

from gavel.judging.paths import clashes, path_fault
from gavel.rpc import names, pages
from gavel.rpc.findings import Findings
from gavel.rpc.server import tenant_of
from gavel.submission.files import FILE_BYTES
from gavel.submission.listing import Listing
from gavel.submission.problems import Problems
from gavel.submission.v1 import problem_pb2, problem_service_pb2, problem_service_pb2_grpc

PACKAGE_FILES = 20_000
VIOLATIONS = 100
"""Bad files named in one answer."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_Context = grpc.aio.ServicerContext[Any, Any]


class ProblemServicer(problem_service_pb2_grpc.ProblemServiceServicer):
    """Serves ProblemService; a call that is not defined here is answered UNIMPLEMENTED by the server."""

    def __init__(self, problems: Problems, listing: Listing) -> None:
        self._problems = problems
        self._listing = listing

    async def CreateProblem(  # noqa: N802 - the contract's name
        self, request: problem_service_pb2.CreateProblemRequest, context: _Context
    ) -> problem_service_pb2.CreateProblemResponse:
        tenant = tenant_of(context)
        name = names.parse_problem(request.name)
        await asyncio.to_thread(check_package, request.files)  # 20,000 paths take a while
        problem, warnings = await self._problems.create(tenant, name, request.files)
        if not await self._listing.add(tenant, problem):
            warnings = [*warnings, "The database does not answer: lists show the problem once it does."]
        return problem_service_pb2.CreateProblemResponse(problem=problem, warnings=warnings)

    async def GetProblem(  # noqa: N802
        self, request: problem_service_pb2.GetProblemRequest, context: _Context
    ) -> problem_service_pb2.GetProblemResponse:
        problem, manifest = await self._problems.get(tenant_of(context), names.parse_problem(request.name))
        return problem_service_pb2.GetProblemResponse(problem=problem, manifest=manifest)

    async def ListProblems(  # noqa: N802
        self, request: problem_service_pb2.ListProblemsRequest, context: _Context
    ) -> problem_service_pb2.ListProblemsResponse:
        size = pages.page_size(request.page_size)
        cursor = pages.decode(request.page_token, request) or {}
        # One more than the page tells whether there is another page.
        found = await self._listing.page(tenant_of(context), str(cursor.get("name", "")), size + 1)
        response = problem_service_pb2.ListProblemsResponse(problems=found[:size])
        if len(found) > size:
            last = names.parse_problem(found[size - 1].name)
            response.next_page_token = pages.encode({"name": last}, request)
        return response

    async def DeleteProblem(  # noqa: N802
        self, request: problem_service_pb2.DeleteProblemRequest, context: _Context
    ) -> problem_service_pb2.DeleteProblemResponse:
        tenant, name = tenant_of(context), names.parse_problem(request.name)
        await self._problems.delete(tenant, name)
        await self._listing.remove(tenant, name)
        return problem_service_pb2.DeleteProblemResponse()


def check_package(files: Sequence[problem_pb2.FileReference]) -> None:
    """Looks at the files of a package. GavelError INVALID_FIELD that names each bad one, at most 100."""
    findings = Findings()
    if not 1 <= len(files) <= PACKAGE_FILES:
        findings.add("files", f"{len(files)} files; 1 to {PACKAGE_FILES} are needed")
        raise findings.error()
    for index, file in enumerate(files):
        if fault := path_fault(file.path):
            findings.add(f"files[{index}].path", fault)
        if not _SHA256.fullmatch(file.sha256):
            findings.add(f"files[{index}].sha256", "is not a SHA-256 in lower-case hexadecimal")
        if not 0 <= file.size_bytes <= FILE_BYTES:
            findings.add(f"files[{index}].size_bytes", f"is not within 0 and {FILE_BYTES}")
        if len(findings) >= VIOLATIONS:
            raise findings.error()
    for index, description in clashes([file.path for file in files])[:VIOLATIONS]:
        findings.add(f"files[{index}].path", description)
    if findings:
        raise findings.error()
