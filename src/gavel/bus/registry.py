"""The workers as their heartbeats on `workers` tell."""

import threading
import time

from google.protobuf.message import DecodeError

from gavel.bus import topics
from gavel.bus.consumer import BEGINNING, DeadLetters, Reader, ReaderThread, Record
from gavel.worker.v1 import worker_pb2

HEARTBEAT_AGE_MOST_S = 10.0


class Heartbeats:
    """The last heartbeat of each worker; pure, `now_s` is any monotonic clock."""

    def __init__(self) -> None:
        self._workers: dict[bytes, tuple[worker_pb2.Worker, float]] = {}

    def apply(self, key: bytes, worker: worker_pb2.Worker | None, *, now_s: float, age_s: float) -> None:
        """Takes a heartbeat that was sent `age_s` ago; None says that the worker ended."""
        until_s = now_s - age_s + HEARTBEAT_AGE_MOST_S
        if worker is None or until_s <= now_s:
            self._workers.pop(key, None)
        else:
            self._workers[key] = (worker, until_s)

    def alive(self, now_s: float) -> list[worker_pb2.Worker]:
        """The workers whose heartbeat is younger than 10 s, by name. Forgets the others."""
        self._workers = {key: held for key, held in self._workers.items() if held[1] > now_s}
        return sorted((worker for worker, _ in self._workers.values()), key=lambda worker: worker.name)


class WorkerRegistry:
    """Follows `workers` on a thread of its own; workers() answers from memory."""

    def __init__(self, bootstrap: str, dead_letters: DeadLetters | None = None) -> None:
        """With `dead_letters` what is no heartbeat is put there, else it is only passed over."""
        self._bootstrap = bootstrap
        self._dead_letters = dead_letters
        self._heartbeats = Heartbeats()
        self._lock = threading.Lock()
        self._ends: dict[int, int] = {}
        self._caught_up = threading.Event()
        self._thread = ReaderThread("registry", self._open, self._take)

    def start(self, timeout_s: float = 5.0) -> bool:
        """Begins to read; True when all that was there has been read in time. Goes on reading either way."""
        self._thread.start()
        return self._caught_up.wait(timeout_s)

    def close(self) -> None:
        """Ends it."""
        self._thread.close()

    def workers(self) -> list[worker_pb2.Worker]:
        """The workers whose heartbeat is younger than 10 s, by name. The messages are shared: only read."""
        with self._lock:
            return self._heartbeats.alive(time.monotonic())

    def _open(self) -> Reader:
        ends = topics.end_offsets(self._bootstrap, [topics.WORKERS])
        self._ends = {partition: end for (_, partition), end in ends.items() if end > 0}
        if not self._ends:
            self._caught_up.set()
        return Reader(self._bootstrap, topics.WORKERS, BEGINNING)

    def _take(self, batch: list[Record]) -> None:
        now_s, now_ms = time.monotonic(), time.time() * 1000
        with self._lock:
            for record in batch:
                age_s = max(0.0, (now_ms - record.timestamp_ms) / 1000)
                try:
                    worker = _worker(record.value)
                except DecodeError:
                    if self._dead_letters is not None:
                        self._dead_letters.put_hint(record, "no WorkerHeartbeat")
                    continue
                self._heartbeats.apply(record.key or b"", worker, now_s=now_s, age_s=age_s)
        last = batch[-1]
        if last.offset + 1 >= self._ends.get(last.partition, 0):
            self._caught_up.set()


def _worker(value: bytes | None) -> worker_pb2.Worker | None:
    return None if value is None else worker_pb2.WorkerHeartbeat.FromString(value).worker
