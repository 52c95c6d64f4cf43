"""A worker from start to end: the threads that judge, in the order in which they begin and end."""

import threading
import time
from collections.abc import Callable, Sequence

from gavel.bus import topics
from gavel.bus.consumer import DeadLetters
from gavel.bus.deliveries import Deliveries
from gavel.bus.producer import Producer
from gavel.storage.objects import Objects
from gavel.telemetry.log import logger
from gavel.worker.control import Control
from gavel.worker.desk import Desk
from gavel.worker.heartbeat import Heartbeat
from gavel.worker.languages import Found, Languages
from gavel.worker.program_slots import share_of
from gavel.worker.programs import Programs, RunLive
from gavel.worker.progress import LINGER_MS, Starts
from gavel.worker.settings import Settings
from gavel.worker.slots import Judge, Slots, Surroundings
from gavel.worker.v1 import worker_pb2

_CLOSE_S = 2.5
_JOIN_S = 1.0
_FLUSH_S = 0.5
_LOG = logger("gavel.worker.process")


class Worker:
    """Everything of a worker but its sandbox and its gRPC server."""

    def __init__(
        self,
        settings: Settings,
        slots: int,
        *,
        objects: Objects,
        judge: Judge,
        test: Callable[[str], Found],
        enforcements: Sequence[worker_pb2.Enforcement],
        drain: Callable[[], object],
    ) -> None:
        """Makes the topics that are missing. `drain` is called, on some thread, when somebody asks for this
        worker's end. Raises GavelError when the broker does not answer in 30 s.
        """
        self.settings = settings
        self._program_share = share_of(slots, settings.programs)
        self._test = test
        self._ensure([])
        event_partitions = topics.partition_count(settings.kafka, topics.EVENTS)
        self._prompt = Producer(settings.kafka)
        self._lingering = Producer(settings.kafka, LINGER_MS)
        self._starts = Starts()
        self._deliveries = Deliveries(self._prompt)
        self._desk = Desk(
            slots,
            self._deliveries,
            worker=settings.name,
            event_partitions=event_partitions,
            program_share=self._program_share,
        )
        self._slots = Slots(
            slots,
            Surroundings(
                desk=self._desk,
                judge=judge,
                objects=objects,
                starts=self._starts,
                prompt=self._prompt,
                lingering=self._lingering,
                worker=settings.name,
                event_partitions=event_partitions,
            ),
        )
        changed = threading.Event()
        self._languages = Languages(
            settings.languages,
            bootstrap=settings.kafka,
            desk=self._desk,
            test=self._test_and_ensure,
            changed=changed,
        )
        self._heartbeat = Heartbeat(
            settings.name,
            slots,
            producer=self._prompt,
            deliveries=self._deliveries,
            desk=self._desk,
            languages=self._languages.status,
            enforcements=enforcements,
            changed=changed,
        )
        self._control = Control(
            settings.kafka,
            self._desk,
            DeadLetters(self._prompt),
            is_meant=self._heartbeat.is_meant,
            drain=drain,
        )

    @property
    def producer(self) -> Producer:
        """What sends at once."""
        return self._prompt

    def programs(self, run: RunLive) -> Programs:
        """What runs programs without a record in this worker's slots; its `close` is to follow `stop`."""
        return Programs(self._desk, self._program_share, run, self._languages.found)

    def start(self) -> None:
        """Begins to work; the languages come up one after the other."""
        self._heartbeat.start()
        self._control.start()
        self._starts.start()
        self._slots.start()
        self._languages.start()

    def stop(self, grace_s: float) -> None:
        """Ends the work: lets go of what waits, lets runs end for `grace_s` seconds, gives the others back.

        Blocks for `grace_s` and at most 5 s more, also with a mute broker.
        """
        begin_s = time.monotonic()
        self._heartbeat.drain()
        self._desk.drain()
        self._languages.drain()
        if not self._desk.idle(grace_s):
            _LOG.warning("runs_given_back", after_s=round(time.monotonic() - begin_s, 1))
        if not self._languages.close(_CLOSE_S):
            _LOG.error("queues_not_given_back")
        self._desk.stop()
        if not self._slots.join(_JOIN_S):
            _LOG.error("slots_still_busy")
        self._starts.close()
        self._control.close()
        self._heartbeat.close()
        lost = self._lingering.close(_FLUSH_S) + self._prompt.close(_FLUSH_S)
        _LOG.info("stopped", unsent=lost, after_s=round(time.monotonic() - begin_s, 1))

    def _test_and_ensure(self, code: str) -> Found:
        found = self._test(code)
        if not found.reason:
            self._ensure([code])
        return found

    def _ensure(self, languages: Sequence[str]) -> None:
        settings = self.settings
        topics.ensure(
            settings.kafka,
            languages,
            topics.Partitions(
                settings.partitions_interactive, settings.partitions_batch, settings.partitions_events
            ),
            replication=settings.kafka_replication,
            min_insync=settings.kafka_min_insync,
        )
