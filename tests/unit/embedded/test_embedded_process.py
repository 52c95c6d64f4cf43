"""Processes, ports, logs and the state file, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gavel.embedded import process, state
from gavel.embedded.ports import Ports, choose, is_free
from gavel.embedded.process import Command, Flag, Identity, identify
from gavel.embedded.state import LockedError, MeshState, PartState

SLEEP = ("sleep", "60")


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Waits for a condition, and fails when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.01)


def command(tmp_path: Path, *argv: str) -> Command:
    """A command with the tests' PATH."""
    return Command(argv, log=tmp_path / "part.log", env={"PATH": os.environ["PATH"]})


def part(identity: Identity | None, role: str = "worker") -> PartState:
    """A part with a process."""
    pid = identity.pid if identity else None
    return PartState("worker-0", role, "127.0.0.1:1", "healthy", pid, identity, 1.5, 2)


def mesh(*parts: PartState) -> MeshState:
    """A mesh of this process."""
    return MeshState(process.identity_of(os.getpid()), "127.0.0.1:8080", True, parts)


def stranger() -> tuple[subprocess.Popen[bytes], Identity]:
    """A process in a session of its own that no supervisor's death ends."""
    popen = subprocess.Popen(SLEEP, start_new_session=True)
    return popen, process.identity_of(popen.pid)


def test_output_goes_to_the_log(tmp_path: Path) -> None:
    """Both streams are appended to the log, and the exit code comes back."""
    for word in ("one", "two"):
        code = process.run(command(tmp_path, "sh", "-c", f"echo {word}; echo {word} >&2; exit 3"), 10)
        assert code == 3

    assert process.tail(tmp_path / "part.log") == ["one", "one", "two", "two"]
    assert process.tail(tmp_path / "part.log", lines=1) == ["two"]
    assert process.tail(tmp_path / "none.log") == []


def test_stop_asks_first_and_kills_after_the_grace(tmp_path: Path) -> None:
    """A process that obeys the signal ends by it; one that ignores it is killed when its grace is over."""
    assert process.start(command(tmp_path, *SLEEP)).stop(signal.SIGTERM, 10) == -signal.SIGTERM

    deaf = process.start(command(tmp_path, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"))
    wait_until(lambda: process.tail(tmp_path / "part.log") == ["ready"])
    assert deaf.stop(signal.SIGTERM, 0.2) == -signal.SIGKILL


def test_what_a_process_leaves_in_its_group_is_ended(tmp_path: Path) -> None:
    """When a process ends, the children that it left behind end too."""
    running = process.start(command(tmp_path, "sh", "-c", "sleep 60 & echo $!; wait"))
    wait_until(lambda: bool(process.tail(tmp_path / "part.log")))
    child = identify(int(process.tail(tmp_path / "part.log")[0]))
    assert child is not None

    running.send(signal.SIGKILL)

    assert running.wait(10) == -signal.SIGKILL
    wait_until(lambda: not child.alive())


def test_children_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    """A supervisor killed with SIGKILL takes its processes along, from whichever thread it started them."""
    script = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from gavel.embedded import process\n"
        "def start():\n"
        "    command = process.Command(('/bin/sleep', '60'), log=Path(sys.argv[1]))\n"
        "    print(process.start(command).pid, flush=True)\n"
        "thread = threading.Thread(target=start)\n"
        "thread.start()\n"
        "thread.join()\n"
        "sys.stdin.read()\n"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "log")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = identify(int(parent.stdout.readline()))
        assert child is not None
        assert child.alive()

        parent.kill()

        wait_until(lambda: not child.alive())


def test_wait_can_be_cut_short(tmp_path: Path) -> None:
    """A flag that is set wakes who waits for a process, which goes on."""
    running = process.start(command(tmp_path, *SLEEP))
    flag = Flag()
    flag.set()
    began = time.monotonic()

    assert running.wait(30, flag) is None
    assert time.monotonic() - began < 5
    assert running.stop(signal.SIGKILL, 5) == -signal.SIGKILL


def test_identity_is_more_than_a_pid() -> None:
    """A pid with another start time, or of another boot, is another process: it is never signalled."""
    popen, identity = stranger()
    for other in (
        replace(identity, start_ticks=identity.start_ticks - 1),
        replace(identity, boot_id="other"),
    ):
        assert not other.alive()
        assert not process.signal_group(other, signal.SIGKILL)
        assert not process.send_signal(other, signal.SIGKILL)
        assert state.end_leftovers(mesh(part(other))) == []
    assert popen.poll() is None

    assert process.send_signal(identity, signal.SIGKILL)
    assert popen.wait(10) == -signal.SIGKILL
    assert not identity.alive()


def test_leftovers_are_ended() -> None:
    """What a killed supervisor left is found by pid and start time, ended, and named."""
    popen, identity = stranger()

    assert state.end_leftovers(mesh(part(identity), part(None))) == ["worker-0"]
    assert popen.wait(10) == -signal.SIGTERM


def test_state_survives_the_file(tmp_path: Path) -> None:
    """What is read is what was written; no file, or a damaged one, is no state."""
    written = mesh(part(process.identity_of(os.getpid())), part(None))

    assert state.read(tmp_path) is None
    state.write(tmp_path, written)
    assert state.read(tmp_path) == written
    (tmp_path / "state.json").write_text('{"parts": [')
    assert state.read(tmp_path) is None


def test_one_supervisor_a_data_folder(tmp_path: Path) -> None:
    """A second lock is refused with the pid of the holder, until the first is given back."""
    assert state.holder(tmp_path) is None
    held = state.lock(tmp_path)
    assert state.holder(tmp_path) == identify(os.getpid())
    with pytest.raises(LockedError, match=f"process {os.getpid()}") as refused:
        state.lock(tmp_path)
    assert refused.value.pid == os.getpid()

    held.close()

    assert state.holder(tmp_path) is None
    state.lock(tmp_path).close()


def test_ports_stay(tmp_path: Path) -> None:
    """A name keeps its port over restarts, unless somebody else listens there meanwhile."""
    first = Ports(tmp_path / "ports.json")
    kafka, envoy = first.get("kafka"), first.get("envoy")
    assert kafka != envoy

    assert Ports(tmp_path / "ports.json").get("kafka") == kafka
    with socket.create_server(("127.0.0.1", kafka)):
        assert not is_free(kafka)
        moved = Ports(tmp_path / "ports.json").get("kafka")
    assert moved not in (kafka, envoy)
    assert Ports(tmp_path / "ports.json").get("kafka") == moved


def test_chosen_ports_are_not_the_kernels() -> None:
    """No outgoing connection can take a chosen port while its part restarts."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    assert all(1024 <= choose() < low for _ in range(20))


def test_logs_are_bounded(tmp_path: Path) -> None:
    """A log beyond its bound moves to `.1` and its writer goes on at the start of the emptied file."""
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert not process.rotate(log, 100)
        writer.write(b"y")
        assert process.rotate(log, 100)
        writer.write(b"z")

    assert log.read_bytes() == b"z"
    assert (tmp_path / "part.log.1").read_bytes() == b"x" * 100 + b"y"
    assert not process.rotate(tmp_path / "none.log", 100)
