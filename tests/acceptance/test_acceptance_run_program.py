"""Programs that run at once, through the ingress: by the command, the SDK and a plain stub."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from command_line import Command

from conditions import until
from gavel.client import (
    AsyncClient,
    Client,
    Limits,
    PlatformError,
    ProgramCompiled,
    ProgramEnded,
    ProgramOutput,
    RequestError,
    uuid7,
)
from gavel.embedded import Mesh
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1 import worker_service_pb2, worker_service_pb2_grpc

pytestmark = pytest.mark.acceptance

ECHO = b"""
import sys
print('ready', flush=True)
for line in sys.stdin:
    print('got', line.strip(), flush=True)
"""
SLEEPS = b"import time\nprint('ready', flush=True)\ntime.sleep(60)\n"
GAVEL = str(Path(sys.executable).with_name("gavel"))


def alive(mark: str) -> list[int]:
    """The sandboxed processes of this machine that have the mark as an argument of their own."""
    found: list[int] = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:  # it ended meanwhile
                continue
            if mark.encode() in words and b"run" not in words:
                found.append(int(process.name))
    return found


@pytest.fixture(autouse=True)
def free(client: Client) -> None:
    """The program of the test before has left its slot."""
    client.run_program({"main.py": b"pass"}, language="python3").communicate()


@contextmanager
def running(mesh: Mesh, *words: str | Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """`gavel run` with pipes; killed at the end if need be."""
    process = subprocess.Popen(
        [GAVEL, "run", *words],
        env=os.environ | {"GAVEL_ADDRESS": mesh.address},
        **({"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),  # type: ignore[call-overload]
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A file for a program."""
    return tmp_path / "main.py"


def test_the_command_is_talked_to_line_by_line(mesh: Mesh, program: Path) -> None:
    """Each answer is there before the next line is sent; the end of its input is the program's."""
    program.write_bytes(ECHO)
    with running(mesh, program) as gavel:
        assert gavel.stdin is not None
        assert gavel.stdout is not None
        assert gavel.stdout.readline() == b"ready\n"
        for number in range(3):
            gavel.stdin.write(b"%d\n" % number)
            gavel.stdin.flush()
            assert gavel.stdout.readline() == b"got %d\n" % number
        gavel.stdin.close()
        assert gavel.stdout.read() == b""
        assert gavel.wait(10) == 0


def test_the_command_at_a_terminal(mesh: Mesh, program: Path) -> None:
    """Typed lines reach the program as they are entered, Ctrl-D ends the input."""
    program.write_bytes(ECHO)
    terminal, theirs = pty.openpty()
    with running(mesh, program, stdin=theirs, stdout=subprocess.PIPE) as gavel:
        os.close(theirs)
        assert gavel.stdout is not None
        assert gavel.stdout.readline() == b"ready\n"
        os.write(terminal, b"typed\n")
        assert gavel.stdout.readline() == b"got typed\n"
        os.write(terminal, b"\x04")
        assert gavel.wait(10) == 0
    os.close(terminal)


def test_ctrl_c_kills_the_program(mesh: Mesh, program: Path) -> None:
    """Within a second, with the exit status of an interrupted command."""
    program.write_bytes(SLEEPS)
    mark = f"mark-{uuid7()}"
    with running(mesh, program, "--", mark) as gavel:
        assert gavel.stdout is not None
        assert gavel.stdout.readline() == b"ready\n"
        assert alive(mark)
        gavel.send_signal(signal.SIGINT)
        until(lambda: not alive(mark), "the program is gone", 1.0)
        assert gavel.wait(5) == 130
        assert gavel.stderr is not None
        assert gavel.stderr.read() == b""


def test_a_killed_command_takes_its_program_along(mesh: Mesh, program: Path) -> None:
    """Nothing runs for nobody: within a second of the loss the program is gone."""
    program.write_bytes(SLEEPS)
    mark = f"mark-{uuid7()}"
    with running(mesh, program, "--", mark) as gavel:
        assert gavel.stdout is not None
        assert gavel.stdout.readline() == b"ready\n"
        gavel.kill()
        until(lambda: not alive(mark), "the program is gone", 1.0)


