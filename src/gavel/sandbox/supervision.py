"""The one place of the service that waits for a run: reads its output, watches its limits, has it killed."""

import os
import select
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from . import accounting
from .cgroups import RunGroup
from .model import BoxBrokenError, Kill, Limits
from .streams import Output

_END_MS: Final = 10_000
"""How long after a kill the box may take to say that all is dead, before it counts as broken."""
_START_SECONDS: Final = 0.05
"""Allowed from the request to the program's exec. The wall time that is told begins with the exec."""
_CORES: Final = os.cpu_count() or 1


def watch(
    limits: Limits,
    group: RunGroup,
    output: Output,
    *,
    control: int,
    is_cancelled: Callable[[], bool],
    kill: Callable[[], None],
) -> Kill:
    """Returns when init has something to say on `control`: the run and all of its processes have ended.

    Why the run was killed, if it was. BoxBrokenError if that had no effect.
    """
    waiting = _Waiting(control, output)
    started = time.monotonic() + _START_SECONDS
    wake_at = started
    waits = accounting.Waits(started)
    while True:
        if waiting.until(wake_at):
            return Kill.CANCELLED if is_cancelled() else Kill.NONE
        now = time.monotonic()
        # The accounts and the clock are looked at when it is time, the output count after every read.
        is_time = now >= wake_at
        cpu_time_us = group.cpu_time_us() if is_time else 0
        if is_fresh := is_time and now >= waits.due_at:
            sum_us = group.waited_us()
            waits.at(now, sum_us, cpu_time_us, time.monotonic() - now)
        usage = accounting.Usage(
            cpu_time_us=cpu_time_us,
            wall_time_us=int((now - started) * 1e6) if is_time else 0,
            output_bytes=output.count_bytes,
            oom_kills=0,
            waited_us=waits.waited_us,
        )
        reason = Kill.CANCELLED if is_cancelled() else accounting.exceeded(limits, usage)
        if reason is Kill.WALL_TIME and not is_fresh:
            reason = Kill.NONE  # it may have waited since; the next look at that comes soon
        elif reason is Kill.WALL_TIME and group.is_ready():
            usage = replace(usage, waited_us=usage.waited_us + waits.in_progress_us(now))
            reason = accounting.exceeded(limits, usage)
        if reason is not Kill.NONE:
            break
        if is_time:
            wake_at = now + accounting.seconds_to_next_look(limits, usage, _CORES)
            if usage.waited_us > waits.waited_us:  # it may begin to idle at any time
                wake_at = min(wake_at, now + accounting.READY_LOOK_SECONDS)
    kill()
    poll = select.poll()  # of that alone: the program may block on full pipes until it is dead
    poll.register(control, select.POLLIN)
    if not poll.poll(_END_MS):
        raise BoxBrokenError("a killed run does not end")
    return reason


class _Waiting:
    """Waits for init, for output while somebody has room for it, and for that room while there is none."""

    def __init__(self, control: int, output: Output) -> None:
        self._control = control
        self._output = output
        self._held = False
        self._poll = select.poll()
        for descriptor in (control, *output.readers):
            self._poll.register(descriptor, select.POLLIN)
        if output.live is not None:
            self._poll.register(output.live.room, select.POLLIN)

    def until(self, time_s: float) -> bool:
        """Waits for output, which it reads, or for init, or until the time; whether init has something to
        say.
        """
        output = self._output
        wait_ms = max(0, int((time_s - time.monotonic()) * 1000) + 1)
        ready = [descriptor for descriptor, _ in self._poll.poll(wait_ms)]
        for descriptor in ready:
            if descriptor in output.readers:
                if not output.read(descriptor) and descriptor not in output.readers:
                    self._poll.unregister(descriptor)
            elif output.live is not None and descriptor == output.live.room:
                output.live.resume()
                self._listen()
        if not self._held and output.must_wait():
            self._held = True
            for reader in output.readers:
                self._poll.unregister(reader)
        return self._control in ready

    def _listen(self) -> None:
        self._held = False
        for reader in self._output.readers:
            self._poll.register(reader, select.POLLIN)
