"""Each limit, met by a real program."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from sandbox_programs import COUNT_PROCESSES, Compile, MakeLimits, Run, RunPython

from conditions import until
from gavel.sandbox import Box, Command, Kill, Sandbox, SandboxError

pytestmark = pytest.mark.integration


def test_an_ordinary_run(box: Box, python: RunPython) -> None:
    """Exit code, output and plausible facts; nothing was killed."""
    ran = python(
        box, "import sys; print(input()[::-1]); print('e', file=sys.stderr); sys.exit(3)", stdin=b"abc"
    )

    assert ran.stdout == b"cba\n"
    assert ran.outcome.stderr == b"e\n"
    assert (ran.outcome.exit_code, ran.outcome.signal, ran.outcome.kill) == (3, None, Kill.NONE)
    assert 0 < ran.outcome.cpu_time_ms < 2000
    assert 0 < ran.outcome.wall_time_ms < 10_000
    assert 1 << 20 < ran.outcome.memory_bytes < 64 << 20
    assert ran.outcome.output_bytes == 6


def test_cpu_time_counts_all_processes(box: Box, run: Run) -> None:
    """Two spinning processes use up one limit together, and the time told is that of the cgroup."""
    ran = run(box, "sh", "-c", "(while :; do :; done) & while :; do :; done", cpu_time_ms=300)

    assert ran.outcome.kill is Kill.CPU_TIME
    assert 300 <= ran.outcome.cpu_time_ms < 600


def test_cpu_time_of_one_run_is_not_charged_to_the_next(box: Box, run: Run) -> None:
    """Each run has an account of its own."""
    first = run(box, "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done", cpu_time_ms=5000)
    second = run(box, "true")

    assert first.outcome.cpu_time_ms > 100
    assert second.outcome.cpu_time_ms < 50


def test_wall_time(box: Box, run: Run) -> None:
    """A sleeping program is ended by the watchdog, having used no CPU."""
    ran = run(box, "sleep", "60", wall_time_ms=200)

    assert ran.outcome.kill is Kill.WALL_TIME
    assert ran.outcome.signal == signal.SIGKILL
    assert 200 <= ran.outcome.wall_time_ms < 1200
    assert ran.outcome.cpu_time_ms < 100


@contextlib.contextmanager
def _busy_core(programs: int = 2) -> Iterator[int]:
    """Other programs at work on a core, each of a session, and so of a turn, of its own; which core. Programs
    of a box stay on the one that its init is on: no program can choose by itself.
    """
    core = min(os.sched_getaffinity(0))
    program = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
    spin = [sys.executable, "-c", program]
    others = [subprocess.Popen(spin, stdout=subprocess.PIPE, start_new_session=True) for _ in range(programs)]
    try:
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == b"\n"
        yield core
    finally:
        for other in others:
            other.kill()
            other.communicate()


@pytest.mark.parametrize(
    "work",
    [
        "for _ in range(5_000_000): pass",
        # Whose waits the kernel forgets with them.
        """
for _ in range(40):
    if not (child := os.fork()):
        for _ in range(100_000): pass
        os._exit(0)
    os.waitpid(child, 0)
