"""RunProgram: programs that are run at once and without a record, each on a thread of its own.

The event loop reads what the caller sends and sends what the program writes; the thread waits for a slot,
compiles and runs. Between them are a pipe, a bounded buffer and the loop's own queue. However the call ends,
the program is killed.
"""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeAlias

from opentelemetry import context as otel_context
from opentelemetry.trace import Span

from gavel.judging.live_run import LiveJob
from gavel.judging.outcome import Cancelled, EngineError
from gavel.rpc.errors import GavelError, invalid
from gavel.sandbox import LiveOutput
from gavel.submission.v1 import error_reason_pb2, submission_pb2
from gavel.telemetry import metrics, traces
from gavel.telemetry.log import logger
from gavel.worker import program_request
from gavel.worker.cancellation import Cancellation
from gavel.worker.desk import Desk, draining
from gavel.worker.languages import Found
from gavel.worker.program_input import InputPipe
from gavel.worker.v1.worker_service_pb2 import RunProgramRequest, RunProgramResponse

START_S: Final = 10.0
"""How long a call may take to say what is to be run."""
SLOT_S: Final = 10.0
"""How long a program that was let in waits for a slot."""
CLOSE_S: Final = 60.0
"""How long a call with much output goes on behind its result, until the caller ends its side. A proxy between
them drops what waits in it for the caller when this side is the first to end."""
_PASSES_BYTES: Final = 16 * 1024
"""Of output waits in no proxy, whether the caller reads or not."""
TESTING_MS: Final = 1000
"""When to ask again for a language that is being tested."""
_LOG = logger("gavel.worker.programs")

Requests: TypeAlias = AsyncIterator[RunProgramRequest]
FoundLanguage: TypeAlias = Callable[[str], Found | None]
"""None for a language that this worker was not asked to serve."""
Ran: TypeAlias = tuple[submission_pb2.TestResult, submission_pb2.CompileResult | None]
"""See `judging.live_run.run_live`."""


class RunLive(Protocol):
    """Compiles and runs on the calling thread; see `judging.live_run.run_live`."""

    def __call__(
        self,
        job: LiveJob,
        *,
        stdin: int,
        output: LiveOutput,
        compiled: Callable[[submission_pb2.CompileResult], None],
        cancellation: Cancellation,
    ) -> Ran: ...


class Programs:
    """The programs of one worker that have no record."""

    def __init__(self, desk: Desk, share: int, run: RunLive, found: FoundLanguage) -> None:
        """`share` is how many there may be at once, those that wait for a slot included; `found` tells how a
        language stands at this worker.
        """
        self._desk = desk
        self._share = share
        self._run = run
        self._found = found
        self._threads = ThreadPoolExecutor(max(1, share), thread_name_prefix="program")

    def close(self) -> None:
        """When the desk has stopped, so that nothing runs any more."""
        self._threads.shutdown(wait=False)

    async def responses(
        self, requests: Requests, tenant: str, began: Callable[[], Awaitable[None]]
    ) -> AsyncGenerator[RunProgramResponse, None]:
        """Runs what the requests ask for and tells how it goes; closing it kills the program.

        `began` is awaited when the program has a slot. Raises GavelError.
        """
        job = program_request.job_of(await _first(requests), tenant)
        code = program_request.code_of(job)
        self._refuse(code)
        cancellation = Cancellation()
        self._desk.admit_program(cancellation)
        try:
            run = _Run(self._desk, self._run, job, code, cancellation)
        except BaseException:
            self._desk.leave_program(cancellation)
            raise
        async with contextlib.aclosing(run.responses(requests, began, self._threads)) as responses:
            async for response in responses:
                yield response

    def _refuse(self, code: str) -> None:
        found = self._found(code)
        if found is None:
            raise program_request.not_served(code)
        if found.reason:
            retry_after_ms = TESTING_MS if found.testing else None
            raise program_request.unavailable(code, found.reason, retry_after_ms)
        if not self._share:
            raise program_request.unavailable(code, "its setting GAVEL_PROGRAMS lets no programs run")


