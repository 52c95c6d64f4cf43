"""cgroup v1: one tree for each controller, at <mount>/gavel/<owner>/<run>.

A runner enters by writing to `tasks`, not to `cgroup.procs`: moving oneself as one thread does not take the
lock that waits for an RCU grace period, 10 to 20 ms on an idle machine, and a runner has just one thread.

Version 1 lets nobody but the machine's root move a process of another user, whoever opened the file. Where
this process is not that root, the box's root opens it, for itself: so everybody may write to a run's `tasks`,
in a folder that nobody but this user can enter.
"""

import contextlib
import itertools
import os
from collections.abc import Iterator
from typing import Final

from . import cgroups
from .model import SandboxError, SandboxUnavailable

_ACCOUNTS: Final = ("memory", "pids", "cpuacct")
_CONTROLLERS: Final = (*_ACCOUNTS, "cpu")
_CHARGE_BYTES: Final = 256 * 1024
"""The kernel charges as much at a time at the most, but for huge pages, for which it kills nobody."""
_MEMORY_AND_SWAP: Final = "memory.memsw.limit_in_bytes"
# Half of an ordinary process. With the lowest (2) programs on a busy machine starved until their time was up.
_LOW_SHARES: Final = b"512"


class CgroupsV1:
    """The owner's cgroups. The `cpu` one has a low weight, of which all boxes at work have equal parts."""

    version = 1

    @staticmethod
    def hierarchies(mounts: str) -> dict[str, str] | None:
        """Pure: where each controller is mounted, by /proc/self/mounts; None if one is missing."""
        found: dict[str, str] = {}
        for line in mounts.splitlines():
            _, folder, kind, options, *_ = line.split()
            if kind == "cgroup":
                found.update(dict.fromkeys(set(options.split(",")) & set(_CONTROLLERS), folder))
        return found if set(_ACCOUNTS) <= set(found) else None

    def __init__(self, hierarchies: dict[str, str], name: str, owner: str, *, reopens: bool) -> None:
        """`name`: of the folder below each mount that this user may write to."""
        self._bases = {controller: f"{folder}/{name}/{owner}" for controller, folder in hierarchies.items()}
        self._reopens = reopens
        self._numbers = itertools.count(1)  # of which two threads never get the same
        for base in sorted(set(self._bases.values())):
            home = os.path.dirname(base)
            os.makedirs(base, 0o700, exist_ok=True)
            for other in os.listdir(home):
                if cgroups.is_abandoned(other):
                    cgroups.sweep(f"{home}/{other}")
        self.lacking = dict(self._lacking())
        if "cpu" in self._bases:
            shares = f"{os.path.dirname(self._bases['cpu'])}/cpu.shares"
            if os.access(shares, os.W_OK):  # of a folder that root made for this user it is root's affair
                _write(shares, _LOW_SHARES)
            _write(f"{self._bases['cpu']}/cpu.shares", _LOW_SHARES)

    def _lacking(self) -> Iterator[tuple[str, SandboxUnavailable]]:
        if "cpu" not in self._bases:
            reason = "the cgroup controller cpu is not mounted"
            remedy = "mount -t cgroup -o cpu cpu /sys/fs/cgroup/cpu (as root)"
            yield "cpu_weight", SandboxUnavailable("cpu_weight", reason, remedy)
        if cgroups.swap_is_on() and not os.path.exists(f"{self._bases['memory']}/{_MEMORY_AND_SWAP}"):
            reason = "swap is on, and the kernel does not account for it"
            yield "swap", SandboxUnavailable("swap", reason, "swapoff -a, or boot with swapaccount=1")

    def for_box(self) -> "BoxGroupsV1":
        return BoxGroupsV1(self._bases, self._numbers, reopens=self._reopens)

    def close(self) -> None:
        for folder in set(self._bases.values()):
            cgroups.sweep(folder)