""",
    ],
    ids=["one", "children"],
)
def test_a_busy_machine_is_not_idleness(box: Box, python: RunPython, work: str) -> None:
    """A program that takes every moment it gets of a busy core outlives its wall time limit."""
    with _busy_core(4) as core:
        alone = python(box, "import os\n" + work, wall_time_ms=20_000, cpu_time_ms=5000).outcome
        wall_time_ms = 3 * alone.cpu_time_ms
        os.sched_setaffinity(box.pid, {core})
        ran = python(box, "import os\n" + work, wall_time_ms=wall_time_ms, cpu_time_ms=5000).outcome

    assert ran.wall_time_ms > wall_time_ms
    assert ran.kill is Kill.NONE
    assert ran.exit_code == 0


def test_many_processes_get_no_more_than_one(sandbox: Sandbox, limits: MakeLimits) -> None:
    """Of a core that two runs want each has half, and not what its processes are of all."""
    core, environment = min(os.sched_getaffinity(0)), {"PATH": "/usr/bin:/bin"}
    many = Command(("sh", "-c", "for i in $(seq 30); do while :; do :; done & done; wait"), environment)
    one = Command(("python3", "-c", "for _ in range(3_000_000): pass"), environment)
    with sandbox.box() as crowd, sandbox.box() as box:
        for pid in (crowd.pid, box.pid):
            os.sched_setaffinity(pid, {core})

        def hold() -> None:
            with crowd.run(many, limits(cpu_time_ms=60_000, wall_time_ms=60_000, processes=40)):
                pass

        thread = threading.Thread(target=hold)
        thread.start()
        until(lambda: crowd.readiness().cpu_time_us > 100_000, "the crowd is at work", 30)
        with box.run(one, limits(cpu_time_ms=60_000, wall_time_ms=60_000)) as outcome:
            crowd.cancel()
            thread.join()
            assert outcome.exit_code == 0
            assert outcome.wall_time_ms < 10 * outcome.cpu_time_ms  # 30 times as long otherwise


def test_a_run_that_gets_no_cpu_at_all_has_no_verdict(box: Box, run: Run) -> None:
    """Ten times its wall time limit, all of it spent waiting: the platform failed, not the program."""
    with _busy_core(24) as core:
        os.sched_setaffinity(box.pid, {core})
        with pytest.raises(SandboxError, match="too busy"):
            run(box, "sh", "-c", "while :; do :; done", wall_time_ms=150)


def test_the_way_to_a_program_is_no_time_of_its(box: Box, run: Run) -> None:
    """Its wall time begins with its exec, however late the box comes to that."""
    wall_time_ms = 300
    os.kill(box.pid, signal.SIGSTOP)  # as one that gets no CPU
    go_on = threading.Timer(2 * wall_time_ms / 1000, os.kill, (box.pid, signal.SIGCONT))
    go_on.start()

    ran = run(box, "sleep", "0.1", wall_time_ms=wall_time_ms)

    go_on.join()
    assert (ran.outcome.kill, ran.outcome.exit_code) == (Kill.NONE, 0)
    assert 100 <= ran.outcome.wall_time_ms < wall_time_ms


def test_the_way_from_a_program_is_no_time_of_its(box: Box, limits: MakeLimits) -> None:
    """One that has ended in time is not told to have been ended for it, however late the box sees that."""
    wall_time_ms = 300
    asked, answer = os.pipe()
    heard, told = os.pipe()
    command = Command(("sh", "-c", "echo; read line"), {"PATH": "/usr/bin:/bin"}, asked, stdout=told)
    outcomes = []

    def hold() -> None:
        with box.run(command, limits(wall_time_ms=wall_time_ms)) as outcome:
            outcomes.append(outcome)

    thread = threading.Thread(target=hold)
    thread.start()
    os.read(heard, 1)
    os.kill(box.pid, signal.SIGSTOP)
    os.write(answer, b"\n")
    thread.join(2 * wall_time_ms / 1000)
    assert thread.is_alive()
    os.kill(box.pid, signal.SIGCONT)
    thread.join()

    for end in (asked, answer, heard, told):
        os.close(end)
    assert (outcomes[0].kill, outcomes[0].exit_code) == (Kill.NONE, 0)


def test_a_partner_that_waits_for_a_cpu_is_waited_for(sandbox: Sandbox, limits: MakeLimits) -> None:
    """A program that has to wait for what its partner says outlives its wall time limit while that one gets
    no CPU; alone it does not.
    """
    environment = {"PATH": "/usr/bin:/bin"}
    work = "for _ in range(6_000_000): pass"
    kills = []
    with _busy_core() as core, sandbox.box() as box, sandbox.box() as other:
        os.sched_setaffinity(other.pid, {core})
        heard, told = os.pipe()
        speaks = Command(("python3", "-c", work + "\nprint()"), environment, stdout=told)

        def speak() -> None:
            with other.run(speaks, limits(wall_time_ms=60_000)):
                pass

        for partner in (other, None):
            thread = threading.Thread(target=speak)
            thread.start()
            until(lambda: other.readiness().cpu_time_us > 0, "the partner is at work", 30)
            listens = Command(("sh", "-c", "read line"), environment, heard)
            with box.run(listens, limits(wall_time_ms=500), partner=partner) as outcome:
                kills.append(outcome.kill)
            thread.join()
        os.close(heard)
        os.close(told)

    assert kills == [Kill.NONE, Kill.WALL_TIME]


def test_memory(box: Box, python: RunPython) -> None:
    """What is touched beyond the limit ends the run: Run, and the peak told does not exceed it."""
    ran = python(box, "x = bytearray(200 << 20); print('survived')", memory_bytes=64 << 20)

    assert ran.outcome.kill is Kill.MEMORY
    assert 48 << 20 < ran.outcome.memory_bytes <= 64 << 20
    assert ran.stdout == b""


def test_memory_of_a_child_counts(box: Box, python: RunPython) -> None:
    """A parent that survives its child's end for memory does not hide it."""
    program = "import os\nif not os.fork():\n x = bytearray(200 << 20)\nos.wait()"

    assert python(box, program, memory_bytes=64 << 20).outcome.kill is Kill.MEMORY


