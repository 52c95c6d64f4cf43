"""cgroup v2: one tree, below the cgroup that this process was started in, which must be delegated to it.

The kernel gives controllers only to children of a cgroup without processes of its own, so this process moves
itself into the leaf `gavel-service` first; runs live in `gavel-runs-<owner>/<run>` beside it.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from . import cgroups

_CONTROLLERS: Final = ("cpu", "memory", "pids")
_LOW_WEIGHT: Final = "50"  # half of an ordinary group, as in version 1
_PREFIX: Final = "gavel-runs-"


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
        return f"{root}{path}".rstrip("/").removesuffix("/gavel-service")

    def __init__(self, group: str, owner: str) -> None:
        available = Path(group, "cgroup.controllers").read_text("ascii").split()
        if missing := set(_CONTROLLERS) - set(available):
            raise FileNotFoundError(f"the cgroup {group} lacks the controllers {', '.join(sorted(missing))}")
        for name in os.listdir(group):
            if name.startswith(_PREFIX) and cgroups.is_abandoned(name.removeprefix(_PREFIX)):
                cgroups.sweep(f"{group}/{name}")
        self._enable(group)
        self._base = f"{group}/{_PREFIX}{owner}"
        os.mkdir(self._base)
        _write(f"{self._base}/cpu.weight", _LOW_WEIGHT)
        _write(f"{self._base}/cgroup.subtree_control", "+cpu +memory +pids")
        self._runs = 0

    @staticmethod
    def _enable(group: str) -> None:
        if set(_CONTROLLERS) <= set(Path(group, "cgroup.subtree_control").read_text("ascii").split()):
            return
        service = f"{group}/gavel-service"
        os.makedirs(service, exist_ok=True)
        for pid in Path(group, "cgroup.procs").read_text("ascii").split():
            with contextlib.suppress(ProcessLookupError):
                _write(f"{service}/cgroup.procs", pid)
        _write(f"{group}/cgroup.subtree_control", "+cpu +memory +pids")

    def create(self) -> "RunGroupV2":
        self._runs += 1
        return RunGroupV2(f"{self._base}/{self._runs}")

    def close(self) -> None:
        cgroups.sweep(self._base)


class RunGroupV2:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        os.mkdir(folder)
        self.join: tuple[int, ...] = (os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC),)

    def limit(self, memory_bytes: int, processes: int) -> None:
        _write(f"{self._folder}/memory.max", str(memory_bytes))
        # Absent only where the kernel knows no swap at all.
        if os.path.exists(f"{self._folder}/memory.swap.max"):
            _write(f"{self._folder}/memory.swap.max", "0")
        _write(f"{self._folder}/memory.oom.group", "1")
        _write(f"{self._folder}/pids.max", str(processes))

    def cpu_time_us(self) -> int:
        return _field(f"{self._folder}/cpu.stat", "usage_usec")

    def memory_peak_bytes(self) -> int:
        return int(Path(self._folder, "memory.peak").read_text("ascii"))

    def oom_kills(self) -> int:
        return _field(f"{self._folder}/memory.events", "oom_kill")

    def waited_us(self) -> int:
        return cgroups.sum_of_waits_us(f"{self._folder}/cgroup.threads")

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
