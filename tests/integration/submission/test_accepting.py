"""Accepting submissions, from the call to the record in the log."""

from uuid import UUID

import grpc
import pytest
from google.rpc import status_pb2
from submission_mesh import Calls, Replica, accepted_record, record_count, records_from, request

from gavel.bus import topics
from gavel.rpc.errors import from_rpc_error, from_status
from gavel.rpc.positions import ReadToken
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import (
    file_service_pb2,
    submission_pb2,
    submission_service_pb2,
)

pytestmark = pytest.mark.integration


async def test_accept(calls: Calls, replica: Replica) -> None:
    """The answer tells of a QUEUED submission and where its record lies; the record is complete and keyed."""
    made = request(labels={"user": "ann"}, argv=["x"])
    made.tests.tests.add(input=b"1", expected=b"2")

    response = await calls.submissions.CreateSubmission(made)

    token = ReadToken.decode(response.read_token, "read_token")
    at = token.position
    (message,) = records_from(replica.kafka, token.topic, {at.partition: at.offset})
    record = accepted_record(replica.kafka, response)
    assert response.submission.state == submission_pb2.STATE_QUEUED
    assert response.submission.name == f"submissions/{record.submission_id}"
    assert (token.topic, message.key()) == ("submissions.python3", b"python3")
    assert at.topic_id == topics.topic_id(replica.kafka, "submissions.python3")
    assert at.partition == topics.partition_for(UUID(record.submission_id), topics.Partitions().interactive)
    assert message.timestamp()[1] == response.submission.create_time.ToMilliseconds() == token.accept_time_ms
    assert list(record.inline.files) == list(made.sources)
    assert (record.tenant, record.tests, record.effective_limits) == (
        "local",
        made.tests,
        response.submission.limits,
    )
    assert [name for name, _ in message.headers()] == ["traceparent"]


async def test_trace_goes_on_in_the_record(calls: Calls, replica: Replica) -> None:
    """The caller's W3C trace context is continued in the record's headers."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    metadata = (("traceparent", f"00-{trace}-b7ad6b7169203331-01"),)

    response = await calls.submissions.CreateSubmission(request(), metadata=metadata)

    at = ReadToken.decode(response.read_token, "read_token").position
    (message,) = records_from(replica.kafka, "submissions.python3", {at.partition: at.offset})
    assert dict(message.headers())["traceparent"].decode().split("-")[1] == trace


async def test_sent_again_it_is_the_same(calls: Calls) -> None:
    """The same request is the same submission; another tenant's is another one."""
    made = request()

    first = await calls.submissions.CreateSubmission(made)
    again = await calls.submissions.CreateSubmission(made)
    other = await calls.submissions.CreateSubmission(made, metadata=(("x-gavel-tenant", "other"),))

    assert first.submission.name == again.submission.name != other.submission.name


async def test_refusals_leave_no_record(calls: Calls, replica: Replica) -> None:
    """Every kind of refusal has its code and reason, and the log holds nothing of it."""
    digest = request()
    digest.sources.add(path="big", digest="sha256:" + "0" * 64)
    large = request()
    large.sources[0].data = b"x" * 70_000
    clock = request()
    clock.request_id = "01000000-0000-7000-8000-000000000000"
    expected = [
        (request(language="nope"), "INVALID_ARGUMENT", "UNKNOWN_LANGUAGE"),
        (request(language="java"), "FAILED_PRECONDITION", "LANGUAGE_UNAVAILABLE"),
        (request(problem="problems/none"), "NOT_FOUND", "PROBLEM_NOT_FOUND"),
        (request(problem="none"), "INVALID_ARGUMENT", "INVALID_FIELD"),
        (request(lane=submission_pb2.LANE_BATCH), "UNIMPLEMENTED", "NOT_IMPLEMENTED"),
        (digest, "FAILED_PRECONDITION", "MISSING_FILES"),
        (large, "RESOURCE_EXHAUSTED", "SOURCE_TOO_LARGE"),
        (clock, "INVALID_ARGUMENT", "REQUEST_ID_CLOCK"),
    ]
    before = record_count(replica.kafka)

    for made, code, reason in expected:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await calls.submissions.CreateSubmission(made)
        error = from_rpc_error(caught.value)
        assert (error.code.name, error.reason_name) == (code, reason)

    assert record_count(replica.kafka) == before


async def test_violations_reach_the_caller(calls: Calls) -> None:
    """All bad fields arrive in one BadRequest."""
    made = request(argv=["\0"])
    made.sources.add(path="../x", data=b"x")
    made.limits.cpu_time_ms = 1

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await calls.submissions.CreateSubmission(made)

    error = from_rpc_error(caught.value)
    assert [violation.field for violation in error.violations] == [
        "sources[1].path",
        "argv[0]",
        "limits.cpu_time_ms",
    ]


async def test_batch(calls: Calls, replica: Replica) -> None:
    """Each request of a batch has its own answer, in order; a bad one does not hold up the others."""
    before = record_count(replica.kafka)
    batch = submission_service_pb2.BatchCreateSubmissionsRequest(
        requests=[request(), request(language="nope"), request(language="cpp")]
    )

    response = await calls.submissions.BatchCreateSubmissions(batch)

    first, second, third = response.results
    assert first.accepted.submission.language == "python3"
    assert third.accepted.submission.language == "cpp"
    refused = from_status(status_pb2.Status.FromString(second.refused_status))
    assert refused.reason == reasons.ERROR_REASON_UNKNOWN_LANGUAGE
    assert refused.violations[0].field == "language"
    assert record_count(replica.kafka) == before + 2


@pytest.mark.parametrize("count", [0, 101])
async def test_size_of_a_batch(calls: Calls, count: int) -> None:
    """A batch holds 1 to 100 requests."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await calls.submissions.BatchCreateSubmissions(
            submission_service_pb2.BatchCreateSubmissionsRequest(requests=[request() for _ in range(count)])
        )

    error = from_rpc_error(caught.value)
    assert (error.code, error.violations[0].field) == (grpc.StatusCode.INVALID_ARGUMENT, "requests")


async def test_calls_that_come_later(calls: Calls) -> None:
    """What is defined and not built answers UNIMPLEMENTED with an ErrorInfo that names the method."""
    calls_and_requests = [
        (calls.submissions.RejudgeSubmissions, submission_service_pb2.RejudgeSubmissionsRequest()),
        (calls.files.CreateUpload, file_service_pb2.CreateUploadRequest()),
    ]
    for call, made in calls_and_requests:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(made)
        error = from_rpc_error(caught.value)
        method = type(made).DESCRIPTOR.name.removesuffix("Request")
        assert (error.code.name, error.reason_name) == ("UNIMPLEMENTED", "NOT_IMPLEMENTED")
        assert error.metadata["method"].endswith(f"Service/{method}")


async def test_one_line_for_each_accept(calls: Calls, replica: Replica) -> None:
    """The log says of an accept what an operator looks for, once."""
    response = await calls.submissions.CreateSubmission(request())

    submission_id = response.submission.name.removeprefix("submissions/")
    lines = [line for line in replica.log.splitlines() if submission_id in line]
    assert len(lines) == 1
    assert '"event": "accepted"' in lines[0]
    assert '"trace_id"' in lines[0]
