"""Waits for what becomes true, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")
_POLL_S = 0.02


def until(condition: Callable[[], _Found], what: str, deadline_s: float = 30.0) -> _Found:
    """What the condition returns once that is true; AssertionError with `what` after the deadline."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {deadline_s:g} s: {what}"
        time.sleep(_POLL_S)
    return found
