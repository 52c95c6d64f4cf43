"""When a part that ended is started again. Pure."""

from __future__ import annotations

BACK_OFF_FIRST_SECONDS = 0.1
BACK_OFF_MAX_SECONDS = 5.0
HEALTHY_RESET_SECONDS = 10.0


def back_off(previous_seconds: float | None, healthy_seconds: float) -> float:
    """How long to wait before the next start.

    `previous_seconds` is the wait before the start that just failed, None for a part's first end;
    `healthy_seconds` how long the part was healthy before it ended. Doubles from 0.1 s to 5 s, and begins
    anew after a part was healthy for 10 s.
    """
    if previous_seconds is None or healthy_seconds >= HEALTHY_RESET_SECONDS:
        return BACK_OFF_FIRST_SECONDS
    return min(previous_seconds * 2, BACK_OFF_MAX_SECONDS)
