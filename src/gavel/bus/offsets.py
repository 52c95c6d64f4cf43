"""What of a partition is finished, what was started, and the commit that says so. Pure: no clock, no thread.

A commit names the lowest offset that is not finished. Its metadata tells the rest, relative to that offset:

    1;f=2-4,7;s=0x1,5x2r1

Format 1; the records 2 to 4 and 7 behind the offset are finished (`f`); the record at the offset was started
once, the fifth behind it twice, of which one start was given back (`s`, `x` starts, `r` released). A start
that was not given back by a holder that is gone was lost: a record that loses its holder again and again is
stopped by that count. The broker refuses 4,096 bytes; from 3,072 on `PartitionOffsets.full` asks to take
nothing more.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

METADATA_BYTES_FULL = 3072
"""From here on nothing more is taken from the partition."""
METADATA_BYTES_MOST = 4000
"""What is sent at most; the broker refuses 4,096."""
_RANGE_BYTES = 20
_STARTS_BYTES = 20
_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")
_START = re.compile(r"(\d{1,10})x(\d{1,4})(?:r(\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class Starts:
    """How often a record was started, and how many of those starts were given back."""

    starts: int = 0
    released: int = 0

    @property
    def lost(self) -> int:
        """Starts whose holder vanished, when nobody holds the record now."""
        return self.starts - self.released


@dataclass(frozen=True, slots=True)
class Commit:
    """A committed offset, -1 for none, and its metadata."""

    offset: int
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What a commit says: finished [first, end) above its offset, in order; starts by offset."""

    finished: tuple[tuple[int, int], ...] = ()
    starts: Mapping[int, Starts] = field(default_factory=dict)


def encode(offset: int, finished: Iterable[tuple[int, int]], starts: Mapping[int, Starts]) -> str:
    """The metadata of a commit of `offset`.

    Where it would be larger than 4,000 bytes the highest finished ranges are left out: those records would be
    judged once more, which does no harm.
    """
    words = []
    for where, count in sorted(starts.items()):
        released = f"r{count.released}" if count.released else ""
        words.append(f"{where - offset}x{count.starts}{released}")
    tail = f";s={','.join(words)}" if words else ""
    ranges: list[str] = []
    size = len("1;f=") + len(tail)
    for first, end in finished:
        word = str(first - offset) if end == first + 1 else f"{first - offset}-{end - 1 - offset}"
        size += len(word) + 1
        if size > METADATA_BYTES_MOST:
            break
        ranges.append(word)
    head = f";f={','.join(ranges)}" if ranges else ""
    return f"1{head}{tail}" if head or tail else ""


def decode(commit: Commit) -> Known:
    """What a commit says. Metadata that cannot be read says nothing: what is unknown is judged again."""
    if not commit.metadata:
        return Known()
    version, *parts = commit.metadata.split(";")
    finished: list[tuple[int, int]] = []
    starts: dict[int, Starts] = {}
    try:
        if version != "1":
            return Known()
        for part in parts:
            kind, _, words = part.partition("=")
            for word in words.split(","):
                if kind == "f":
                    finished.append(_range(commit.offset, word))
                elif kind == "s":
                    where, count = _starts(commit.offset, word)
                    starts[where] = count
    except ValueError:
        return Known()
    if any(left[1] >= right[0] for left, right in pairwise(finished)):
        return Known()
    return Known(tuple(finished), starts)


