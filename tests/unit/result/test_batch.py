"""What a writer decides about a batch: one row for each key, bad records alone, and whose they are."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.bus.consumer import Record
from gavel.projection.positions import LogPosition
from gavel.projection.rows import Slice, StoredSubmission
from gavel.result.batch import (
    BadRecordError,
    Fetched,
    FetchedEvent,
    Identity,
    first_of_each,
    fold_batch,
    parse_event,
    progress,
    read_identity,
    store_halving,
)
from judgement_log import Attempt, new_id, record


def fetched(value: bytes, offset: int = 0, partition: int = 0) -> Fetched:
    """A record of `events` as a writer reads it."""
    return Fetched(Record("events", partition, offset, 0, b"", value), "topic-id", 0)


def test_progress_is_one_behind_the_last_record_of_each_partition() -> None:
    """Whatever the order of a batch."""
    batch = [fetched(b"", 4, 0), fetched(b"", 9, 1), fetched(b"", 5, 0)]

    assert sorted(progress(batch)) == [LogPosition("topic-id", 0, 6), LogPosition("topic-id", 1, 10)]


def test_a_batch_is_folded_to_one_write_for_each_judgement() -> None:
    """With what was stored before as the ground, and without those that nothing changed."""
    first, second, ended = Attempt(), Attempt(), Attempt()
    events = [*first.run(2), *second.run(1)[:2]]
    parsed = [parse_event(fetched(event.SerializeToString(), at)) for at, event in enumerate(events)]
    (known,) = fold_batch([parse_event(fetched(ended.finished().SerializeToString(), 0))], {})
    late = FetchedEvent((ended.submission, 1), 99, ended.failed())

    writes = fold_batch([*parsed, late], {(ended.submission, 1): known.state})
    assert [(write.state.submission_id, write.state.position, write.stored) for write in writes] == [
        (first.submission, 3, -1),
        (second.submission, 5, -1),
    ]


@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_only_bad_records_are_buried(size: int, bad: set[int]) -> None:
    """However many there are and wherever they lie, all others are stored once, in order."""
    stored: list[int] = []
    buried: list[int] = []

    def store(batch: Sequence[int]) -> None:
        if bad & set(batch):
            raise BadRecordError
        stored.extend(batch)

    store_halving(range(size), store, lambda each, _: buried.append(each), (BadRecordError,))
    assert stored == [each for each in range(size) if each not in bad]
    assert buried == [each for each in range(size) if each in bad]


def test_other_errors_are_no_fault_of_the_batch() -> None:
    """A database that is away comes through at once, and nothing is buried."""
    tries: list[int] = []

    def store(batch: Sequence[int]) -> None:
        tries.append(len(batch))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store_halving(range(8), store, lambda *_: tries.clear(), (BadRecordError,))
    assert tries == [8]


@given(st.integers(0, 400))
def test_an_identity_is_read_up_to_the_damage(length: int) -> None:
    """Of an event cut anywhere behind its first three fields the judgement is known; before, its key
    tells the id.
    """
    attempt = Attempt(judgement=3)
    value = attempt.finished().SerializeToString()[:length]
    identity = read_identity(value, str(attempt.submission).encode())

    assert identity is not None
    assert identity.submission_id == attempt.submission
    whole = length >= 2 + 36 + 2 + len("local") + 2
    assert not whole or identity == Identity(attempt.submission, "local", 3)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_any_bytes_have_an_identity_or_none(value: bytes, key: bytes) -> None:
    """Nothing that lies in the log stops a writer."""
    assert isinstance(read_identity(value, key), Identity | None)


@pytest.mark.parametrize("value", [b"\xff", b"", Attempt(judgement=0).started().SerializeToString()])
def test_what_is_no_event(value: bytes) -> None:
    """Bytes that are no event, or one without an identity, raise BadRecordError."""
    with pytest.raises(BadRecordError):
        parse_event(fetched(value))


def test_the_first_record_of_an_id_is_the_row() -> None:
    """Of several in a batch the first stays; one that was produced again says where the record lies now."""
    submission = new_id()
    rows = [
        StoredSubmission(
            submission, "local", at, record(submission, reproduce_count=count), Slice(), Slice(), "t", 0, at
        )
        for at, count in ((1, 0), (2, 0), (3, 1))
    ]

    (row,) = first_of_each(rows)
    assert (row.create_time_us, row.record_position, row.reproduce_count) == (1, 3, 1)
