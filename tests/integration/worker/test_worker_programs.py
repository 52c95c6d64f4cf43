"""RunProgram: programs that run at once in a real worker process, talked to while they run."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from program_calls import (
    descriptors_of,
    program,
    ran,
    refused,
    running_with,
    start_of,
    waits_in,
)
from worker_bench import until
from worker_processes import WorkerProcess

import run_groups
from gavel.client import AsyncClient, PlatformError, ProgramOutput
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1 import worker_service_pb2

pytestmark = pytest.mark.integration

ECHO = b"""
import sys
print('ready', flush=True)
for line in sys.stdin:
    print('got', line.strip(), flush=True)
print('bye')
"""
SLEEPS = b"import time\nprint('ready', flush=True)\ntime.sleep(60)\n"


@pytest.fixture(scope="module")
def worker(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """One worker with two slots, so that one program runs at a time."""
    folder = tmp_path_factory.mktemp("worker")
    made = WorkerProcess(kafka_bootstrap, folder, f"r-{uuid.uuid4().hex[:8]}", languages="python3,c")
    made.wait_for('"language": "python3"')
    made.wait_for('"language": "c"')
    yield made
    made.close()
    assert made.errors() == []


@pytest.fixture
async def channel(worker: WorkerProcess) -> AsyncIterator[grpc.aio.Channel]:
    """A connection of this test to the worker, which is free."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{worker.port()}") as made:
        until(lambda: not run_groups.runs(worker.pid))
        yield made


async def free(channel: grpc.aio.Channel) -> None:
    """Until the worker takes a program again: the end of a call is told a moment before its slot is free."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        async with program(channel, start_of(b"pass")) as call:
            with suppress(grpc.aio.AioRpcError):
                await call.end()
                return
    raise AssertionError("the worker's slot does not get free")


async def test_a_program_is_talked_to_while_it_runs(channel: grpc.aio.Channel) -> None:
    """Line by line: each answer comes before the next line is sent, and the end of the input ends it."""
    async with program(channel, start_of(ECHO)) as call:
        await call.until_stdout(b"ready\n")
        for number in range(5):
            await call.send(stdin=b"%d\n" % number)
            await call.until_stdout(b"got %d\n" % number)
        assert call.result is None
        await call.send(stdin_end=True)
        result = await call.end()

    assert call.stdout == b"ready\n" + b"".join(b"got %d\n" % n for n in range(5)) + b"bye\n"
    assert (result.verdict, result.exit_code, result.number) == (submission_pb2.VERDICT_ACCEPTED, 0, 1)
    assert result.cpu_time_ms > 0
    assert result.output_bytes == len(call.stdout)


async def test_the_end_of_the_callers_stream_is_the_end_of_the_input(channel: grpc.aio.Channel) -> None:
    """As closing a pipe; so a caller without input just ends its side."""
    call = await ran(channel, start_of(ECHO), b"x\n")
    assert call.stdout == b"ready\ngot x\nbye\n"
    assert call.kinds[-1] == "result"


async def test_arguments_and_streams_and_exit_code(channel: grpc.aio.Channel) -> None:
    """What a program is given and what it leaves, apart."""
    source = b"import sys\nprint(sys.argv[1:])\nprint('no', file=sys.stderr)\nsys.exit(7)"
    call = await ran(channel, start_of(source, argv=["a b", "--c"]))
    assert call.result is not None
    assert call.stdout == b"['a b', '--c']\n"
    assert call.stderr == b"no\n"
    assert (call.result.verdict, call.result.exit_code) == (submission_pb2.VERDICT_RUN_TIME_ERROR, 7)
    assert call.compiled is None


async def test_a_compiled_program(channel: grpc.aio.Channel) -> None:
    """The compiler is told of before the program's first byte; a second time it need not run."""
    source = b'#include <stdio.h>\nint main(void) { int n; scanf("%d", &n); printf("%d\\n", 2 * n); }'
    for cached in (False, True):
        call = await ran(channel, start_of(source, "c"), b"21")
        assert call.stdout == b"42\n"
        assert call.kinds[0] == "compiled"
        assert call.compiled is not None
        assert call.compiled.cached is cached


