"""The port to the kernel's accounts and limits, and the choice between its two adapters.

A Cgroups makes one RunGroup for each run of a box. Only the service opens files of the cgroup file systems;
the runner in a box gets open `join` descriptors, whose rights are those of the opener.
"""

import contextlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from .model import SandboxError, SandboxUnavailable

_REMOVE_SECONDS: Final = 2.0
_serial = itertools.count(1)


class RunGroup(Protocol):
    """The cgroup of one run. Never used again."""

    @property
    def join(self) -> tuple[int, ...]:
        """Descriptors a process writes "0" to in order to enter; this object closes them in `remove`."""
        ...

    @property
    def reopens(self) -> bool:
        """Whether the process has to open them anew by itself, and to enter while it is the box's root."""
        ...

    def limit(self, memory_bytes: int, processes: int) -> None: ...
    def cpu_time_us(self) -> int: ...
    def memory_peak_bytes(self) -> int: ...
    def oom_kills(self) -> int:
        """How often the kernel killed in it for its own limit. SandboxError if for another one's."""
        ...

    def waited_us(self) -> int:
        """How long it waited for a CPU: between two looks as long as that one of its threads that live which
        waited longest. A wait that still goes on is not in it.
        """
        ...

    def is_ready(self) -> bool:
        """Whether one of its threads has a CPU or waits for one, at this moment."""
        ...

    def remove(self) -> None:
        """After the last process is gone. SandboxError if the kernel still says that one is there."""
        ...


class BoxGroups(Protocol):
    """Where the RunGroups of one box are made. They have as much of the CPU as those of any other box,
    however many their processes are.
    """

    def create(self) -> RunGroup: ...
    def close(self) -> None:
        """When no run of it goes on."""
        ...


class Cgroups(Protocol):
    """The cgroups of this process. `version` is 1 or 2."""

    version: int

    @property
    def lacking(self) -> Mapping[str, SandboxUnavailable]:
        """Why it does not hold `swap` or `cpu_weight`, if so; whatever else is missing makes it fail."""
        ...

    def for_box(self) -> BoxGroups: ...
    def close(self) -> None: ...


def open_cgroups(is_machine_root: bool) -> Cgroups:
    """Whichever of both has memory, pids and CPU accounts here; SandboxUnavailable if neither.

    Removes what processes that are gone have left behind.
    """
    from .cgroup_v1 import CgroupsV1  # both import this module
    from .cgroup_v2 import CgroupsV2

    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    version_1 = CgroupsV1.hierarchies(mounts)
    user = os.geteuid()
    if version_1 is not None:
        name = f"gavel-{user}" if user else "gavel"
        folders = " ".join(sorted(f"{folder}/{name}" for folder in set(version_1.values())))
        remedy = f"mkdir -p {folders} && chown {user} {folders} (as root)"
    else:
        remedy = f"systemd-run {'--user ' if user else ''}--scope -p Delegate=yes gavel up"
    try:
        if version_1 is not None:
            return CgroupsV1(version_1, name, owner_name(), reopens=not is_machine_root)
        membership = Path("/proc/self/cgroup").read_text("utf-8")
        return CgroupsV2(CgroupsV2.own_group(mounts, membership), owner_name())
    except (OSError, SandboxError) as error:
        reason = f"no usable cgroup: {error}"
        raise SandboxUnavailable("memory, processes, cpu_time", reason, remedy) from error


def swap_is_on() -> bool:
    return len(Path("/proc/swaps").read_text("utf-8").splitlines()) > 1


def killed_by_others(folder: str) -> SandboxError:
    """For a run that the kernel killed although it was within its limit."""
    return SandboxError(f"the machine, or a cgroup above {folder}, ran out of memory")


class LongestWaits:
    """From one look to the next: how long that one of the threads of a cgroup's list (`tasks`,
    `cgroup.threads`) waited for a CPU which waited longest.

    Not all of them together: those that wake at the same moment, again and again, wait for each other.
    """

    def __init__(self, threads: str) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}
        """By thread, at the last look."""
        self._sum_ns = 0

    def us(self) -> int:
        """In all. From any thread."""
        with self._lock:
            now = {thread: int(told.split()[1]) for thread, told in _told_of(self._threads, "schedstat")}
            waits = (waited - self._last.get(thread, 0) for thread, waited in now.items())
            self._sum_ns += max(0, max(waits, default=0))  # a number may come again for a thread that is new
            self._last = now
            return self._sum_ns // 1000


def is_any_ready(threads: str) -> bool:
    """Whether a thread of a cgroup's list has a CPU or waits for one."""
    return any(told.rpartition(b") ")[2].startswith(b"R") for _, told in _told_of(threads, "stat"))


def owner_name() -> str:
    """Tells whose a cgroup is: pid namespace, pid and its start, and a serial number."""
    pid = os.getpid()
    return f"{_pid_namespace()}-{pid}-{_start_of(pid)}-{next(_serial)}"


def is_abandoned(name: str) -> bool:
    """Whether the cgroup of that name belongs to a process of this pid namespace that is gone."""
    parts = name.split("-")
    if len(parts) != 4 or parts[0] != str(_pid_namespace()) or not parts[1].isdigit():
        return False
    return str(_start_of(int(parts[1]))) != parts[2]


def remove_folders(folders: Iterable[str]) -> None:
    """Removes empty cgroups; the kernel may need a moment after the last process is reaped."""
    deadline = time.monotonic() + _REMOVE_SECONDS
    for folder in folders:
        while True:
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise SandboxError(f"cannot remove {folder}: {error}") from error
                time.sleep(0.001)
            else:
                break


def sweep(folder: str) -> None:
    """Kills what still lives in the cgroup `folder` and below, and removes it."""
    if not os.path.isdir(folder):
        return
    with contextlib.suppress(OSError):  # there in version 2, where it misses no fork; cannot be made in 1
        Path(folder, "cgroup.kill").write_text("1", "ascii")
    deadline = time.monotonic() + _REMOVE_SECONDS
    while pids := _pids_below(folder):
        if time.monotonic() > deadline:
            raise SandboxError(f"processes in {folder} do not die: {pids}")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
    remove_folders(inner for inner, _, _ in os.walk(folder, topdown=False))


def _told_of(threads: str, file: str) -> Iterator[tuple[str, bytes]]:
    """What /proc says in `file` about each thread of a cgroup's list that still lives."""
    for thread in Path(threads).read_text("ascii").split():
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            told = Path(f"/proc/{thread}/{file}").read_bytes()
            if told:
                yield thread, told


def _pids_below(folder: str) -> list[int]:
    found: list[int] = []
    for inner, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            found += map(int, Path(inner, "cgroup.procs").read_text("ascii").split())
    return [pid for pid in found if pid > 0]  # 0: of a pid namespace out of sight; to kill, all of ourselves


def _pid_namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino


def _start_of(pid: int) -> int:
    """Clock ticks between boot and the start of `pid`; -1 if there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19])
    except (OSError, ValueError):
        return -1
