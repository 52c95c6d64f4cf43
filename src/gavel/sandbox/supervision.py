"""The one place of the service that waits for a run: reads its output, watches its limits, has it killed."""

import random
import select
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from . import accounting
from .accounting import Readiness
from .cgroups import RunGroup
from .model import BoxBrokenError, CannotExecuteError, Kill, Limits, Outcome, SandboxError
from .runner import Ended
from .streams import Beginning, Output

_END_MS: Final = 10_000
"""How long after a kill the box may take to say that all is dead, before it counts as broken."""
_FIRST_LOOK_SECONDS: Final = 0.05
"""From the request to the first look: most programs have ended before it."""
_START_SECONDS_MOST: Final = 30.0
"""How long the box may take until the program's exec, which is no time of the program's."""
_SMALL_BYTES: Final = 512
_SMALL_READS_MOST: Final = 64
_PAUSE_MS: Final = 1
"""Before each read after so many small ones: a program can write single bytes, and by O_DIRECT keep a pipe
from putting them together, for a third of what it costs to read them."""
_END_SOON_MS: Final = 3
"""Before the read after a small one that nobody waits for: most programs write once, just before their end,
of which their streams' ends and init's answer then come along in one waking."""


class Watched(NamedTuple):
    """What was done to a run while it went on."""

    kill: Kill
    """Why it was sent a kill, if it was."""
    is_starved: bool
    """It was for its wall time, of which the machine made it wait for all that was too much."""


def watch(
    limits: Limits,
    group: RunGroup,
    output: Output,
    beginning: Beginning,
    *,
    control: int,
    partner: Callable[[], Readiness],
    is_cancelled: Callable[[], bool],
    kill: Callable[[], None],
) -> Watched:
    """Returns when init has something to say on `control`: the run and all of its processes have ended.

    BoxBrokenError if a kill had no effect, or if the run does not begin. `partner`: of the run that this one
    talks with, for whose waits it may have to wait.
    """
    waiting = _Waiting(control, output)
    requested = time.monotonic()
    wake_at = requested + _FIRST_LOOK_SECONDS
    waits, own = accounting.Waits(requested), _OwnWaits()
    is_late = False
    while True:
        if waiting.until(wake_at):
            return Watched(Kill.CANCELLED if is_cancelled() else Kill.NONE, False)
        now = time.monotonic()
        # The accounts and the clock are looked at when it is time, the output count after every read.
        if now < wake_at and output.count_bytes <= limits.output_bytes and not is_cancelled():
            continue
        cpu_time_us, began = group.cpu_time_us(), beginning.time_s()
        if began is None and now - requested > _START_SECONDS_MOST:
            raise BoxBrokenError(f"no program was started within {_START_SECONDS_MOST:g} s")
        if is_fresh := began is not None and now >= waits.due_at:
            # One whose output was read a moment ago is ready because of that, and not for want of a CPU.
            is_ready = not waiting.has_read and group.is_ready()
            seen = Readiness(group.waited_us() + own.waited_us(), cpu_time_us, is_ready) + partner()
            waits.at(now, seen, frequent=is_late, took_seconds=time.monotonic() - now)
        usage = accounting.Usage(
            cpu_time_us=cpu_time_us,
            wall_time_us=0 if began is None else int((now - began) * 1e6),
            output_bytes=output.count_bytes,
            oom_kills=0,
            waited_us=waits.waited_us,
        )
        reason = Kill.CANCELLED if is_cancelled() else accounting.exceeded(limits, usage)
        if reason is Kill.WALL_TIME and not is_fresh:
            reason = Kill.NONE  # it may have waited since; the next look at that comes soon
        elif reason is Kill.WALL_TIME and waits.is_ready:
            granted_us = usage.waited_us + accounting.WAIT_IN_PROGRESS_US
            reason = accounting.exceeded(limits, replace(usage, waited_us=granted_us))
        if reason is not Kill.NONE:
            break
        is_late = accounting.is_late(limits, usage)
        pause = accounting.seconds_to_next_look(limits, usage, accounting.CORES)
        # No program is to know when it is looked at.
        sample = accounting.SAMPLE_SECONDS * random.uniform(0.5, 1)
        wake_at = now + (min(pause, sample) if is_late else pause)
    kill()
    if not waiting.ended_within(_END_MS):
        raise BoxBrokenError("a killed run does not end")
    return Watched(reason, reason is Kill.WALL_TIME and accounting.is_starved(limits, usage, waits.seen_us))


