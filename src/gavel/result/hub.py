"""The hub: hands the events of the log to whoever watches, and keeps the window of recent ones.

It lives on the event loop; a thread reads the log and feeds it (`event_log`). A stream has no queue: it has a
place in its subject's state, and a reader that is slow finds all that it has missed there, less what no
longer counts. What wakes a stream is one future; heartbeats and queue places come from one shared timer.
"""

import asyncio
import heapq
import random
import time
from collections.abc import Iterator, Sequence
from typing import Final

from gavel.bus.consumer import Record
from gavel.projection.state import NOWHERE, Place
from gavel.result.subject import Subject, parse
from gavel.result.window import Entry, Window
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2
from gavel.telemetry.metrics import HUB_DELIVERY_DURATION, HUB_EVENTS, HUB_WINDOW_BYTES

HEARTBEAT_S: Final = 20.0
AGE_MOST_S: Final = 3000.0
"""A stream ends itself, to be taken up again, before Envoy's hour is over; with up to a tenth less
by chance.
"""
_TICK_S: Final = 0.5


class Stream:
    """One open watch: where it stands in its subject, and what wakes it."""

    __slots__ = (
        "_wake",
        "ahead",
        "ahead_told",
        "beat_due",
        "ending",
        "queue_told",
        "record",
        "seen",
        "sent_at",
        "subject",
        "until",
    )

    def __init__(self, subject: Subject, now_s: float) -> None:
        self.subject = subject
        self.seen: Place = NOWHERE
        self.beat_due = False
        self.record: tuple[str, int, int] | None = None
        """Topic, partition and offset of the submission's record, where that is known."""
        self.ahead: int | None = None
        """How many are before it in the queue, where that is known."""
        self.ahead_told: int | None = None
        self.queue_told = False
        self.ending: GavelError | None = None
        self.sent_at = now_s
        self.until = now_s + AGE_MOST_S * random.uniform(0.9, 1.0)
        self._wake: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """There is something to look at."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def woken(self) -> asyncio.Future[None]:
        """Done when woken. Nothing may be awaited between looking and asking for this."""
        self._wake = asyncio.get_running_loop().create_future()
        return self._wake


class Hub:
    """See the module. Every method is called on the event loop."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.topic_id = ""
        self.partition_count = 0
        self._subjects: dict[bytes, list[Subject]] = {}
        self._beats: list[tuple[float, int, Stream]] = []
        self._order = 0
        self._timer: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    def start(self) -> None:
        """Begins the heartbeats."""
        self._timer = asyncio.create_task(self._tick(), name="hub-timer")

    async def stop(self) -> None:
        """Ends the heartbeats."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)

    async def wait_until_open(self, timeout_s: float) -> bool:
        """Whether the log is being read, waiting so long for that."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._opened.wait()
        except TimeoutError:
            return False
        return True

    def open(self, topic_id: str, starts: Sequence[int], since_ms: int, window: Window) -> None:
        """Begins to read a topic: its id, and the offset of each partition behind which all lies that is
        timed `since_ms` or later.

        Of another topic than before: streams of the old one end, and their clients take them up anew.
        """
        for stream in list(self._streams()):
            self.end(stream, _again(error_reason_pb2.ERROR_REASON_BROKER_UNAVAILABLE, "the log begins anew"))
        self._subjects.clear()
        self.window = window
        for partition, start in enumerate(starts):
            window.open(partition, start, since_ms)
        self.topic_id = topic_id
        self.partition_count = len(starts)
        self._opened.set()

    def feed(self, records: Sequence[Record]) -> None:
        """Takes events in, and wakes those who watch their submissions. Nothing else is parsed."""
        now_s = time.monotonic()
        window, subjects = self.window, self._subjects
        for record in records:
            key, value = record.key or b"", record.value or b""
            entry = Entry(record.offset, record.timestamp_ms, value)
            if window.append(record.partition, key, entry, now_s) and key in subjects:
                self._deliver(subjects[key], entry)
        HUB_EVENTS.inc(len(records))
        HUB_WINDOW_BYTES.set(window.size_bytes)

    @staticmethod
    def _deliver(watched: Sequence[Subject], entry: Entry) -> None:
        event = parse(entry.value)
        if event is None:
            return
        for subject in watched:
            if subject.offer(entry, event):
                subject.wake()
        HUB_DELIVERY_DURATION.observe(max(0.0, time.time() - event.event_time.ToNanoseconds() / 1e9))

    def watch(self, key: bytes, partition: int, judgement: int) -> Stream:
        """Registers a stream. Pair it with leave()."""
        watched = self._subjects.setdefault(key, [])
        subject = next((each for each in watched if each.judgement == judgement), None)
        if subject is None:
            subject = Subject(key, partition, judgement, self.window)
            watched.append(subject)
        now_s = time.monotonic()
        stream = Stream(subject, now_s)
        subject.watchers.append(stream)
        self._push(stream, now_s + HEARTBEAT_S)
        return stream

    def leave(self, stream: Stream) -> None:
        """Forgets a stream, and its subject with the last one."""
        stream.until = 0.0
        subject = stream.subject
        if stream in subject.watchers:
            subject.watchers.remove(stream)
        watched = self._subjects.get(subject.key)
        if not subject.watchers and watched is not None and subject in watched:
            watched.remove(subject)
            if not watched:
                del self._subjects[subject.key]

    def queued(self) -> list[Stream]:
        """The streams of judgements that nothing has been heard of."""
        return [stream for stream in self._streams() if stream.subject.state is None]

    @staticmethod
    def end(stream: Stream, error: GavelError) -> None:
        """Ends a stream with an error, after what it can still be told."""
        stream.ending = error
        stream.wake()

    async def drain(self, over_s: float) -> None:
        """Ends every stream with DRAINING, spread over a time: the clients come to others one by one."""
        streams = list(self._streams())
        random.shuffle(streams)
        began = time.monotonic()
        for index, stream in enumerate(streams):
            self.end(stream, _again(error_reason_pb2.ERROR_REASON_DRAINING, "this replica is shutting down"))
            if index % 64 == 63:
                await asyncio.sleep(max(0.0, began + over_s * (index + 1) / len(streams) - time.monotonic()))

    def _streams(self) -> Iterator[Stream]:
        for watched in self._subjects.values():
            for subject in watched:
                yield from (watcher for watcher in subject.watchers if isinstance(watcher, Stream))

    def _push(self, stream: Stream, due: float) -> None:
        self._order += 1
        heapq.heappush(self._beats, (due, self._order, stream))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = time.monotonic()
            self.window.evict(now_s)
            while self._beats and self._beats[0][0] <= now_s:
                _, _, stream = heapq.heappop(self._beats)
                self._beat(stream, now_s)

    def _beat(self, stream: Stream, now_s: float) -> None:
        if stream.until == 0.0:
            return
        if now_s >= stream.until:
            self.end(stream, _again(error_reason_pb2.ERROR_REASON_DRAINING, "this stream has grown old"))
            return
        due = stream.sent_at + HEARTBEAT_S
        if due <= now_s:
            stream.beat_due = True
            stream.wake()
            due = now_s + HEARTBEAT_S
        self._push(stream, due)


def _again(reason: error_reason_pb2.ErrorReason, why: str) -> GavelError:
    return GavelError(reason, f"{why}: watch again with the last resume token")
