"""cgroup v1: one tree for each controller, at <mount>/gavel/<owner>/<run>.

A runner enters by writing to `tasks`, not to `cgroup.procs`: moving oneself as one thread does not take the
lock that waits for an RCU grace period, 10 to 20 ms on an idle machine, and a runner has just one thread.
"""

import os
from typing import Final

from . import cgroups

_ACCOUNTS: Final = ("memory", "pids", "cpuacct")
_CONTROLLERS: Final = (*_ACCOUNTS, "cpu")
# Half of an ordinary process. With the lowest (2) programs on a busy machine starved until their time was up.
_LOW_SHARES: Final = b"512"


class CgroupsV1:
    """The owner's cgroups. The `cpu` one has a low weight and is shared by all runs of this owner."""

    version = 1

    @staticmethod
    def hierarchies(mounts: str) -> dict[str, str] | None:
        """Pure: where each controller is mounted, by /proc/self/mounts; None if one is missing."""
        found: dict[str, str] = {}
        for line in mounts.splitlines():
            _, folder, kind, options, *_ = line.split()
            if kind == "cgroup":
                found.update(dict.fromkeys(set(options.split(",")) & set(_CONTROLLERS), folder))
        return found if len(found) == len(_CONTROLLERS) else None

    def __init__(self, hierarchies: dict[str, str], owner: str) -> None:
        self._bases = {controller: f"{folder}/gavel/{owner}" for controller, folder in hierarchies.items()}
        self._runs = 0
        for folder in set(hierarchies.values()):
            os.makedirs(f"{folder}/gavel/{owner}", exist_ok=True)
            for name in os.listdir(f"{folder}/gavel"):
                if cgroups.is_abandoned(name):
                    cgroups.sweep(f"{folder}/gavel/{name}")
        for folder in (os.path.dirname(self._bases["cpu"]), self._bases["cpu"]):
            _write(f"{folder}/cpu.shares", _LOW_SHARES)

    def create(self) -> "RunGroupV1":
        self._runs += 1
        return RunGroupV1(
            {name: f"{self._bases[name]}/{self._runs}" for name in _ACCOUNTS}, self._bases["cpu"]
        )

    def close(self) -> None:
        for folder in set(self._bases.values()):
            cgroups.sweep(folder)


class RunGroupV1:
    def __init__(self, folders: dict[str, str], cpu: str) -> None:
        self._folders = folders
        self._made: list[str] = []
        self._open: list[int] = []
        try:
            for folder in sorted(set(folders.values())):
                os.mkdir(folder)
                self._made.append(folder)
            self._usage = os.open(f"{folders['cpuacct']}/cpuacct.usage", os.O_RDONLY | os.O_CLOEXEC)
            self._open.append(self._usage)
            joins = sorted(
                {*folders.values()} | ({cpu} if os.path.dirname(folders["cpuacct"]) != cpu else set())
            )
            self._open += [os.open(f"{folder}/tasks", os.O_WRONLY | os.O_CLOEXEC) for folder in joins]
            self.join = tuple(self._open[1:])
        except OSError:
            self.remove()
            raise

    def limit(self, memory_bytes: int, processes: int) -> None:
        memory = self._folders["memory"]
        _write(f"{memory}/memory.limit_in_bytes", b"%d" % memory_bytes)
        if os.path.exists(f"{memory}/memory.memsw.limit_in_bytes"):
            _write(f"{memory}/memory.memsw.limit_in_bytes", b"%d" % memory_bytes)
        else:  # a kernel without swap accounts: at least nothing of this group is swapped out
            _write(f"{memory}/memory.swappiness", b"0")
        _write(f"{self._folders['pids']}/pids.max", b"%d" % processes)

    def cpu_time_us(self) -> int:
        return int(os.pread(self._usage, 32, 0)) // 1000

    def memory_peak_bytes(self) -> int:
        return int(_read(f"{self._folders['memory']}/memory.max_usage_in_bytes"))

    def oom_kills(self) -> int:
        fields = _read(f"{self._folders['memory']}/memory.oom_control").split()
        return int(fields[fields.index(b"oom_kill") + 1])

    def waited_us(self) -> int:
        return cgroups.sum_of_waits_us(f"{self._folders['memory']}/tasks")

    def is_ready(self) -> bool:
        return cgroups.is_any_ready(f"{self._folders['memory']}/tasks")

    def remove(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()
        cgroups.remove_folders(self._made)


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
