"""What a writer decides about a batch, without waiting for anything. Pure.

A batch is folded to one row for each key. Where the database refuses it for its data, it is halved until the
record at fault is alone; that one is buried, and ends its judgement FAILED where its id can still be read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from google.protobuf.message import DecodeError

from gavel.bus.consumer import Record
from gavel.projection.fold import fold
from gavel.projection.positions import LogPosition, position
from gavel.projection.rows import StoredSubmission
from gavel.projection.state import JudgementState
from gavel.projection.writes import JudgementWrite
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent

JudgementKey = tuple[UUID, int]
_Fetched = TypeVar("_Fetched")


class BadRecordError(Exception):
    """A record that cannot be handled, however often it is tried."""


class Fetched(NamedTuple):
    """A record, and the topic that it was read from."""

    record: Record
    topic_id: str
    generation: int

    @property
    def position(self) -> int:
        """Its position in the projection."""
        return position(self.generation, self.record.offset)


class FetchedEvent(NamedTuple):
    """An event of a batch."""

    key: JudgementKey
    position: int
    event: JudgementEvent


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose judgement a record belongs to, as far as it can be read."""

    submission_id: UUID
    tenant: str
    judgement: int


def progress(batch: Iterable[Fetched]) -> list[LogPosition]:
    """Where the partitions of a batch stand once it is stored."""
    ends: dict[tuple[str, int], int] = {}
    for fetched in batch:
        where = fetched.topic_id, fetched.record.partition
        ends[where] = max(ends.get(where, 0), fetched.record.offset + 1)
    return [LogPosition(*where, next_offset) for where, next_offset in ends.items()]


def event_of(value: bytes) -> tuple[JudgementKey, JudgementEvent]:
    """The event of a record's bytes. BadRecordError for bytes that are none, and without an identity."""
    try:
        event = JudgementEvent.FromString(value)
        key = UUID(event.submission_id), event.judgement
    except (DecodeError, ValueError) as error:
        raise BadRecordError(f"not an event: {error}") from error
    if event.judgement < 1:
        raise BadRecordError(f"not an event: judgement {event.judgement}")
    return key, event


def parse_event(fetched: Fetched) -> FetchedEvent:
    """The event of a record. BadRecordError as event_of()."""
    key, event = event_of(fetched.record.value or b"")
    return FetchedEvent(key, fetched.position, event)


def fold_batch(
    events: Iterable[FetchedEvent], known: Mapping[JudgementKey, JudgementState]
) -> list[JudgementWrite]:
    """One write for each judgement that the events change.

    `known` holds the state of each judgement of the batch that is stored already.
    """
    states: dict[JudgementKey, JudgementState | None] = {}
    for key, where, event in events:
        before = states[key] if key in states else known.get(key)
        states[key] = fold(before, where, event)
    return [
        JudgementWrite(state, known[key].position if key in known else -1)
        for key, state in states.items()
        if state is not None and state is not known.get(key)
    ]


def first_of_each(rows: Iterable[StoredSubmission]) -> list[StoredSubmission]:
    """One row for each id: the first, which says where the record lies that was produced again last."""
    kept: dict[UUID, StoredSubmission] = {}
    for row in rows:
        first = kept.setdefault(row.submission_id, row)
        if row.tenant == first.tenant and row.reproduce_count > first.reproduce_count:
            record = type(first.record)()
            record.CopyFrom(first.record)
            record.reproduce_count = row.reproduce_count
            kept[row.submission_id] = replace(
                first,
                record=record,
                record_topic=row.record_topic,
                record_partition=row.record_partition,
                record_position=row.record_position,
            )
    return list(kept.values())


def store_halving(
    batch: Sequence[_Fetched],
    store: Callable[[Sequence[_Fetched]], None],
    bury: Callable[[_Fetched, Exception], None],
    at_fault: tuple[type[Exception], ...],
) -> None:
    """Stores a batch in order; what raises `at_fault` alone is buried, and all around it is stored.

    Other errors come through: what was stored before them stays stored, so the same batch may be tried again.
    """
    try:
        store(batch)
    except at_fault as error:
        if len(batch) == 1:
            bury(batch[0], error)
            return
        middle = len(batch) // 2
        store_halving(batch[:middle], store, bury, at_fault)
        store_halving(batch[middle:], store, bury, at_fault)


_ID_FIELD, _TENANT_FIELD, _JUDGEMENT_FIELD = 1, 2, 3
_LENGTH_DELIMITED: Final = 2


def read_identity(value: bytes, key: bytes | None) -> Identity | None:
    """Whose judgement a damaged event or record belongs to; None where its id cannot be read.

    Both messages begin with id, tenant and judgement, so they are read field by field up to the damage. The
    key of an event is its submission's id.
    """
    found: dict[int, bytes | int] = {}
    for field, content in _fields(value):
        if field in (_ID_FIELD, _TENANT_FIELD, _JUDGEMENT_FIELD):
            found.setdefault(field, content)
    written = found.get(_ID_FIELD, key or b"")
    tenant, judgement = found.get(_TENANT_FIELD, b""), found.get(_JUDGEMENT_FIELD, 1)
    if not isinstance(written, bytes) or not isinstance(tenant, bytes) or not isinstance(judgement, int):
        return None
    try:
        return Identity(UUID(written.decode()), tenant.decode(), max(1, min(judgement, 2**31 - 1)))
    except ValueError:
        return None


def _fields(value: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and content of the varint and length-delimited fields of a message, up to its first damage."""
    at = 0
    while at < len(value):
        tag, at = _varint(value, at)
        if at >= len(value):
            return
        if tag & 7 == _LENGTH_DELIMITED:
            length, at = _varint(value, at)
            if at + length > len(value):
                return
            yield tag >> 3, value[at : at + length]
            at += length
        elif tag & 7 == 0:
            number, at = _varint(value, at)
            yield tag >> 3, number
        else:
            return


def _varint(value: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    for byte in value[at : at + 10]:
        number |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            break
    return number, at
