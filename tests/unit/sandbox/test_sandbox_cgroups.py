"""Which cgroups are found, and what their files say; version 2 on a folder of plain files."""

import os
import shutil
from pathlib import Path

import pytest

from gavel.sandbox import SandboxError, cgroups
from gavel.sandbox.cgroup_v1 import CgroupsV1, RunGroupV1
from gavel.sandbox.cgroup_v2 import CgroupsV2, RunGroupV2

V1 = """\
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0
"""
V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,relatime,nsdelegate 0 0\n"


def test_version_1_is_found_with_joined_controllers() -> None:
    """The controllers cpu and cpuacct may share one mount."""
    assert CgroupsV1.hierarchies(V1) == {
        "cpu": "/sys/fs/cgroup/cpu,cpuacct",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "memory": "/sys/fs/cgroup/memory",
        "pids": "/sys/fs/cgroup/pids",
    }


@pytest.mark.parametrize("missing", ["memory", "pids", "cpuacct"])
def test_version_1_needs_every_controller(missing: str) -> None:
    """With one missing there is no partial enforcement."""
    lines = [line for line in V1.splitlines() if missing not in line]

    assert CgroupsV1.hierarchies("\n".join(lines)) is None


def test_version_2_is_the_own_group() -> None:
    """Runs go below the cgroup that the service was started in, also after it moved into its leaf."""
    own = "0::/system.slice/gavel.service\n"

    assert CgroupsV2.own_group(V2, own) == "/sys/fs/cgroup/system.slice/gavel.service"
    assert (
        CgroupsV2.own_group(V2, own[:-1] + "/gavel-service\n") == "/sys/fs/cgroup/system.slice/gavel.service"
    )
    assert CgroupsV2.own_group(V2, "0::/\n") == "/sys/fs/cgroup"


def test_version_2_without_a_mount_is_an_error() -> None:
    """The caller turns it into a refusal."""
    with pytest.raises(FileNotFoundError):
        CgroupsV2.own_group("", "0::/\n")


def test_version_2_refuses_missing_controllers(tmp_path: Path) -> None:
    """A cgroup without the memory controller cannot limit memory."""
    (tmp_path / "cgroup.controllers").write_text("cpu pids\n")

    with pytest.raises(FileNotFoundError, match="memory"):
        CgroupsV2(str(tmp_path), "owner")


