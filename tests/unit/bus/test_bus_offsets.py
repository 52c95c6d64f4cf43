"""The account of a partition: nothing is skipped, whatever crashes and whoever takes over."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gavel.bus.offsets import (
    METADATA_BYTES_MOST,
    Commit,
    Known,
    PartitionOffsets,
    Starts,
    decode,
    encode,
)


def test_the_committed_offset_is_the_lowest_that_is_not_finished() -> None:
    """Records finish out of order; the offset waits for the lowest and then jumps over what is done."""
    offsets = PartitionOffsets(Commit(10))
    for offset in (10, 11, 12):
        offsets.take(offset)
    offsets.finish(11)
    offsets.finish(12)

    assert offsets.commit() == Commit(10, "1;f=1-2")

    offsets.finish(10)

    assert offsets.commit() == Commit(13, "")
    assert offsets.commit() is None


def test_a_start_is_told_before_it_is_finished() -> None:
    """A commit of the unchanged offset carries the starts and their counts."""
    offsets = PartitionOffsets(Commit(5))
    offsets.take(5)
    offsets.take(6)
    offsets.start(6)

    assert offsets.commit() == Commit(5, "1;s=1x1")


def test_a_successor_skips_what_is_finished_and_sees_lost_starts() -> None:
    """The next holder learns from the commit alone which records to skip and which lost their holder."""
    first = PartitionOffsets(Commit(0))
    for offset in range(4):
        first.take(offset)
    first.start(0)
    first.start(2)
    first.finish(2)
    commit = first.commit()
    assert commit is not None
    second = PartitionOffsets(commit)

    assert second.take(0) == Starts(1, 0)
    assert second.take(1) == Starts()
    assert second.take(2) is None
    assert second.start(0) == 2


def test_a_released_start_does_not_count() -> None:
    """A clean revoke gives its starts back, so that moving a long record never ends it."""
    commit = Commit(7)
    for _ in range(5):
        holder = PartitionOffsets(commit)
        starts = holder.take(7)
        assert starts is not None
        assert starts.lost == 0
        holder.start(7)
        holder.release_all()
        commit = holder.state()


def test_offsets_without_records_are_stepped_over() -> None:
    """A log may have holes: the committed offset does not wait for records that do not exist."""
    offsets = PartitionOffsets(Commit(0))
    offsets.take(3)
    offsets.finish(3)

    assert offsets.commit() == Commit(4)


def test_without_a_commit_the_first_record_is_the_beginning() -> None:
    """A new group starts at whatever the log still has, and tells nothing before that."""
    offsets = PartitionOffsets(Commit(-1))

    assert offsets.commit() is None

    offsets.take(40)
    offsets.finish(40)

    assert offsets.commit() == Commit(41)


def test_a_commit_that_did_not_arrive_is_told_again() -> None:
    """The state is what is sent, so a lost commit is repaired by the next one."""
    offsets = PartitionOffsets(Commit(0))
    offsets.take(0)
    offsets.finish(0)
    told = offsets.commit()
    offsets.failed()

    assert offsets.commit() == told == Commit(1)


@pytest.mark.parametrize(
    "metadata",
    ["2;f=1", "1;f=", "1;f=x", "1;f=3-1", "1;s=1", "1;s=1x1r2", "1;f=1-5,3", "rubbish", "1;f=-1"],
)
def test_metadata_that_cannot_be_read_says_nothing(metadata: str) -> None:
    """What is not understood is judged again; a record is never skipped on a guess."""
    assert decode(Commit(9, metadata)) == Known()


def test_a_partition_is_full_before_the_metadata_is_too_large() -> None:
    """While every other record finishes, taking stops early enough for the broker's limit."""
    offsets = PartitionOffsets(Commit(0))
    offset = 0
    while not offsets.full:
        offsets.take(offset)
        if offset % 2:
            offsets.finish(offset)
        else:
            offsets.start(offset)
        offset += 1

    assert offset > 100
    assert len(offsets.state().metadata) < METADATA_BYTES_MOST


def test_too_many_ranges_are_left_out_and_never_the_starts() -> None:
    """Leaving out a finished range costs a second run; leaving out a start would forget a dangerous
    record.
    """
    metadata = encode(0, [(offset, offset + 1) for offset in range(1, 5000, 2)], {0: Starts(2, 1)})

    assert len(metadata) <= METADATA_BYTES_MOST
    assert decode(Commit(0, metadata)).starts == {0: Starts(2, 1)}


ranges = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=20)
counts = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: Starts(sum(pair), pair[1]))


@given(st.integers(0, 1 << 40), ranges, st.dictionaries(st.integers(0, 2000), counts, max_size=9))
def test_metadata_reads_back(base: int, steps: list[tuple[int, int]], starts: dict[int, Starts]) -> None:
    """What is encoded is decoded, for every offset."""
    finished, at = [], base
    for gap, length in steps:
        finished.append((at + gap, at + gap + length))
        at += gap + length
    absolute = {base + where: count for where, count in starts.items()}

    known = decode(Commit(base, encode(base, finished, absolute)))

    assert known == Known(tuple(finished), absolute)


class Group:
    """A log of records, the broker's last commit, and the holder of the moment."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.committed = Commit(-1)
        self.done: set[int] = set()
        self.crash(0)

    def crash(self, _pick: int) -> None:
        """The holder is gone; the next one knows what is committed."""
        self.holder = PartitionOffsets(self.committed)
        self.position = max(self.committed.offset, 0)
        self.open: list[int] = []

    def take(self, _pick: int) -> None:
        """The holder polls the next record; it may skip only what was really finished."""
        if self.position == self.records:
            return
        if self.holder.take(self.position) is not None:
            self.open.append(self.position)
        else:
            assert self.position in self.done
        self.position += 1

    def start(self, pick: int) -> None:
        """A record in hand starts."""
        if self.open:
            self.holder.start(self.open[pick % len(self.open)])

    def finish(self, pick: int) -> None:
        """A record in hand ends, its terminal event acknowledged."""
        if self.open:
            offset = self.open.pop(pick % len(self.open))
            self.holder.start(offset)
            self.done.add(offset)
            self.holder.finish(offset)

    def commit(self, _pick: int) -> None:
        """A commit arrives."""
        self.committed = self.holder.commit() or self.committed

    def lose_commit(self, _pick: int) -> None:
        """A commit is sent and lost."""
        if self.holder.commit() is not None:
            self.holder.failed()

    def revoke(self, pick: int) -> None:
        """The holder lets go properly."""
        self.holder.release_all()
        self.committed = self.holder.state()
        self.crash(pick)


STEPS = st.sampled_from(
    [Group.take] * 3
    + [Group.finish] * 2
    + [Group.start, Group.commit, Group.lose_commit, Group.revoke, Group.crash],
)


@settings(max_examples=400)
@given(st.integers(1, 25), st.lists(st.tuples(STEPS, st.integers(0, 99)), max_size=120))
def test_every_record_is_finished_or_started_again(
    records: int, steps: list[tuple[Callable[[Group, int], None], int]]
) -> None:
    """After any crashes and hand-overs a last holder that runs to the end leaves nothing unfinished."""
    group = Group(records)
    for step, pick in steps:
        step(group, pick)
        open_records = set(range(records)) - group.done
        assert group.committed.offset <= min(open_records, default=records)
    group.crash(0)
    while group.position < records:
        group.take(0)
        group.finish(0)

    assert group.done == set(range(records))
    assert group.holder.state() == Commit(records)
