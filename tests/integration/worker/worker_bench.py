"""A worker in this process with a judge that the test provides, and the queues and events around it."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import confluent_kafka
from confluent_kafka import TopicPartition

from gavel.bus import topics
from gavel.bus.consumer import BEGINNING, Reader, consumer_config
from gavel.bus.producer import Producer
from gavel.judging.outcome import Cancellation, Cancelled, FurtherSlots, Judged, Progress
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker import core
from gavel.worker.languages import Found
from gavel.worker.process import Worker
from gavel.worker.settings import Settings
from gavel.worker.v1 import judgement_event_pb2

TERMINAL = frozenset({"finished", "failed", "cancelled"})


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Waits for a condition."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come to that"
        threading.Event().wait(0.01)


def new_submission() -> uuid.UUID:
    """A UUIDv7 of now."""
    return uuid.UUID(
        int=(int(time.time() * 1000) << 80)
        | (7 << 76)
        | (random.getrandbits(12) << 64)
        | (2 << 62)
        | random.getrandbits(62)
    )


def record_of(
    submission: uuid.UUID, language: str, path: str = "a.py", program: bytes = b"print('hello')\n"
) -> submission_record_pb2.SubmissionRecord:
    """A record with one program and one test."""
    record = submission_record_pb2.SubmissionRecord(
        submission_id=str(submission), tenant="local", judgement=1, language=language, entry_point=path
    )
    record.inline.files.add(path=path, data=program)
    record.tests.tests.add(expected=b"hello\n")
    return record


class TimedJudge:
    """Judges everything ACCEPTED after a while; says how often it was asked and how long it was busy."""

    def __init__(self, run_s: float = 0.0, tests: Sequence[submission_pb2.TestResult] = ()) -> None:
        self.run_s = run_s
        self.tests = list(tests)
        self.calls: list[core.Key] = []
        self.busy_s: list[float] = []
        self.errors: list[Exception] = []

    def __call__(
        self,
        job: core.Job,
        _sources: submission_record_pb2.SourceFiles,
        progress: Progress,
        cancellation: Cancellation,
        _slots: FurtherSlots,
        /,
    ) -> Judged:
        """One judgement."""
        begin_s = time.monotonic()
        self.calls.append(job.key)
        killed = threading.Event()
        cancellation.on_cancel(killed.set)
        if self.errors:
            raise self.errors.pop(0)
        progress.started(max(1, len(self.tests)), "timer 1.0")
        for test in self.tests:
            progress.test(test)
        if killed.wait(self.run_s):
            raise Cancelled
        self.busy_s.append(time.monotonic() - begin_s)
        return Judged(
            verdict=submission_pb2.VERDICT_ACCEPTED,
            tests=self.tests,
            test_count=max(1, len(self.tests)),
            language_version="timer 1.0",
        )


class Log:
    """Everything that comes to `events` from now on."""

    def __init__(self, bootstrap: str) -> None:
        topics.ensure(bootstrap, [])
        # Looked up here and now: a reader told to begin at the end looks that up when it comes to it.
        ends = topics.end_offsets(bootstrap, [topics.EVENTS])
        self._reader = Reader(bootstrap, topics.EVENTS, {place: end for (_, place), end in ends.items()})
        self.events: list[judgement_event_pb2.JudgementEvent] = []
        self.headers: list[dict[str, bytes]] = []

    def read(self) -> None:
        """Takes what has come."""
        for record in self._reader.read(0.05):
            self.events.append(judgement_event_pb2.JudgementEvent.FromString(record.value or b""))
            self.headers.append(dict(record.headers))

    def of(self, submission: uuid.UUID) -> list[judgement_event_pb2.JudgementEvent]:
        """The events of one submission."""
        return [event for event in self.events if event.submission_id == str(submission)]

    def ends(self, submission: uuid.UUID) -> list[judgement_event_pb2.JudgementEvent]:
        """Its terminal events."""
        return [event for event in self.of(submission) if event.WhichOneof("event") in TERMINAL]

    def wait_for_end(
        self, submission: uuid.UUID, timeout_s: float = 20.0
    ) -> judgement_event_pb2.JudgementEvent:
        """Its first terminal event."""
        self.until(lambda: bool(self.ends(submission)), timeout_s)
        return self.ends(submission)[0]

    def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Reads until a condition holds."""
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline_s, "it did not come to that"
            self.read()

    def close(self) -> None:
        """Ends it."""
        self._reader.close()