class _Run:
    """One program while it goes on. It was let in, and leaves when its thread ends."""

    def __init__(self, desk: Desk, run: RunLive, job: LiveJob, code: str, cancellation: Cancellation) -> None:
        self._desk = desk
        self._run = run
        self._job = job
        self._code = code
        self._cancellation = cancellation
        self._loop = asyncio.get_running_loop()
        self._trace = otel_context.get_current()
        self._changed = asyncio.Event()
        # Written by the thread, each before it wakes the loop.
        self._has_slot = False
        self._compiled: deque[submission_pb2.CompileResult] = deque()
        self._stdin = InputPipe()
        self._output = LiveOutput(self._wake)

    async def responses(
        self, requests: Requests, began: Callable[[], Awaitable[None]], threads: ThreadPoolExecutor
    ) -> AsyncGenerator[RunProgramResponse, None]:
        work = self._loop.run_in_executor(threads, self._work)
        feed = asyncio.create_task(self._feed(requests))
        tasks: tuple[asyncio.Future[Any], ...] = (work, feed)
        for task in tasks:
            task.add_done_callback(lambda _: self._changed.set())
        try:
            while not self._has_slot and not work.done():
                await self._wait(feed)
            if self._has_slot:
                await began()
            while not work.done():
                for response in self._news():
                    yield response
                await self._wait(feed)
            result, checked = self._ended(work)
            for response in self._news():
                yield response
            if checked is not None:
                yield RunProgramResponse(compiled=checked)
            yield RunProgramResponse(result=result)
            if result.output_bytes > _PASSES_BYTES:
                await asyncio.wait([feed], timeout=CLOSE_S)
        finally:
            self._cancellation.cancel()
            feed.cancel()
            try:
                await asyncio.wait(tasks)
                work.exception()  # whoever is still there was told
                feed.cancelled() or feed.exception()
            finally:
                self._stdin.close()

    async def _wait(self, feed: asyncio.Task[None]) -> None:
        """Until something changed. Raises what was wrong with the caller's messages."""
        await self._changed.wait()
        self._changed.clear()
        if feed.done():
            feed.result()

    def _news(self) -> Iterator[RunProgramResponse]:
        # In this order: what was compiled is told before anything of its output can be taken.
        taken = self._output.take()
        while self._compiled:
            yield RunProgramResponse(compiled=self._compiled.popleft())
        for is_stdout, data in taken:
            yield RunProgramResponse(stdout=data) if is_stdout else RunProgramResponse(stderr=data)

    @staticmethod
    def _ended(work: asyncio.Future[Ran]) -> Ran:
        try:
            return work.result()
        except Cancelled:  # not by the caller, who would have ended this too
            raise draining() from None
        except EngineError as error:
            raise GavelError(error_reason_pb2.ERROR_REASON_INTERNAL, f"running failed: {error}") from error

    async def _feed(self, requests: Requests) -> None:
        async for request in requests:
            data = program_request.input_of(request)
            if data is None:
                self._stdin.close()
            else:
                await self._stdin.write(data)
        self._stdin.close()

    def _work(self) -> Ran:
        """On a thread of its own, from the wait for a slot to the end."""
        try:
            self._desk.start_program(self._cancellation, SLOT_S)
            self._has_slot = True
            self._wake()
            with traces.tracer().start_as_current_span(
                "run", context=self._trace, attributes={"gavel.language": self._code}
            ) as span:
                return self._measured(span)
        finally:
            self._desk.leave_program(self._cancellation)
            self._output.close()
            os.close(self._stdin.reader)

    def _measured(self, span: Span) -> Ran:
        begin_s, outcome = time.monotonic(), "FAILED"
        try:
            ran = self._run(
                self._job,
                stdin=self._stdin.reader,
                output=self._output,
                compiled=self._tell_compiled,
                cancellation=self._cancellation,
            )
            outcome = submission_pb2.Verdict.Name(ran[0].verdict)
            return ran
        except Cancelled:
            outcome = "CANCELLED"
            raise
        except GavelError as error:
            outcome = error.reason_name
            raise
        except Exception:
            _LOG.exception("program_failed", language=self._code)
            raise
        finally:
            seconds = time.monotonic() - begin_s
            span.set_attribute("gavel.outcome", outcome)
            metrics.WORKER_PROGRAMS.labels(self._code, outcome).inc()
            metrics.WORKER_PROGRAM_DURATION.labels(self._code).observe(seconds)
            _LOG.info("program_ended", language=self._code, outcome=outcome, seconds=round(seconds, 3))

    def _tell_compiled(self, result: submission_pb2.CompileResult) -> None:
        self._compiled.append(result)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever listened
            self._loop.call_soon_threadsafe(self._changed.set)


async def _first(requests: Requests) -> RunProgramRequest:
    try:
        async with asyncio.timeout(START_S):
            return await anext(requests)
    except StopAsyncIteration:
        raise invalid("start", "the call ended before it said what is to be run") from None
    except TimeoutError:
        raise invalid("start", f"did not come within {START_S:g} s") from None