def test_a_reader_that_leaves_ends_the_program(mesh: Mesh, program: Path) -> None:
    """As `yes | head` ends: the program is killed, and nothing is complained of."""
    program.write_bytes(b"while True: print('x' * 100)")
    with running(mesh, program) as gavel:
        assert gavel.stdout is not None
        assert gavel.stderr is not None
        assert gavel.stdout.readline()
        gavel.stdout.close()
        assert gavel.wait(10) == 141
        assert gavel.stderr.read() == b""


@pytest.mark.parametrize(
    ("source", "words", "status", "said"),
    [
        ("import sys; sys.exit(7)", (), 7, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", (), 139, "SIGSEGV"),
        ("while True: pass", ("--cpu-time", "300ms"), 137, "time limit 0.3 s"),
        ("import time; time.sleep(60)", ("--wall-time", "300ms"), 137, "wall time limit"),
        ("x = bytearray(1 << 29); print(len(x))", ("--memory", "64MiB"), 137, "memory limit"),
        ("while True: print('x' * 99)", ("--output", "1MiB"), 137, "output limit"),
        ("def x(:", (), 1, "SyntaxError"),
        ("pass", ("-l", "klingon"), 2, "klingon"),
        ("pass", ("--memory", "1TiB"), 2, "--memory"),
        ("", (), 2, "empty"),
    ],
)
def test_exit_statuses_tell_how_it_ended(  # noqa: PLR0917  a row of the table
    mesh: Mesh, program: Path, source: str, words: tuple[str, ...], status: int, said: str
) -> None:
    """The program's own, a signal's, a limit's, a compiler's, a bad request's; with words where it helps."""
    program.write_text(source)
    with running(mesh, program, *words) as gavel:
        _, stderr = gavel.communicate(timeout=30)
    assert gavel.returncode == status, stderr
    assert said in stderr.decode()
    assert bool(stderr) is bool(said)


def test_json_tells_the_same(command: Command, program: Path) -> None:
    """One object a line, the last one with the facts and the exit status."""
    program.write_bytes(b"import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint(sys.argv[1:])")
    # The program's arguments come last, so --json has to stand before them.
    ran = command("run", str(program), stdin=b"")
    events = [line["event"] for line in ran.lines]
    assert events[0] == "running"
    assert events[-1] == "ended"
    assert "".join(line["data"] for line in ran.lines if line["event"] == "stderr") == "err\n"
    assert ran.lines[-1]["verdict"] == "ACCEPTED"
    assert ran.lines[-1]["exit_status"] == ran.status == 0
    assert ran.lines[-1]["cpu_time_ms"] > 0


def test_the_blocking_client_writes_and_reads_at_once(client: Client) -> None:
    """One thread iterates while another writes; the events are the compiler's, the output's and the end."""
    source = (
        b'#include <stdio.h>\nint main(void) { int n; while (scanf("%d", &n) == 1) printf("%d\\n", 2 * n); }'
    )
    with client.run_program({"main.c": source}, language="c", argv=["x"]) as program:
        assert program.worker.startswith("workers/")

        def write() -> None:
            for number in range(1000):
                program.write(b"%d\n" % number)
            program.end_input()

        writer = threading.Thread(target=write)
        writer.start()
        events = list(program)
        writer.join(10)
    assert isinstance(events[0], ProgramCompiled)
    output = b"".join(event.data for event in events if isinstance(event, ProgramOutput))
    assert output == b"".join(b"%d\n" % (2 * number) for number in range(1000))
    assert isinstance(events[-1], ProgramEnded)
    assert events[-1].result.verdict == "ACCEPTED"


async def test_a_caller_that_reads_late_gets_all(mesh: Mesh) -> None:
    """Also what waits in Envoy when the program has ended, while the caller's side of the stream is open."""
    mark, size = f"mark-{uuid7()}", 120_000
    source = submission_pb2.SourceFile(path="a.py", data=b"print('x' * %d, end='')" % size)
    start = worker_service_pb2.RunProgramStart(language="python3", sources=[source], argv=[mark])
    # As clients in other languages: 64 KiB are sent to who does not read.
    async with grpc.aio.insecure_channel(mesh.address, [("grpc.http2.bdp_probe", 0)]) as channel:
        call = worker_service_pb2_grpc.WorkerServiceStub(channel).RunProgram(timeout=60)
        await call.write(worker_service_pb2.RunProgramRequest(start=start))
        await call.initial_metadata()
        await asyncio.to_thread(until, lambda: not alive(mark), "the program is gone")
        received = 0
        while not (response := await call.read()).HasField("result"):
            received += len(response.stdout)
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF

    assert received == size


async def test_the_async_client(mesh: Mesh) -> None:
    """`communicate` for the whole; a cancelled task kills its program."""
    mark = f"mark-{uuid7()}"
    async with AsyncClient(mesh.address) as client:
        program = await client.run_program({"main.py": ECHO}, language="python3")
        ran = await program.communicate(b"x" * 3_000_000)
        assert (ran.result.verdict, len(ran.stdout), ran.stderr) == ("ACCEPTED", 3_000_011, b"")
        assert ran.compile is None

        async def sleep() -> None:
            sleeper = await client.run_program({"main.py": SLEEPS}, language="python3", argv=[mark])
            async for _ in sleeper:
                pass

        task = asyncio.create_task(sleep())
        await asyncio.to_thread(until, lambda: alive(mark), "the program runs")
        task.cancel()
        await asyncio.to_thread(until, lambda: not alive(mark), "the program is gone", 1.0)
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_full_worker_refuses_and_the_client_asks_again(mesh: Mesh, client: Client) -> None:
    """While the share is taken a client that does not wait is refused; one that waits is next."""
    mark = f"mark-{uuid7()}"
    slots = max(language.slot_count for language in client.languages())
    limits = Limits(wall_time_ms=60_000)
    sleepers = [
        client.run_program({"main.py": SLEEPS}, language="python3", argv=[mark], limits=limits)
        for _ in range(max(1, slots // 2))
    ]
    with Client(mesh.address, timeout_s=0.4) as hasty, pytest.raises(PlatformError) as refusal:
        hasty.run_program({"main.py": ECHO}, language="python3")
    assert refusal.value.reason_name == "OVERLOADED"

    timer = threading.Timer(0.5, sleepers[0].close)
    timer.start()
    begin = time.monotonic()
    ran = client.run_program({"main.py": b"print('late')"}, language="python3").communicate()
    assert ran.stdout == b"late\n"
    assert time.monotonic() - begin > 0.4
    for sleeper in sleepers:
        sleeper.close()
    until(lambda: not alive(mark), "all programs are gone", 1.0)


def test_judging_goes_on_beside_programs(client: Client) -> None:
    """With every slot that programs may have taken, submissions are judged all the same."""
    slots = max(language.slot_count for language in client.languages())
    limits = Limits(wall_time_ms=60_000)
    sleepers = [
        client.run_program({"main.py": SLEEPS}, language="python3", limits=limits)
        for _ in range(max(1, slots // 2))
    ]
    accepted = [client.submit({"main.py": b"print(1)"}, language="python3") for _ in range(5)]
    assert [client.wait(each).verdict for each in accepted] == ["ACCEPTED"] * 5
    for sleeper in sleepers:
        sleeper.close()


def test_a_plain_stub_needs_no_metadata(channel: grpc.Channel) -> None:
    """Where all workers are alike any of them runs it; errors carry their reason and fields."""
    stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
    start = worker_service_pb2.RunProgramStart(
        language="python3", sources=[submission_pb2.SourceFile(path="a.py", data=b"print(input())")]
    )
    requests = [
        worker_service_pb2.RunProgramRequest(start=start),
        worker_service_pb2.RunProgramRequest(stdin=b"hello\n"),
    ]
    responses = list(stub.RunProgram(iter(requests), timeout=20))
    assert b"".join(response.stdout for response in responses) == b"hello\n"
    assert responses[-1].result.verdict == submission_pb2.VERDICT_ACCEPTED


def test_bad_requests_through_the_sdk(client: Client) -> None:
    """A RequestError that names the fields, at once."""
    with pytest.raises(RequestError) as refusal:
        client.run_program({"../x.py": b"pass"}, language="python3", limits=Limits(cpu_time_ms=1))
    assert [violation.field for violation in refusal.value.violations] == [
        "sources[0].path",
        "limits.cpu_time_ms",
    ]
