"""From a box's init to a program's exec, and to its end. Pure: it says which system calls init is to make.

Every step either succeeds or the program does not start.
"""

import functools
import os
import platform
import resource
import signal
import struct
import time
from dataclasses import dataclass
from typing import Final

from .frozen import Steps
from .inside import executor, filter, kernel  # noqa: A004 the seccomp filter
from .inside.namespace import BOX_USER
from .inside.packet import ALL, HERE, NEXT, SIGNAL_SET_BYTES, Label, Packet
from .scratch import measure, measure_use

_SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_FOR_WRITING: Final = os.O_WRONLY | os.O_CLOEXEC
_UMASK: Final = 0o022
_EXIT_CODE: Final = 127
_TIME: Final = struct.Struct("<qq")
_TIMER: Final = struct.Struct("<4q")
_AGAIN_SECONDS: Final = 1
_US_PER_S: Final = 1_000_000
_NS_PER_US: Final = 1000
_STREAMS: Final = 3
_KEPT: Final = 128
_KEPT_BYTES: Final = 2048
"""Packets of runs that are kept, and what argv and environment of one may come to: a packet is some eight
KiB.
"""
_BEGUN: Final = executor.FIRST_GIVEN + _STREAMS
_CGROUPS: Final = _BEGUN + 1
_ENDED: Final = struct.Struct("<qqqQqqqq")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cwd: str
    rlimits: tuple[tuple[int, int], ...]
    wall_time_ms: int
    """After which init ends the run by itself, and each second again."""
    cgroups: int
    """How many files there are to enter them by."""
    reopen: bool
    """These only name the files, which the box's root opens, to enter for itself."""

    @property
    def search_path(self) -> str:
        """Where a program without a slash is looked for."""
        return next((value for name, value in self.env if name == "PATH"), _SEARCH_PATH)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went."""

    status: int
    """As wait tells it."""
    wall_time_us: int
    error: OSError | None
    """Why it did not start."""
    measured: bytes
    """For Scratch.ran."""


def packet_of(job: Job, steps: Steps, folders: tuple[str, ...], *, measures: bool) -> "Run":
    """Most runs are like one before: the packet of that is then used again. Raises PacketTooLargeError."""
    size = sum(map(len, job.argv)) + sum(len(name) + len(value) for name, value in job.env)
    return (_kept if size <= _KEPT_BYTES else Run)(job, steps, folders, measures)


class Run:
    """The packet of one run. What comes with it: stdin, stdout, stderr, a pipe that is told the time of the
    exec, then one open `tasks` or `cgroup.procs` file a controller.
    """

    def __init__(self, job: Job, steps: Steps, folders: tuple[str, ...], measures: bool) -> None:
        """`steps` come before it, `folders` are measured behind it, and with `measures` also before; see
        Scratch.
        """
        self._job = job
        self._packet = packet = Packet("a run")
        self._begun, self._end = packet.room(_TIME.size), packet.room(_TIME.size)
        packet.calls(steps)
        before = measure(packet, folders) if measures else []
        cgroups = range(_CGROUPS, _CGROUPS + job.cgroups)
        if job.reopen:
            for cgroup in cgroups:
                packet.call("openat", HERE, f"/proc/self/fd/{cgroup}", _FOR_WRITING, 0)
            cgroups = range(cgroups.stop, cgroups.stop + job.cgroups)
        child, ended, not_started = Label(), Label(), Label()
        seconds, ms = divmod(job.wall_time_ms, 1000)
        timer = packet.data(_TIMER.pack(_AGAIN_SECONDS, 0, seconds, ms * 1000))
        packet.operate(executor.START, child)
        packet.call("setitimer", signal.ITIMER_REAL, timer, 0)
        # Whoever reads the program's output is to see when it closes that.
        packet.call("close_range", executor.FIRST_GIVEN, ALL, 0)
        packet.mark(ended)
        packet.operate(executor.SUPERVISE)
        packet.call("clock_gettime", time.CLOCK_MONOTONIC, self._end)
        packet.call("setitimer", signal.ITIMER_REAL, packet.room(_TIMER.size), 0)
        state = (executor.STATE, executor.STATE_BYTES)
        times = ((self._begun, _TIME.size), (self._end, _TIME.size))
        packet.answer(state, *times, *before, *measure_use(packet, folders), results=(ended, not_started))
        packet.mark(child)
        self._child(cgroups, not_started)
        self.finished = packet.finished()

    def ended(self, answer: bytes) -> Ended:
        """Reads what init answered."""
        status, not_started, result, entry, *times = _ENDED.unpack_from(answer)
        begun_us, end_us = (seconds * _US_PER_S + ns // _NS_PER_US for seconds, ns in (times[:2], times[2:]))
        error = None
        if not_started > 0:
            error = OSError(-result, self._reason(-result, self._packet.name_at(entry)))
        # One that was killed before it came to its exec took no time.
        wall_time_us = max(0, end_us - begun_us) if begun_us else 0
        return Ended(status, wall_time_us, error, answer[_ENDED.size :])

    def _child(self, cgroups: range, failed: Label) -> None:
        """What the program's process does until it is the program."""
        packet, job = self._packet, self._job

        def enter() -> None:
            for cgroup in cgroups:
                packet.call("write", cgroup, b"0", 1, otherwise=failed)

        packet.call(
            "rt_sigprocmask", signal.SIG_SETMASK, packet.signals(), 0, SIGNAL_SET_BYTES, otherwise=failed
        )
        packet.call("setsid", otherwise=failed)
        packet.call("umask", _UMASK, otherwise=failed)
        for stream in range(_STREAMS):
            packet.call("dup3", executor.FIRST_GIVEN + stream, stream, 0, otherwise=failed)
        for kind, wanted in job.rlimits:
            packet.call("prlimit64", 0, kind, packet.data(_within(kind, wanted)), 0, otherwise=failed)
        if job.reopen:
            enter()
        packet.call("setgroups", 0, 0, otherwise=failed)
        packet.call("setresgid", BOX_USER, BOX_USER, BOX_USER, otherwise=failed)
        # Drops every capability: see SECUREBITS.
        packet.call("setresuid", BOX_USER, BOX_USER, BOX_USER, otherwise=failed)
        packet.call("chdir", job.cwd, otherwise=failed)
        program = packet.filter(_filter())
        packet.call("prctl", kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, program, otherwise=failed)
        if not job.reopen:
            enter()  # as late as can be: the accounts start with the program
        packet.call("clock_gettime", time.CLOCK_MONOTONIC, self._begun, otherwise=failed)
        packet.call("write", _BEGUN, self._begun, _TIME.size, otherwise=failed)
        self._execute(failed)
        packet.mark(failed)
        packet.call("getpid", otherwise=NEXT)  # of which the result, until then 0, tells that it came to this
        packet.call("exit_group", _EXIT_CODE)

    def _execute(self, failed: Label) -> None:
        packet, job = self._packet, self._job
        argv = packet.strings(job.argv)
        environment = packet.strings([f"{name}={value}" for name, value in job.env])
        name = job.argv[0]
        folders = [] if "/" in name else job.search_path.split(":")
        for number, folder in enumerate(folders, 1):
            path, further = packet.text(f"{folder}/{name}"), Label()
            packet.call(
                "faccessat", HERE, path, os.X_OK, otherwise=failed if number == len(folders) else further
            )
            packet.call("execve", path, argv, environment, otherwise=failed)
            packet.mark(further)
        if not folders:
            packet.call("execve", name, argv, environment, otherwise=failed)

    def _reason(self, number: int, call: str) -> str:
        name = self._job.argv[0]
        if call == "faccessat":
            return f"{name} is not on {self._job.search_path}"
        return f"{name}: {call}: {os.strerror(number)}"


_kept = functools.lru_cache(_KEPT)(Run)


@functools.cache
def _filter() -> bytes:
    return filter.for_programs(platform.machine())


@functools.lru_cache(maxsize=64)
def _within(kind: int, wanted: int) -> bytes:
    """Soft and hard limit, as the kernel takes them; never above the hard one, which init has of this process
    and may not raise.
    """
    hard = resource.getrlimit(kind)[1]
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return struct.pack("QQ", limit, limit)
