"""The time limit that a package's own submissions ask for. Pure.

The slowest submission that has to pass needs at most the limit divided by `ac_to_time_limit`; the fastest
that has to be too slow needs at least the limit times `time_limit_to_tle`. Legacy packages call the two
`time_multiplier` and `time_safety_margin`.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

from gavel.judging.package_findings import Findings

_LEGACY = {"ac_to_time_limit": 5.0, "time_limit_to_tle": 2.0}
_MODERN = {"ac_to_time_limit": 2.0, "time_limit_to_tle": 1.5}
_LEGACY_NAMES = {"ac_to_time_limit": "time_multiplier", "time_limit_to_tle": "time_safety_margin"}
_ROUNDING = 1e-9
"""Products of decimal fractions may come out a little too large: 0.3 s times 10 is 3 s."""


@dataclasses.dataclass(frozen=True, slots=True)
class Multipliers:
    """How far the time limit has to stay from the times of the package's submissions."""

    ac_to_time_limit: float
    time_limit_to_tle: float
    resolution_ms: float
    """The limit is a multiple of it."""

    def measured_ms(self, limit_ms: int, most_ms: int) -> int:
        """How long a submission may run where the limit is to be checked: the limit times the margin."""
        return min(math.ceil(limit_ms * self.time_limit_to_tle - _ROUNDING), most_ms)

    def largest_ms(self, most_ms: int) -> int:
        """The largest time limit up to `most_ms` that is a multiple of the resolution, if there is one."""
        steps = math.floor(most_ms / self.resolution_ms + _ROUNDING)
        return round(steps * self.resolution_ms) or most_ms


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """The slowest test of a submission, of those that bound the time limit."""

    name: str
    language: str
    time_ms: int
    cut: bool
    """True when it was ended there and would have needed more."""
    limit_ms: int
    """The time limit of its language."""


@dataclasses.dataclass(frozen=True, slots=True)
class Advice:
    """What the times say of the time limit."""

    slowest_in_time: Timing | None
    """Of those that must not be too slow."""
    fastest_too_slow: Timing | None
    suggested_ms: int | None
    """The least limit that fits; None where no time is known to take it from, or none fits."""
    faults: tuple[str, ...]
    """How the limit in force breaks the rule, one sentence each."""


def multipliers(head: Mapping[str, Any], findings: Findings, *, legacy: bool) -> Multipliers:
    """Reads them from problem.yaml; what is no number of at least 1 is noted, and the default stands."""
    limits = head.get("limits")
    stated = limits if isinstance(limits, dict) else {}
    defaults = _LEGACY if legacy else _MODERN
    given = stated.get("time_multipliers")
    modern = given if isinstance(given, dict) else {}
    found = {}
    for key, default in defaults.items():
        name = f"time_multipliers.{key}"
        value = modern.get(key)
        if legacy and value is None:
            name = _LEGACY_NAMES[key]
            value = stated.get(name)
        found[key] = _number(value, default, 1.0, name, findings)
    resolution_s = _number(stated.get("time_resolution"), 1.0, 0.001, "time_resolution", findings)
    return Multipliers(**found, resolution_ms=resolution_s * 1000)


def advice(lower: Iterable[Timing], upper: Iterable[Timing], rule: Multipliers) -> Advice:
    """What the times say: `lower` of submissions that have to pass, `upper` of those that are too slow."""
    passing, failing = list(lower), list(upper)
    faults = [
        f"{each.name} needs {_seconds(each.time_ms)}{' or more' if each.cut else ''}: times "
        f"{rule.ac_to_time_limit:g} that is above the time limit of {_seconds(each.limit_ms)}"
        for each in passing
        if each.time_ms * rule.ac_to_time_limit > each.limit_ms + _ROUNDING
    ]
    faults += [
        f"{each.name} has to be too slow and needs only {_seconds(each.time_ms)}: the time limit of "
        f"{_seconds(each.limit_ms)} times {rule.time_limit_to_tle:g} is above that"
        for each in failing
        if not each.cut and each.time_ms < each.limit_ms * rule.time_limit_to_tle - _ROUNDING
    ]
    slowest = max(passing, key=lambda each: (each.time_ms, each.cut), default=None)
    fastest = min(failing, key=lambda each: each.time_ms, default=None)
    suggested: int | None = None
    if slowest is not None and not slowest.cut:
        steps = math.ceil(slowest.time_ms * rule.ac_to_time_limit / rule.resolution_ms - _ROUNDING)
        suggested = round(max(1, steps) * rule.resolution_ms)
        if (
            fastest is not None
            and not fastest.cut
            and suggested * rule.time_limit_to_tle > fastest.time_ms + _ROUNDING
        ):
            faults.append(
                f"no time limit fits: {_seconds(suggested)} is the least that leaves {slowest.name} enough "
                f"time, and {fastest.name} is not {rule.time_limit_to_tle:g} times slower than that"
            )
            suggested = None
    return Advice(slowest, fastest, suggested, tuple(faults))


def _number(value: Any, default: float, least: float, name: str, findings: Findings) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
        findings.error(f"problem.yaml:limits.{name}", f"must be a number of at least {least:g}")
        return default
    return float(value)


def _seconds(time_ms: int) -> str:
    return f"{time_ms / 1000:g} s" if time_ms >= 1000 else f"{time_ms} ms"
