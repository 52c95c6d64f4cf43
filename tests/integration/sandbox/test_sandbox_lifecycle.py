"""Starting, ending, dying: nothing is left behind, and nothing runs that is not limited."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest
from sandbox_programs import MakeLimits, descendants, wait_until

import run_groups
from gavel.sandbox import (
    BoxBrokenError,
    BoxSpec,
    Command,
    Kill,
    Mount,
    Sandbox,
    SandboxError,
    SandboxUnavailable,
    doctor,
    pool,
    probe,
)
from gavel.sandbox.cgroup_v1 import RunGroupV1
from gavel.sandbox.cgroup_v2 import RunGroupV2
from gavel.sandbox.inside import codec

pytestmark = pytest.mark.integration


def test_two_hundred_runs_leave_nothing(tmp_path: Path, limits: MakeLimits) -> None:
    """Over many runs, some of them killed: no process, cgroup, descriptor, thread or mount remains."""
    before_fds, before_threads = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    before_mounts = Path("/proc/self/mountinfo").read_text()
    before_cgroups = set(run_groups.runs(os.getpid()))

    with Sandbox(str(tmp_path)) as sandbox:
        for number in range(20):
            with sandbox.box() as box:
                box.put("x", b"x")
                if number % 2:
                    box.freeze()
                for turn in range(10):
                    script = "sleep 60" if turn == 9 else "sleep 60 & echo x >/tmp/x; echo x"
                    command = Command(("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin"})
                    with box.run(command, limits(wall_time_ms=30 if turn == 9 else 5000)) as outcome:
                        assert outcome.kill is (Kill.WALL_TIME if turn == 9 else Kill.NONE)
        assert set(run_groups.runs(os.getpid())) == before_cgroups
        alive = descendants(sandbox.spawner_pid)
        wait_until(lambda: len(descendants(sandbox.spawner_pid)) <= 2, f"more than the spare boxes: {alive}")

        below = descendants(sandbox.spawner_pid) | {sandbox.spawner_pid}

    wait_until(lambda: not any(_runs(pid) for pid in below), "processes")
    # Fewer when what an earlier test left is collected meanwhile.
    assert len(list(Path("/proc/self/fd").iterdir())) <= before_fds
    assert threading.active_count() <= before_threads
    assert Path("/proc/self/mountinfo").read_text() == before_mounts


def test_a_broken_spawner_is_replaced(tmp_path: Path, limits: MakeLimits) -> None:
    """After kill -9 of the spawner: the run in progress is the platform's failure, and the next box works."""
    with Sandbox(str(tmp_path)) as sandbox:
        first = sandbox.spawner_pid
        below = descendants(first)
        with sandbox.box() as box:
            threading.Timer(0.2, lambda: os.kill(first, signal.SIGKILL)).start()
            with pytest.raises(BoxBrokenError):
                box.run(Command(("/usr/bin/sleep", "60")), limits(wall_time_ms=60_000))
        wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), "boxes of the dead spawner"
        )

        with sandbox.box() as box, box.run(Command(("/bin/true",)), limits()) as outcome:
            assert outcome.exit_code == 0
        assert sandbox.spawner_pid != first


def test_a_box_that_cannot_be_made_keeps_no_other_from_being_made(tmp_path: Path, limits: MakeLimits) -> None:
    """Whatever was wrong with it."""
    with Sandbox(str(tmp_path / "sandbox")) as sandbox:
        for wrong in (Mount("/no/such/file", "/m"), Mount("/us\0r", "/m")):
            with pytest.raises(SandboxError):
                sandbox.box(BoxSpec(mounts=(wrong,)))
        with (
            sandbox.box(BoxSpec(mounts=(Mount("/etc", "/m"),))) as box,
            box.run(Command(("ls", "/m")), limits()) as outcome,
        ):
            assert outcome.exit_code == 0


def test_spares_that_cannot_be_made_any_more_are_not_tried_for_ever(tmp_path: Path) -> None:
    """Who asks for a box is told why there is none, and gets one when there can be."""
    source, state = tmp_path / "source", tmp_path / "sandbox"
    source.mkdir()
    spec = BoxSpec(mounts=(Mount(str(source), "/m"),))
    with Sandbox(str(state), spare_boxes=2) as sandbox:
        sandbox.box(spec).close()
        os.kill(sandbox.spawner_pid, signal.SIGKILL)
        source.rmdir()
        for _ in range(3):
            with pytest.raises(SandboxError, match=f"FileNotFoundError.*{source}"):
                sandbox.box(spec)
        source.mkdir()
        sandbox.box(spec).close()