def test_memory_in_files_counts(box: Box, run: Run) -> None:
    """A tmpfs is memory: /dev/shm is no way round the limit."""
    ran = run(
        box, "sh", "-c", "head -c 100m /dev/zero >/dev/shm/x", memory_bytes=16 << 20, files_bytes=1 << 30
    )

    assert ran.outcome.kill is Kill.MEMORY


def test_reserved_address_space_is_free(box: Box, python: RunPython) -> None:
    """Only what is used counts: runtimes reserve gigabytes."""
    ran = python(box, "import mmap; mmap.mmap(-1, 8 << 30, flags=0x4022); print('ok')", memory_bytes=64 << 20)

    assert ran.stdout == b"ok\n"


def test_processes_and_threads(box: Box, python: RunPython) -> None:
    """Threads count as processes; the program sees EAGAIN and goes on."""
    program = (
        "import threading, time\nn = 0\ntry:\n"
        "  for n in range(100): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "except RuntimeError: print(n)\n"
    )
    ran = python(box, program, processes=10)

    assert ran.stdout == b"9\n"
    assert ran.outcome.exit_code == 0


def test_fork_bomb(box: Box, python: RunPython, run: Run) -> None:
    """It stays within its limits and leaves nothing; the box is usable afterwards."""
    ran = run(
        box, "sh", "-c", "f() { f | f & }; f; sleep 60", processes=20, wall_time_ms=500, cpu_time_ms=400
    )

    assert ran.outcome.kill in {Kill.WALL_TIME, Kill.CPU_TIME} or ran.outcome.exit_code != 0
    assert python(box, COUNT_PROCESSES).stdout == b"1\n"


def test_output_flood(box: Box, run: Run) -> None:
    """Ended soon after the limit; stdout holds exactly the limit, and both streams count together."""
    ran = run(box, "sh", "-c", "yes >&2 & yes", output_bytes=100_000)

    assert ran.outcome.kill is Kill.OUTPUT
    assert 100_000 < ran.outcome.output_bytes <= 100_000 + (128 << 10)
    assert len(ran.stdout) <= 100_000