@pytest.mark.parametrize(
    ("language", "source", "words"),
    [("c", b"int main(void) { return x; }", "undeclared"), ("python3", b"def x(:\n", "SyntaxError")],
)
async def test_a_program_that_is_none(
    channel: grpc.aio.Channel, language: str, source: bytes, words: str
) -> None:
    """COMPILE_ERROR with the compiler's words, as it would be judged, and no facts."""
    call = await ran(channel, start_of(source, language))
    assert call.compiled is not None
    assert call.result is not None
    assert call.compiled.verdict == call.result.verdict == submission_pb2.VERDICT_COMPILE_ERROR
    assert words in call.compiled.output
    assert not call.result.HasField("exit_code")


@pytest.mark.parametrize(
    ("source", "limits", "verdict"),
    [
        (b"while True: pass", {"cpu_time_ms": 200}, "TIME_LIMIT_EXCEEDED"),
        (b"import time\ntime.sleep(60)", {"wall_time_ms": 300}, "WALL_TIME_LIMIT_EXCEEDED"),
        (b"x = bytearray(1 << 29)\nprint(len(x))", {"memory_bytes": 64 << 20}, "MEMORY_LIMIT_EXCEEDED"),
        (b"while True: print('x' * 1000)", {"output_bytes": 100_000}, "OUTPUT_LIMIT_EXCEEDED"),
        (b"import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", {}, "RUN_TIME_ERROR"),
        (b"import socket\nsocket.socket()", {}, "RUN_TIME_ERROR"),
    ],
)
async def test_limits_have_the_verdicts_of_judging(
    channel: grpc.aio.Channel, source: bytes, limits: dict[str, int], verdict: str
) -> None:
    """Each limit ends the program, says so in words, and no output beyond its limit arrives."""
    call = await ran(channel, start_of(source, **limits))
    assert call.result is not None
    assert submission_pb2.Verdict.Name(call.result.verdict) == f"VERDICT_{verdict}"
    assert call.result.message
    assert len(call.stdout) <= limits.get("output_bytes", 1 << 20)


async def test_a_cancel_kills_the_program_at_once(channel: grpc.aio.Channel) -> None:
    """Within a second nothing of it lives, and its slot is free."""
    mark = f"mark-{uuid.uuid4().hex}"
    async with program(channel, start_of(SLEEPS, argv=[mark])) as call:
        await call.until_stdout(b"ready")
        assert running_with(mark)
        call.cancel()
        until(lambda: not running_with(mark), 1.0)
    await free(channel)


async def test_a_cancel_while_it_compiles_kills_the_compiler(
    channel: grpc.aio.Channel, worker: WorkerProcess
) -> None:
    """As soon as it does a running program."""
    slow = b"""
#define A(x) x x x x x x x x x x
#define B(x) A(A(A(A(x))))
int f(int y) { B(y += y * 3;) return y; }
int main(void) { return f(1); }
"""
    async with program(channel, start_of(slow, "c")) as call:
        await asyncio.wait_for(call.call.initial_metadata(), 10)
        until(lambda: bool(run_groups.runs(worker.pid)))
        call.cancel()
        until(lambda: not run_groups.runs(worker.pid), 1.0)
    await free(channel)


async def test_a_caller_that_vanishes_takes_its_program_along(
    channel: grpc.aio.Channel, worker: WorkerProcess
) -> None:
    """A client that is killed, and says nothing, is as good as a cancel."""
    mark = f"mark-{uuid.uuid4().hex}"
    caller = subprocess.Popen(  # noqa: ASYNC220  returns at once
        [sys.executable, __file__, str(worker.port()), mark], env={**os.environ}
    )
    try:
        until(lambda: bool(running_with(mark)))
    finally:
        caller.kill()
        caller.wait()
    until(lambda: not running_with(mark), 1.0)
    await free(channel)


async def test_full_means_a_refusal_at_once(channel: grpc.aio.Channel) -> None:
    """With one program running the next is told to come back, and is run when it does."""
    async with program(channel, start_of(SLEEPS)) as first:
        await first.until_stdout(b"ready")
        begin = time.monotonic()
        async with program(channel, start_of(ECHO)) as second:
            refusal = await refused(second)
        assert time.monotonic() - begin < 0.5
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refusal.retry_after_ms
    await free(channel)


