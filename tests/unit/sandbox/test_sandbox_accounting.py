"""Limit arithmetic of a run."""

import os
import resource
import signal

import pytest

from gavel.sandbox import Kill, Limits
from gavel.sandbox.accounting import (
    INIT_GRACE_MS,
    LOOK_SECONDS_MIN,
    SAMPLE_SECONDS,
    Readiness,
    Usage,
    Waits,
    exceeded,
    exit_of,
    final_kill,
    is_starved,
    rlimits,
    seconds_to_next_look,
    wall_time_us_allowed,
)

LIMITS = Limits(
    cpu_time_ms=1000, wall_time_ms=3000, memory_bytes=1 << 20, stack_bytes=0, processes=8, output_bytes=100
)


def usage(cpu_us: int = 0, wall_us: int = 0, output: int = 0, oom: int = 0) -> Usage:
    return Usage(cpu_time_us=cpu_us, wall_time_us=wall_us, output_bytes=output, oom_kills=oom)


@pytest.mark.parametrize(
    ("spent", "cores", "seconds"),
    [
        (usage(), 1, 1.0),
        (usage(), 4, 0.25),
        (usage(), 64, 0.125),  # eight processes use at most eight cores
        (usage(cpu_us=600_000), 1, 0.4),
        (usage(wall_us=1_400_000), 1, 0.1),  # half of the wall time: from there on looks are frequent
        (usage(wall_us=1_500_000), 1, SAMPLE_SECONDS),
        (usage(wall_us=2_980_000), 1, 0.02),
        (usage(cpu_us=1_500_000), 1, LOOK_SECONDS_MIN),
    ],
)
def test_next_look_comes_before_any_limit_can_be_passed(spent: Usage, cores: int, seconds: float) -> None:
    """The wait is what is left of the nearer limit, at full use of the cores that the run may use, and short
    when the wall time comes to its end.
    """
    assert seconds_to_next_look(LIMITS, spent, cores) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("spent", "kill"),
    [
        (usage(1_000_000, 3_000_000, 100), Kill.NONE),
        (usage(cpu_us=1_000_001), Kill.CPU_TIME),
        (usage(wall_us=3_000_001), Kill.WALL_TIME),
        (usage(output=101), Kill.OUTPUT),
        (usage(1_000_001, 3_000_001, 101, 1), Kill.MEMORY),
        (usage(1_000_001, 3_000_001), Kill.CPU_TIME),
    ],
)
def test_a_limit_may_be_met_but_not_passed(spent: Usage, kill: Kill) -> None:
    """Exactly the limit is within it; of several that were passed, memory is told first, wall time last."""
    assert exceeded(LIMITS, spent) is kill


@pytest.mark.parametrize(
    ("during", "spent", "ended_by", "kill"),
    [
        (Kill.NONE, usage(), None, Kill.NONE),
        (Kill.NONE, usage(cpu_us=1_000_001), None, Kill.CPU_TIME),
        (Kill.WALL_TIME, usage(cpu_us=1_000_001, wall_us=3_000_001), signal.SIGKILL, Kill.WALL_TIME),
        (Kill.CPU_TIME, usage(oom=1), signal.SIGKILL, Kill.MEMORY),
        (Kill.CANCELLED, usage(oom=1), signal.SIGKILL, Kill.CANCELLED),
        (Kill.OUTPUT, usage(output=100), None, Kill.OUTPUT),
        (Kill.NONE, usage(wall_us=3_000_001), None, Kill.NONE),  # the watch saw it wait for a CPU
        (Kill.NONE, usage(wall_us=30_000_001), signal.SIGKILL, Kill.WALL_TIME),  # the box's own watchdog
        (Kill.WALL_TIME, usage(wall_us=3_100_000), None, Kill.NONE),  # it had ended before the kill came
        (Kill.WALL_TIME, usage(wall_us=3_100_000), signal.SIGSEGV, Kill.NONE),
        (Kill.WALL_TIME, usage(cpu_us=1_000_001, wall_us=3_100_000), None, Kill.CPU_TIME),
    ],
)
def test_no_limit_is_exceeded_unreported(
    during: Kill, spent: Usage, ended_by: int | None, kill: Kill
) -> None:
    """A run that ended by itself beyond a limit is told as if it had been killed for it."""
    assert final_kill(during, LIMITS, spent, ended_by) is kill


@pytest.mark.parametrize(
    ("waited_us", "allowed_us"), [(0, 3_000_000), (500_000, 3_500_000), (60_000_000, 30_000_000)]
)
def test_waiting_for_a_cpu_is_no_idleness(waited_us: int, allowed_us: int) -> None:
    """What the machine made the run wait is added to its wall time limit, up to ten times that."""
    assert wall_time_us_allowed(LIMITS, waited_us) == allowed_us
    assert exceeded(LIMITS, Usage(0, allowed_us, 0, 0, waited_us)) is Kill.NONE
    assert exceeded(LIMITS, Usage(0, allowed_us + 1, 0, 0, waited_us)) is Kill.WALL_TIME


