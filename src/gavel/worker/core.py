"""What to do with a record, and the events that tell of it. Pure: bytes and values in, values out.

Times are Unix nanoseconds that the caller passes in; the attempt's id comes from the caller as well.
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from gavel.bus.consumer import Record
from gavel.bus.topics import partition_for
from gavel.judging.outcome import Judged
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker.v1 import judgement_event_pb2

LOST_MOST = 2
"""A record that lost this many holders is not started a third time."""
FAILURES_MOST = 3
"""Failures of the platform after which a judgement ends FAILED."""
RETRY_DELAY_S = 0.5
"""Before the second try; four times as long before each further one."""
INLINE_BYTES_MOST = 256 * 1024
"""Test facts beyond this are an object of their own."""
FACTS_NAME = "tests.binpb"
"""Name of that object among the attempt's outputs."""

_MESSAGE_CHARACTERS_MOST = 2000


class Key(NamedTuple):
    """A judgement, wherever it is spoken of."""

    submission_id: str
    judgement: int


@dataclass(frozen=True, slots=True)
class Job:
    """A record that can be judged."""

    key: Key
    submission: UUID
    tenant: str
    language: str
    """The code alone, without a version."""
    record: submission_record_pb2.SubmissionRecord
    accept_time_ms: int
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A record that nobody could judge, though it says whose it is: its judgement ends FAILED."""

    key: Key
    submission: UUID
    tenant: str
    reason: str
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that does not even say whose it is."""

    reason: str


def read(record: Record, language: str, lost: int) -> Job | Unhandled | Unreadable:
    """Reads a record of the queue of `language`, of which `lost` holders vanished after they had started
    it.
    """
    message = submission_record_pb2.SubmissionRecord()
    reason = ""
    try:
        message.MergeFromString(record.value or b"")
    except DecodeError:  # the fields before the damage are there: the id is the first
        reason = "the record is damaged"
    submission = _submission(message.submission_id)
    if submission is None or not message.tenant or message.judgement < 1:
        return Unreadable(reason or "the record names no judgement")
    key = Key(message.submission_id, message.judgement)
    reason = reason or _objection(message, language)
    if not reason and lost >= LOST_MOST:
        reason = f"its worker was lost {lost} times while it ran"
    if reason:
        return Unhandled(key, submission, message.tenant, reason, record.headers)
    return Job(key, submission, message.tenant, language, message, record.timestamp_ms, record.headers)


def address(event: judgement_event_pb2.JudgementEvent, partitions: int) -> tuple[str, int]:
    """Key and partition of an event: all events of a submission lie in one partition."""
    return event.submission_id, partition_for(UUID(event.submission_id), partitions)


def retry_delay_s(failures: int) -> float | None:
    """How long to wait after so many failures of the platform; None: not again."""
    return None if failures >= FAILURES_MOST else RETRY_DELAY_S * 4.0 ** (failures - 1)


def started(
    job: Job, attempt: str, now_ns: int, *, worker: str, test_count: int, language_version: str
) -> judgement_event_pb2.JudgementEvent:
    """An attempt began; `worker` is the worker's id, as in all events."""
    event = _event(job, attempt, now_ns)
    event.started.worker_id = worker
    event.started.accept_time.FromMilliseconds(job.accept_time_ms)
    event.started.test_count = test_count
    event.started.language_version = language_version
    return event


def compiled(
    job: Job, attempt: str, now_ns: int, result: submission_pb2.CompileResult
) -> judgement_event_pb2.JudgementEvent:
    """The compiler ended."""
    event = _event(job, attempt, now_ns)
    event.compiled.CopyFrom(result)
    return event


def tested(
    job: Job, attempt: str, now_ns: int, result: submission_pb2.TestResult
) -> judgement_event_pb2.JudgementEvent:
    """A test ended."""
    event = _event(job, attempt, now_ns)
    event.test.CopyFrom(result)
    return event


def finished(
    job: Job, attempt: str, now_ns: int, judged: Judged, *, worker: str, start_ns: int
) -> judgement_event_pb2.JudgementEvent:
    """Judged, with every test's facts inline; see `facts_apart` for when they are too many."""
    event = _event(job, attempt, now_ns)
    end = event.finished
    end.verdict = judged.verdict
    if judged.score is not None:
        end.score = judged.score
    end.cpu_time_ms = judged.cpu_time_ms
    end.wall_time_ms = judged.wall_time_ms
    end.memory_bytes = judged.memory_bytes
    if judged.compile is not None:
        end.compile.CopyFrom(judged.compile)
    end.inline.tests.extend(judged.tests)
    end.groups.extend(judged.groups)
    end.manifest_digest = judged.manifest_digest
    end.worker_id = worker
    end.language_version = judged.language_version
    end.test_count = judged.test_count
    end.start_time.CopyFrom(_time(start_ns))
    end.accept_time.CopyFrom(_time(job.accept_time_ms * 1_000_000))
    return event


def facts_apart(event: judgement_event_pb2.JudgementEvent) -> bytes | None:
    """The content of the object for test facts beyond 256 KiB; None when they may stay inline."""
    facts = event.finished.inline
    return facts.SerializeToString() if facts.ByteSize() > INLINE_BYTES_MOST else None


def put_apart(event: judgement_event_pb2.JudgementEvent, key: str, content: bytes) -> None:
    """Makes the event name the object that was stored under `key` instead of the facts themselves."""
    event.finished.object.key = key
    event.finished.object.sha256 = hashlib.sha256(content).hexdigest()
    event.finished.object.size_bytes = len(content)


def failed(
    job: Job | Unhandled, attempt: str, now_ns: int, message: str, *, worker: str
) -> judgement_event_pb2.JudgementEvent:
    """The platform's fault; `message` is for a person."""
    event = _event(job, attempt, now_ns)
    event.failed.message = message[:_MESSAGE_CHARACTERS_MOST]
    event.failed.worker_id = worker
    return event


def cancelled(job: Job, now_ns: int) -> judgement_event_pb2.JudgementEvent:
    """Somebody asked for the end."""
    event = _event(job, "", now_ns)
    event.cancelled.SetInParent()
    return event


def _event(job: Job | Unhandled, attempt: str, now_ns: int) -> judgement_event_pb2.JudgementEvent:
    return judgement_event_pb2.JudgementEvent(
        submission_id=job.key.submission_id,
        tenant=job.tenant,
        judgement=job.key.judgement,
        attempt=attempt,
        event_time=_time(now_ns),
    )


def _time(now_ns: int) -> Timestamp:
    return Timestamp(seconds=now_ns // 1_000_000_000, nanos=now_ns % 1_000_000_000)


def _submission(text: str) -> UUID | None:
    try:
        submission = UUID(text)
    except ValueError:
        return None
    return submission if str(submission) == text else None


def _objection(message: submission_record_pb2.SubmissionRecord, language: str) -> str:
    if message.language.partition("@")[0] != language:
        return f"the record is for the language {message.language!r} and lies in the queue of {language}"
    source = message.WhichOneof("source")
    if source is None or (source == "inline" and not message.inline.files):
        return "the record has no sources"
    return ""
