"""What becomes of a record, and the events that tell of it."""

import hashlib
import uuid

import pytest

from gavel.bus.consumer import Record
from gavel.judging.outcome import Judged
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker import core
from gavel.worker.v1 import judgement_event_pb2

SUBMISSION = uuid.UUID("01930000-0000-7000-8000-000000000001")
NOW_NS = 1_700_000_000_123_456_789


def message() -> submission_record_pb2.SubmissionRecord:
    """A record that can be judged."""
    found = submission_record_pb2.SubmissionRecord(
        submission_id=str(SUBMISSION), tenant="local", judgement=2, language="cpp@20"
    )
    found.inline.files.add(path="a.cpp", data=b"int main() {}")
    return found


def record(value: bytes | None) -> Record:
    """As it lies in the queue."""
    return Record("submissions.cpp", 0, 5, 1_699_999_999_000, b"cpp", value, (("traceparent", b"t"),))


def job() -> core.Job:
    """The job of the record."""
    found = core.read(record(message().SerializeToString()), "cpp", 0)
    assert isinstance(found, core.Job)
    return found


def test_a_record_becomes_a_job() -> None:
    """The accept time is the record's own, the language is the queue's."""
    found = job()

    assert found.key == core.Key(str(SUBMISSION), 2)
    assert found.accept_time_ms == 1_699_999_999_000
    assert found.language == "cpp"


@pytest.mark.parametrize("value", [None, b"", b"\xff\xff\xff\xff", b"not a record at all"])
def test_a_record_without_an_id_is_unreadable(value: bytes | None) -> None:
    """Nobody can be told of it."""
    assert isinstance(core.read(record(value), "cpp", 0), core.Unreadable)


def test_a_damaged_record_whose_id_can_be_read_is_unhandled() -> None:
    """The id stands first, so that a judgement ends although its record was cut."""
    found = core.read(record(message().SerializeToString()[:-4]), "cpp", 0)

    assert isinstance(found, core.Unhandled)
    assert found.key.submission_id == str(SUBMISSION)
    assert found.tenant == "local"


def test_a_record_of_another_language_is_unhandled() -> None:
    """A queue holds one language."""
    found = core.read(record(message().SerializeToString()), "python3", 0)

    assert isinstance(found, core.Unhandled)


def test_a_record_without_sources_is_unhandled() -> None:
    """There is nothing to judge."""
    empty = message()
    empty.ClearField("source")

    assert isinstance(core.read(record(empty.SerializeToString()), "cpp", 0), core.Unhandled)


@pytest.mark.parametrize(("lost", "kind"), [(0, core.Job), (1, core.Job), (2, core.Unhandled)])
def test_the_third_start_of_a_record_that_loses_its_worker_is_refused(lost: int, kind: type) -> None:
    """A record that kills its machine stops after two."""
    assert isinstance(core.read(record(message().SerializeToString()), "cpp", lost), kind)


def test_the_platform_is_tried_three_times_with_growing_delay() -> None:
    """0.5 s, then 2 s, then it is over."""
    assert [core.retry_delay_s(failures) for failures in (1, 2, 3)] == [0.5, 2.0, None]


def judged(tests: int, feedback: str = "") -> Judged:
    """An accepted judgement with so many tests."""
    return Judged(
        verdict=submission_pb2.VERDICT_ACCEPTED,
        cpu_time_ms=7,
        tests=[submission_pb2.TestResult(number=n, feedback=feedback) for n in range(1, tests + 1)],
        test_count=tests,
        language_version="g++ 12",
        manifest_digest="ab" * 32,
    )


def finished(found: Judged) -> judgement_event_pb2.JudgementEvent:
    """Its terminal event."""
    return core.finished(job(), "a1", NOW_NS, found, worker="workers/w", start_ns=NOW_NS - 10**9)


def test_a_terminal_event_is_self_contained() -> None:
    """Verdict, totals, manifest, attempt and every test, to the nanosecond."""
    event = finished(judged(3))

    assert event.attempt == "a1"
    assert event.event_time.ToNanoseconds() == NOW_NS
    assert event.finished.start_time.ToNanoseconds() == NOW_NS - 10**9
    assert event.finished.verdict == submission_pb2.VERDICT_ACCEPTED
    assert event.finished.manifest_digest == "ab" * 32
    assert [test.number for test in event.finished.inline.tests] == [1, 2, 3]
    assert not event.finished.HasField("score")


def test_test_facts_beyond_256_kib_go_apart() -> None:
    """The event names an object with its digest instead, and the object holds every test."""
    event = finished(judged(100, "f" * 3000))
    content = core.facts_apart(event)
    assert content is not None
    core.put_apart(event, "outputs/x", content)

    assert event.finished.WhichOneof("tests") == "object"
    assert event.finished.object.sha256 == hashlib.sha256(content).hexdigest()
    assert event.ByteSize() < 1000
    assert core.facts_apart(finished(judged(80, "f" * 3000))) is None


def test_an_event_lies_where_every_event_of_its_submission_lies() -> None:
    """The key is the submission's id, and the partition follows from it."""
    key, partition = core.address(core.cancelled(job(), NOW_NS), 24)

    assert key == str(SUBMISSION)
    assert partition == 1


def test_a_cancel_is_nobodys_attempt() -> None:
    """It ends the judgement, whichever attempt runs."""
    event = core.cancelled(job(), NOW_NS)

    assert event.WhichOneof("event") == "cancelled"
    assert event.attempt == ""


def test_started_tells_when_the_broker_accepted() -> None:
    """The hub serves from that time on what it has read."""
    event = core.started(job(), "a1", NOW_NS, worker="workers/w", test_count=4, language_version="g++ 12")

    assert event.started.accept_time.ToMilliseconds() == 1_699_999_999_000
    assert event.started.test_count == 4
