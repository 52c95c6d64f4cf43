"""What several turns of a measurement say together."""

import pytest
from load.spread import Spread, differences, ratios, spread, turns


def test_the_spread_is_the_median_and_the_quartiles_whatever_the_order() -> None:
    """Half of the values lie between the quartiles, which lie between values where there are too few."""
    assert spread([5, 1, 4, 2, 3]) == Spread(median=3, low=2, high=4)
    assert spread([1, 2]) == Spread(median=1.5, low=1.25, high=1.75)


def test_one_value_is_its_own_spread_and_none_has_none() -> None:
    """A bench of a single turn shows its value; one of no turn is a mistake."""
    assert spread([7.0]) == Spread(median=7.0, low=7.0, high=7.0)
    with pytest.raises(ValueError, match="no values"):
        spread([])


def test_an_outlier_moves_neither_median_nor_quartiles_far() -> None:
    """One turn in which the machine was busy does not decide a figure."""
    assert spread([10, 10, 10, 10, 10, 10, 1000]) == Spread(median=10, low=10, high=10)


def test_ratios_are_taken_within_a_turn_before_the_median() -> None:
    """A machine that becomes ten times slower for both in the third turn changes no ratio."""
    assert ratios([8, 8, 0.8], [10, 10, 1.0]) == Spread(median=0.8, low=0.8, high=0.8)


def test_differences_are_taken_within_a_turn() -> None:
    """What both pay in a turn is in neither's difference."""
    assert differences([3, 13, 5], [1, 11, 2]) == Spread(median=2, low=2, high=2.5)


def test_turns_that_do_not_pair_up_are_refused() -> None:
    """A ratio of turns of which one is missing, or to nothing at all, would be worth nothing."""
    with pytest.raises(ValueError, match="2 values against 1"):
        ratios([1, 2], [1])
    with pytest.raises(ValueError, match="2 values against 1"):
        differences([1, 2], [1])
    with pytest.raises(ValueError, match="ratio to nothing"):
        ratios([1, 2], [1, 0])


def test_each_contender_is_first_in_its_turn() -> None:
    """Nobody is always measured behind the same other one."""
    names = ("bare", "gavel", "other")
    assert [turns(names, number)[0] for number in range(4)] == ["bare", "gavel", "other", "bare"]
    assert all(sorted(turns(names, number)) == sorted(names) for number in range(4))