def test_a_spawner_that_does_not_answer_is_replaced(
    tmp_path: Path, limits: MakeLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it was asked for spare boxes before."""
    monkeypatch.setattr(pool, "_BIRTH_SECONDS", 0.5)
    with Sandbox(str(tmp_path)) as sandbox:
        sandbox.box().close()
        first = sandbox.spawner_pid
        os.kill(first, signal.SIGSTOP)
        for _ in range(4):  # more than there can be spares
            with sandbox.box() as box, box.run(Command(("/bin/true",)), limits()) as outcome:
                assert outcome.exit_code == 0
        assert sandbox.spawner_pid != first
        wait_until(lambda: not Path(f"/proc/{first}").exists(), "the one that was stopped")


def test_who_waits_for_a_box_of_a_sandbox_that_closes_starts_no_other_spawner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He is told so."""
    asked, receive = threading.Event(), codec.Channel.receive_packet

    def receive_packet(channel: codec.Channel) -> tuple[bytes, tuple[int, ...]] | None:
        if threading.current_thread() is taker:
            asked.set()
        return receive(channel)

    sandbox = Sandbox(str(tmp_path), spare_boxes=0)
    sandbox.start()
    launcher, spawner, told = sandbox._launcher, sandbox.spawner_pid, list[str]()
    assert launcher is not None
    os.kill(spawner, signal.SIGSTOP)

    def take() -> None:
        try:
            sandbox.box()
        except SandboxError as error:
            told.append(str(error))

    taker, closer = threading.Thread(target=take), threading.Thread(target=sandbox.close)
    monkeypatch.setattr(codec.Channel, "receive_packet", receive_packet)
    taker.start()
    assert asked.wait(10)
    closer.start()
    wait_until(lambda: launcher._is_closed, "closing")
    os.kill(spawner, signal.SIGKILL)
    taker.join(10)
    closer.join(10)

    assert told == ["the sandbox is closed"]
    assert launcher.pid == spawner
    assert not closer.is_alive()


def test_a_spawner_that_fails_to_begin_is_started_anew(tmp_path: Path, limits: MakeLimits) -> None:
    """Whatever it was that failed, once it is mended."""
    state = tmp_path / "sandbox"
    with Sandbox(str(state), spare_boxes=0) as sandbox:
        os.kill(sandbox.spawner_pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{sandbox.spawner_pid}").exists(), "the spawner is gone")
        (state / "boxes").rmdir()
        (state / "boxes").write_text("in the way")
        for _ in range(2):
            with pytest.raises(SandboxError, match="FileExistsError"):
                sandbox.box()
        (state / "boxes").unlink()
        with sandbox.box() as box, box.run(Command(("true",)), limits()) as outcome:
            assert outcome.exit_code == 0


def test_a_shortage_of_descriptors_costs_no_other_box(
    tmp_path: Path, limits: MakeLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the service's own, and passes."""

    def none_left(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    turns = 10
    with Sandbox(str(tmp_path / "sandbox"), spare_boxes=0) as sandbox, sandbox.box() as box:
        spawner, before = sandbox.spawner_pid, open_files()
        for module, name in [(codec.Channel, "pair"), (os, "pipe"), (os, "memfd_create")] * turns:
            with monkeypatch.context() as patched:
                patched.setattr(module, name, none_left)
                with contextlib.suppress(SandboxError):
                    sandbox.box().close()
                with contextlib.suppress(SandboxError):
                    box.put("x", b"")
                with contextlib.suppress(SandboxError), box.run(Command(("true",)), limits()):
                    pass
        with box.run(Command(("true",)), limits()) as outcome:
            assert outcome.exit_code == 0
        assert sandbox.spawner_pid == spawner
        assert open_files() < before + turns  # a few more are another sandbox's, which makes spare boxes

        os.kill(sandbox.spawner_pid, signal.SIGKILL)
        with monkeypatch.context() as patched:
            patched.setattr(fcntl, "fcntl", none_left)
            with pytest.raises(SandboxError, match="Too many open files"):
                sandbox.box()
        with sandbox.box() as another, another.run(Command(("true",)), limits()) as outcome:
            assert outcome.exit_code == 0


def test_a_service_without_standard_streams(tmp_path: Path) -> None:
    """What is opened then has their numbers, of which boxes are to know nothing."""
    program = f"from gavel.sandbox import Sandbox\nwith Sandbox({str(tmp_path / 's')!r}): pass"
    command = ["bash", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, program]
    subprocess.run(command, check=True, timeout=60)


def test_a_broken_box_ends_alone(sandbox: Sandbox, limits: MakeLimits) -> None:
    """A kill -9 of one init ends its box with all that runs in it, and no other."""
    with sandbox.box() as other, sandbox.box() as box:
        threading.Timer(0.2, lambda: os.kill(box.pid, signal.SIGKILL)).start()
        with pytest.raises(BoxBrokenError):
            box.run(Command(("/usr/bin/sleep", "60")), limits(wall_time_ms=60_000))
        with other.run(Command(("/bin/true",)), limits()) as outcome:
            assert outcome.exit_code == 0


SERVICE = """
    import sys
    from gavel.sandbox import Command, Limits, Sandbox
    with Sandbox(sys.argv[1]) as sandbox, sandbox.box() as box:
        print(sandbox.spawner_pid, flush=True)
        limits = Limits(60_000, 180_000, 64 << 20, 0, 64, 1 << 20)
        script = "(setsid sleep 300 &) ; while :; do :; done"
        box.run(Command(("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin"}), limits)
"""


def test_kill_9_of_the_service(tmp_path: Path) -> None:
    """Spawner, boxes and programs die with it, and the next start removes the cgroups it left."""
    service = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVICE), str(tmp_path / "a")], stdout=subprocess.PIPE
    )
    assert service.stdout is not None
    spawner = int(service.stdout.readline())
    wait_until(lambda: len(descendants(spawner)) >= 5, "the program starts")
    below = descendants(spawner) | {spawner}
    left = run_groups.owners([service.pid])

    service.kill()
    service.wait()
    service.stdout.close()

    wait_until(lambda: not any(_runs(pid) for pid in below), "processes outlive the service")
    assert left
    with Sandbox(str(tmp_path / "b"), spare_boxes=0):
        assert not any(path.exists() for path in left)


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_start_proves_and_reports(tmp_path: Path) -> None:
    """Every limit has a line in the report, in well under two seconds."""
    started = time.monotonic()
    with Sandbox(str(tmp_path)) as sandbox:
        took = time.monotonic() - started
        names = {line.limit for line in sandbox.report}
        assert all(line.enforced for line in sandbox.report)

    assert names >= {
        "memory",
        "processes",
        "cpu_time",
        "wall_time",
        "output",
        "files",
        "links",
        "network",
        "neighbours",
    }
    assert took < 5


def test_a_limit_that_does_not_hold_refuses_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With memory not limited the sandbox says so, names a remedy, and leaves nothing running."""
    for version in (RunGroupV1, RunGroupV2):
        monkeypatch.setattr(version, "limit", lambda *_, **__: None)
    monkeypatch.setattr(probe, "_LIMITS", probe._limits(wall_time_ms=300))
    sandbox = Sandbox(str(tmp_path))

    with pytest.raises(SandboxUnavailable) as caught:
        sandbox.start()

    assert caught.value.limit == "memory"
    assert "cgroup" in caught.value.remedy
    wait_until(lambda: not _runs(sandbox.spawner_pid), "the spawner")


def test_doctor() -> None:
    """On this machine all is well, line by line."""
    findings = doctor()

    assert {finding.name for finding in findings} >= {"kernel", "user", "cgroups", "limit: memory"}
    assert all(finding.ok for finding in findings), findings


def test_boxes_in_parallel(sandbox: Sandbox, limits: MakeLimits) -> None:
    """Threads take boxes of the same sandbox at once, and each gets its own output."""
    wrong: list[object] = []

    def work(name: int) -> None:
        for _ in range(5):
            with sandbox.box() as box, box.run(Command(("/bin/echo", str(name))), limits()) as outcome:
                if os.read(outcome.stdout, 100) != f"{name}\n".encode():
                    wrong.append(outcome)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
