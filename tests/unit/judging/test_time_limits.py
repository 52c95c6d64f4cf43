"""The time limit that a package's submissions ask for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.package_findings import Findings
from gavel.judging.time_limits import Multipliers, Timing, advice, multipliers

KATTIS = Multipliers(2.0, 1.5, 1000)


def timing(time_ms: int, *, limit_ms: int = 2000, cut: bool = False, name: str = "a") -> Timing:
    return Timing(name, "c", time_ms, cut=cut, limit_ms=limit_ms)


@pytest.mark.parametrize(
    ("limits", "legacy", "expected"),
    [
        (None, True, Multipliers(5, 2, 1000)),
        ({}, False, Multipliers(2, 1.5, 1000)),
        ({"time_multiplier": 3, "time_safety_margin": 4}, True, Multipliers(3, 4, 1000)),
        ({"time_multiplier": 3, "time_safety_margin": 4}, False, Multipliers(2, 1.5, 1000)),
        ({"time_multipliers": {"time_limit_to_tle": 4}}, False, Multipliers(2, 4, 1000)),
        (
            {"time_multipliers": {"ac_to_time_limit": 1, "time_limit_to_tle": 1.0}, "time_resolution": 0.25},
            False,
            Multipliers(1, 1, 250),
        ),
        ({"time_multipliers": {"ac_to_time_limit": 3}}, True, Multipliers(3, 2, 1000)),
    ],
)
def test_multipliers_have_two_names_and_defaults(
    limits: object, expected: Multipliers, *, legacy: bool
) -> None:
    """Legacy packages name them otherwise, and their defaults are larger."""
    findings = Findings()
    assert multipliers({"limits": limits}, findings, legacy=legacy) == expected
    assert not findings.errors


@pytest.mark.parametrize("value", ["2", True, 0.5, -1, math.inf, math.nan, [2]])
def test_what_is_no_multiplier_is_named(value: object) -> None:
    """Below 1, not finite, no number."""
    findings = Findings()
    head = {"limits": {"time_multipliers": {"ac_to_time_limit": value}}}
    assert multipliers(head, findings, legacy=False) == KATTIS
    assert [path for path, _ in findings.errors] == ["problem.yaml:limits.time_multipliers.ac_to_time_limit"]


def test_the_least_multiple_that_leaves_the_slowest_enough_is_suggested() -> None:
    """1.001 s times 2 is 3 s in whole seconds, and 0.3 s times 10 is 3 s in spite of binary fractions."""
    assert advice([timing(1001), timing(10)], [], KATTIS).suggested_ms == 3000
    assert advice([timing(300)], [], Multipliers(10, 1.5, 100)).suggested_ms == 3000
    assert advice([timing(0)], [], KATTIS).suggested_ms == 1000
    assert advice([], [timing(5000)], KATTIS).suggested_ms is None


def test_a_limit_that_is_too_near_is_a_fault_on_either_side() -> None:
    """Of the submission at fault, with its numbers; exactly at the bound is right."""
    near = advice([timing(1001, name="slow")], [timing(2999, name="fast")], KATTIS)
    assert [fault.split()[0] for fault in near.faults] == ["slow", "fast", "no"]
    assert "1.001 s" in near.faults[0]
    assert advice([timing(1000)], [timing(3000)], KATTIS).faults == ()
    assert advice([timing(1000)], [timing(3000, cut=True)], KATTIS).faults == ()


def test_what_was_cut_off_is_not_taken_for_a_time() -> None:
    """No limit is suggested by an accepted one that was ended, none ruled out by a slow one that was."""
    assert advice([timing(3000, cut=True)], [], KATTIS).suggested_ms is None
    assert "or more" in advice([timing(3000, cut=True)], [], KATTIS).faults[0]
    assert advice([timing(1900)], [timing(3000, cut=True)], KATTIS).suggested_ms == 4000


@given(
    st.integers(0, 60_000),
    st.integers(0, 120_000),
    st.floats(1, 10),
    st.floats(1, 10),
    st.sampled_from([1, 10, 250, 1000]),
)
def test_a_suggestion_satisfies_the_rule_and_a_step_less_would_not(
    slowest: int, fastest: int, to_limit: float, to_tle: float, resolution: int
) -> None:
    """T_ac * ac_to_time_limit <= limit and limit * time_limit_to_tle <= T_tle, or no limit at all."""
    rule = Multipliers(to_limit, to_tle, resolution)
    found = advice([timing(slowest, limit_ms=10**9)], [timing(fastest, limit_ms=0)], rule)
    steps = max(1, math.ceil(slowest * to_limit / resolution - 1e-6))
    if found.suggested_ms is None:
        assert "no time limit fits" in found.faults[-1]
        assert steps * resolution * to_tle > fastest - 1
    else:
        assert found.suggested_ms % resolution == 0
        assert found.suggested_ms >= slowest * to_limit - 1e-3
        assert found.suggested_ms * to_tle <= fastest + 1e-3
        assert found.suggested_ms == resolution or found.suggested_ms - resolution < slowest * to_limit + 1e-3


def test_submissions_are_run_for_the_margin_longer_than_the_limit() -> None:
    """At most as long as the platform lets a run take."""
    assert KATTIS.measured_ms(1001, 60_000) == 1502
    assert KATTIS.measured_ms(50_000, 60_000) == 60_000
