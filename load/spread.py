"""What several turns say together: medians, quartiles, and ratios taken turn by turn. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values and the quartiles around it; half of the values lie between these."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Quartiles by linear interpolation between the values. ValueError without any."""
    if not values:
        raise ValueError("no values")
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Of `ours` to `theirs`, value by value: what slows the machine down for a turn slows both.

    ValueError if they are not as many, or one of `theirs` is 0.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values against {len(theirs)}")
    if not all(theirs):
        raise ValueError("a ratio to nothing")
    return spread([our / their for our, their in zip(ours, theirs, strict=True)])


def differences(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """`ours` less `theirs`, value by value. ValueError if they are not as many."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values against {len(theirs)}")
    return spread([our - their for our, their in zip(ours, theirs, strict=True)])


def turns(names: Sequence[str], number: int) -> list[str]:
    """The order of the turn `number`: each one first in its turn, so that none is always behind the same."""
    first = number % len(names)
    return [*names[first:], *names[:first]]
