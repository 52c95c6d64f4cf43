"""Limit arithmetic of a run: when to look next, and what ended it. Pure."""

import os
import resource
import signal
from dataclasses import dataclass
from typing import Final

from .model import Kill, Limits

LOOK_SECONDS_MIN: Final = 0.002
"""Shortest time between two looks at the CPU account: bounds both the cost and how late a kill comes."""
INIT_GRACE_MS: Final = 1000
"""How much later than the service the box's init ends a run by itself."""

WAIT_IN_PROGRESS_US: Final = 100_000
"""Granted to a run that is ready when its wall time is over: some turns of a queue of programs, each a few
milliseconds."""
SAMPLE_SECONDS: Final = 0.05
"""The most between two looks at a run whose wall time comes to an end."""

_WAITS_PAUSE: Final = 20
"""How many times what a look at the waits took passes until the next one: to read those of a thousand threads
takes as many of the kernel's files, and the service's time is no run's."""
_WAITS_PAUSE_SECONDS_MOST: Final = 0.2
"""Yet no longer: a run is not ended for its wall time before another look."""
_WALL_STRETCH: Final = 10
"""How many times its wall time limit a run lasts at most, however long it had to wait for a CPU."""
CORES: Final = os.cpu_count() or 1
_OPEN_FILES: Final = 256
"""By each process, as go-judge has it (isolate: 64): what an ext4 holds for an open folder that was read,
7 KiB, is in no account of memory.
"""
_LOCKED_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    cpu_time_us: int
    wall_time_us: int
    output_bytes: int
    oom_kills: int
    waited_us: int = 0
    """How long the run was ready and had to wait for a CPU, which is no idleness of its own."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is seen of the threads of a run at one moment. They may be added up."""

    waited_us: int = 0
    """How long a CPU was waited for until now: see RunGroup.waited_us."""
    cpu_time_us: int = 0
    is_ready: bool = False
    """One of them has a CPU or waits for one."""

    def __add__(self, other: "Readiness") -> "Readiness":
        return Readiness(
            self.waited_us + other.waited_us,
            self.cpu_time_us + other.cpu_time_us,
            self.is_ready or other.is_ready,
        )


@dataclass(slots=True)
class Waits:
    """Adds up, from one look to the next, how long a run had to wait for a CPU.

    What the kernel tells of its threads lacks waits that go on and those of threads that ended, and may tell
    a long one late: between two looks it counts for no more than the time between them, and never back. So,
    once looks are frequent, there is a second account: a run that a look finds ready is taken to have been so
    since the last one; of that time it waited what it did not compute. The larger of both counts.
    """

    looked_at: float
    """Seconds of the monotonic clock."""
    due_at: float = 0.0
    """When to look again."""
    is_ready: bool = False
    """As the last look found it."""
    _last: Readiness = Readiness()
    _before_us: int = 0
    """Told until looks became frequent."""
    _told_us: int = 0
    """Told since then."""
    _ready_us: int = 0
    _cpu_time_us: int = 0

    @property
    def waited_us(self) -> int:
        return self._before_us + max(self._told_us, self.seen_us)

    @property
    def seen_us(self) -> int:
        """By the second account alone."""
        return self._ready_us - self._cpu_time_us

    def at(self, now: float, seen: Readiness, *, frequent: bool, took_seconds: float = 0.0) -> None:
        """Another look. `frequent`: the one before was not long ago; `took_seconds`: to see that."""
        self.due_at = now + min(_WAITS_PAUSE * took_seconds, _WAITS_PAUSE_SECONDS_MOST)
        passed_us = int(max(0.0, now - self.looked_at) * 1e6)
        told_us = min(passed_us, max(0, seen.waited_us - self._last.waited_us))
        if frequent:
            self._told_us += told_us
            self._ready_us += passed_us if seen.is_ready else 0
            self._cpu_time_us += max(0, seen.cpu_time_us - self._last.cpu_time_us)
        else:
            self._before_us += told_us
        self.looked_at, self._last, self.is_ready = now, seen, seen.is_ready


