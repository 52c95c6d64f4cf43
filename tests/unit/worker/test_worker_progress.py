"""Which producer takes what a run tells: what is to come in order goes through one."""

import threading
import uuid
from typing import cast

from gavel.bus.producer import Producer
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker import core
from gavel.worker.progress import EventProgress, Starts
from gavel.worker.v1 import judgement_event_pb2

SUBMISSION = uuid.UUID("01930000-0000-7000-8000-000000000001")
NEVER_MS = 60_000


class Kept:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.kinds: list[str | None] = []
        self.came = threading.Event()

    def send_soon(self, _topic: str, _key: str, value: bytes, **_: object) -> None:
        """One event."""
        self.kinds.append(judgement_event_pb2.JudgementEvent.FromString(value).WhichOneof("event"))
        self.came.set()


class Told:
    """The progress of one attempt with three tests, and where its events went."""

    def __init__(self, hold_ms: float = NEVER_MS) -> None:
        self.prompt, self.lingering = Kept(), Kept()
        self.starts = Starts(hold_ms)
        key = core.Key(str(SUBMISSION), 1)
        record = submission_record_pb2.SubmissionRecord()
        self.progress = EventProgress(
            core.Job(key, SUBMISSION, "local", "c", record, 0, ()),
            "attempt",
            worker="worker-0",
            event_partitions=4,
            headers=(),
            starts=self.starts,
            prompt=cast("Producer", self.prompt),
            lingering=cast("Producer", self.lingering),
            keep=lambda _name, _data: "",
        )
        self.progress.started(3, "timer 1.0")


def test_a_start_goes_before_the_tests_with_the_same_producer() -> None:
    """Two producers have no order between them: a test that came before its start would count for nothing."""
    told = Told()
    told.progress.test(submission_pb2.TestResult(number=1))
    told.progress.test(submission_pb2.TestResult(number=2))
    told.progress.let_go()
    assert told.lingering.kinds == ["started", "test", "test"]
    assert told.prompt.kinds == []


def test_a_start_goes_before_the_compilers_result() -> None:
    """Likewise."""
    told = Told()
    told.progress.compiled(submission_pb2.CompileResult())
    told.progress.test(submission_pb2.TestResult(number=1))
    assert told.lingering.kinds == ["started", "compiled", "test"]
    assert told.prompt.kinds == []


def test_a_start_with_nothing_behind_it_goes_with_the_end() -> None:
    """The last test is told by the end alone."""
    told = Told()
    told.progress.test(submission_pb2.TestResult(number=3))
    told.progress.let_go()
    assert told.prompt.kinds == ["started"]
    assert told.lingering.kinds == []


def test_a_start_is_told_in_time_and_once() -> None:
    """By the producer of what may still follow."""
    told = Told(hold_ms=0)
    told.starts.start()
    assert told.lingering.came.wait(20)
    told.progress.test(submission_pb2.TestResult(number=1))
    told.progress.let_go()
    told.starts.close()
    assert told.lingering.kinds == ["started", "test"]
    assert told.prompt.kinds == []
