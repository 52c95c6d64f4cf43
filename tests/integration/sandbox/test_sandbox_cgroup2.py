"""The adapter of cgroup version 2 on a real mount, also where the controllers that matter are in version 1.

Where all controllers are in version 2, every other test of the sandbox runs on it.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from delegated_cgroups import roots_of_version_2
from sandbox_programs import wait_until

from gavel.sandbox import SandboxError, cgroups
from gavel.sandbox.cgroup_v2 import RunGroupV2, enable, hand_down

pytestmark = pytest.mark.integration

_OF_THREADS = {"cpu", "cpuset", "perf_event", "pids"}


@pytest.fixture
def group() -> Iterator[Path]:
    """A new cgroup below the root of the mount."""
    roots = roots_of_version_2()
    if os.geteuid() != 0 or not roots:
        pytest.skip("no cgroup2 mount that this user may use")
    folder = Path(tempfile.mkdtemp(prefix="gavel-test-", dir=roots[0]))
    yield folder
    cgroups.sweep(str(folder))


def _enter(join: tuple[int, ...], program: str) -> "subprocess.Popen[bytes]":
    enter = "import os, sys\nfor fd in sys.argv[2:]: os.write(int(fd), b'0')\n"
    shell = "os.execlp('sh', 'sh', '-c', sys.argv[1])"
    command = [sys.executable, "-c", enter + shell, program, *map(str, join)]
    return subprocess.Popen(command, pass_fds=join, stdout=subprocess.PIPE)


def test_a_process_enters_and_is_accounted(group: Path) -> None:
    """By an open file, without a path; its CPU time counts, and whether it is ready shows."""
    run = RunGroupV2(str(group / "1"))
    assert run.cpu_time_us() == 0
    with _enter(run.join, "echo in; while :; do :; done") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        assert (group / "1" / "cgroup.procs").read_text().split() == [str(process.pid)]
        wait_until(lambda: run.cpu_time_us() > 100_000, "CPU time is counted")
        assert run.is_ready()
        assert run.waited_us() >= 0
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: not run.is_ready(), "a stopped process is not ready")
        process.kill()
    run.remove()

    assert not (group / "1").exists()


def test_a_group_that_is_lived_in_is_not_removed(group: Path) -> None:
    """It is an error, never silence."""
    run = RunGroupV2(str(group / "1"))
    with _enter(run.join, "echo in; exec sleep 60") as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(SandboxError, match="cannot remove"):
            run.remove()
        process.kill()


def test_a_sweep_ends_a_fork_storm(group: Path) -> None:
    """All processes below, whatever they fork meanwhile, and the folders."""
    run = RunGroupV2(str(group / "1"))
    storm = "f() { sleep 60 & sleep 60 & }; echo in; i=0; while [ $i -lt 200 ]; do f; i=$((i+1)); done; wait"
    with _enter(run.join, storm) as process:
        assert process.stdout is not None
        process.stdout.readline()
        cgroups.sweep(str(group / "1"))
        process.wait(10)

    assert not (group / "1").exists()


def _available(root: Path) -> list[str]:
    """Controllers of version 2 of which a group with processes of its own can give its children none."""
    return sorted(set((root / "cgroup.controllers").read_text().split()) - _OF_THREADS)


def test_groups_above_hand_controllers_down(group: Path) -> None:
    """Those that exist and that nobody has asked for; what does not exist is no error."""
    if not _available(group.parent):
        pytest.skip("no controller is left for version 2")
    controller = _available(group.parent)[0]
    inner = group / "a.slice" / "b.scope"
    inner.mkdir(parents=True)

    hand_down(inner, (controller, "none-such"))

    assert (inner / "cgroup.controllers").read_text().split() == [controller]
    assert (inner / "cgroup.subtree_control").read_text().split() == []


def test_processes_make_way_for_controllers(group: Path) -> None:
    """A group gives its children no controller while it has processes of its own, which move to a leaf."""
    root = group.parent
    available = _available(root)
    if not available:
        pytest.skip("no controller is left for version 2")
    controller = available[0]
    was_enabled = controller in (root / "cgroup.subtree_control").read_text().split()
    enable(str(root), (controller,))
    try:
        join = (os.open(group / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC),)
        with _enter(join, "sleep 60 & echo in; exec sleep 60") as process:
            assert process.stdout is not None
            process.stdout.readline()
            enable(str(group), (controller,))
            enable(str(group), (controller,))  # again changes nothing

            assert (group / "cgroup.procs").read_text() == ""
            assert str(process.pid) in (group / "gavel-service" / "cgroup.procs").read_text().split()
            assert controller in (group / "cgroup.subtree_control").read_text().split()
            cgroups.sweep(str(group / "gavel-service"))
        os.close(join[0])
    finally:
        cgroups.sweep(str(group))
        if not was_enabled:
            (root / "cgroup.subtree_control").write_text(f"-{controller}")
