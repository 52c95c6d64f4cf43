"""When to look at the day partitions again."""

from typing import Final

_FIRST_RETRY_S: Final = 1.0
_LAST_RETRY_S: Final = 60.0


def delay_s(failures: int, interval_s: float) -> float:
    """Seconds until the next look: the interval after a success, growing steps after `failures` in a row."""
    if failures == 0:
        return interval_s
    return min(_FIRST_RETRY_S * 2.0 ** (failures - 1), _LAST_RETRY_S, interval_s)