def outcome(
    ended: Ended,
    watched: Watched,
    limits: Limits,
    group: RunGroup,
    output: Output,
) -> Outcome:
    """What the run came to. CannotExecuteError if it did not begin, SandboxError if the machine made it wait
    for all that was too much.
    """
    if ended.error is not None:
        raise CannotExecuteError(ended.error.errno or 0, ended.error.strerror or "")
    usage = accounting.Usage(group.cpu_time_us(), ended.wall_time_us, output.count_bytes, group.oom_kills())
    exit_code, signal_number = accounting.exit_of(ended.status)
    kill = accounting.final_kill(watched.kill, limits, usage, signal_number)
    if kill is Kill.WALL_TIME and watched.is_starved:
        passed, used = usage.wall_time_us / 1e6, usage.cpu_time_us / 1e6
        raise SandboxError(
            f"the machine is too busy: a run that was ready got {used:.2f} s of CPU in {passed:.2f} s"
        )
    return Outcome(
        exit_code=exit_code,
        signal=signal_number,
        kill=kill,
        cpu_time_ms=-(-usage.cpu_time_us // 1000),
        wall_time_ms=-(-usage.wall_time_us // 1000),
        memory_bytes=group.memory_peak_bytes(),
        output_bytes=output.count_bytes,
        stdout=output.file,
        stderr=output.stderr,
    )


class _OwnWaits:
    """How long this thread waited for a CPU: a program may have waited for it to take its output."""

    def __init__(self) -> None:
        self._before_us: int | None = None

    def waited_us(self) -> int:
        """Since the first time that this was asked."""
        with open("/proc/thread-self/schedstat", "rb") as file:
            sum_us = int(file.read().split()[1]) // 1000
        if self._before_us is None:
            self._before_us = sum_us
        return sum_us - self._before_us


class _Waiting:
    """Waits for init, for output while somebody has room for it, and for that room while there is none."""

    def __init__(self, control: int, output: Output) -> None:
        self._control = control
        self._output = output
        self._held = False
        self._small_reads = 0
        """In a row."""
        self.has_read = False
        """Whether `until` took any output the last time."""
        self._poll, self._end = select.poll(), select.poll()
        self._end.register(control, select.POLLIN)
        for descriptor in (control, *output.readers):
            self._poll.register(descriptor, select.POLLIN)
        if output.live is not None:
            self._poll.register(output.live.room, select.POLLIN)

    def until(self, time_s: float) -> bool:
        """Waits for output, which it reads, or for init, or until the time; whether init has something to
        say.
        """
        output = self._output
        self.has_read = False
        if self._small_reads and output.live is None:
            if self.ended_within(_END_SOON_MS):
                return True
        elif self._small_reads > _SMALL_READS_MOST:
            self.ended_within(_PAUSE_MS)
        wait_ms = max(0, int((time_s - time.monotonic()) * 1000) + 1)
        ready = [descriptor for descriptor, _ in self._poll.poll(wait_ms)]
        for descriptor in ready:
            if descriptor in output.readers:
                self.has_read = True
                before_bytes = output.count_bytes
                if not output.read(descriptor) and descriptor not in output.readers:
                    self._poll.unregister(descriptor)
                is_small = output.count_bytes - before_bytes < _SMALL_BYTES
                self._small_reads = self._small_reads + 1 if is_small else 0
            elif output.live is not None and descriptor == output.live.room:
                output.live.resume()
                self._listen()
        if not self._held and output.must_wait():
            self._held = True
            for reader in output.readers:
                self._poll.unregister(reader)
        return self._control in ready

    def ended_within(self, wait_ms: int) -> bool:
        """Waits for init alone, while the program may stand at full pipes; whether it says something."""
        return bool(self._end.poll(wait_ms))

    def _listen(self) -> None:
        self._held = False
        for reader in self._output.readers:
            self._poll.register(reader, select.POLLIN)
