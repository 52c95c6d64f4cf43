"""When cleanup looks again."""

from gavel.cleanup.core import delay_s


def test_after_failures_the_next_look_comes_sooner_and_then_slower() -> None:
    """An hour after a success; 1 s, 2 s, .. up to a minute after failures in a row."""
    assert delay_s(0, 3600) == 3600
    assert [delay_s(failures, 3600) for failures in (1, 2, 3, 7, 1000)] == [1, 2, 4, 60, 60]
    assert delay_s(10, 5) == 5
