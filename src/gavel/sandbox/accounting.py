"""Limit arithmetic of a run: when to look next, and what ended it. Pure."""

import os
import resource
from dataclasses import dataclass
from typing import Final

from .model import Kill, Limits

LOOK_SECONDS_MIN: Final = 0.002
"""Shortest time between two looks at the CPU account: bounds both the cost and how late a kill comes."""
INIT_GRACE_MS: Final = 1000
"""How much later than the service the box's init ends a run by itself."""

WAIT_IN_PROGRESS_US: Final = 100_000
"""Granted to a run that is ready when its wall time is over: the kernel tells a wait when it ends. Some turns
of a queue of programs, each a few milliseconds."""
READY_LOOK_SECONDS: Final = 0.05
"""Between two looks at such a run."""

_WAITS_PAUSE: Final = 20
"""How many times what a look at the waits took passes until the next one: to read those of a thousand threads
takes as many of the kernel's files, and the service's time is no run's."""
_WALL_STRETCH: Final = 10
"""How many times its wall time limit a run lasts at most, however long it had to wait for a CPU."""
_OPEN_FILES: Final = 1024
_LOCKED_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    cpu_time_us: int
    wall_time_us: int
    output_bytes: int
    oom_kills: int
    waited_us: int = 0
    """How long the run was ready and had to wait for a CPU, which is no idleness of its own."""


@dataclass(slots=True)
class Waits:
    """Adds up, from one look to the next, how long a run had to wait for a CPU.

    The waits of its threads are told as one sum, which several may add to at once, and which loses those of
    threads that ended: between two looks it counts for no more than the time between them, and never back.
    """

    looked_at: float
    """Seconds of the monotonic clock."""
    sum_us: int = 0
    waited_us: int = 0
    due_at: float = 0.0
    """When to look again."""
    cpu_time_us: int = 0
    stood_since: float = 0.0
    """The first look that saw the CPU time and the waits as the last one did."""

    def __post_init__(self) -> None:
        self.stood_since = self.looked_at

    def at(self, now: float, sum_us: int, cpu_time_us: int = 0, took_seconds: float = 0.0) -> int:
        """The wait so far, in microseconds; `sum_us` is that of all threads that live now.

        `took_seconds`: how long it took to read it.
        """
        self.due_at = now + _WAITS_PAUSE * took_seconds
        if (sum_us, cpu_time_us) != (self.sum_us, self.cpu_time_us):
            self.stood_since = now
        self.cpu_time_us = cpu_time_us
        most_us = int(max(0.0, now - self.looked_at) * 1e6)
        self.waited_us += min(most_us, max(0, sum_us - self.sum_us))
        self.looked_at, self.sum_us = now, sum_us
        return self.waited_us

    def in_progress_us(self, now: float) -> int:
        """Of a run that is ready: the most that its threads may be waiting already, which the kernel tells
        when it ends. As long as no account moved, and what may lie before the first look that saw it so.
        """
        return int((now - self.stood_since) * 1e6) + WAIT_IN_PROGRESS_US


def seconds_to_next_look(limits: Limits, usage: Usage, cores: int) -> float:
    """Neither limit can be passed earlier: a run uses at most `cores` CPU seconds a second."""
    parallel = max(1, min(cores, limits.processes))
    cpu_left = (limits.cpu_time_ms * 1000 - usage.cpu_time_us) / 1e6 / parallel
    wall_left = (wall_time_us_allowed(limits, usage.waited_us) - usage.wall_time_us) / 1e6
    return max(LOOK_SECONDS_MIN, min(cpu_left, wall_left))


def wall_time_us_allowed(limits: Limits, waited_us: int) -> int:
    """The wall time limit in microseconds plus what the run waited for a CPU, up to ten times the limit.

    Without that a busy machine would end a program that used every moment it was given.
    """
    return min(limits.wall_time_ms * 1000 + waited_us, wall_time_ms_most(limits) * 1000)


def wall_time_ms_most(limits: Limits) -> int:
    """The wall time after which a run ends whatever the reason."""
    return limits.wall_time_ms * _WALL_STRETCH


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


def final_kill(during: Kill, limits: Limits, usage: Usage) -> Kill:
    """What the outcome says: why the run was ended, or the limit that it had met when it ended by itself."""
    if during in {Kill.CANCELLED, Kill.OUTPUT}:
        return during
    after = exceeded(limits, usage)
    if after is Kill.WALL_TIME and usage.wall_time_us <= wall_time_ms_most(limits) * 1000:
        after = Kill.NONE  # only the watch knows how long it waited for a CPU, and it found nothing
    return after if after is Kill.MEMORY or during is Kill.NONE else during


def rlimits(limits: Limits) -> list[tuple[int, int]]:
    """The second fence: (resource, value), soft and hard alike.

    No RLIMIT_AS: Java and Go reserve far more than they use, and the cgroup counts what is used.
    """
    cpu_seconds = -(-limits.cpu_time_ms // 1000) + 1
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
