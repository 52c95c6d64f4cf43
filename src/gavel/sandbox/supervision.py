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
    poll = select.poll()
    for descriptor in (control, *output.readers):
        poll.register(descriptor, select.POLLIN)
    started = time.monotonic() + _START_SECONDS
    wake_at = started
    waits = accounting.Waits(started)
    while True:
        if _wait(poll, control, output, wake_at):
            return Kill.CANCELLED if is_cancelled() else Kill.NONE
        now = time.monotonic()
        # The accounts and the clock are looked at when it is time, the output count after every read.
        is_time = now >= wake_at
        usage = accounting.Usage(
            cpu_time_us=group.cpu_time_us() if is_time else 0,
            wall_time_us=int((now - started) * 1e6) if is_time else 0,
            output_bytes=output.count_bytes,
            oom_kills=0,
            waited_us=waits.at(now, group.waited_us()) if is_time else 0,
        )
        reason = Kill.CANCELLED if is_cancelled() else accounting.exceeded(limits, usage)
        if reason is Kill.WALL_TIME and group.is_ready():
            waited_us = usage.waited_us + accounting.WAIT_IN_PROGRESS_US
            reason = accounting.exceeded(limits, replace(usage, waited_us=waited_us))
        if reason is not Kill.NONE:
            break
        if is_time:
            wake_at = now + accounting.seconds_to_next_look(limits, usage, _CORES)
    kill()
    for descriptor in output.readers:  # the program may block on full pipes until it is dead
        poll.unregister(descriptor)
    if not poll.poll(_END_MS):
        raise BoxBrokenError("a killed run does not end")
    return reason


def _wait(poll: select.poll, control: int, output: Output, until: float) -> bool:
    """Waits for output, which it reads, or for init, or until the time; whether init has something to say."""
    ready = [descriptor for descriptor, _ in poll.poll(max(0, int((until - time.monotonic()) * 1000) + 1))]
    for descriptor in ready:
        if descriptor != control and not output.read(descriptor) and descriptor not in output.readers:
            poll.unregister(descriptor)
    return control in ready
