"""Submitting, watching, listing: what a caller may rely on."""

from __future__ import annotations

import itertools
from typing import Any

import grpc
import pytest
from google.protobuf.message import DecodeError
from refusals import refusal

from conditions import until
from gavel.bus import topics
from gavel.client import AsyncClient, Client, InlineTest, NotFoundError, RequestError, uuid7
from gavel.embedded import Mesh
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.storage.digests import format_digest, sha256_hex
from gavel.submission.v1 import submission_pb2, submission_service_pb2, submission_service_pb2_grpc
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from package_folder import PROBLEMS
from topic_reader import read_topic

pytestmark = pytest.mark.acceptance

Request = submission_service_pb2.CreateSubmissionRequest


@pytest.fixture(scope="module")
def submissions(channel: grpc.Channel) -> Any:
    """The plain stub."""
    return submission_service_pb2_grpc.SubmissionServiceStub(channel)


@pytest.fixture(scope="module")
def results(channel: grpc.Channel) -> Any:
    """The plain stub."""
    return result_service_pb2_grpc.ResultServiceStub(channel)


def _request(source: bytes = b"print(1)", **fields: Any) -> Request:
    request = Request(request_id=str(uuid7()), language="python3", **fields)
    request.sources.add(path="main.py", data=source)
    return request


@pytest.mark.parametrize("with_metadata", [True, False])
def test_streams_a_submission_to_plain_stubs(submissions: Any, results: Any, *, with_metadata: bool) -> None:
    """A watch shows the start, each test in order and the end, with and without the metadata of the ring."""
    tests = submission_pb2.InlineTests(tests=[{"input": b"%d" % n, "expected": b"%d" % n} for n in range(3)])
    created = submissions.CreateSubmission(_request(b"print(input())", tests=tests), timeout=10)
    name = created.submission.name
    metadata = (("x-gavel-submission", name.removeprefix("submissions/")),) if with_metadata else ()
    watch = result_service_pb2.WatchSubmissionRequest(name=name, read_token=created.read_token)
    seen = list(results.WatchSubmission(watch, metadata=metadata, timeout=60))
    kinds = [each.WhichOneof("event") for each in seen if each.WhichOneof("event") != "heartbeat"]
    told = [kind for kind in kinds if kind not in ("queued", "compiled")]
    assert told == ["running", "test", "test", "test", "ended"]
    assert [each.test.number for each in seen if each.HasField("test")] == [1, 2, 3]
    ended = seen[-1].ended
    started = next(each.running for each in seen if each.HasField("running"))
    assert started.worker == ended.worker == "workers/worker-0"
    assert (ended.state, ended.verdict) == (submission_pb2.STATE_FINISHED, submission_pb2.VERDICT_ACCEPTED)

    again = list(results.WatchSubmission(watch, metadata=metadata, timeout=60))
    assert [each.WhichOneof("event") for each in again][-4:] == ["test", "test", "test", "ended"]
    watch.resume_token = next(each.resume_token for each in again if each.HasField("test"))
    rest = list(results.WatchSubmission(watch, metadata=metadata, timeout=60))
    assert [each.WhichOneof("event") for each in rest] == ["test", "test", "ended"]
    assert rest[-1].ended == ended


def test_takes_one_request_for_one_submission(mesh: Mesh, client: Client, submissions: Any) -> None:
    """The same request twice is one submission with one end; another body with its id is another one."""
    request, other = _request(b"print(11)"), _request(b"print(12)")
    other.request_id = request.request_id
    first, second, third = (
        submissions.CreateSubmission(each, timeout=10) for each in (request, request, other)
    )
    assert first.submission.name == second.submission.name
    assert third.submission.name != first.submission.name
    ends = {
        client.wait(each.submission.name, read_token=each.read_token).name for each in (first, second, third)
    }
    assert len(ends) == 2
    until(lambda: client.get(first.submission.name).verdict, "the end is stored")
    stored = [each.name for each in client.list(most=20)]
    assert stored.count(first.submission.name) == 1
    assert len(list(client.results(first.submission.name))) == 1
    attempt = _shown_attempt(client, first.submission.name)
    until(lambda: _first_end(mesh, first.submission.name) == attempt, "the log's first end is the one shown")


def test_keeps_what_was_handed_in(client: Client) -> None:
    """A submission is read with its limits, labels and sources as accepted, at once by its token."""
    files = {"main.py": b"import data\nprint(data.x)", "data.py": b"x = 1 # \xff"}
    accepted = client.submit(files, language="python3", labels={"user": "ann"})
    found = client.get(accepted, sources=True)
    assert dict(found.sources) == files
    assert (found.labels, found.language, found.lane) == ({"user": "ann"}, "python3", "INTERACTIVE")
    assert found.limits.cpu_time_ms > 0
    assert client.wait(accepted).name == f"{accepted.name}/judgements/1"
    stored = until(lambda: list(client.results(accepted)), "its judgement is stored")
    assert [each.name for each in stored] == [f"{accepted.name}/judgements/1"]


