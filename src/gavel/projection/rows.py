"""Rows and values: what a row of the tables holds, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gavel.projection.state import (
    END_ORDINAL,
    Attempt,
    End,
    JudgementState,
    Place,
    ShownCompile,
    ShownTest,
)
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker.v1 import judgement_event_pb2

Row = Mapping[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TERMINAL: Final = frozenset(
    {submission_pb2.STATE_FINISHED, submission_pb2.STATE_CANCELLED, submission_pb2.STATE_FAILED}
)


@dataclass(frozen=True, slots=True)
class Slice:
    """Where something lies in a pack object; of length 0 where there is nothing."""

    key: str = ""
    offset_bytes: int = 0
    length_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """A row of `submissions`."""

    submission_id: UUID
    tenant: str
    create_time_us: int
    """Instant of the accept by the broker's clock."""
    record: submission_record_pb2.SubmissionRecord
    """As it was accepted, without its sources and inline tests."""
    source: Slice
    """Of the SourceFiles."""
    tests: Slice
    """Of the InlineTests."""
    record_topic: str
    record_partition: int
    record_position: int
    """Generation and offset of the record that was produced last, see `positions`."""

    @property
    def reproduce_count(self) -> int:
        """How often its record was produced again."""
        return self.record.reproduce_count


def submission_of(row: Row) -> StoredSubmission:
    """A StoredSubmission from all columns of its row."""
    record = submission_record_pb2.SubmissionRecord.FromString(row["record"])
    record.reproduce_count = row["reproduce_count"]
    key = row["source_key"]
    return StoredSubmission(
        row["submission_id"],
        row["tenant"],
        _us(row["create_time"]),
        record,
        _slice(key, row["source_offset_bytes"], row["source_length_bytes"]),
        _slice(key, row["tests_offset_bytes"], row["tests_length_bytes"]),
        row["record_topic"],
        row["record_partition"],
        row["record_position"],
    )


def judgement_of(row: Row) -> JudgementState | None:
    """A JudgementState from all columns of its row, with its tests where the row has them; None where it is
    absent.
    """
    if row["position"] is None:
        return None
    first = row["first_position"]
    return JudgementState(
        row["submission_id"],
        row["judgement"],
        row["tenant"],
        row["position"],
        None if first is None else Place(first),
        _us(row["accept_time"]),
        row["applied_position"],
        _attempt_of(row),
        _end_of(row),
    )


def _slice(key: str, offset_bytes: int, length_bytes: int) -> Slice:
    return Slice(key, offset_bytes, length_bytes) if length_bytes else Slice()


def _attempt_of(row: Row) -> Attempt | None:
    if row["attempt_position"] is None:
        return None
    compiled = None
    if row["compile"] is not None:
        compiled = ShownCompile(
            Place(row["compile_position"], row["compile_ordinal"]),
            _us(row["compile_time"]),
            submission_pb2.CompileResult.FromString(row["compile"]),
        )
    return Attempt(
        row["attempt"],
        row["worker"],
        row["test_count"],
        row["language_version"],
        _us(row["start_time"]),
        Place(row["attempt_position"]),
        compiled,
        _tests_of(row),
    )


def _tests_of(row: Row) -> tuple[ShownTest, ...]:
    facts: Sequence[bytes] | None = row.get("test_facts")
    if facts is None:
        return ()
    return tuple(
        ShownTest(Place(position, ordinal), _us(end_time), written, submission_pb2.TestResult.FromString(one))
        for one, position, ordinal, written, end_time in zip(
            facts,
            row["test_shown_positions"],
            row["test_shown_ordinals"],
            row["test_positions"],
            row["test_end_times"],
            strict=True,
        )
    )


def _end_of(row: Row) -> End | None:
    if row["state"] not in _TERMINAL:
        return None
    tests_object = None
    if row["tests_key"]:
        tests_object = judgement_event_pb2.TestResultsObject(
            key=row["tests_key"], sha256=row["tests_sha256"], size_bytes=row["tests_size_bytes"]
        )
    return End(
        Place(row["end_position"], END_ORDINAL),
        _us(row["end_time"]),
        row["state"],
        row["verdict"],
        row["score"],
        row["cpu_time_ms"],
        row["wall_time_ms"],
        row["memory_bytes"],
        row["manifest_digest"],
        row["failure"],
        tests_object,
        tuple(submission_pb2.Judgement.FromString(row["groups"] or b"").groups),
    )


def _us(time: datetime | None) -> int:
    return 0 if time is None else (time - _EPOCH) // _MICROSECOND
