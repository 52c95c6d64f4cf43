"""Every other bad request: of problems, files, lists, watches and batches. None leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from left_behind import left_behind
from refusals import refusal

from gavel.client import uuid7
from gavel.embedded import Mesh
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.submission.v1 import (
    file_service_pb2,
    file_service_pb2_grpc,
    problem_service_pb2,
    problem_service_pb2_grpc,
    submission_service_pb2,
    submission_service_pb2_grpc,
)
from gavel.worker.v1 import worker_service_pb2, worker_service_pb2_grpc

pytestmark = pytest.mark.acceptance

INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
EXHAUSTED, UNMET = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.FAILED_PRECONDITION
NOBODY = f"submissions/{uuid7()}"
ABSENT = {"path": "problem.yaml", "sha256": "0" * 64, "size_bytes": 1}
OTHER_DIGEST = "sha256:" + "0" * 64
SERVICES = (
    (submission_service_pb2, submission_service_pb2_grpc.SubmissionServiceStub),
    (problem_service_pb2, problem_service_pb2_grpc.ProblemServiceStub),
    (file_service_pb2, file_service_pb2_grpc.FileServiceStub),
    (result_service_pb2, result_service_pb2_grpc.ResultServiceStub),
    (worker_service_pb2, worker_service_pb2_grpc.WorkerServiceStub),
)

Case = tuple[str, dict[str, Any], grpc.StatusCode, str, str]


def _field(method: str, field: str, value: Any, named: str = "") -> Case:
    """The call is refused for that field, which the BadRequest names, as `named` where that differs."""
    return method, {field: value}, INVALID, "INVALID_FIELD", named or field


def _absent(method: str, name: str, reason: str) -> Case:
    return method, {"name": name}, NOT_FOUND, reason, ""


CASES: dict[str, Case] = {
    "get: short id": _field("GetSubmission", "name", "submissions/1"),
    "get: no prefix": _field("GetSubmission", "name", str(uuid7())),
    "get: nobody": _absent("GetSubmission", NOBODY, "SUBMISSION_NOT_FOUND"),
    "get: token": (
        "GetSubmission", {"name": NOBODY, "read_token": b"x"}, INVALID, "INVALID_FIELD", "read_token",
    ),
    "get: view": ("GetSubmission", {"name": NOBODY, "view": 9}, INVALID, "INVALID_FIELD", "view"),
    "list: page token": _field("ListSubmissions", "page_token", "x"),
    "list: page size": _field("ListSubmissions", "page_size", -1),
    "list: problem": _field("ListSubmissions", "problem", "nowhere"),
    "list: time": _field("ListSubmissions", "create_time_min", Timestamp(nanos=-1)),
    "list: language": (
        "ListSubmissions", {"language": "cobol"}, INVALID, "UNKNOWN_LANGUAGE", "language",
    ),
    "cancel: name": _field("CancelSubmission", "name", "x"),
    "cancel: judgement": (
        "CancelSubmission", {"name": NOBODY, "judgement": -1}, INVALID, "INVALID_FIELD", "judgement",
    ),
    "cancel: nobody": _absent("CancelSubmission", NOBODY, "SUBMISSION_NOT_FOUND"),
    "batch: empty": _field("BatchCreateSubmissions", "requests", []),
    "batch: 101": _field("BatchCreateSubmissions", "requests", [{}] * 101),
    "queues: language": (
        "WatchQueues", {"languages": ["cobol"]}, INVALID, "UNKNOWN_LANGUAGE", "languages[0]",
    ),
    "watch: name": _field("WatchSubmission", "name", "x"),
    "watch: token": (
        "WatchSubmission", {"name": NOBODY, "resume_token": b"x"}, INVALID, "INVALID_FIELD", "resume_token",
    ),
    "watch: judgement": (
        "WatchSubmission", {"name": NOBODY, "judgement": -1}, INVALID, "INVALID_FIELD", "judgement",
    ),
    "watch: nobody": _absent("WatchSubmission", NOBODY, "SUBMISSION_NOT_FOUND"),
    "result: name": _field("GetResult", "name", "x"),
    "result: nobody": _absent("GetResult", NOBODY, "SUBMISSION_NOT_FOUND"),
    "results: name": _field("ListResults", "parent", "x"),
    "results: page token": (
        "ListResults", {"parent": NOBODY, "page_token": "x"}, INVALID, "INVALID_FIELD", "page_token",
    ),
    "worker: name": _field("GetWorker", "name", "x"),
    "worker: nobody": _absent("GetWorker", "workers/nobody", "WORKER_NOT_FOUND"),
    "workers: page token": _field("ListWorkers", "page_token", "x"),
    "problem: name": _field("GetProblem", "name", "sums"),
    "problem: nowhere": _absent("GetProblem", "problems/nowhere", "PROBLEM_NOT_FOUND"),
    "problems: page token": _field("ListProblems", "page_token", "x"),
    "new problem: name": (
        "CreateProblem", {"name": "x/y", "files": [ABSENT]}, INVALID, "INVALID_FIELD", "name",
    ),
    "new problem: no file": (
        "CreateProblem", {"name": "problems/none"}, INVALID, "INVALID_FIELD", "files",
    ),
    "new problem: path": (
        "CreateProblem",
        {"name": "problems/none", "files": [ABSENT | {"path": "../problem.yaml"}]},
        INVALID,
        "INVALID_FIELD",
        "files[0].path",
    ),
    "new problem: digest": (
        "CreateProblem",
        {"name": "problems/none", "files": [ABSENT | {"sha256": "0"}]},
        INVALID,
        "INVALID_FIELD",
        "files[0].sha256",
    ),
    "new problem: not uploaded": (
        "CreateProblem", {"name": "problems/none", "files": [ABSENT]}, UNMET, "MISSING_FILES", "",
    ),
    "missing: digest": _field("FindMissingFiles", "digests", ["0" * 64], "digests[0]"),
    "upload: digest": _field("UploadFile", "digest", "0" * 64),
    "upload: size": (
        "UploadFile", {"digest": OTHER_DIGEST, "size_bytes": -1}, INVALID, "INVALID_FIELD", "size_bytes",
    ),
    "upload: too short": (
        "UploadFile",
        {"digest": OTHER_DIGEST, "size_bytes": 2, "data": b"x"},
        INVALID,
        "INVALID_FIELD",
        "size_bytes",
    ),
    "upload: other bytes": (
        "UploadFile",
        {"digest": OTHER_DIGEST, "size_bytes": 1, "data": b"x"},
        INVALID,
        "DIGEST_MISMATCH",
        "",
    ),
    "upload: file too large": (
        "UploadFile",
        {"digest": OTHER_DIGEST, "size_bytes": (1 << 30) + 1},
        EXHAUSTED,
        "MESSAGE_TOO_LARGE",
        "",
    ),
    "upload: chunk too large": (
        "UploadFile",
        {"digest": OTHER_DIGEST, "size_bytes": 2 << 20, "data": bytes((1 << 20) + 1)},
        EXHAUSTED,
        "MESSAGE_TOO_LARGE",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_refuses_a_bad_call(mesh: Mesh, channel: grpc.Channel, settled: None, what: str) -> None:
    """It gets its code, its reason and its field; no record, no row and no object comes of it."""
    method, fields, code, reason, field = CASES[what]
    before = left_behind(mesh)
    found = refusal(_call(channel, method, fields))
    assert (found.code, found.reason) == (code, reason)
    assert not field or field in found.fields
    assert left_behind(mesh) == before


def _call(channel: grpc.Channel, method: str, fields: dict[str, Any]) -> Callable[[], object]:
    """Makes the call and reads a stream to its end."""
    module, stub = next(each for each in SERVICES if hasattr(each[0], f"{method}Request"))
    request = getattr(module, f"{method}Request")(**fields)

    def call() -> object:
        if method == "UploadFile":
            return stub(channel).UploadFile(iter([request]), timeout=20)
        answer = getattr(stub(channel), method)(request, timeout=20)
        return list(answer) if method.startswith("Watch") else answer

    return call
