"""The heartbeat on `workers`, once a second, and a tombstone at a clean end."""

import threading
import time
from collections.abc import Callable, Sequence

from gavel.bus import topics
from gavel.bus.deliveries import Deliveries
from gavel.bus.producer import Producer
from gavel.rpc.errors import GavelError
from gavel.rpc.names import worker_name
from gavel.submission.v1 import submission_record_pb2
from gavel.telemetry import metrics
from gavel.worker.desk import Desk
from gavel.worker.hand import Phase
from gavel.worker.v1 import worker_pb2

INTERVAL_S = 1.0


class Heartbeat:
    """Tells how the worker stands. Its thread is also the clock of what has to be sent again."""

    def __init__(
        self,
        worker: str,
        slots: int,
        *,
        producer: Producer,
        deliveries: Deliveries,
        desk: Desk,
        languages: Callable[[], Sequence[worker_pb2.WorkerLanguage]],
        enforcements: Sequence[worker_pb2.Enforcement],
        changed: threading.Event,
    ) -> None:
        """`worker` is the worker's id; `changed` is set when others should know something at once."""
        self._id = worker
        self._producer = producer
        self._deliveries = deliveries
        self._desk = desk
        self._languages = languages
        self._worker = worker_pb2.Worker(
            name=worker_name(worker), slot_count=slots, enforcements=enforcements
        )
        self._worker.start_time.GetCurrentTime()
        self._now = changed
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        metrics.WORKER_SLOTS.set(slots)

    def is_meant(self, drain: submission_record_pb2.DrainWorker) -> bool:
        """Whether a drain is for this process, and not for one before it that had its id."""
        return drain.worker_id == self._id and drain.start_time == self._worker.start_time

    def start(self) -> None:
        """Begins to beat."""
        self._thread.start()

    def drain(self) -> None:
        """Tells that the worker takes nothing more."""
        self._worker.draining = True
        self._now.set()

    def close(self) -> None:
        """Ends it, with the tombstone queued."""
        self._ending = True
        self._now.set()
        self._thread.join()
        self._send(None)

    def _run(self) -> None:
        while not self._ending:
            self._beat()
            self._deliveries.tick()
            self._now.wait(INTERVAL_S)
            self._now.clear()

    def _beat(self) -> None:
        running, programs = self._desk.count(Phase.RUNNING), self._desk.program_count
        metrics.WORKER_CASES.labels("waiting").set(self._desk.count(Phase.WAITING))
        metrics.WORKER_CASES.labels("running").set(running)
        metrics.WORKER_CASES.labels("ending").set(self._desk.count(Phase.ENDING))
        metrics.WORKER_PROGRAMS_RUNNING.set(programs)
        metrics.WORKER_SLOTS_LENT.set(self._desk.lent_count)
        self._worker.running_count = running + programs
        self._worker.heartbeat_time.FromNanoseconds(time.time_ns())
        del self._worker.languages[:]
        self._worker.languages.extend(self._languages())
        self._send(worker_pb2.WorkerHeartbeat(worker=self._worker).SerializeToString())

    def _send(self, value: bytes | None) -> None:
        try:
            self._producer.send_soon(topics.WORKERS, self._id, value, partition=0)
        except GavelError:  # the next one says the same and more
            return