def test_lists_by_filter_and_page(client: Client, submissions: Any) -> None:
    """Filters choose, pages lead through all without a gap or a repeat, newest first."""
    course = str(uuid7())
    handed = [
        client.submit(
            {"main.py": b"print(1)"},
            language="python3",
            tests=[InlineTest(b"", b"1" if number % 2 else b"2")],
            labels={"course": course, "number": str(number)},
        )
        for number in range(7)
    ]
    for accepted in handed:
        client.wait(accepted)
    names = [accepted.name for accepted in handed]
    label = {"course": course}

    def listed(**more: Any) -> list[str]:
        return [each.name for each in client.list(labels=label, **more)]

    until(lambda: len(listed(state="FINISHED")) == 7, "all rows are there")
    assert listed() == sorted(names, reverse=True)
    assert set(listed(verdict="ACCEPTED")) == set(names[1::2])
    assert set(listed(verdict="WRONG_ANSWER")) == set(names[0::2])
    assert listed(state="FAILED") == listed(language="cpp") == listed(problem="problems/nowhere") == []
    assert [each.name for each in client.list(labels=label | {"number": "3"})] == [names[3]]
    request = submission_service_pb2.ListSubmissionsRequest(page_size=3, labels=label)
    pages = []
    for _ in itertools.count():
        page = submissions.ListSubmissions(request, timeout=10)
        pages.append([each.name for each in page.submissions])
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(itertools.chain(*pages)) == sorted(names, reverse=True)


def test_keeps_a_page_token_to_its_list(client: Client, submissions: Any) -> None:
    """A page token belongs to the filters it was made with."""
    for _ in range(2):
        client.wait(client.submit({"main.py": b"pass"}, language="python3"))
    request = submission_service_pb2.ListSubmissionsRequest(page_size=1, language="python3")
    token = until(lambda: submissions.ListSubmissions(request, timeout=10).next_page_token, "two rows")
    other = submission_service_pb2.ListSubmissionsRequest(page_size=1, language="c", page_token=token)
    found = refusal(lambda: submissions.ListSubmissions(other, timeout=10))
    assert (found.code, found.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ("page_token",))


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


def test_tells_that_a_judgement_has_ended(client: Client, submissions: Any) -> None:
    """The cancel of what has its verdict is refused, and the verdict stays."""
    accepted = client.submit({"main.py": b"print(1)"}, language="python3")
    client.wait(accepted)
    until(lambda: client.get(accepted).verdict, "the end is stored")
    request = submission_service_pb2.CancelSubmissionRequest(
        name=accepted.name, read_token=accepted.read_token
    )
    found = refusal(lambda: submissions.CancelSubmission(request, timeout=10))
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_ENDED")
    assert client.get(accepted).verdict == "ACCEPTED"


def _shown_attempt(client: Client, name: str) -> str:
    return next(each.attempt for each in client.watch(name) if hasattr(each, "attempt"))


def _first_end(mesh: Mesh, name: str) -> str:
    for record in read_topic(mesh.kafka, topics.EVENTS):
        try:
            event = JudgementEvent.FromString(record.value or b"")
        except DecodeError:  # another test's
            continue
        if event.submission_id == name.removeprefix("submissions/") and event.HasField("finished"):
            return event.attempt
    return ""


async def test_reads_an_output_in_full(mesh: Mesh, client: Client) -> None:
    """Of a test whose result links to it, whole and in part, by both clients; of one that has none nothing.
    The judgement need not be stored yet.
    """
    accepted = client.submit(
        {"main.py": b"for n in range(50_000): print(n)"},
        language="python3",
        tests=[InlineTest(b"", b"another"), InlineTest(b"", b"another")],
    )
    test, skipped = client.wait(accepted).tests
    whole = b"".join(b"%d\n" % n for n in range(50_000))

    assert test.kept_output_bytes == len(whole)
    assert b"".join(client.output(accepted, test.number)) == whole
    async with AsyncClient(mesh.address) as asyncio_client:
        part = asyncio_client.output(accepted.name, 1, offset_bytes=100_000, length_bytes=50_000)
        assert b"".join([piece async for piece in part]) == whole[100_000:150_000]
    with client.output(accepted, 1) as pieces:
        assert whole.startswith(next(pieces))
    with pytest.raises(NotFoundError):
        list(client.output(accepted, skipped.number))


def test_reads_a_file_of_a_problem(client: Client) -> None:
    """By its digest; what was never uploaded is not found."""
    text = (PROBLEMS / "legacy_sum" / "problem.yaml").read_bytes()
    client.add_problem(PROBLEMS / "legacy_sum")

    assert b"".join(client.file(format_digest(sha256_hex(text)))) == text
    with pytest.raises(NotFoundError):
        list(client.file(format_digest(sha256_hex(b"never"))))
    with pytest.raises(RequestError, match="digest"):
        list(client.file("never"))
