"""Calls to RunProgram, one message after the other, and what a worker process holds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from gavel.submission.v1 import submission_pb2
from gavel.worker.v1 import worker_service_pb2, worker_service_pb2_grpc

Response = worker_service_pb2.RunProgramResponse
DEADLINE_S = 20.0


def start_of(
    source: bytes, language: str = "python3", path: str = "", argv: Sequence[str] = (), **limits: int
) -> worker_service_pb2.RunProgramStart:
    """What to run."""
    name = path or {"python3": "main.py", "c": "main.c"}.get(language, "main.x")
    return worker_service_pb2.RunProgramStart(
        language=language,
        sources=[submission_pb2.SourceFile(path=name, data=source)],
        argv=argv,
        limits=submission_pb2.Limits(**limits),
    )


class Call:
    """One call that goes on; every wait has a deadline."""

    def __init__(
        self, call: grpc.aio.StreamStreamCall[worker_service_pb2.RunProgramRequest, Response]
    ) -> None:
        self.call = call
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.kinds: list[str] = []
        self.compiled: submission_pb2.CompileResult | None = None
        self.result: submission_pb2.TestResult | None = None

    async def send(self, **request: object) -> None:
        """One message."""
        message = worker_service_pb2.RunProgramRequest(**request)  # type: ignore[arg-type]
        async with asyncio.timeout(DEADLINE_S):
            await self.call.write(message)

    async def end_input(self) -> None:
        """Ends this side of the stream."""
        async with asyncio.timeout(DEADLINE_S):
            await self.call.done_writing()

    async def read(self) -> bool:
        """Takes one message; False at the end."""
        async with asyncio.timeout(DEADLINE_S):
            response = await self.call.read()
        if response is grpc.aio.EOF:
            return False
        assert isinstance(response, Response)
        assert self.result is None, "the result is the last message"
        kind = response.WhichOneof("response")
        assert kind is not None
        self.kinds.append(kind)
        if kind == "stdout":
            self.stdout += response.stdout
        elif kind == "stderr":
            self.stderr += response.stderr
        elif kind == "compiled":
            self.compiled = response.compiled
        else:
            self.result = response.result
        return True

    async def until_stdout(self, words: bytes) -> None:
        """Reads until the program has written something."""
        while words not in self.stdout:
            assert await self.read(), (self.stdout, self.stderr, self.result)

    async def end(self) -> submission_pb2.TestResult:
        """Reads to the end, and ends this side."""
        while self.result is None and await self.read():
            pass
        assert self.result is not None
        await self.end_input()
        assert not await self.read()
        return self.result

    def cancel(self) -> None:
        """Ends it."""
        self.call.cancel()


@asynccontextmanager
async def program(
    channel: grpc.aio.Channel, start: worker_service_pb2.RunProgramStart | None
) -> AsyncIterator[Call]:
    """A call that has said what to run; ended with the block."""
    metadata = () if start is None else (("x-gavel-language", start.language),)
    call = Call(worker_service_pb2_grpc.WorkerServiceStub(channel).RunProgram(metadata=metadata))
    try:
        if start is not None:
            await call.send(start=start)
        yield call
    finally:
        call.cancel()


async def ran(
    channel: grpc.aio.Channel, start: worker_service_pb2.RunProgramStart, stdin: bytes = b""
) -> Call:
    """A program that was run to its end."""
    async with program(channel, start) as call:
        if stdin:
            await call.send(stdin=stdin)
        await call.end_input()
        await call.end()
        return call


class Refusal:
    """What a call was refused with."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code()
        status = rpc_status.from_call(error)
        assert status is not None, error
        info, request, retry = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.BadRequest(),
            error_details_pb2.RetryInfo(),
        )
        self.fields: list[str] = []
        self.retry_after_ms: int | None = None
        for detail in status.details:
            if detail.Unpack(request):
                self.fields = [violation.field for violation in request.field_violations]
            elif detail.Unpack(retry):
                self.retry_after_ms = retry.retry_delay.ToMilliseconds()
            else:
                detail.Unpack(info)
        self.reason = info.reason


async def refused(call: Call) -> Refusal:
    """How the call ends, which is with an error."""
    try:
        while await call.read():
            pass
    except grpc.aio.AioRpcError as error:
        return Refusal(error)
    raise AssertionError(f"not refused: {call.result}")


def running_with(word: str) -> list[int]:
    """The processes of this machine that have the word among their arguments."""
    found: list[int] = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if word.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(process.name))
            except OSError:  # it ended meanwhile
                continue
    return found


def waits_in(pid: int) -> str:
    """Where in the kernel a process waits."""
    return Path(f"/proc/{pid}/wchan").read_text()


def descriptors_of(pid: int) -> list[str]:
    """What the descriptors of a process lead to, without their numbers, and without connections: the broker's
    client opens one more when it likes.
    """
    local = {f"socket:[{line.split()[6]}]" for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if not target.startswith("socket:") or target in local:
            found.append(target.partition("[")[0])
    return sorted(found)
