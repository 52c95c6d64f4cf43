"""The desk between queues and slots: the hand behind one lock, and the ends that are told.

Queues put records here, slots take cases from here, running cases borrow slots here for their tests, the
control topic cancels here. A judgement is finished
when its terminal event is acknowledged; only then are its records finished too. Programs without a record ask
here for a slot.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gavel.bus import topics
from gavel.bus.consumer import dead_letter
from gavel.bus.deliveries import Deliveries, Parcel
from gavel.bus.producer import Headers
from gavel.bus.work import Work, WorkSource
from gavel.judging.outcome import Cancelled
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2
from gavel.telemetry import metrics
from gavel.telemetry.log import logger
from gavel.worker import core
from gavel.worker.cancellation import Cancellation
from gavel.worker.hand import Case, Hand, Offer, Phase
from gavel.worker.v1 import judgement_event_pb2

PENDING_MOST = 1000
"""Ends and dead letters that are not acknowledged, from which on nothing more is taken."""
_LOG = logger("gavel.worker.desk")


@dataclass(frozen=True, slots=True)
class Run:
    """A case that a slot runs."""

    case: Case
    cancellation: Cancellation


class Desk:
    """The cases of one worker, for its threads."""

    def __init__(
        self,
        slots: int,
        deliveries: Deliveries,
        *,
        worker: str,
        event_partitions: int,
        program_share: int = 0,
    ) -> None:
        """`worker` is the worker's name, `event_partitions` the number of partitions of `events`,
        `program_share` how many slots programs without a record may take.
        """
        self._hand = Hand(slots, program_share)
        self._deliveries = deliveries
        self._worker = worker
        self._event_partitions = event_partitions
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._slot_freed = threading.Condition(lock)
        """For programs alone: a slot that waits for a case must not miss a call that one of them took."""
        self._programs: dict[Cancellation, bool] = {}
        """Those that were let in, and whether they have a slot."""
        self._runs: dict[core.Key, Run] = {}
        self._sources: dict[str, WorkSource] = {}
        self._draining = False
        self._stopped = False

    def attach(self, queue: str, source: WorkSource) -> None:
        """The source of a queue, to be woken when there is room."""
        self._sources[queue] = source

    def count(self, phase: Phase) -> int:
        """How many cases stand there."""
        with self._changed:
            return self._hand.count(phase)

    def room(self, queue: str) -> bool:
        """Whether one more record of the queue may be taken."""
        if self._deliveries.pending_count >= PENDING_MOST:
            return False
        with self._changed:
            return self._hand.room(queue)

    def offer(self, queue: str, job: core.Job, work: Work) -> None:
        """A record came that can be judged."""
        with self._changed:
            offer, case = self._hand.offer(queue, job, work, time.monotonic())
            running = offer is Offer.FOLLOWS and case is not None and case.phase is Phase.RUNNING
            if offer is Offer.WAITS:
                self._changed.notify()
        if running:
            work.claim.start()
        elif offer is Offer.ENDED:
            work.claim.finish()
        elif offer is Offer.CANCELLED and case is not None:
            self._tell_cancelled(case)

    def refuse(self, unhandled: core.Unhandled, work: Work) -> None:
        """A record that cannot be judged: its judgement ends FAILED, then it goes to the dead letters."""
        event = core.failed(unhandled, "", time.time_ns(), unhandled.reason, worker=self._worker)
        _LOG.warning("record_refused", submission_id=unhandled.key.submission_id, reason=unhandled.reason)
        self._tell(event, unhandled.headers, lambda: self.bury(work, unhandled.reason))

    def bury(self, work: Work, reason: str) -> None:
        """A record goes to the dead letters; it is finished when it has arrived there."""
        metrics.WORKER_DEAD_LETTERS.labels(work.record.topic).inc()
        _LOG.warning("record_buried", topic=work.record.topic, offset=work.record.offset, reason=reason)
        letter = dead_letter(work.record, reason)
        self._deliveries.send(
            Parcel(topics.DEAD, letter.key, letter.value, 0, letter.headers, work.claim.finish, _never)
        )

    def let_go(self) -> None:
        """Some claims belong to others now: what waits for nobody else is dropped."""
        with self._changed:
            self._hand.let_go()
            self._slot_freed.notify_all()

    def next(self) -> Run | None:
        """Waits for a case for a free slot; None when the worker ends."""
        with self._changed:
            while not self._stopped:
                case = None if self._draining else self._hand.next(time.monotonic())
                if case is None:
                    self._changed.wait(self._wait_s())
                    continue
                started = [work.claim.start() for work in case.works]
                if not any(started):
                    self._hand.forget(case)
                    self._slot_freed.notify_all()
                    continue
                run = self._runs[case.job.key] = Run(case, Cancellation())
                self._wake(case.queue)
                return run
            return None

    def end(self, run: Run, event: judgement_event_pb2.JudgementEvent, headers: Headers) -> None:
        """A run is over and its end is to be told; its slot is free."""
        with self._changed:
            self._leave(run)
            self._hand.end(run.case)
        self._tell_end(run.case, event, headers)

    def fail(self, run: Run) -> bool:
        """The platform failed a run: False when that was the last try, so that `end` is to follow.

        A run whose records belong to others now is theirs to try again.
        """
        with self._changed:
            if not run.case.held:
                self._leave(run)
                self._hand.forget(run.case)
                return True
            if not self._hand.fail(run.case, time.monotonic()):
                return False
            self._leave(run)
            self._changed.notify()
            return True

    def abandon(self, run: Run) -> None:
        """A run was killed because the worker ends; its records were given back before."""
        with self._changed:
            self._leave(run)
            self._hand.forget(run.case)

    def cancel(self, key: core.Key) -> None:
        """A judgement was cancelled: what runs is killed, what waits is dropped."""
        with self._changed:
            case = self._hand.cancel(key)
            run = self._runs.get(key)
            self._slot_freed.notify_all()
        if case is None:
            return
        _LOG.info("cancelled", submission_id=key.submission_id, judgement=key.judgement)
        if run is not None:
            run.cancellation.cancel()
        elif case.phase is Phase.ENDING:
            self._tell_cancelled(case)
            self._wake(case.queue)

    def cancelled(self, run: Run) -> bool:
        """Whether a killed run was cancelled by somebody, rather than by the worker's end."""
        with self._changed:
            return self._hand.cancelled(run.case.job.key)

    def lend_slot(self) -> bool:
        """Whether a run has one more slot for one test; `return_slot` has to follow."""
        with self._changed:
            return not self._draining and self._hand.lend(time.monotonic())

    def return_slot(self) -> None:
        """A slot that was lent is free."""
        with self._changed:
            self._hand.take_back()
            self._notify()

    @property
    def lent_count(self) -> int:
        """How many slots are lent."""
        return self._hand.lent

    def admit_program(self, cancellation: Cancellation) -> None:
        """Lets a program in that is to wait for a slot; `leave_program` has to follow.

        Raises GavelError: OVERLOADED when the programs' share is taken, DRAINING when the worker ends.
        """
        with self._changed:
            programs = self._hand.programs
            if self._draining:
                raise draining()
            if programs.is_full:
                raise overloaded(programs.most)
            programs.waiting += 1
            self._programs[cancellation] = False
        cancellation.on_cancel(self._wake_programs)

    def start_program(self, cancellation: Cancellation, timeout_s: float) -> None:
        """Waits until a program that was let in has a slot.

        Raises Cancelled; GavelError: OVERLOADED when that took longer, DRAINING when the worker ends.
        """
        with self._slot_freed:
            self._slot_freed.wait_for(lambda: self._is_settled(cancellation), timeout_s)
            if self._programs[cancellation]:
                return
            if self._draining:
                raise draining()
            if cancellation.cancelled:
                raise Cancelled
            raise overloaded(self._hand.programs.most)

    def leave_program(self, cancellation: Cancellation) -> None:
        """A program that was let in is over."""
        with self._changed:
            if self._programs.pop(cancellation):
                self._hand.programs.running -= 1
            else:
                self._hand.programs.waiting -= 1
            self._notify()

    @property
    def program_count(self) -> int:
        """How many programs have a slot."""
        return self._hand.programs.running

    def drain(self) -> None:
        """Starts nothing more."""
        with self._changed:
            self._draining = True
            self._notify()

    def idle(self, timeout_s: float) -> bool:
        """Waits until nothing runs and every end is acknowledged; False when that took longer."""
        with self._changed:
            return self._changed.wait_for(self._idle, timeout_s)

    def stop(self) -> None:
        """Kills what still runs and lets the slots end."""
        with self._changed:
            self._draining = self._stopped = True
            cancellations = [run.cancellation for run in self._runs.values()] + list(self._programs)
            self._notify()
        for cancellation in cancellations:
            cancellation.cancel()

    def _idle(self) -> bool:
        busy = self._runs or self._programs or self._hand.count(Phase.ENDING)
        return not busy and not self._deliveries.pending_count

    def _wait_s(self) -> float | None:
        due_s = None if self._draining else self._hand.next_due_s()
        return None if due_s is None else max(0.0, due_s - time.monotonic())

    def _leave(self, run: Run) -> None:
        self._runs.pop(run.case.job.key, None)
        self._notify()

    def _notify(self) -> None:
        self._changed.notify_all()
        self._slot_freed.notify_all()

    def _is_settled(self, cancellation: Cancellation) -> bool:
        """Whether a program need not wait any longer: it has a slot now, or never gets one."""
        if cancellation.cancelled or self._draining:
            return True
        self._programs[cancellation] = self._hand.start_program(time.monotonic())
        return self._programs[cancellation]

    def _wake_programs(self) -> None:
        with self._slot_freed:
            self._slot_freed.notify_all()

    def _wake(self, queue: str) -> None:
        source = self._sources.get(queue)
        if source is not None:
            source.wake()

    def _tell_cancelled(self, case: Case) -> None:
        self._tell_end(case, core.cancelled(case.job, time.time_ns()), case.job.headers)

    def _tell_end(self, case: Case, event: judgement_event_pb2.JudgementEvent, headers: Headers) -> None:
        def too_large(error: GavelError) -> None:
            message = f"the result cannot be told: {error}"
            failed = core.failed(case.job, event.attempt, time.time_ns(), message, worker=self._worker)
            self._tell(failed, headers, lambda: self._ended(case))

        self._tell(event, headers, lambda: self._ended(case), too_large)

    def _ended(self, case: Case) -> None:
        with self._changed:
            works = self._hand.ended(case)
            self._changed.notify_all()
        for work in works:
            work.claim.finish()
        self._wake(case.queue)

    def _tell(
        self,
        event: judgement_event_pb2.JudgementEvent,
        headers: Headers,
        done: Callable[[], None],
        refused: Callable[[GavelError], None] | None = None,
    ) -> None:
        key, partition = core.address(event, self._event_partitions)
        self._deliveries.send(
            Parcel(topics.EVENTS, key, event.SerializeToString(), partition, headers, done, refused or _never)
        )


