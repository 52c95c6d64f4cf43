"""A judgement that somebody watches: what the rows hold, then what the window holds, each event once. Pure.

It is registered before its rows are read. Rows and position come from one snapshot; every event below the
position is in the rows, and those from it on must be at hand: in the window, or among those that came since
the registration.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from gavel.projection.fold import fold
from gavel.projection.positions import position
from gavel.projection.state import JudgementState
from gavel.result.batch import BadRecordError, event_of
from gavel.result.window import Entry, Window
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent

PENDING_MOST: Final = 1024
"""Events kept between registration and snapshot; beyond, the registration counts from then on."""


class Watcher(Protocol):
    """Who is told that there is something to look at."""

    def wake(self) -> None: ...


class Subject:
    """See the module."""

    __slots__ = (
        "_pending",
        "base",
        "judgement",
        "key",
        "partition",
        "registered",
        "state",
        "watchers",
    )

    def __init__(self, key: bytes, partition: int, judgement: int, window: Window) -> None:
        """Registers at the head of the partition."""
        self.key = key
        self.partition = partition
        self.judgement = judgement
        self.registered = window.head(partition)
        self.base = 0
        self.state: JudgementState | None = None
        self.watchers: list[Watcher] = []
        self._pending: list[Entry] | None = []

    @property
    def covered(self) -> bool:
        """Whether it has begun: its state is all that happened up to the head of the window."""
        return self._pending is None

    def wake(self) -> None:
        """Tells all who watch."""
        for watcher in self.watchers:
            watcher.wake()

    def offer(self, entry: Entry, event: JudgementEvent) -> bool:
        """An event of the submission came in: true when it changes what is shown."""
        if self._pending is not None:
            if len(self._pending) >= PENDING_MOST:
                self._pending.clear()
                self.registered = entry.offset
            self._pending.append(entry)
            return False
        return self._fold(entry.offset, event)

    def cover(self, window: Window, state: JudgementState | None, next_offset: int, generation: int) -> bool:
        """Begins from a snapshot; False when events between it and what is at hand are missing: read
        again.
        """
        rest = self._behind(window, next_offset)
        if rest is None:
            return False
        self.state = state
        self.base = position(generation, 0)
        self._begin(rest)
        return True

    def cover_from_window(self, window: Window) -> None:
        """Begins from the window alone; only for a judgement accepted since the window is complete."""
        self._begin(window.entries(self.key))

    def _behind(self, window: Window, next_offset: int) -> Sequence[Entry] | None:
        if next_offset >= window.start(self.partition):
            return window.entries(self.key, next_offset)
        if next_offset >= self.registered:
            return [entry for entry in self._pending or () if entry.offset >= next_offset]
        return None

    def _begin(self, entries: Sequence[Entry]) -> None:
        self._pending = None
        for entry in entries:
            event = parse(entry.value)
            if event is not None:
                self._fold(entry.offset, event)

    def _fold(self, offset: int, event: JudgementEvent) -> bool:
        if event.judgement != self.judgement:
            return False
        before = self.state
        self.state = fold(before, self.base + offset, event)
        return self.state is not before


def parse(value: bytes) -> JudgementEvent | None:
    """An event; None for what the writers bury: it counts nowhere."""
    try:
        return event_of(value)[1]
    except BadRecordError:
        return None


def accept_time_ms(entries: Sequence[Entry], judgement: int) -> int:
    """When a judgement was accepted, by its first STARTED among some events; 0 without one."""
    for event in _parsed(entries):
        if event.judgement == judgement and event.HasField("started"):
            return event.started.accept_time.ToMilliseconds()
    return 0


def current_judgement(entries: Sequence[Entry]) -> int:
    """The judgement that the last APPLIED among some events names; 1 without one."""
    applied = [event.judgement for event in _parsed(entries) if event.HasField("applied")]
    return applied[-1] if applied else 1


def tenant_of(entries: Sequence[Entry]) -> str | None:
    """Whose the submission of some events is; None without events."""
    return next((event.tenant for event in _parsed(entries)), None)


def _parsed(entries: Sequence[Entry]) -> Iterator[JudgementEvent]:
    return (event for entry in entries if (event := parse(entry.value)) is not None)