class BoxGroupsV1:
    """Where `cpu` has a tree of its own, all runs of a box are in one cgroup of it: one for each would cost a
    quarter of all that a run costs beside its program.
    """

    def __init__(self, bases: dict[str, str], numbers: Iterator[int], *, reopens: bool) -> None:
        self._bases = bases
        self._numbers = numbers
        self._reopens = reopens
        self._made: list[str] = []
        self._join: tuple[int, ...] = ()

    def create(self) -> "RunGroupV1":
        number = next(self._numbers)
        folders = {name: f"{self._bases[name]}/{number}" for name in _ACCOUNTS}
        cpu = f"{self._bases['cpu']}/{number}" if "cpu" in self._bases else ""
        if cpu and cpu not in folders.values() and not self._join:
            os.mkdir(cpu)
            self._made.append(cpu)
            self._join = (_open_to_join(cpu, reopens=self._reopens),)
        return RunGroupV1(folders, self._join, reopens=self._reopens)

    def close(self) -> None:
        for descriptor in self._join:
            os.close(descriptor)
        self._join = ()
        with contextlib.suppress(SandboxError):  # of a run that does not end: it goes with all others
            cgroups.remove_folders(self._made)


class RunGroupV1:
    def __init__(self, folders: dict[str, str], shared: tuple[int, ...], *, reopens: bool) -> None:
        """`shared`: to be joined as well; the caller's."""
        self._folders = folders
        self._waits = cgroups.LongestWaits(f"{folders['memory']}/tasks")
        self.reopens = reopens
        self._memory_bytes = 0
        self._made: list[str] = []
        self._open: list[int] = []
        try:
            for folder in sorted(set(folders.values())):
                os.mkdir(folder)
                self._made.append(folder)
            self._usage = os.open(f"{folders['cpuacct']}/cpuacct.usage", os.O_RDONLY | os.O_CLOEXEC)
            self._open.append(self._usage)
            for folder in self._made:
                self._open.append(_open_to_join(folder, reopens=reopens))
            self.join = (*shared, *self._open[1:])
        except OSError:
            self.remove()
            raise

    def limit(self, memory_bytes: int, processes: int) -> None:
        self._memory_bytes = memory_bytes
        memory = self._folders["memory"]
        _write(f"{memory}/memory.limit_in_bytes", b"%d" % memory_bytes)
        if os.path.exists(f"{memory}/{_MEMORY_AND_SWAP}"):
            _write(f"{memory}/{_MEMORY_AND_SWAP}", b"%d" % memory_bytes)
        else:  # a kernel without swap accounts: at least nothing of this group is swapped out
            _write(f"{memory}/memory.swappiness", b"0")
        _write(f"{self._folders['pids']}/pids.max", b"%d" % processes)

    def cpu_time_us(self) -> int:
        return int(os.pread(self._usage, 32, 0)) // 1000

    def memory_peak_bytes(self) -> int:
        return int(_read(f"{self._folders['memory']}/memory.max_usage_in_bytes"))

    def oom_kills(self) -> int:
        folder = self._folders["memory"]
        fields = _read(f"{folder}/memory.oom_control").split()
        kills = int(fields[fields.index(b"oom_kill") + 1])
        # The counters of refusals stay at 0 on some kernels; at its limit a group has all but the last pages.
        if kills and max(self._peaks(folder)) < self._memory_bytes - _CHARGE_BYTES:
            raise cgroups.killed_by_others(folder)
        return kills

    @staticmethod
    def _peaks(folder: str) -> Iterator[int]:
        for name in ("memory.max_usage_in_bytes", "memory.memsw.max_usage_in_bytes"):
            with contextlib.suppress(FileNotFoundError):
                yield int(_read(f"{folder}/{name}"))

    def waited_us(self) -> int:
        return self._waits.us()

    def is_ready(self) -> bool:
        return cgroups.is_any_ready(f"{self._folders['memory']}/tasks")

    def remove(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()
        cgroups.remove_folders(self._made)


def _open_to_join(folder: str, *, reopens: bool) -> int:
    """See RunGroup.join."""
    tasks = f"{folder}/tasks"
    if reopens:
        os.chmod(tasks, 0o666)  # noqa: S103 see above
    return os.open(tasks, os.O_CLOEXEC | (os.O_PATH if reopens else os.O_WRONLY))


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
