"""The path of an accept, against a sender that is a list."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from submission_requests import now_ms, request

from gavel.bus.producer import Delivery, Headers
from gavel.rpc.errors import GavelError
from gavel.rpc.positions import ReadToken
from gavel.submission import identity
from gavel.submission.destinations import Destination, Destinations
from gavel.submission.intake import Intake
from gavel.submission.problems import ProblemFacts
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import problem_pb2, submission_record_pb2

FACTS = ProblemFacts("ab" * 32, problem_pb2.Manifest())


class Sent:
    """Takes records; answers at once, or never while `silent`."""

    def __init__(self) -> None:
        self.records: list[tuple[str, object, submission_record_pb2.SubmissionRecord, int | None]] = []
        self.silent = False
        self.headers: list[Headers] = []
        self.arrived = asyncio.Semaphore(0)

    async def send(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        *,
        partition: int | None,
        headers: Headers,
    ) -> Delivery:
        record = submission_record_pb2.SubmissionRecord.FromString(value or b"")
        self.records.append((topic, key, record, partition))
        self.headers.append(headers)
        self.arrived.release()
        if self.silent:
            await asyncio.get_running_loop().create_future()
        return Delivery(partition or 0, len(self.records) - 1, 1_700_000_000_000)


async def resolve(tenant: str, name: str) -> ProblemFacts:
    """Knows one problem of one tenant."""
    if (tenant, name) != ("local", "hello"):
        raise GavelError(reasons.ERROR_REASON_PROBLEM_NOT_FOUND, "no", problem=f"problems/{name}")
    return FACTS


async def source_sizes(tenant: str, day: date, sha256s: Sequence[str]) -> dict[str, int | None]:
    """Knows one source of one tenant."""
    return {sha256: 9 if (tenant, sha256) == ("local", "c" * 64) else None for sha256 in sha256s}


def intake_of(sent: Sent, *, in_flight_most: int = 10) -> Intake:
    """An intake of a mesh that serves python3 alone."""

    def look_up(language: str) -> Destination | None:
        return Destination("submissions.python3", "topic-id", 8) if language == "python3" else None

    return Intake(sent, Destinations(look_up), resolve, source_sizes, in_flight_most=in_flight_most)


async def test_accepts() -> None:
    """One record goes out, and the answer holds the submission and where its record lies."""
    sent = Sent()

    answer = await intake_of(sent).accept("local", request(problem="problems/hello"), 5)

    ((topic, key, record, partition),) = sent.records
    assert (topic, key) == ("submissions.python3", "python3")
    assert answer.submission.name == f"submissions/{record.submission_id}"
    assert record.problem.manifest_digest == FACTS.manifest_digest
    token = ReadToken.decode(answer.read_token, "read_token")
    assert (token.topic, token.position.topic_id, token.position.partition, token.position.offset) == (
        "submissions.python3",
        "topic-id",
        partition,
        0,
    )
    assert token.accept_time_ms == answer.submission.create_time.ToMilliseconds() == 1_700_000_000_000


async def test_same_request_same_submission() -> None:
    """Sent again it is the same submission in the same partition; for another tenant it is another one."""
    sent = Sent()
    intake = intake_of(sent)
    made = request()

    first = await intake.accept("local", made, 5)
    again = await intake.accept("local", made, 5)
    other = await intake.accept("other", made, 5)

    assert first.submission.name == again.submission.name != other.submission.name
    assert sent.records[0][3] == sent.records[1][3]
    assert UUID(sent.records[0][2].submission_id).version == 7


async def test_an_uploaded_source_is_named_in_the_record() -> None:
    """By its digest, and only when it is there."""
    sent = Sent()
    made = request()
    made.sources.add(path="big.py", digest="sha256:" + "c" * 64)

    await intake_of(sent).accept("local", made, 5)

    assert list(sent.records[0][2].inline.files) == list(made.sources)
    with pytest.raises(GavelError) as caught:
        await intake_of(sent).accept("other", made, 5)
    assert caught.value.reason == reasons.ERROR_REASON_MISSING_FILES
    assert len(sent.records) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"language": "nope"}, reasons.ERROR_REASON_UNKNOWN_LANGUAGE),
        ({"language": "cpp"}, reasons.ERROR_REASON_LANGUAGE_UNAVAILABLE),
        ({"problem": "problems/other"}, reasons.ERROR_REASON_PROBLEM_NOT_FOUND),
        ({"argv": ["x" * 5000]}, reasons.ERROR_REASON_INVALID_FIELD),
        ({"lane": 2}, reasons.ERROR_REASON_NOT_IMPLEMENTED),
    ],
)
async def test_refusals_send_nothing(fields: dict[str, object], reason: reasons.ErrorReason) -> None:
    """What is refused has produced no record."""
    sent = Sent()

    with pytest.raises(GavelError) as caught:
        await intake_of(sent).accept("local", request(**fields), 5)

    assert (caught.value.reason, sent.records) == (reason, [])


async def test_silent_broker() -> None:
    """Without an acknowledgement the answer comes before the caller's deadline: UNAVAILABLE and a delay."""
    sent = Sent()
    sent.silent = True
    began = time.monotonic()

    with pytest.raises(GavelError) as caught:
        await intake_of(sent).accept("local", request(), 0.5)

    assert caught.value.reason == reasons.ERROR_REASON_BROKER_UNAVAILABLE
    assert caught.value.retry_after_ms
    assert time.monotonic() - began < 0.5


async def test_full_means_refused_at_once() -> None:
    """Beyond its bound the process answers OVERLOADED without sending, and takes accepts again afterwards."""
    sent = Sent()
    sent.silent = True
    intake = intake_of(sent, in_flight_most=3)
    waiting = [asyncio.create_task(intake.accept("local", request(), 1)) for _ in range(3)]
    for _ in waiting:
        await sent.arrived.acquire()

    with pytest.raises(GavelError) as caught:
        await intake.accept("local", request(), 1)

    assert caught.value.reason == reasons.ERROR_REASON_OVERLOADED
    assert caught.value.retry_after_ms
    assert caught.value.metadata["limit"] == "3"
    assert len(sent.records) == 3
    await asyncio.gather(*waiting, return_exceptions=True)
    sent.silent = False
    assert (await intake.accept("local", request(), 1)).read_token


async def test_trace_context_travels() -> None:
    """Inside of a span its context is in the record's headers."""
    sent = Sent()
    span = NonRecordingSpan(SpanContext(0x1234, 0x56, is_remote=False, trace_flags=TraceFlags(1)))
    with use_span(span):
        await intake_of(sent).accept("local", request(), 5)

    ((name, value),) = sent.headers[0]
    assert name == "traceparent"
    assert value.split(b"-")[1] == b"%032x" % 0x1234


async def test_clock_is_the_servers() -> None:
    """The time of request_id is compared with this machine's clock."""
    made = request()
    made.request_id = str(identity.make_request_id(now_ms() - 3 * 86_400_000))

    with pytest.raises(GavelError) as caught:
        await intake_of(Sent()).accept("local", made, 5)

    assert caught.value.reason == reasons.ERROR_REASON_REQUEST_ID_CLOCK