def seconds_to_next_look(limits: Limits, usage: Usage, cores: int) -> float:
    """Neither limit can be passed earlier: a run uses at most `cores` CPU seconds a second."""
    parallel = max(1, min(cores, limits.processes))
    cpu_left = (limits.cpu_time_ms * 1000 - usage.cpu_time_us) / 1e6 / parallel
    if is_late(limits, usage):
        wall_left = (wall_time_us_allowed(limits, usage.waited_us) - usage.wall_time_us) / 1e6
        wall_left = min(wall_left, SAMPLE_SECONDS)
    else:  # until it is
        wall_left = (limits.wall_time_ms * 1000 // 2 - usage.wall_time_us) / 1e6
    return max(LOOK_SECONDS_MIN, min(cpu_left, wall_left))


def is_late(limits: Limits, usage: Usage) -> bool:
    """Whether half of the wall time limit is over: from there on looks are frequent."""
    return usage.wall_time_us >= limits.wall_time_ms * 1000 // 2


def wall_time_us_allowed(limits: Limits, waited_us: int) -> int:
    """The wall time limit in microseconds plus what the run waited for a CPU, up to ten times the limit.

    Without that a busy machine would end a program that used every moment it was given.
    """
    return min(limits.wall_time_ms * 1000 + waited_us, wall_time_ms_most(limits) * 1000)


def wall_time_ms_most(limits: Limits) -> int:
    """The wall time after which a run ends whatever the reason."""
    return limits.wall_time_ms * _WALL_STRETCH


def is_starved(limits: Limits, usage: Usage, seen_us: int) -> bool:
    """Whether a run that lasted as long as any may was no longer idle or at work than its limit allows: what
    it would have done with a CPU nobody knows.
    """
    return usage.wall_time_us - seen_us <= limits.wall_time_ms * 1000


def exceeded(limits: Limits, usage: Usage) -> Kill:
    """The limit that `usage` has passed, if any; memory first: for that the kernel itself ended something."""
    if usage.oom_kills:
        return Kill.MEMORY
    if usage.output_bytes > limits.output_bytes:
        return Kill.OUTPUT
    if usage.cpu_time_us > limits.cpu_time_ms * 1000:
        return Kill.CPU_TIME
    if usage.wall_time_us > wall_time_us_allowed(limits, usage.waited_us):
        return Kill.WALL_TIME
    return Kill.NONE


def final_kill(during: Kill, limits: Limits, usage: Usage, signal_number: int | None) -> Kill:
    """What the outcome says: why the run was ended, or the limit that it had met when it ended by itself.

    `signal_number`: what ended the program.
    """
    if during in {Kill.CANCELLED, Kill.OUTPUT}:
        return during
    if during is Kill.WALL_TIME and signal_number != signal.SIGKILL:
        during = Kill.NONE  # it was over already, only init had to wait for a CPU to say so
    after = exceeded(limits, usage)
    if after is Kill.WALL_TIME and usage.wall_time_us <= wall_time_ms_most(limits) * 1000:
        after = Kill.NONE  # only the watch knows how long it waited for a CPU, and it found nothing
    return after if after is Kill.MEMORY or during is Kill.NONE else during


def rlimits(limits: Limits) -> list[tuple[int, int]]:
    """The second fence: (resource, value), soft and hard alike.

    No RLIMIT_AS: Java and Go reserve far more than they use, and the cgroup counts what is used.
    """
    # This the kernel counts in whole ticks, each for whoever runs at its end: 5 % too much was seen on busy
    # cores, and a neighbour that sleeps at every tick leaves all of them to others. So it is no limit of the
    # program's CPU time, but what no process is charged before init has ended the run.
    cpu_seconds = -(-(wall_time_ms_most(limits) + INIT_GRACE_MS) * CORES // 1000) + 1
    return [
        # One byte, not 0: at 0 a core_pattern that names a program would still be run, as the host's root.
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.files_bytes),
        (resource.RLIMIT_MEMLOCK, _LOCKED_BYTES),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NICE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, limits.processes + 1),  # the cgroup is exact and comes first
        (resource.RLIMIT_RTPRIO, 0),
        (resource.RLIMIT_STACK, limits.stack_bytes or limits.memory_bytes),
    ]


def exit_of(status: int) -> tuple[int | None, int | None]:
    """(exit code, signal) of a wait status; one of both is None."""
    return (None, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else (os.WEXITSTATUS(status), None)