def overloaded(programs: int) -> GavelError:
    """OVERLOADED: no slot for a program without a record."""
    return GavelError(
        error_reason_pb2.ERROR_REASON_OVERLOADED,
        f"this worker runs as many programs at once as it may beside its judgements: {programs}",
        limit=str(programs),
        what="programs",
    )


def draining() -> GavelError:
    """DRAINING: the worker ends."""
    return GavelError(error_reason_pb2.ERROR_REASON_DRAINING, "this worker is shutting down")


def _never(error: GavelError) -> None:
    raise AssertionError("what has a bounded size was too large") from error


@dataclass(frozen=True, slots=True)
class Queue:
    """One language's queue, as the taker of its source."""

    desk: Desk
    topic: str
    language: str

    def room(self) -> bool:
        """Whether one more may come."""
        return self.desk.room(self.topic)

    def take(self, work: Work) -> None:
        """Reads the record and decides what becomes of it."""
        found = core.read(work.record, self.language, work.lost)
        match found:
            case core.Job():
                self.desk.offer(self.topic, found, work)
            case core.Unhandled():
                self.desk.refuse(found, work)
            case core.Unreadable():
                self.desk.bury(work, found.reason)

    def let_go(self) -> None:
        """Some claims belong to others now."""
        self.desk.let_go()
