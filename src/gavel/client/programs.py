"""Programs that are run at once: written to and read from while they run. Blocking twin: `sync.Program`."""

import asyncio
import random
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import grpc

from gavel.client import resume
from gavel.client.calls import cut_off
from gavel.client.channels import Channels
from gavel.client.errors import GavelError, from_rpc, typed
from gavel.client.values import CompileResult, TestResult
from gavel.submission.v1 import error_reason_pb2
from gavel.worker.v1 import worker_service_pb2, worker_service_pb2_grpc

INPUT_BYTES: Final = 256 * 1024
"""How much of standard input one message carries."""
_LANGUAGE_KEY: Final = "x-gavel-language"
_WORKER_KEY: Final = "x-gavel-worker"


@dataclass(frozen=True, slots=True)
class ProgramCompiled:
    """The compiler ended; for a language without one, the program turned out to be none."""

    compile: CompileResult


@dataclass(frozen=True, slots=True)
class ProgramOutput:
    """Bytes that the program wrote."""

    stream: str
    """`stdout` or `stderr`."""
    data: bytes


@dataclass(frozen=True, slots=True)
class ProgramEnded:
    """The end: what was found, and the facts of the run."""

    result: TestResult


ProgramEvent: TypeAlias = ProgramCompiled | ProgramOutput | ProgramEnded


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """A program that was run to its end."""

    result: TestResult
    """`verdict` is ACCEPTED for an exit code of 0 within all limits."""
    stdout: bytes
    stderr: bytes
    compile: CompileResult | None
    """For compiled languages, and for a program of another that is none."""


class AsyncProgram:
    """A program that has a slot of a worker: iterate over its events, write to it meanwhile.

    Whoever does not read makes it wait, and its wall time goes on. Leaving it (`close`, the end of the
    `async with` block, a cancelled task) kills it.
    """

    def __init__(self, channels: Channels) -> None:
        """Made by `AsyncClient.run_program`."""
        self._channels = channels
        self._held = ExitStack()
        self._call: Any = None
        self._ended = False
        self.worker = ""
        """`workers/<id>`: where it runs."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ProgramEvent:
        """The next event; the last one is `ProgramEnded`. Raises GavelError."""
        while not self._ended:
            try:
                response = await self._call.read()
            except grpc.RpcError as error:
                await self.close()
                raise from_rpc(error) from None
            if response is grpc.aio.EOF:
                await self.close()
                raise cut_off()
            event = _event_of(response)
            if isinstance(event, ProgramEnded):
                await self.close()
            if event is not None:
                return event
        raise StopAsyncIteration

    async def write(self, data: bytes) -> None:
        """Sends bytes to its standard input; waits while it does not read. After its end they are lost, as in
        a pipe that nobody reads.
        """
        for begin in range(0, len(data), INPUT_BYTES):
            await self._send(worker_service_pb2.RunProgramRequest(stdin=data[begin : begin + INPUT_BYTES]))

    async def end_input(self) -> None:
        """Ends its standard input."""
        await self._send(worker_service_pb2.RunProgramRequest(stdin_end=True))

    async def communicate(self, data: bytes = b"") -> ProgramRun:
        """Sends `data`, ends the input, and waits for the end, with all of the output in memory (64 MiB at
        most).
        """
        feed = asyncio.create_task(self._feed(data))
        streams = {"stdout": bytearray(), "stderr": bytearray()}
        compiled: CompileResult | None = None
        try:
            async for event in self:
                match event:
                    case ProgramOutput():
                        streams[event.stream] += event.data
                    case ProgramCompiled():
                        compiled = event.compile
                    case ProgramEnded():
                        return ProgramRun(
                            event.result, bytes(streams["stdout"]), bytes(streams["stderr"]), compiled
                        )
        finally:
            feed.cancel()
            await asyncio.wait([feed])
        raise cut_off()

    async def close(self) -> None:
        """Kills it if it still runs. May be called again."""
        self._ended = True
        self._let_go()

    async def begin(self, start: worker_service_pb2.RunProgramStart, timeout_s: float) -> None:
        """Waits for a slot, and asks again while there is none, for `timeout_s` in all. Raises GavelError."""
        loop = asyncio.get_running_loop()
        deadline, failures = loop.time() + timeout_s, 0
        while True:
            begun = False
            try:
                async with asyncio.timeout_at(deadline):
                    await self._ask(start)
                begun = True
                return
            except TimeoutError:
                raise _late(timeout_s) from None
            except grpc.RpcError as caught:
                error = from_rpc(caught)
            finally:
                if not begun:
                    self._let_go()
            failures += 1
            wait_s = resume.delay_s(failures, error, random.random())
            if not _may_ask_again(error) or loop.time() + wait_s >= deadline:
                raise error
            await asyncio.sleep(wait_s)

    async def _ask(self, start: worker_service_pb2.RunProgramStart) -> None:
        channel = self._held.enter_context(self._channels.lease())
        stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
        self._call = stub.RunProgram(metadata=((_LANGUAGE_KEY, start.language),))
        await self._send(worker_service_pb2.RunProgramRequest(start=start))
        headers = dict(await self._call.initial_metadata() or ())
        self.worker = headers.get(_WORKER_KEY, "")
        if not self.worker:  # it was refused: the reason follows
            await self._call.read()
            raise cut_off()

    def _let_go(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._held.close()

    async def _feed(self, data: bytes) -> None:
        await self.write(data)
        await self.end_input()

    async def _send(self, request: worker_service_pb2.RunProgramRequest) -> None:
        try:
            await self._call.write(request)
        except (grpc.RpcError, asyncio.InvalidStateError):
            return  # it has ended; whoever reads hears how


def _late(timeout_s: float) -> GavelError:
    message = f"no worker took the program within {timeout_s:g} s"
    return typed(GavelError(error_reason_pb2.ERROR_REASON_DEADLINE_EXCEEDED, message))


def _may_ask_again(error: GavelError) -> bool:
    """Nothing ran yet: what is full, ends, or is being tried out may be asked again."""
    return resume.may_retry(error) or error.retry_after_ms is not None


def _event_of(response: worker_service_pb2.RunProgramResponse) -> ProgramEvent | None:
    """None for a kind that this release does not know."""
    match response.WhichOneof("response"):
        case "compiled":
            return ProgramCompiled(CompileResult.from_proto(response.compiled))
        case "stdout":
            return ProgramOutput("stdout", response.stdout)
        case "stderr":
            return ProgramOutput("stderr", response.stderr)
        case "result":
            return ProgramEnded(TestResult.from_proto(response.result))
        case _:
            return None