class PartitionOffsets:
    """One holder's account of one partition, from its assignment to its revocation.

    The log's records come to take() in order. What take() lets through is started, perhaps released and
    started again, and finished, in any order and as late as one likes; commit() is what to tell the broker
    now.
    """

    def __init__(self, commit: Commit) -> None:
        """From what the group has committed; Commit(-1) when there is nothing."""
        known = decode(commit)
        self._base = commit.offset
        self._next = commit.offset
        self._finished: list[tuple[int, int]] = []
        self._starts = dict(known.starts)
        self._running: set[int] = set()
        self._taken: set[int] = set()
        for first, end in known.finished:
            self._add(first, end)
        self._told = self.state()

    @property
    def full(self) -> bool:
        """True when nothing more may be taken, since the metadata would grow too large."""
        return len(self._finished) * _RANGE_BYTES + len(self._starts) * _STARTS_BYTES >= METADATA_BYTES_FULL

    @property
    def open_count(self) -> int:
        """Records taken and not finished."""
        return len(self._taken)

    @property
    def running_count(self) -> int:
        """Records started by this holder and not finished."""
        return len(self._running)

    def take(self, offset: int) -> Starts | None:
        """A record came: None when there is nothing to do for it, else what is known of earlier starts."""
        if self._base < 0:
            self._base = self._next = offset
        if offset > self._next:  # the log has no records there
            self._add(self._next, offset)
        self._next = max(self._next, offset + 1)
        if offset in self._taken or self.finished(offset):
            return None
        self._taken.add(offset)
        return self._starts.get(offset, Starts())

    def finished(self, offset: int) -> bool:
        """Whether a record is known to be finished."""
        if offset < self._base:
            return True
        index = bisect_right(self._finished, (offset, _ENDLESS)) - 1
        return index >= 0 and offset < self._finished[index][1]

    def start(self, offset: int) -> int:
        """A record starts (or starts again here, which counts once); returns how often it was started."""
        before = self._starts.get(offset, Starts())
        if offset in self._running or self.finished(offset):
            return before.starts
        self._running.add(offset)
        self._starts[offset] = Starts(before.starts + 1, before.released)
        return before.starts + 1

    def release(self, offset: int) -> None:
        """A start is given back: it does not count against the record."""
        if offset not in self._running:
            return
        self._running.discard(offset)
        before = self._starts[offset]
        self._starts[offset] = Starts(before.starts, before.released + 1)

    def release_all(self) -> None:
        """Gives every start back, for the last commit of a holder that lets go."""
        for offset in list(self._running):
            self.release(offset)

    def finish(self, offset: int) -> None:
        """A record is finished: its terminal event is acknowledged."""
        if not self.finished(offset):
            self._add(offset, offset + 1)
        self._taken.discard(offset)

    def state(self) -> Commit:
        """The commit as it stands."""
        return (
            Commit(self._base, encode(self._base, self._finished, self._starts)) if self._base >= 0 else _NONE
        )

    def commit(self) -> Commit | None:
        """The commit to send, None when it was told already. Tell failed() when it did not arrive."""
        state = self.state()
        if state == self._told:
            return None
        self._told = state
        return state

    def failed(self) -> None:
        """The last commit did not arrive: commit() answers again."""
        self._told = _NONE

    def _add(self, first: int, end: int) -> None:
        """Marks [first, end) finished, joins it with its neighbours, and moves the base up."""
        ranges = self._finished
        low = bisect_left(ranges, first, key=lambda held: held[1])
        high = bisect_right(ranges, end, key=lambda held: held[0])
        if low < high:
            first, end = min(first, ranges[low][0]), max(end, ranges[high - 1][1])
        ranges[low:high] = [(first, end)]
        if ranges[0][0] <= self._base:
            self._base = max(self._base, ranges.pop(0)[1])
        self._running = {where for where in self._running if not first <= where < end}
        self._starts = {where: count for where, count in self._starts.items() if not first <= where < end}


_ENDLESS = 1 << 63
_NONE = Commit(-1)


def _range(base: int, word: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(word)
    if found is None:
        raise ValueError(word)
    first = int(found[1])
    last = int(found[2]) if found[2] else first
    if last < first:
        raise ValueError(word)
    return base + first, base + last + 1


def _starts(base: int, word: str) -> tuple[int, Starts]:
    found = _START.fullmatch(word)
    if found is None:
        raise ValueError(word)
    count = Starts(int(found[2]), int(found[3] or 0))
    if count.lost < 0:
        raise ValueError(word)
    return base + int(found[1]), count
