"""Reads `events` for the hub, on a thread of its own, from all partitions and without a group.

Batches go to the event loop, at most four at a time: when the loop is behind, the log is read more slowly
instead of memory growing. Events that follow each other closely are handed over together, at most 5 ms late.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from gavel.bus import topics
from gavel.bus.consumer import Reader, ReaderThread, Record
from gavel.result.hub import Hub
from gavel.result.starts import Starts, start_of
from gavel.result.window import Window

_BATCHES_MOST: Final = 4
_GATHER_S: Final = 0.005


class EventLog:
    """See the module. start() on the event loop; close() from a thread."""

    def __init__(self, bootstrap: str, hub: Hub, starts: Starts, new_window: Callable[[], Window]) -> None:
        self._bootstrap = bootstrap
        self._hub = hub
        self._starts = starts
        self._new_window = new_window
        self._loop: asyncio.AbstractEventLoop | None = None
        self._room = threading.Semaphore(_BATCHES_MOST)
        self._closing = threading.Event()
        self._topic_id = ""
        self._heads: list[int] = []
        self._read_at = 0.0
        self._thread = ReaderThread("event-log", self._open, self._handle)

    def start(self) -> None:
        """Begins to read."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._closing.set()
        self._thread.close()

    def _open(self) -> Reader:
        """Goes on at the heads after an error, or begins anew where that is not the same log any more."""
        found = self._starts.read()
        there = found.partitions
        same = found.topic_id == self._topic_id and len(self._heads) == len(there)
        if not same or any(
            not known.first <= head <= known.end for head, known in zip(self._heads, there, strict=True)
        ):
            # What a log that was made anew does not tell of happened before now.
            since_ms = time.time_ns() // 1_000_000 if self._topic_id else found.recent_since_ms
            self._topic_id, self._heads = found.topic_id, [start_of(known) for known in there]
            self._post(self._begin, found.topic_id, list(self._heads), since_ms)
        return Reader(self._bootstrap, topics.EVENTS, dict(enumerate(self._heads)))

    def _begin(self, topic_id: str, starts: Sequence[int], since_ms: int) -> None:
        self._hub.open(topic_id, starts, since_ms, self._new_window())

    def _handle(self, batch: list[Record]) -> None:
        for record in batch:
            self._heads[record.partition] = record.offset + 1
        while not self._room.acquire(timeout=0.2):
            if self._closing.is_set():
                return
        self._post(self._feed, batch)
        # While events stream in, a wake-up for each would cost more than the events do.
        now = time.monotonic()
        if now - self._read_at < 4 * _GATHER_S:
            self._closing.wait(_GATHER_S)
        self._read_at = now

    def _feed(self, batch: list[Record]) -> None:
        self._room.release()
        self._hub.feed(batch)

    def _post(self, call: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)