def test_waits_count_for_no_more_than_the_time_between_looks() -> None:
    """Threads that wait side by side count once; what threads that ended had waited is not taken back."""
    waits = Waits(looked_at=10.0)
    told = []

    for now, sum_us in ((11.0, 400_000), (12.0, 5_400_000), (13.0, 100_000), (14.0, 350_000)):
        waits.at(now, Readiness(sum_us), frequent=False)
        told.append(waits.waited_us)

    assert told == [400_000, 1_400_000, 1_400_000, 1_650_000]


def test_many_threads_are_looked_at_less_often() -> None:
    """What reading the waits takes bounds how often it is done; but no kill waits 0.2 s for that."""
    waits = Waits(looked_at=10.0)

    waits.at(11.0, Readiness(), frequent=True, took_seconds=0.005)
    assert waits.due_at == pytest.approx(11.1)
    waits.at(12.0, Readiness(), frequent=True, took_seconds=0.05)
    assert waits.due_at == pytest.approx(12.2)


def test_a_run_that_is_always_ready_waits_whenever_it_does_not_compute() -> None:
    """Whether the kernel tells its waits, late or never, as those of threads that have ended."""
    waits = Waits(looked_at=10.0)
    waits.at(11.0, Readiness(0, 300_000, is_ready=True), frequent=False)
    assert waits.waited_us == 0

    for number in range(1, 11):
        waits.at(11 + number / 10, Readiness(0, 300_000 + number * 20_000, is_ready=True), frequent=True)

    assert waits.waited_us == pytest.approx(800_000, abs=10)


def test_a_run_that_idles_between_its_turns_did_not_wait() -> None:
    """Found ready in half of all looks, and on a CPU for half of the time: none is left for waiting."""
    waits = Waits(looked_at=10.0)

    for number in range(1, 11):
        seen = Readiness(0, number * 50_000, is_ready=number % 2 == 0)
        waits.at(10 + number / 10, seen, frequent=True)

    assert waits.waited_us == pytest.approx(0, abs=10)


def test_waits_that_are_told_and_waits_that_are_seen_count_once() -> None:
    """The larger account counts, on top of what was told before looks were frequent."""
    waits = Waits(looked_at=10.0)
    waits.at(11.0, Readiness(250_000), frequent=False)

    waits.at(11.1, Readiness(290_000, is_ready=True), frequent=True)
    assert waits.waited_us == pytest.approx(350_000, abs=10)
    waits.at(11.2, Readiness(450_000), frequent=True)
    assert waits.waited_us == pytest.approx(390_000, abs=10)


@pytest.mark.parametrize(
    ("wall_us", "seen_us", "starved"), [(30_000_000, 27_000_000, True), (30_000_000, 26_999_999, False)]
)
def test_who_only_waited_is_starved(wall_us: int, seen_us: int, starved: bool) -> None:
    """All but its wall time limit was seen to be waiting for a CPU."""
    assert is_starved(LIMITS, usage(wall_us=wall_us), seen_us) is starved


def test_the_readiness_of_two_that_talk_adds_up() -> None:
    """One of them ready is enough: the other waits for it."""
    assert Readiness(1, 2) + Readiness(3, 4, is_ready=True) == Readiness(4, 6, is_ready=True)


def test_second_fence() -> None:
    """The rlimits follow the limits; address space is left alone, and a dump is neither written nor piped."""
    values = dict(rlimits(LIMITS))

    # A process is charged a tick each core and tick until init ends it, and no verdict comes of that.
    charged_ms_most = (10 * LIMITS.wall_time_ms + INIT_GRACE_MS) * (os.cpu_count() or 1)
    assert values[resource.RLIMIT_CPU] * 1000 > charged_ms_most
    assert values[resource.RLIMIT_STACK] == LIMITS.memory_bytes
    assert values[resource.RLIMIT_CORE] == 1
    assert values[resource.RLIMIT_RTPRIO] == values[resource.RLIMIT_NICE] == 0
    assert resource.RLIMIT_AS not in values


def test_exit_of() -> None:
    """A wait status is an exit code or a signal."""
    assert exit_of(3 << 8) == (3, None)
    assert exit_of(signal.SIGSEGV | 0x80) == (None, signal.SIGSEGV)


def test_limits_are_never_negative() -> None:
    """A negative limit is the caller's mistake, not "no limit"."""
    with pytest.raises(ValueError, match="processes"):
        Limits(1, 1, 1, 1, -1, 1)
