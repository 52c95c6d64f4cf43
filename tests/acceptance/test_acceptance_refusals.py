"""Every bad submission is refused with its code, its reason and its fields, and leaves no trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from left_behind import left_behind
from refusals import refusal

from gavel.client import uuid7
from gavel.embedded import Mesh
from gavel.submission.v1 import submission_pb2, submission_service_pb2, submission_service_pb2_grpc

pytestmark = pytest.mark.acceptance

Request = submission_service_pb2.CreateSubmissionRequest
INVALID, EXHAUSTED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED


def _clear_sources(request: Request) -> None:
    request.sources.clear()


def _empty_source(request: Request) -> None:
    request.sources[0].data = b""


def _set(**fields: Any) -> Callable[[Request], None]:
    return lambda request: request.MergeFrom(Request(**fields))


def _limits(**fields: int) -> Callable[[Request], None]:
    return _set(limits=submission_pb2.Limits(**fields))


def _source(path: str, data: bytes = b"1") -> Callable[[Request], None]:
    return lambda request: request.sources.add(path=path, data=data) and None


def _digest(request: Request) -> None:
    request.sources.add(path="more.py", digest="sha256:" + "0" * 64)


def _many_files(request: Request) -> None:
    request.sources.extend(submission_pb2.SourceFile(path=f"a{n}.py", data=b"1") for n in range(100))


def _hours_from_now(hours: float) -> str:
    milliseconds = (uuid7().int >> 80) + int(hours * 3_600_000)
    return str(uuid.UUID(int=milliseconds << 80 | uuid7().int & ((1 << 80) - 1)))


CREATES: dict[str, tuple[Callable[[Request], None], grpc.StatusCode, str, tuple[str, ...]]] = {
    "unknown language": (_set(language="cobol"), INVALID, "UNKNOWN_LANGUAGE", ("language",)),
    "no such version": (_set(language="cpp@1"), INVALID, "UNKNOWN_LANGUAGE", ("language",)),
    "unknown problem": (_set(problem="problems/nowhere"), grpc.StatusCode.NOT_FOUND, "PROBLEM_NOT_FOUND", ()),
    "malformed problem": (_set(problem="nowhere"), INVALID, "INVALID_FIELD", ("problem",)),
    "no source": (_clear_sources, INVALID, "INVALID_FIELD", ("sources",)),
    "empty source": (_empty_source, INVALID, "INVALID_FIELD", ("sources",)),
    "path out": (_source("../a.py"), INVALID, "INVALID_FIELD", ("sources[1].path",)),
    "path twice": (_source("main.py"), INVALID, "INVALID_FIELD", ("sources[1].path",)),
    "too large": (_source("b.py", b"x" * 65536), EXHAUSTED, "SOURCE_TOO_LARGE", ()),
    "message too large": (_source("b.py", bytes(5 << 20)), EXHAUSTED, "MESSAGE_TOO_LARGE", ()),
    "entry point": (_set(entry_point="b.py"), INVALID, "INVALID_FIELD", ("entry_point",)),
    "cpu time": (_limits(cpu_time_ms=9), INVALID, "INVALID_FIELD", ("limits.cpu_time_ms",)),
    "wall time": (_limits(wall_time_ms=180_001), INVALID, "INVALID_FIELD", ("limits.wall_time_ms",)),
    "memory": (_limits(memory_bytes=(4 << 30) + 1), INVALID, "INVALID_FIELD", ("limits.memory_bytes",)),
    "negative": (_limits(output_bytes=-1), INVALID, "INVALID_FIELD", ("limits.output_bytes",)),
    "processes": (_limits(processes=1025), INVALID, "INVALID_FIELD", ("limits.processes",)),
    "two limits": (
        _limits(cpu_time_ms=1, processes=-1),
        INVALID,
        "INVALID_FIELD",
        ("limits.cpu_time_ms", "limits.processes"),
    ),
    "request id": (_set(request_id="1"), INVALID, "INVALID_FIELD", ("request_id",)),
    "random request id": (_set(request_id=str(uuid.uuid4())), INVALID, "INVALID_FIELD", ("request_id",)),
    "old clock": (_set(request_id=_hours_from_now(-25)), INVALID, "REQUEST_ID_CLOCK", ("request_id",)),
    "fast clock": (_set(request_id=_hours_from_now(1)), INVALID, "REQUEST_ID_CLOCK", ("request_id",)),
    "stack": (_limits(stack_bytes=1), INVALID, "INVALID_FIELD", ("limits.stack_bytes",)),
    "stack above memory": (
        _limits(memory_bytes=4 << 20, stack_bytes=8 << 20),
        INVALID,
        "INVALID_FIELD",
        ("limits.stack_bytes",),
    ),
    "files": (_limits(files_bytes=(1 << 30) + 1), INVALID, "INVALID_FIELD", ("limits.files_bytes",)),
    "label": (_set(labels={"User": "x"}), INVALID, "INVALID_FIELD", ("labels[User]",)),
    "arguments": (_set(argv=["x"] * 65), INVALID, "INVALID_FIELD", ("argv",)),
    "long argument": (_set(argv=["x" * 4097]), INVALID, "INVALID_FIELD", ("argv[0]",)),
    "101 files": (_many_files, INVALID, "INVALID_FIELD", ("sources",)),
    "validator": (
        _set(tests=submission_pb2.InlineTests(tests=[{}], validator_arguments=["odd"])),
        INVALID,
        "INVALID_FIELD",
        ("tests.validator_arguments",),
    ),
    "no tests": (_set(tests=submission_pb2.InlineTests()), INVALID, "INVALID_FIELD", ("tests.tests",)),
    "batch lane": (
        _set(lane=submission_pb2.LANE_BATCH),
        grpc.StatusCode.UNIMPLEMENTED,
        "NOT_IMPLEMENTED",
        ("lane",),
    ),
    "digest": (_digest, grpc.StatusCode.FAILED_PRECONDITION, "MISSING_FILES", ("sources[1].digest",)),
}


@pytest.fixture(scope="module")
def submissions(channel: grpc.Channel) -> Any:
    """The plain stub."""
    return submission_service_pb2_grpc.SubmissionServiceStub(channel)


@pytest.mark.parametrize("what", CREATES)
def test_refuses_without_a_trace(mesh: Mesh, submissions: Any, settled: None, what: str) -> None:
    """A bad CreateSubmission names its fields; no record, no row and no object comes of it."""
    spoil, code, reason, fields = CREATES[what]
    request = Request(request_id=str(uuid7()), language="python3")
    request.sources.add(path="main.py", data=b"print(1)")
    spoil(request)
    before = left_behind(mesh)
    found = refusal(lambda: submissions.CreateSubmission(request, timeout=10))
    assert (found.code, found.reason, set(fields) - set(found.fields)) == (code, reason, set())
    assert left_behind(mesh) == before
