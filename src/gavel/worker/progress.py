"""What a run tells while it goes on: all of it a few milliseconds late and in company, and in order, since it
goes through one producer. Only a start with nothing behind it but the terminal event goes with that one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from gavel.bus import topics
from gavel.bus.producer import Headers, Producer
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import submission_pb2
from gavel.telemetry import metrics
from gavel.worker import core
from gavel.worker.v1 import judgement_event_pb2

LINGER_MS = 5
"""How long the producer of progress may wait for more of it."""
HOLD_MS = 50
"""How long STARTED may wait for what follows it. Most runs of small programs end before: start and end are
then one request to the broker, and one waking of each result replica, instead of two."""


class Starts:
    """STARTED events that wait for company, and the thread that lets them go in time."""

    def __init__(self, hold_ms: float = HOLD_MS) -> None:
        self._hold_s = hold_ms / 1000
        self._changed = threading.Condition()
        self._held: deque[HeldStart] = deque()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="starts", daemon=True)

    def start(self) -> None:
        """Begins to let go of what waits too long."""
        self._thread.start()

    def hold(self, send: Callable[[Producer], None], in_time: Producer) -> "HeldStart":
        """Calls `send` in time with that producer, on a thread of its own, unless it was let go of before."""
        held = HeldStart(send, in_time, self._changed, time.monotonic() + self._hold_s)
        with self._changed:
            self._held.append(held)
            if len(self._held) == 1:
                self._changed.notify()
        return held

    def close(self) -> None:
        """Lets go of all that waits and ends the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while self._held or not self._closed:
                wait_s = self._held[0].due_s - time.monotonic() if self._held else None
                if wait_s is None or (wait_s > 0 and not self._closed):
                    self._changed.wait(wait_s)
                    continue
                held = self._held.popleft()
                held.let_go(held.in_time)


class HeldStart:
    """One of them. It is sent once, and before whatever the same producer sends after `let_go` returned."""

    def __init__(
        self, send: Callable[[Producer], None], in_time: Producer, lock: threading.Condition, due_s: float
    ) -> None:
        self._send: Callable[[Producer], None] | None = send
        self._lock = lock
        self.in_time = in_time
        self.due_s = due_s

    def let_go(self, producer: Producer) -> None:
        """Sends it now if it was not sent yet."""
        with self._lock:
            send, self._send = self._send, None
            if send is not None:
                send(producer)


class EventProgress:
    """The engine's Progress as events. None of them is needed for the verdict: one that fails is counted.

    The last test is not told: the terminal event, which holds all tests, follows at once, and may come before
    what was told here.
    """

    def __init__(
        self,
        job: core.Job,
        attempt: str,
        *,
        worker: str,
        event_partitions: int,
        headers: Headers,
        starts: Starts,
        prompt: Producer,
        lingering: Producer,
        keep: Callable[[str, bytes], str],
    ) -> None:
        """`keep` stores an output of the attempt by name; its key."""
        self._job = job
        self._attempt = attempt
        self._worker = worker
        self._event_partitions = event_partitions
        self._headers = headers
        self._starts = starts
        self._prompt = prompt
        self._lingering = lingering
        self._keep = keep
        self._test_count = 0
        self._start: HeldStart | None = None

    def started(self, test_count: int, language_version: str, /) -> None:
        """The attempt began."""
        self._test_count = test_count
        event = core.started(
            self._job,
            self._attempt,
            time.time_ns(),
            worker=self._worker,
            test_count=test_count,
            language_version=language_version,
        )
        self._start = self._starts.hold(lambda producer: self._send(producer, event), self._lingering)

    def let_go(self) -> None:
        """Nothing follows but the terminal event, which is to be sent after this."""
        self._let_go(self._prompt)

    def compiled(self, result: submission_pb2.CompileResult, /) -> None:
        """The compiler ended."""
        self._let_go(self._lingering)
        self._send(self._lingering, core.compiled(self._job, self._attempt, time.time_ns(), result))

    def test(self, result: submission_pb2.TestResult, /) -> None:
        """A test ended."""
        if result.number < self._test_count:
            self._let_go(self._lingering)
            self._send(self._lingering, core.tested(self._job, self._attempt, time.time_ns(), result))

    def output(self, name: str, data: bytes, /) -> str:
        """Stores what a program wrote; "" when the storage does not take it."""
        try:
            return self._keep(name, data)
        except GavelError:
            metrics.WORKER_PROGRESS_DROPPED.inc()
            return ""

    def _let_go(self, producer: Producer) -> None:
        if self._start is not None:
            self._start.let_go(producer)

    def _send(self, producer: Producer, event: judgement_event_pb2.JudgementEvent) -> None:
        key, partition = core.address(event, self._event_partitions)
        try:
            producer.send_soon(
                topics.EVENTS, key, event.SerializeToString(), partition=partition, headers=self._headers
            )
        except GavelError:
            metrics.WORKER_PROGRESS_DROPPED.inc()
