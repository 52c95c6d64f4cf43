"""cgroup v2: one tree, below the cgroup that this process was started in, which must be delegated to it.

The kernel gives controllers only to children of a cgroup without processes of its own, so this process moves
itself into the leaf `gavel-service`, with all that lives beside it, if need be; runs live in
`gavel-runs-<owner>/<run>` next to that. A runner enters by a descriptor that this process opened: since Linux
5.17 (and the older ones that it was taken over to) the opener's rights and cgroup namespace decide.
"""

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from . import cgroups
from .model import SandboxUnavailable

_NEEDED: Final = ("memory", "pids")  # the CPU account is there without a controller
_WEIGHT: Final = "cpu"
_FILES: Final = {"memory.peak": "Linux 5.19", "memory.oom.group": "Linux 4.19", "cgroup.kill": "Linux 5.14"}
_LOW_WEIGHT: Final = "50"  # half of an ordinary group, as in version 1
_PREFIX: Final = "gavel-runs-"
_SERVICE: Final = "gavel-service"
_MOVES_MAX: Final = 20
"""Turns of moving what others fork meanwhile out of the way."""


class CgroupsV2:
    """The owner's cgroup, of a low CPU weight."""

    version = 2

    @staticmethod
    def own_group(mounts: str, membership: str) -> str:
        """Pure: the folder of the caller's cgroup, by /proc/self/mounts and /proc/self/cgroup."""
        root = next((line.split()[1] for line in mounts.splitlines() if line.split()[2] == "cgroup2"), None)
        path = next((line[3:] for line in membership.splitlines() if line.startswith("0::/")), None)
        if root is None or path is None:
            raise FileNotFoundError("no cgroup file system is mounted")
        return f"{root}{path}".rstrip("/").removesuffix(f"/{_SERVICE}")

    def __init__(self, group: str, owner: str) -> None:
        hand_down(Path(group), (*_NEEDED, _WEIGHT))
        available = set(Path(group, "cgroup.controllers").read_text("ascii").split())
        if missing := set(_NEEDED) - available:
            raise FileNotFoundError(f"the cgroup {group} lacks the controllers {', '.join(sorted(missing))}")
        for name in os.listdir(group):
            if name.startswith(_PREFIX) and cgroups.is_abandoned(name.removeprefix(_PREFIX)):
                cgroups.sweep(f"{group}/{name}")
        controllers = (*_NEEDED, _WEIGHT) if _WEIGHT in available else _NEEDED
        enable(group, controllers)
        self._base = f"{group}/{_PREFIX}{owner}"
        self._numbers = itertools.count(1)  # of which two threads never get the same
        os.mkdir(self._base)
        try:
            if _WEIGHT in controllers:
                _write(f"{self._base}/cpu.weight", _LOW_WEIGHT)
            for name, since in _FILES.items():
                if not os.path.exists(f"{self._base}/{name}"):
                    raise FileNotFoundError(f"the kernel lacks {name} ({since})")
            self.lacking = dict(self._lacking(group, controllers))
            enable(self._base, controllers)
        except OSError:
            self.close()
            raise

    def _lacking(self, group: str, controllers: tuple[str, ...]) -> Iterator[tuple[str, SandboxUnavailable]]:
        if _WEIGHT not in controllers:
            reason = f"the cgroup {group} lacks the controller cpu"
            remedy = "Delegate=cpu memory pids in the unit, or in a drop-in of user@.service"
            yield "cpu_weight", SandboxUnavailable("cpu_weight", reason, remedy)
        if cgroups.swap_is_on() and not os.path.exists(f"{self._base}/memory.swap.max"):
            reason = "swap is on, and the kernel does not account for it"
            yield "swap", SandboxUnavailable("swap", reason, "swapoff -a, or boot with swapaccount=1")

    def for_box(self) -> "BoxGroupsV2":
        return BoxGroupsV2(self._base, self._numbers)

    def close(self) -> None:
        cgroups.sweep(self._base)


def enable(group: str, controllers: tuple[str, ...]) -> None:
    """Gives the children of `group` these controllers.

    The kernel refuses that to a group with processes of its own, unless it is the machine's root; then they
    are moved to a leaf below it. More may be forked while that is done.
    """
    if set(controllers) <= set(Path(group, "cgroup.subtree_control").read_text("ascii").split()):
        return
    wanted = " ".join(f"+{name}" for name in controllers)
    for _ in range(_MOVES_MAX):
        try:
            _write(f"{group}/cgroup.subtree_control", wanted)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
        else:
            return
        service = f"{group}/{_SERVICE}"
        os.makedirs(service, exist_ok=True)
        for pid in Path(group, "cgroup.procs").read_text("ascii").split():
            with contextlib.suppress(ProcessLookupError):
                _write(f"{service}/cgroup.procs", pid)
    raise OSError(errno.EBUSY, f"processes are started in {group} faster than they can be moved")


def hand_down(group: Path, controllers: tuple[str, ...]) -> None:
    """Has the groups above give these controllers down to `group`, where this user may.

    systemd gives them to those alone whose units ask for it. Nothing above is limited by that, and no process
    is moved: a group that will not leaves `group` without.
    """
    above = [folder for folder in reversed(group.parents) if Path(folder, "cgroup.subtree_control").exists()]
    for folder in above:
        given = Path(folder, "cgroup.subtree_control").read_text("ascii").split()
        for name in sorted(set(controllers) - set(given)):
            with contextlib.suppress(OSError):
                _write(f"{folder}/cgroup.subtree_control", f"+{name}")


class BoxGroupsV2:
    """A box does one run at a time, and each run's cgroup has an equal part of the CPU."""

    def __init__(self, base: str, numbers: Iterator[int]) -> None:
        self._base = base
        self._numbers = numbers

    def create(self) -> "RunGroupV2":
        return RunGroupV2(f"{self._base}/{next(self._numbers)}")

    def close(self) -> None:
        pass


class RunGroupV2:
    reopens = False

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._waits = cgroups.LongestWaits(f"{folder}/cgroup.threads")
        os.mkdir(folder)
        try:
            join = os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            os.rmdir(folder)
            raise
        self.join: tuple[int, ...] = (join,)

    def limit(self, memory_bytes: int, processes: int) -> None:
        _write(f"{self._folder}/memory.max", str(memory_bytes))
        # Absent where the kernel does not account for swap: see `lacking`.
        if os.path.exists(f"{self._folder}/memory.swap.max"):
            _write(f"{self._folder}/memory.swap.max", "0")
        _write(f"{self._folder}/memory.oom.group", "1")
        _write(f"{self._folder}/pids.max", str(processes))

    def cpu_time_us(self) -> int:
        return _field(f"{self._folder}/cpu.stat", "usage_usec")

    def memory_peak_bytes(self) -> int:
        return int(Path(self._folder, "memory.peak").read_text("ascii"))

    def oom_kills(self) -> int:
        events = f"{self._folder}/memory.events"
        kills = _field(events, "oom_kill")
        if kills and not _field(events, "oom"):
            raise cgroups.killed_by_others(self._folder)
        return kills

    def waited_us(self) -> int:
        return self._waits.us()

    def is_ready(self) -> bool:
        return cgroups.is_any_ready(f"{self._folder}/cgroup.threads")

    def remove(self) -> None:
        for descriptor in self.join:
            os.close(descriptor)
        self.join = ()
        cgroups.remove_folders([self._folder])


def _field(path: str, name: str) -> int:
    fields = Path(path).read_text("ascii").split()
    return int(fields[fields.index(name) + 1])


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)