def test_output_of_exactly_the_limit(box: Box, run: Run) -> None:
    """The limit itself is allowed; one byte more is not, also from a program that ends by itself."""
    allowed = run(box, "head", "-c", "1000", "/dev/zero", output_bytes=1000)
    beyond = run(box, "head", "-c", "1001", "/dev/zero", output_bytes=1000)

    assert (allowed.outcome.kill, len(allowed.stdout)) == (Kill.NONE, 1000)
    assert (beyond.outcome.kill, len(beyond.stdout)) == (Kill.OUTPUT, 1000)


def test_stderr_ends(box: Box, limits: MakeLimits) -> None:
    """The start and the end of stderr are kept, all of it is counted."""
    script = "yes | head -c 100000 >&2; printf 12345 >&2"
    command = Command(("sh", "-c", script), {"PATH": "/usr/bin:/bin"}, stderr_ends_bytes=10)
    with box.run(command, limits()) as outcome:
        assert outcome.stderr == b"y\n" * 5 + b"\ny\ny\n12345"[-10:]
        assert outcome.output_bytes == 100_005
        assert outcome.kill is Kill.NONE


@pytest.mark.parametrize(("written", "kept"), [(7, 7), (10, 10), (13, 13), (20, 20), (21, 20)])
def test_a_short_stderr_is_whole(box: Box, limits: MakeLimits, written: int, kept: int) -> None:
    """Nothing is kept twice, and nothing is left out of what both ends have room for."""
    text = "abcdefghijklmnopqrstu"[:written]
    command = Command(("sh", "-c", f"printf {text} >&2"), {"PATH": "/usr/bin:/bin"}, stderr_ends_bytes=10)
    with box.run(command, limits()) as outcome:
        assert len(outcome.stderr) == kept
        assert outcome.stderr == (text[:10] + text[10:][-10:]).encode()


def test_files(box: Box, run: Run) -> None:
    """All writable folders share the limit of bytes and inodes; beyond it writes fail, no kill."""
    script = "head -c 3m /dev/zero >/tmp/a; head -c 3m /dev/zero >/dev/shm/a; stat -c %s /tmp/a /dev/shm/a"
    ran = run(box, "sh", "-c", script, files_bytes=4 << 20)
    first, second = map(int, ran.stdout.split())
    many = run(
        box,
        "sh",
        "-c",
        "for i in $(seq 200); do mkdir /tmp/$i || break; done; ls /tmp | wc -l",
        files_count=50,
    )

    assert first == 3 << 20
    assert second <= 1 << 20
    assert b"No space" in ran.outcome.stderr
    assert int(many.stdout) <= 58


def test_file_size_has_a_second_fence(box: Box, python: RunPython) -> None:
    """One file ends at the files limit, as a signal or an error, wherever it lies."""
    ran = python(box, "import os; os.truncate(os.memfd_create('x'), 1 << 40)", files_bytes=1 << 20)

    assert ran.outcome.signal == signal.SIGXFSZ or b"File too large" in ran.outcome.stderr


def test_stack(box: Box, compiled: Compile, run: Run) -> None:
    """Deep recursion within the stack limit works, beyond it the program ends by a signal."""
    box.put("deep", compiled(DEEP), 0o555)

    assert run(box, "/work/deep", "60", stack_bytes=128 << 20).stdout == b"60\n"
    assert run(box, "/work/deep", "60", stack_bytes=16 << 20).outcome.signal == signal.SIGSEGV


DEEP = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int down(int n) { volatile char page[1 << 20]; memset((char *)page, n, sizeof page);
  return n ? 1 + down(n - 1) : page[5]; }
int main(int c, char **v) { printf("%d\\n", down(atoi(v[1]))); }
"""


def test_init_keeps_the_wall_time_by_itself(sandbox: Sandbox, limits: MakeLimits) -> None:
    """The box ends a run whose service was stopped: its init has a watchdog of its own."""
    with sandbox.box() as box:
        box._kill = lambda: None  # a service that watches but cannot act
        started = time.monotonic()
        with box.run(Command(("/usr/bin/sleep", "60")), limits(wall_time_ms=100)) as outcome:
            assert outcome.kill is Kill.WALL_TIME
        assert time.monotonic() - started < 5


ORPHANS = """
#include <unistd.h>
int main(void) { for (int i = 0; i < 8; i++) if (!fork()) break;
  for (;;) if (!fork()) { fork(); _exit(0); } }
