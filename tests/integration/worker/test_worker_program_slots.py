"""Programs and judgements in the slots of one worker, with a judge and a runner that the test holds."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from program_calls import start_of
from worker_bench import Bench, TimedJudge, until

from gavel.judging.live_run import LiveJob
from gavel.judging.outcome import Cancelled, EngineError
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import submission_pb2
from gavel.worker import programs as programs_module
from gavel.worker.cancellation import Cancellation
from gavel.worker.languages import TESTING, Found
from gavel.worker.process import Worker
from gavel.worker.programs import Programs
from gavel.worker.v1 import worker_service_pb2

pytestmark = pytest.mark.integration

LANGUAGE = "ruby"
"""Of the programs: one of whose queue no test of this broker's makes any use."""

Ran = tuple[submission_pb2.TestResult, submission_pb2.CompileResult | None]


class HeldRuns:
    """Programs that end when the test says so."""

    def __init__(self) -> None:
        self.started = 0
        self.let_go = threading.Event()
        self.error: Exception | None = None

    def __call__(self, _job: LiveJob, *, cancellation: Cancellation, **_: object) -> Ran:
        """One program."""
        if self.error is not None:
            raise self.error
        self.started += 1
        cancellation.on_cancel(self.let_go.set)
        assert self.let_go.wait(20)
        if cancellation.cancelled:
            raise Cancelled
        return submission_pb2.TestResult(verdict=submission_pb2.VERDICT_ACCEPTED), None


async def requests() -> AsyncIterator[worker_service_pb2.RunProgramRequest]:
    """A program, and no input."""
    yield worker_service_pb2.RunProgramRequest(start=start_of(b"pass", LANGUAGE))


async def nothing() -> None:
    """Nobody wants to know."""


async def verdict_of(programs: Programs) -> submission_pb2.Verdict:
    """Runs one program to its end."""
    found = [response async for response in programs.responses(requests(), "local", nothing)]
    return found[-1].result.verdict


async def reached(condition: Callable[[], bool]) -> None:
    """Waits for a condition beside the loop."""
    await asyncio.to_thread(until, condition)


def reason_of(worker: Worker, code: str) -> str:
    """Why the worker does not serve a language; "" when it does."""
    found = worker._languages.found(code)
    assert found is not None
    return found.reason


async def serving(bench: Bench, judge: TimedJudge) -> Worker:
    """A worker that has tested the language of the programs."""
    worker = bench.worker(judge, languages=(bench.language, LANGUAGE))
    await reached(lambda: not reason_of(worker, LANGUAGE))
    return worker


async def test_a_program_goes_before_the_judgements_that_wait(bench: Bench) -> None:
    """Both slots judge and more waits: the first slot that gets free is the program's, and while it holds
    that the other one judges all the rest.
    """
    judge = TimedJudge(run_s=60)
    bench.ensure()
    worker = await serving(bench, judge)
    runs = HeldRuns()
    programs = worker.programs(runs)
    submissions = [bench.submit() for _ in range(5)]
    await reached(lambda: len(judge.calls) == 2)

    running = asyncio.create_task(verdict_of(programs))
    await reached(lambda: worker._desk._hand.programs.waiting == 1)
    judge.run_s = 0
    first = uuid.UUID(judge.calls[0].submission_id)
    bench.cancel(first)
    await reached(lambda: runs.started == 1)
    assert len(judge.calls) == 2
    bench.cancel(uuid.UUID(judge.calls[1].submission_id))
    for submission in submissions:
        await asyncio.to_thread(bench.log.wait_for_end, submission)
    assert not running.done()
    runs.let_go.set()
    assert await running == submission_pb2.VERDICT_ACCEPTED
    programs.close()


async def test_a_program_that_gets_no_slot_in_time_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves its place, so that the next one may wait."""
    monkeypatch.setattr(programs_module, "SLOT_S", 0.2)
    judge = TimedJudge(run_s=60)
    bench.ensure()
    worker = await serving(bench, judge)
    programs = worker.programs(HeldRuns())
    submissions = [bench.submit() for _ in range(2)]
    await reached(lambda: len(judge.calls) == 2)

    for _ in range(2):
        with pytest.raises(GavelError) as refusal:
            await verdict_of(programs)
        assert refusal.value.reason_name == "OVERLOADED"
        assert refusal.value.retry_after_ms
    for submission in submissions:
        bench.cancel(submission)
    programs.close()


async def test_a_program_that_is_cancelled_while_it_waits_leaves_its_place(bench: Bench) -> None:
    """At once, and it never runs."""
    judge = TimedJudge(run_s=60)
    bench.ensure()
    worker = await serving(bench, judge)
    runs = HeldRuns()
    programs = worker.programs(runs)
    submissions = [bench.submit() for _ in range(2)]
    await reached(lambda: len(judge.calls) == 2)

    running = asyncio.create_task(verdict_of(programs))
    await reached(lambda: worker._desk._hand.programs.waiting == 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert worker._desk._hand.programs.waiting == 0
    assert runs.started == 0
    for submission in submissions:
        bench.cancel(submission)
    programs.close()


async def test_a_failure_of_the_platform_is_an_error_and_frees_the_slot(bench: Bench) -> None:
    """INTERNAL with the reason; what nobody foresaw is left to the interceptor."""
    bench.ensure()
    worker = await serving(bench, TimedJudge())
    runs = HeldRuns()
    programs = worker.programs(runs)
    runs.error = EngineError("no box")
    with pytest.raises(GavelError, match="no box") as failure:
        await verdict_of(programs)
    assert failure.value.reason_name == "INTERNAL"
    runs.error = RuntimeError("unforeseen")
    with pytest.raises(RuntimeError):
        await verdict_of(programs)
    assert worker._desk.program_count == 0
    programs.close()


async def test_languages_that_are_not_there(bench: Bench) -> None:
    """One that is being tested may be asked for again soon, one whose test failed says why, and one that
    belongs to other workers says how to reach them.
    """
    bench.ensure()
    tested = threading.Event()

    def test(code: str) -> Found:
        if code == "c":
            return Found("", "no compiler")
        if code == LANGUAGE:
            tested.wait(20)
        return Found("1.0")

    worker = bench.worker(TimedJudge(), languages=(bench.language, "c", LANGUAGE), test=test)
    programs = worker.programs(HeldRuns())

    async def refusal(language: str) -> GavelError:
        async def asked() -> AsyncIterator[worker_service_pb2.RunProgramRequest]:
            yield worker_service_pb2.RunProgramRequest(start=start_of(b"pass", language))

        with pytest.raises(GavelError) as found:
            await anext(programs.responses(asked(), "local", nothing))
        assert found.value.reason_name == "LANGUAGE_UNAVAILABLE"
        return found.value

    await reached(lambda: reason_of(worker, "c") == "no compiler")
    assert "no compiler" in (await refusal("c")).message
    testing = await refusal(LANGUAGE)
    assert TESTING in testing.message
    assert testing.retry_after_ms == 1000
    tested.set()
    assert "x-gavel-language: java" in (await refusal("java")).message
    programs.close()
