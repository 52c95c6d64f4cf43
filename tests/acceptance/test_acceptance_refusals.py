"""Every bad request is refused with its code, its reason and its fields, and leaves no trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from refusals import Refusal, refusal

from conditions import until
from gavel.bus import topics
from gavel.client import Client, uuid7
from gavel.embedded import Mesh
from gavel.judging.languages import LANGUAGES
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.submission.v1 import submission_pb2, submission_service_pb2, submission_service_pb2_grpc
from gavel.worker.v1 import worker_service_pb2, worker_service_pb2_grpc

pytestmark = pytest.mark.acceptance

Request = submission_service_pb2.CreateSubmissionRequest
INVALID, EXHAUSTED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED
NOBODY = f"submissions/{uuid7()}"


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
    "label": (_set(labels={"User": "x"}), INVALID, "INVALID_FIELD", ("labels[User]",)),
    "arguments": (_set(argv=["x"] * 65), INVALID, "INVALID_FIELD", ("argv",)),
    "no tests": (_set(tests=submission_pb2.InlineTests()), INVALID, "INVALID_FIELD", ("tests.tests",)),
    "batch lane": (
        _set(lane=submission_pb2.LANE_BATCH),
        grpc.StatusCode.UNIMPLEMENTED,
        "NOT_IMPLEMENTED",
        ("lane",),
    ),
    "digest": (_digest, grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED", ("sources[1].digest",)),
}


@pytest.fixture(scope="module")
def submissions(channel: grpc.Channel) -> Any:
    """The plain stub."""
    return submission_service_pb2_grpc.SubmissionServiceStub(channel)


@pytest.fixture
def quiet(mesh: Mesh, client: Client) -> None:
    """Nothing is judged any more, and all that the log holds is stored."""
    states = ("QUEUED", "RUNNING")
    until(lambda: not any(list(client.list(state=state, most=1)) for state in states), "all judged", 60.0)
    until(lambda: _is_stored(mesh), "all is stored")


@pytest.mark.parametrize("what", CREATES)
def test_refuses_without_a_trace(mesh: Mesh, submissions: Any, quiet: None, what: str) -> None:
    """A bad CreateSubmission names its fields; no record, no row and no object comes of it."""
    spoil, code, reason, fields = CREATES[what]
    request = Request(request_id=str(uuid7()), language="python3")
    request.sources.add(path="main.py", data=b"print(1)")
    spoil(request)
    before = _traces(mesh)
    found = refusal(lambda: submissions.CreateSubmission(request, timeout=10))
    assert (found.code, found.reason, set(fields) - set(found.fields)) == (code, reason, set())
    assert _traces(mesh) == before


def test_answers_each_of_a_batch(client: Client, submissions: Any) -> None:
    """In a batch what is refused does not hold up the others, and keeps its place."""
    requests = [Request(request_id=str(uuid7()), language=code) for code in ("python3", "cobol", "python3")]
    for request in requests:
        request.sources.add(path="main.py", data=b"print(1)")
    batch = submission_service_pb2.BatchCreateSubmissionsRequest(requests=requests)
    results = submissions.BatchCreateSubmissions(batch, timeout=10).results
    assert [each.WhichOneof("result") for each in results] == ["accepted", "refused_status", "accepted"]
    for each in (results[0], results[2]):
        assert client.wait(each.accepted.submission.name).verdict == "ACCEPTED"


READS: dict[str, tuple[str, Any, grpc.StatusCode, str, str]] = {
    "malformed id": ("GetSubmission", {"name": "submissions/1"}, INVALID, "INVALID_FIELD", "name"),
    "no prefix": ("GetSubmission", {"name": str(uuid7())}, INVALID, "INVALID_FIELD", "name"),
    "read token": (
        "GetSubmission",
        {"name": NOBODY, "read_token": b"x"},
        INVALID,
        "INVALID_FIELD",
        "read_token",
    ),
    "nobody": ("GetSubmission", {"name": NOBODY}, grpc.StatusCode.NOT_FOUND, "SUBMISSION_NOT_FOUND", ""),
    "cancel nobody": (
        "CancelSubmission",
        {"name": NOBODY},
        grpc.StatusCode.NOT_FOUND,
        "SUBMISSION_NOT_FOUND",
        "",
    ),
    "cancel malformed": ("CancelSubmission", {"name": "x"}, INVALID, "INVALID_FIELD", "name"),
    "page token": ("ListSubmissions", {"page_token": "x"}, INVALID, "INVALID_FIELD", "page_token"),
    "page size": ("ListSubmissions", {"page_size": -1}, INVALID, "INVALID_FIELD", "page_size"),
    "language": ("ListSubmissions", {"language": "cobol"}, INVALID, "UNKNOWN_LANGUAGE", "language"),
    "time": (
        "ListSubmissions",
        {"create_time_min": Timestamp(nanos=-1)},
        INVALID,
        "INVALID_FIELD",
        "create_time_min",
    ),
    "watch malformed": ("WatchSubmission", {"name": "x"}, INVALID, "INVALID_FIELD", "name"),
    "resume token": (
        "WatchSubmission",
        {"name": NOBODY, "resume_token": b"x"},
        INVALID,
        "INVALID_FIELD",
        "resume_token",
    ),
    "watch nobody": (
        "WatchSubmission",
        {"name": NOBODY},
        grpc.StatusCode.NOT_FOUND,
        "SUBMISSION_NOT_FOUND",
        "",
    ),
    "result malformed": ("GetResult", {"name": "x"}, INVALID, "INVALID_FIELD", "name"),
    "result nobody": ("GetResult", {"name": NOBODY}, grpc.StatusCode.NOT_FOUND, "SUBMISSION_NOT_FOUND", ""),
    "results page token": (
        "ListResults",
        {"parent": NOBODY, "page_token": "x"},
        INVALID,
        "INVALID_FIELD",
        "page_token",
    ),
    "no worker": (
        "GetWorker",
        {"name": "workers/nobody"},
        grpc.StatusCode.NOT_FOUND,
        "WORKER_NOT_FOUND",
        "",
    ),
}


@pytest.mark.parametrize("what", READS)
def test_refuses_bad_reads(mesh: Mesh, channel: grpc.Channel, quiet: None, what: str) -> None:
    """Malformed names and tokens, and what is not there, get their code, and nothing is produced."""
    method, fields, code, reason, field = READS[what]
    before = _traces(mesh)
    found = refusal(lambda: _call(channel, method, fields))
    assert (found.code, found.reason) == (code, reason)
    assert not field or field in found.fields
    assert _traces(mesh) == before


def test_tells_that_a_judgement_has_ended(client: Client, submissions: Any) -> None:
    """The cancel of what has its verdict is refused, and the verdict stays."""
    accepted = client.submit({"main.py": b"print(1)"}, language="python3")
    client.wait(accepted)
    request = submission_service_pb2.CancelSubmissionRequest(
        name=accepted.name, read_token=accepted.read_token
    )
    found: Refusal = until(lambda: _refused(submissions, request), "the end is stored")
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_ENDED")
    assert client.get(accepted).verdict == "ACCEPTED"


def _refused(submissions: Any, request: submission_service_pb2.CancelSubmissionRequest) -> Refusal | None:
    try:
        submissions.CancelSubmission(request, timeout=10)
    except grpc.RpcError as error:
        caught = error

        def again() -> None:
            raise caught

        return refusal(again)
    return None


def _call(channel: grpc.Channel, method: str, fields: dict[str, Any]) -> object:
    for module, stub in (
        (submission_service_pb2, submission_service_pb2_grpc.SubmissionServiceStub),
        (result_service_pb2, result_service_pb2_grpc.ResultServiceStub),
        (worker_service_pb2, worker_service_pb2_grpc.WorkerServiceStub),
    ):
        if hasattr(module, f"{method}Request"):
            answer = getattr(stub(channel), method)(getattr(module, f"{method}Request")(**fields), timeout=20)
            return list(answer) if method == "WatchSubmission" else answer
    raise AssertionError(method)


def _is_stored(mesh: Mesh) -> bool:
    names = [topics.submissions_topic(code) for code in LANGUAGES]
    ends = topics.end_offsets(mesh.kafka, [topics.EVENTS, *names])
    with psycopg.connect(mesh.database_url) as connection:
        row = connection.execute("SELECT coalesce(sum(next_offset), 0) FROM log_positions").fetchone()
    return row is not None and row[0] == sum(ends.values())


def _traces(mesh: Mesh) -> tuple[object, ...]:
    """What there is: the ends of the topics, the number of rows, the objects."""
    names = [topics.submissions_topic("python3"), topics.EVENTS, topics.CONTROL, topics.DEAD]
    with psycopg.connect(mesh.database_url) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM submissions), (SELECT count(*) FROM judgements)"
        ).fetchone()
    objects = sorted(str(path) for path in Path(mesh.data_dir / "objects").rglob("*") if path.is_file())
    return topics.end_offsets(mesh.kafka, names), rows, objects