def with_digest(start: worker_service_pb2.RunProgramStart) -> None:
    """Names its source instead of sending it."""
    start.sources[0].digest = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("change", "reason", "fields"),
    [
        (lambda s: setattr(s, "language", "klingon"), "UNKNOWN_LANGUAGE", ["language"]),
        (lambda s: setattr(s, "language", ""), "INVALID_FIELD", ["language"]),
        (lambda s: setattr(s, "language", "c@99"), "UNKNOWN_LANGUAGE", ["language"]),
        (lambda s: s.sources.pop(), "INVALID_FIELD", ["sources"]),
        (lambda s: setattr(s.sources[0], "data", b""), "INVALID_FIELD", ["sources"]),
        (lambda s: setattr(s.sources[0], "path", "../x"), "INVALID_FIELD", ["sources[0].path"]),
        (lambda s: setattr(s.limits, "cpu_time_ms", -1), "INVALID_FIELD", ["limits.cpu_time_ms"]),
        (lambda s: setattr(s.limits, "memory_bytes", 1 << 40), "INVALID_FIELD", ["limits.memory_bytes"]),
        (lambda s: setattr(s, "entry_point", "b.py"), "INVALID_FIELD", ["entry_point"]),
        (lambda s: s.argv.append("\0"), "INVALID_FIELD", ["argv[0]"]),
        (with_digest, "MISSING_FILES", ["sources[0].digest"]),
        (lambda s: setattr(s.sources[0], "data", b"#" * 70_000), "SOURCE_TOO_LARGE", []),
        (lambda s: setattr(s, "language", "java"), "LANGUAGE_UNAVAILABLE", []),
    ],
)
async def test_bad_requests_are_refused_with_the_field(
    channel: grpc.aio.Channel, change: Any, reason: str, fields: list[str]
) -> None:
    """As a submission would be; the last one is for a language that this worker does not serve."""
    start = start_of(b"print(1)")
    change(start)
    async with program(channel, start) as call:
        refusal = await refused(call)
    assert (refusal.reason, refusal.fields) == (reason, fields)


async def test_all_that_is_wrong_is_told_at_once(channel: grpc.aio.Channel) -> None:
    """One answer names every field."""
    start = start_of(b"", "klingon", cpu_time_ms=1)
    async with program(channel, start) as call:
        refusal = await refused(call)
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields == ["language", "sources", "limits.cpu_time_ms"]


async def test_messages_in_another_order_are_refused(channel: grpc.aio.Channel) -> None:
    """Input before the program, nothing at all, a second program, an empty message: the program ends."""
    async with program(channel, None) as call:
        await call.send(stdin=b"x")
        assert (await refused(call)).fields == ["start"]
    async with program(channel, None) as call:
        await call.end_input()
        assert (await refused(call)).fields == ["start"]
    for message, field in (({"start": start_of(b"pass")}, "start"), ({}, "request")):
        mark = f"mark-{uuid.uuid4().hex}"
        async with program(channel, start_of(SLEEPS, argv=[mark])) as call:
            await call.until_stdout(b"ready")
            await call.send(**message)
            assert (await refused(call)).fields == [field]
            until(lambda mark=mark: not running_with(mark), 1.0)  # type: ignore[misc]
        await free(channel)


async def test_a_slow_caller_makes_the_program_wait_and_loses_nothing(channel: grpc.aio.Channel) -> None:
    """While nobody reads, the program stops at its pipe; then all of it arrives."""
    mark, size = f"mark-{uuid.uuid4().hex}", 40 << 20
    source = b"import os\nleft = %d\nwhile left: left -= os.write(1, b'x' * min(left, 65536))" % size
    start = start_of(source, argv=[mark], output_bytes=64 << 20, wall_time_ms=60_000, cpu_time_ms=10_000)
    async with program(channel, start) as call:
        await call.until_stdout(b"x")
        await asyncio.to_thread(
            until, lambda: any("pipe_write" in waits_in(pid) for pid in running_with(mark))
        )
        assert len(call.stdout) < size
        result = await call.end()

    assert result.verdict == submission_pb2.VERDICT_ACCEPTED
    assert call.stdout == b"x" * size


async def test_input_that_is_not_read_waits(channel: grpc.aio.Channel) -> None:
    """Megabytes for a program that reads late arrive whole; for one that never reads they do not matter."""
    late = b"import sys, time\nprint('ready', flush=True)\nprint(len(sys.stdin.buffer.read()))"
    async with program(channel, start_of(late)) as call:
        await call.until_stdout(b"ready")
        for _ in range(8):
            await call.send(stdin=b"x" * (1 << 20))
        await call.send(stdin_end=True)
        await call.end()
        assert call.stdout.endswith(b"8388608\n")
    await free(channel)
    async with program(channel, start_of(b"print('done')")) as call:
        for _ in range(4):
            await call.send(stdin=b"x" * (1 << 16))
        assert (await call.end()).verdict == submission_pb2.VERDICT_ACCEPTED


