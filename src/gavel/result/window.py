"""The window: recent events of every partition, in memory, found by submission. Pure.

It is bounded in bytes and in age; what falls out of it must be in the database for whoever needs it. Nothing
is parsed.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

ENTRY_BYTES: Final = 250
"""What an entry costs beside its value: a tuple, its place in two queues, its share of a key (measured)."""


class Entry(NamedTuple):
    """An event as it was read."""

    offset: int
    time_ms: int
    value: bytes


@dataclass(slots=True)
class _Partition:
    start: int
    head: int
    complete_since_ms: int


class Window:
    """See the module. Offsets of a partition may only grow; one that was there already is passed over."""

    def __init__(self, *, bytes_most: int, age_most_s: float) -> None:
        self._bytes_most = bytes_most
        self._age_most_s = age_most_s
        self._partitions: dict[int, _Partition] = {}
        self._arrived: deque[tuple[float, int, bytes, Entry]] = deque()
        self._by_key: dict[bytes, deque[Entry]] = {}
        self.size_bytes = 0

    def open(self, partition: int, start: int, complete_since_ms: int) -> None:
        """Begins a partition at an offset: every event timed `complete_since_ms` or later lies at or
        behind it.
        """
        self._partitions[partition] = _Partition(start, start, complete_since_ms)

    def start(self, partition: int) -> int:
        """The window holds every event of the partition from this offset on up to head()."""
        return self._partitions[partition].start

    def head(self, partition: int) -> int:
        """The offset of the event to come."""
        return self._partitions[partition].head

    def complete_since_ms(self, partition: int) -> int:
        """Every event timed later than this is in the window, or comes to it."""
        return self._partitions[partition].complete_since_ms

    def append(self, partition: int, key: bytes, entry: Entry, now_s: float) -> bool:
        """Takes an event in; False for one that it has had."""
        known = self._partitions[partition]
        if entry.offset < known.head:
            return False
        known.head = entry.offset + 1
        entries = self._by_key.get(key)
        if entries is None:
            entries = self._by_key[key] = deque()
        entries.append(entry)
        self._arrived.append((now_s, partition, key, entry))
        self.size_bytes += len(entry.value) + ENTRY_BYTES
        self.evict(now_s)
        return True

    def evict(self, now_s: float) -> None:
        """Lets fall what is too old or too much."""
        while self._arrived and (
            self.size_bytes > self._bytes_most or now_s - self._arrived[0][0] > self._age_most_s
        ):
            _, partition, key, entry = self._arrived.popleft()
            entries = self._by_key[key]
            entries.popleft()
            if not entries:
                del self._by_key[key]
            known = self._partitions[partition]
            known.start = entry.offset + 1
            known.complete_since_ms = max(known.complete_since_ms, entry.time_ms)
            self.size_bytes -= len(entry.value) + ENTRY_BYTES

    def entries(self, key: bytes, first: int = 0) -> Sequence[Entry]:
        """The events of a submission at or behind an offset, in order."""
        return [entry for entry in self._by_key.get(key, ()) if entry.offset >= first]