def test_version_2_limits_and_accounts(tmp_path: Path) -> None:
    """Limits go to the files that the kernel reads, accounts come from those it writes."""
    folder = tmp_path / "1"
    names = ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs")
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    (folder / "cpu.stat").write_text("usage_usec 1234\nuser_usec 1000\n")
    (folder / "memory.peak").write_text("4096\n")
    (folder / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    group = object.__new__(RunGroupV2)
    group._folder = str(folder)

    group.limit(memory_bytes=1 << 20, processes=7)

    written = {name: (folder / name).read_text() for name in names}
    assert written == {
        "memory.max": "1048576",
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": "7",
        "cgroup.procs": "",
    }
    assert (group.cpu_time_us(), group.memory_peak_bytes(), group.oom_kills()) == (1234, 4096, 1)


def test_version_2_tells_whose_memory_ran_out(tmp_path: Path) -> None:
    """A kill for a limit above, or for the whole machine, is nobody's verdict."""
    group = object.__new__(RunGroupV2)
    group._folder = str(tmp_path)
    events = tmp_path / "memory.events"
    events.write_text("low 0\nmax 0\noom 0\noom_kill 0\n")
    assert group.oom_kills() == 0

    events.write_text("low 0\nmax 0\noom 0\noom_kill 3\n")
    with pytest.raises(SandboxError, match="ran out of memory"):
        group.oom_kills()


def test_of_threads_that_wait_together_the_longest_wait_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one look to the next; a number that comes again is another thread's."""
    looks = [{"1": 5000, "2": 7000}, {"1": 9000, "2": 8000, "3": 1000}, {"1": 0, "3": 1000}, {}, {"2": 6000}]
    waits, told = cgroups.LongestWaits(str(tmp_path)), []
    for look in looks:
        seen = [(thread, b"1 %d 1" % waited) for thread, waited in look.items()]
        monkeypatch.setattr(cgroups, "_told_of", lambda *_, seen=seen: iter(seen))
        told.append(waits.us())

    assert told == [7, 11, 11, 11, 17]


def test_version_1_tells_whose_memory_ran_out(tmp_path: Path) -> None:
    """A group that was killed in far below its limit did not meet it."""
    (tmp_path / "pids.max").touch()
    for name in ("memory.limit_in_bytes", "memory.swappiness"):
        (tmp_path / name).touch()
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    group = object.__new__(RunGroupV1)
    group._folders = {"memory": str(tmp_path), "pids": str(tmp_path)}
    group.limit(16 << 20, 4)

    (tmp_path / "memory.max_usage_in_bytes").write_text(f"{(16 << 20) - 4096}\n")
    assert group.oom_kills() == 1

    (tmp_path / "memory.max_usage_in_bytes").write_text(f"{8 << 20}\n")
    with pytest.raises(SandboxError, match="ran out of memory"):
        group.oom_kills()


def _delegated(folder: Path, controllers: str, *files: str) -> None:
    """Plain files in place of a delegated cgroup in which everything is enabled already."""
    (folder / "cgroup.controllers").write_text(controllers)
    (folder / "cgroup.subtree_control").write_text(controllers)
    base = folder / "gavel-runs-owner"
    MKDIR(base)
    (base / "cgroup.subtree_control").write_text(controllers)
    for name in files:
        (base / name).touch()


MKDIR = os.mkdir
FILES = ("memory.peak", "memory.oom.group", "cgroup.kill")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel fills a new cgroup with files, and removes them with it; here they are there before."""
    monkeypatch.setattr(os, "mkdir", lambda _path, _mode=0o777: None)
    monkeypatch.setattr(cgroups, "sweep", shutil.rmtree)


def test_version_2_without_weight_says_so(tmp_path: Path, made: None) -> None:
    """What systemd gives an ordinary user by default: memory and pids alone. That has to be allowed."""
    _delegated(tmp_path, "memory pids", *FILES, "memory.swap.max")

    assert set(CgroupsV2(str(tmp_path), "owner").lacking) == {"cpu_weight"}


@pytest.mark.parametrize("missing", FILES)
def test_version_2_refuses_an_old_kernel(tmp_path: Path, made: None, missing: str) -> None:
    """Each file that is needed is looked for at start, not at the first run."""
    _delegated(tmp_path, "cpu memory pids", "cpu.weight", *(name for name in FILES if name != missing))

    with pytest.raises(FileNotFoundError, match=f"lacks {missing} "):
        CgroupsV2(str(tmp_path), "owner")


@pytest.mark.parametrize(("swaps", "lacks"), [(True, {"swap"}), (False, set[str]())])
def test_version_2_with_swap_that_nobody_counts(
    tmp_path: Path, made: None, monkeypatch: pytest.MonkeyPatch, swaps: bool, lacks: set[str]
) -> None:
    """Without swap there is nothing to count."""
    monkeypatch.setattr(cgroups, "swap_is_on", lambda: swaps)
    _delegated(tmp_path, "cpu memory pids", "cpu.weight", *FILES)

    assert set(CgroupsV2(str(tmp_path), "owner").lacking) == lacks


def test_only_the_dead_of_this_namespace_are_swept() -> None:
    """A cgroup is abandoned if its owner's pid is gone or is another process by now."""
    own = cgroups.owner_name()
    namespace, pid, start, serial = own.split("-")

    assert not cgroups.is_abandoned(own)
    assert cgroups.is_abandoned(f"{namespace}-{pid}-{int(start) - 1}-{serial}")
    assert cgroups.is_abandoned(f"{namespace}-99999999-5-1")
    assert not cgroups.is_abandoned(f"{int(namespace) + 1}-99999999-5-1")
    assert not cgroups.is_abandoned("someone-elses")


def test_a_group_that_stays_is_an_error(tmp_path: Path) -> None:
    """Removal waits for the kernel, but not for ever, and never pretends."""
    (tmp_path / "group" / "inner").mkdir(parents=True)

    with pytest.raises(SandboxError, match="cannot remove"):
        cgroups.remove_folders([str(tmp_path / "group")])
    cgroups.remove_folders(
        [str(tmp_path / "group" / "inner"), str(tmp_path / "group"), str(tmp_path / "gone")]
    )

    assert list(tmp_path.iterdir()) == []