@dataclass
class Bench:
    """One language's queue, its workers and its events."""

    bootstrap: str
    folder: Path
    log: Log
    producer: Producer
    language: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")
    workers: list[Worker] = field(default_factory=list)
    asked_to_drain: threading.Event = field(default_factory=threading.Event)
    has_queue: bool = False

    @property
    def queue(self) -> str:
        """The queue's topic."""
        return topics.submissions_topic(self.language)

    def ensure(self, partitions: int = topics.Partitions().interactive) -> None:
        """Makes the queue before a worker does."""
        topics.ensure(self.bootstrap, [self.language], topics.Partitions(interactive=partitions))
        self.has_queue = True

    def worker(
        self,
        judge: TimedJudge,
        *,
        slots: int = 2,
        languages: Sequence[str] = (),
        test: Callable[[str], Found] = lambda _code: Found("timer 1.0"),
    ) -> Worker:
        """A worker that has begun."""
        settings = Settings(
            name=f"w-{uuid.uuid4().hex[:8]}",
            kafka=self.bootstrap,
            storage_url=f"file://{self.folder}/objects",
            languages=tuple(languages or (self.language,)),
            state_dir=str(self.folder),
        )
        made = Worker(
            settings,
            slots,
            objects=Objects(settings.storage_url),
            judge=judge,
            test=test,
            enforcements=[],
            drain=self.asked_to_drain.set,
        )
        made.start()
        self.workers.append(made)
        return made

    def submit(
        self,
        submission: uuid.UUID | None = None,
        *,
        partition: int | None = None,
        headers: dict[str, bytes] | None = None,
    ) -> uuid.UUID:
        """Puts a record on the queue."""
        submission = submission or new_submission()
        self.put(
            record_of(submission, self.language).SerializeToString(),
            topics.partition_for(submission, topics.Partitions().interactive)
            if partition is None
            else partition,
            headers,
        )
        return submission

    def put(self, value: bytes, partition: int = 0, headers: dict[str, bytes] | None = None) -> None:
        """Puts any bytes on the queue, which is there from then on."""
        if not self.has_queue:
            self.ensure()
        self.producer.send_soon(
            self.queue, self.language, value, partition=partition, headers=list((headers or {}).items())
        )

    def cancel(self, submission: uuid.UUID) -> None:
        """Hints that a submission's first judgement was cancelled."""
        record = submission_record_pb2.ControlRecord()
        record.cancel.submission_id = str(submission)
        record.cancel.judgement = 1
        self.producer.send_soon(topics.CONTROL, str(submission), record.SerializeToString())

    def committed(self) -> dict[int, tuple[int, str]]:
        """The group's commits by partition."""
        count = topics.partition_count(self.bootstrap, self.queue)
        member = confluent_kafka.Consumer(consumer_config(self.bootstrap, f"workers.{self.language}"))
        found = member.committed([TopicPartition(self.queue, number) for number in range(count)], timeout=10)
        member.close()
        return {where.partition: (where.offset, where.metadata or "") for where in found}

    def all_finished(self) -> bool:
        """Whether every record of the queue is committed as finished."""
        ends = topics.end_offsets(self.bootstrap, [self.queue])
        commits = self.committed()
        return all(max(0, commits[number][0]) == end for (_, number), end in ends.items())

    def letters(self) -> list[dict[str, bytes]]:
        """The headers of this queue's dead letters."""
        end = topics.end_offsets(self.bootstrap, [topics.DEAD])[topics.DEAD, 0]
        reader = Reader(self.bootstrap, topics.DEAD, BEGINNING)
        found: list[dict[str, bytes]] = []
        last = -1
        while last + 1 < end:
            for record in reader.read(0.2):
                last = record.offset
                found.append(dict(record.headers))
        reader.close()
        return [headers for headers in found if headers["gavel-topic"] == self.queue.encode()]

    def stop(self, worker: Worker, grace_s: float) -> None:
        """Ends a worker."""
        self.workers.remove(worker)
        worker.stop(grace_s)

    def close(self) -> None:
        """Ends what still runs."""
        for worker in self.workers:
            worker.stop(0.0)
        self.producer.close()
        self.log.close()
