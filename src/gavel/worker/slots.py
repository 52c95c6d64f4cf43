"""The slots: one thread each, that takes a case from the desk, judges it and tells the end."""

import threading
import time
import uuid
from dataclasses import dataclass
from typing import Protocol

import structlog
from opentelemetry.trace import SpanKind

from gavel.bus.producer import Producer
from gavel.judging.outcome import Cancellation, Cancelled, EngineError, FurtherSlots, Judged, Progress
from gavel.rpc.errors import GavelError
from gavel.sandbox import SandboxError
from gavel.storage import keys
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.telemetry import metrics, traces
from gavel.telemetry.log import logger
from gavel.worker import core
from gavel.worker.desk import Desk, Run
from gavel.worker.progress import EventProgress, Starts
from gavel.worker.v1 import judgement_event_pb2

_LOG = logger("gavel.worker.slots")


class Judge(Protocol):
    """Judges one job on the calling thread, its tests on others too while further slots are lent; raises
    Cancelled, or anything else for a failure of the platform.
    """

    def __call__(
        self,
        job: core.Job,
        sources: submission_record_pb2.SourceFiles,
        progress: Progress,
        cancellation: Cancellation,
        slots: FurtherSlots,
        /,
    ) -> Judged: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every slot works with."""

    desk: Desk
    judge: Judge
    objects: Objects
    starts: Starts
    prompt: Producer
    """Sends at once."""
    lingering: Producer
    """Sends a few milliseconds late."""
    worker: str
    """The worker's name."""
    event_partitions: int


class Slots:
    """The threads."""

    def __init__(self, count: int, around: Surroundings) -> None:
        self._around = around
        self._threads = [
            threading.Thread(target=self._run, name=f"slot-{number}", daemon=True) for number in range(count)
        ]

    def start(self) -> None:
        """Begins to take cases."""
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> bool:
        """Waits for the threads to end once the desk has stopped; False when one does not."""
        deadline_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (run := self._around.desk.next()) is not None:
            job = run.case.job
            with (
                structlog.contextvars.bound_contextvars(submission_id=job.key.submission_id),
                traces.tracer().start_as_current_span(
                    "judge",
                    context=traces.extract(job.headers),
                    kind=SpanKind.CONSUMER,
                    attributes={
                        "messaging.system": "kafka",
                        "messaging.destination.name": run.case.queue,
                        "gavel.judgement": job.key.judgement,
                    },
                ),
            ):
                _Attempt(self._around, run).judge()


class _Attempt:
    """One attempt of one judgement."""

    def __init__(self, around: Surroundings, run: Run) -> None:
        self._around = around
        self._run = run
        self._job = run.case.job
        self._id = uuid.uuid4().hex
        self._start_ns = time.time_ns()
        self._headers = traces.inject()

    def judge(self) -> None:
        """Judges and tells the end, whatever it is."""
        language = self._job.language
        metrics.WORKER_QUEUE_WAIT.labels(language).observe(
            max(0.0, self._start_ns / 1e9 - self._job.accept_time_ms / 1e3)
        )
        try:
            event = self._finished()
            outcome = submission_pb2.Verdict.Name(event.finished.verdict)
        except Cancelled:
            if not self._around.desk.cancelled(self._run):
                self._around.desk.abandon(self._run)
                return
            event, outcome = core.cancelled(self._job, time.time_ns()), "CANCELLED"
        except Exception as error:
            failed = self._failed(error)
            if failed is None:
                return
            event, outcome = failed, "FAILED"
        self._around.desk.end(self._run, event, self._headers)
        seconds = (time.time_ns() - self._start_ns) / 1e9
        metrics.WORKER_RUN_DURATION.labels(language).observe(seconds)
        metrics.WORKER_RUNS.labels(language, outcome).inc()
        _LOG.info("judged", judgement=self._job.key.judgement, outcome=outcome, attempt=self._id)

    def _finished(self) -> judgement_event_pb2.JudgementEvent:
        progress = EventProgress(
            self._job,
            self._id,
            worker=self._around.worker,
            event_partitions=self._around.event_partitions,
            headers=self._headers,
            starts=self._around.starts,
            prompt=self._around.prompt,
            lingering=self._around.lingering,
            keep=self._keep,
        )
        try:
            return self._judged(progress)
        finally:
            progress.let_go()

    def _judged(self, progress: EventProgress) -> judgement_event_pb2.JudgementEvent:
        desk = self._around.desk
        judged = self._around.judge(self._job, self._sources(), progress, self._run.cancellation, desk)
        if judged.detail:
            _LOG.warning("judge_error", detail=judged.detail)
        event = core.finished(
            self._job,
            self._id,
            time.time_ns(),
            judged,
            worker=self._around.worker,
            start_ns=self._start_ns,
        )
        facts = core.facts_apart(event)
        if facts is not None:
            core.put_apart(event, self._keep(core.FACTS_NAME, facts), facts)
        return event

    def _failed(self, error: Exception) -> judgement_event_pb2.JudgementEvent | None:
        """The platform failed: None when the case waits to be tried again."""
        _LOG.exception("platform_failure", attempt=self._id, failures=self._run.case.failures + 1)
        metrics.WORKER_FAILURES.labels(self._job.language).inc()
        if self._around.desk.fail(self._run):
            return None
        known = isinstance(error, EngineError | SandboxError | GavelError)
        words = str(error) if known else "an unforeseen error"
        message = f"judging failed {self._run.case.failures} times, at last with: {words}"
        return core.failed(self._job, self._id, time.time_ns(), message, worker=self._around.worker)

    def _sources(self) -> submission_record_pb2.SourceFiles:
        record = self._job.record
        if record.WhichOneof("source") == "inline":
            return record.inline
        pack = record.pack
        content = self._around.objects.get_range(pack.key, pack.offset_bytes, pack.length_bytes)
        return submission_record_pb2.SourceFiles.FromString(content)

    def _keep(self, name: str, data: bytes) -> str:
        """Stores something among the attempt's outputs; its key. Raises StorageUnavailable."""
        day, judgement = keys.day_of(self._job.submission), self._job.key.judgement
        key = keys.output_key(day, self._job.submission, judgement, self._id, name)
        self._around.objects.put(key, data)
        return key
