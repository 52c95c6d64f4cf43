"""A submission whose tests run side by side, and another one that comes meanwhile."""

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_bench import Bench, TimedJudge, new_submission, until
from worker_processes import WorkerProcess

from gavel.judging.outcome import Cancellation, FurtherSlots, Judged, Progress
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.submission.v1.problem_pb2 import FileReference, Manifest, ManifestTest
from gavel.worker import core
from gavel.worker.v1 import judgement_event_pb2
from package_folder import stored

pytestmark = pytest.mark.integration

TESTS = 40
SLEEP_MS = 150


class Borrower(TimedJudge):
    """Judges the first case for as long as the test says, in further slots too; the others at once."""

    def __init__(self) -> None:
        super().__init__()
        self.slots: FurtherSlots | None = None
        self.may_end = threading.Event()

    def __call__(
        self,
        job: core.Job,
        sources: submission_record_pb2.SourceFiles,
        progress: Progress,
        cancellation: Cancellation,
        slots: FurtherSlots,
        /,
    ) -> Judged:
        """One judgement."""
        if self.slots is None:
            self.slots = slots
            assert self.may_end.wait(20)
        return super().__call__(job, sources, progress, cancellation, slots)


def test_a_record_has_the_slot_that_is_given_back(bench: Bench) -> None:
    """It waits while every slot runs a test, and is judged when one of these ends, whatever else the first
    submission has to run. A drain lends nothing more.
    """
    judge = Borrower()
    worker = bench.worker(judge)
    first = bench.submit()
    until(lambda: judge.slots is not None)
    slots = judge.slots
    assert slots is not None
    assert slots.lend_slot()
    assert not slots.lend_slot()

    second = bench.submit()
    until(lambda: worker._desk._hand.next_due_s() is not None)
    assert not bench.log.ends(second)
    slots.return_slot()
    bench.log.wait_for_end(second)
    until(slots.lend_slot)
    slots.return_slot()

    worker._desk.drain()
    assert not slots.lend_slot()
    judge.may_end.set()
    bench.log.wait_for_end(first)


@pytest.fixture
def worker(kafka_bootstrap: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    """A real one, of two slots."""
    made = WorkerProcess(kafka_bootstrap, tmp_path, f"p-{uuid.uuid4().hex[:8]}")
    yield made
    made.close()


def put_many_tests(bench: Bench) -> uuid.UUID:
    """Submits a program that sleeps for each of its tests, of which two may run at once."""
    objects = Objects(f"file://{bench.folder}/objects")
    empty = FileReference(sha256=stored(objects, "local", b""))
    tests = [ManifestTest(name=f"secret/{n:02}", input=empty, answer=empty) for n in range(TESTS)]
    manifest = Manifest(tests=tests, tests_at_once=2)
    record = submission_record_pb2.SubmissionRecord(
        submission_id=str(new_submission()), tenant="local", judgement=1, language="python3"
    )
    program = f"import time\ntime.sleep({SLEEP_MS / 1000})\n".encode()
    record.inline.files.add(path="a.py", data=program)
    record.problem.problem = "problems/made"
    record.problem.manifest_digest = stored(objects, "local", manifest.SerializeToString())
    objects.close()
    bench.put(record.SerializeToString())
    return uuid.UUID(record.submission_id)


def ns(event: judgement_event_pb2.JudgementEvent) -> int:
    """When it happened."""
    return event.event_time.ToNanoseconds()


def test_a_second_submission_waits_for_one_test_of_the_first(bench: Bench, worker: WorkerProcess) -> None:
    """It is judged long before the first one ends, which had both slots when it came. (How many tests end
    while it is on its way here is the broker's business too.)
    """
    bench.language = "python3"
    bench.ensure()
    worker.wait_for("language_served")
    many = put_many_tests(bench)
    bench.log.until(lambda: len(bench.log.of(many)) > 6)
    bench.submit(one := new_submission())
    end = bench.log.wait_for_end(many, 60)

    assert end.finished.verdict == submission_pb2.VERDICT_ACCEPTED
    started, finished = bench.log.of(one)
    assert finished.finished.verdict == submission_pb2.VERDICT_ACCEPTED
    accept_ns = started.started.accept_time.ToNanoseconds()

    def told() -> list[judgement_event_pb2.JudgementEvent]:
        return [event for event in bench.log.of(many) if event.WhichOneof("event") == "test"]

    bench.log.until(
        lambda: len(told()) >= TESTS - 1
    )  # the end may come before what was told of the last ones
    tests = told()
    assert [event.test.number for event in tests] == list(range(1, TESTS))
    assert len([event for event in tests if accept_ns < ns(event) < ns(started)]) < TESTS // 2
    assert ns(tests[-1]) > ns(finished)