"""


def test_init_keeps_the_wall_time_in_a_storm_of_orphans(
    sandbox: Sandbox, limits: MakeLimits, compiled: Compile
) -> None:
    """Children that end all the time keep init busy, but not from the clock."""
    with sandbox.box() as box:
        box.put("orphans", compiled(ORPHANS), 0o555)
        box._kill = lambda: None
        started = time.monotonic()
        with box.run(Command(("/work/orphans",)), limits(wall_time_ms=100)) as outcome:
            assert outcome.kill in {Kill.WALL_TIME, Kill.CPU_TIME}
        assert time.monotonic() - started < 8


def test_cancel(sandbox: Sandbox, limits: MakeLimits) -> None:
    """From another thread: the run in progress ends at once, and so does each later one."""
    with sandbox.box() as box:
        threading.Timer(0.2, box.cancel).start()
        started = time.monotonic()
        with box.run(Command(("/usr/bin/sleep", "60")), limits(wall_time_ms=60_000)) as outcome:
            assert outcome.kill is Kill.CANCELLED
        with box.run(Command(("/usr/bin/sleep", "60")), limits(wall_time_ms=60_000)) as outcome:
            assert outcome.kill is Kill.CANCELLED
        assert time.monotonic() - started < 5


def test_interactive_pair(sandbox: Sandbox, limits: MakeLimits) -> None:
    """Two boxes joined by two pipes talk directly."""
    to_second, from_first = os.pipe()
    to_first, from_second = os.pipe()
    asker = "import sys\nfor i in range(100):\n print(i, flush=True)\n assert int(input()) == i * i"
    answerer = "import sys\nfor line in sys.stdin: print(int(line) ** 2, flush=True)"
    results = {}

    def play(name: str, program: str, stdin: int, stdout: int) -> None:
        with sandbox.box() as box:
            command = Command(("/usr/bin/python3", "-c", program), stdin=stdin, stdout=stdout)
            with box.run(command, limits()) as outcome:
                results[name] = outcome
        os.close(stdout)
        os.close(stdin)

    players = [
        threading.Thread(target=play, args=("asker", asker, to_first, from_first)),
        threading.Thread(target=play, args=("answerer", answerer, to_second, from_second)),
    ]
    for player in players:
        player.start()
    for player in players:
        player.join()

    assert results["asker"].exit_code == 0, results["asker"].stderr
    assert results["answerer"].exit_code == 0, results["answerer"].stderr


def test_an_end_that_comes_before_the_program_is_not_lost(box: Box, limits: MakeLimits) -> None:
    """Init may be busy with a file, or wait for a CPU, when it is told to end a run yet to start."""
    for _ in range(20):
        box.put("large", bytes(4 << 20))
        with box.run(Command(("sleep", "100"), on_started=box.end_run), limits()) as outcome:
            assert (outcome.signal, outcome.kill) == (9, Kill.NONE)
    with box.run(Command(("sleep", "100"), on_started=box.cancel), limits()) as outcome:
        assert outcome.kill is Kill.CANCELLED


def test_an_end_that_comes_late_ends_no_other_run(box: Box, limits: MakeLimits) -> None:
    """It is for the run that was."""
    for _ in range(20):
        with box.run(Command(("true",)), limits()) as outcome:
            box._running = True  # as if its answer were still on the way
            box.end_run()
            box._running = False
            assert outcome.exit_code == 0
        with box.run(Command(("sleep", "0.01")), limits()) as outcome:
            assert outcome.exit_code == 0