async def test_nothing_is_left_after_a_hundred_runs(channel: grpc.aio.Channel, worker: WorkerProcess) -> None:
    """Ended, killed, refused, cancelled early and late: no process, cgroup or descriptor remains."""
    mark = f"mark-{uuid.uuid4().hex}"
    await free(channel)
    until(lambda: not run_groups.runs(worker.pid))
    before = descriptors_of(worker.pid)

    for number in range(100):
        match number % 5:
            case 0:
                await ran(channel, start_of(ECHO, argv=[mark]), b"x\n")
            case 1:
                await ran(
                    channel, start_of(b"while True: print('x' * 9999)", argv=[mark], output_bytes=1 << 20)
                )
            case 2:
                async with program(channel, start_of(SLEEPS, argv=[mark])) as call:
                    await call.until_stdout(b"ready")
                    await call.send(stdin=b"x" * 100_000)
            case 3:
                async with program(channel, start_of(b"int main(void) {", "c", argv=[mark])) as call:
                    await call.end_input()
            case _:
                async with program(channel, start_of(b"x", argv=[mark], cpu_time_ms=-1)) as call:
                    await refused(call)
        await free(channel)

    until(lambda: not running_with(mark) and not run_groups.runs(worker.pid))
    until(lambda: descriptors_of(worker.pid) == before)


async def test_programs_are_counted(channel: grpc.aio.Channel, worker: WorkerProcess) -> None:
    """By language and verdict, with the time that they held a slot; what runs now is a gauge."""
    await ran(channel, start_of(b"print(1)"))
    page = await asyncio.to_thread(worker.metrics)
    counted = re.search(
        r'gavel_worker_programs_total\{language="python3",outcome="VERDICT_ACCEPTED"\} ([0-9.]+)', page
    )
    assert counted is not None
    assert float(counted[1]) >= 1
    assert 'gavel_worker_program_duration_seconds_count{language="python3"}' in page

    async with program(channel, start_of(SLEEPS)) as call:
        await call.until_stdout(b"ready")
        await asyncio.to_thread(until, lambda: "gavel_worker_programs_running 1.0" in worker.metrics(), 3.0)
    await asyncio.to_thread(until, lambda: "gavel_worker_programs_running 0.0" in worker.metrics(), 3.0)


async def test_a_worker_that_is_killed_ends_the_call_with_an_error(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    """The SDK says that the platform failed, and nothing of the program outlives the worker."""
    worker = WorkerProcess(kafka_bootstrap, tmp_path, f"k-{uuid.uuid4().hex[:8]}")
    mark = f"mark-{uuid.uuid4().hex}"
    try:
        worker.wait_for("language_served")
        async with AsyncClient(f"127.0.0.1:{worker.port()}") as client:
            running = await client.run_program({"main.py": SLEEPS}, language="python3", argv=[mark])
            assert running.worker == f"workers/{worker.name}"
            assert isinstance(await anext(running), ProgramOutput)
            worker.kill()
            with pytest.raises(PlatformError):
                await anext(running)
            await running.write(b"nobody reads this")
        until(lambda: not running_with(mark), 5.0)
    finally:
        worker.close()


async def test_a_worker_that_ends_lets_a_program_finish_for_a_while(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    """After SIGTERM a program has the worker's grace; one that goes on is killed, and its caller told why."""
    settings = {"GAVEL_GRACE_S": "2", "GAVEL_SLOTS": "4"}
    worker = WorkerProcess(kafka_bootstrap, tmp_path, f"g-{uuid.uuid4().hex[:8]}", settings=settings)
    try:
        worker.wait_for("language_served")
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{worker.port()}") as channel,
            program(channel, start_of(ECHO, wall_time_ms=60_000)) as short,
            program(channel, start_of(SLEEPS, wall_time_ms=60_000)) as long,
        ):
            await short.until_stdout(b"ready")
            await long.until_stdout(b"ready")
            worker.terminate()
            worker.wait_for('"event": "stopping"')
            await short.send(stdin=b"still here\n")
            await short.until_stdout(b"got still here")
            await short.end_input()
            assert (await short.end()).verdict == submission_pb2.VERDICT_ACCEPTED
            refusal = await refused(long)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert worker.wait(20) == 0, worker.log()
    finally:
        worker.close()


async def call_and_stay(port: str, mark: str) -> None:
    """Runs a program that sleeps, and waits to be killed."""
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        program(channel, start_of(SLEEPS, argv=[mark], wall_time_ms=60_000)) as call,
    ):
        await call.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(call_and_stay(*sys.argv[1:]))
