"""Limits: defaults, bounds, and whose limit counts."""

from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.allowances import of_compilation, of_run, of_runtime, of_validation, taken_bytes
from gavel.judging.languages import LANGUAGES
from gavel.judging.limits import BOUNDS, MIB, check, default_wall_time_ms, of_problem, resolve
from gavel.submission.v1.problem_pb2 import Manifest
from gavel.submission.v1.submission_pb2 import Limits

AMOUNTS = st.one_of(st.just(0), st.integers(-(2**31), 2**31 - 1))
LIMITS = st.builds(Limits, **dict.fromkeys(BOUNDS, AMOUNTS))
CPP, PYTHON, JAVA = LANGUAGES["cpp"], LANGUAGES["python3"], LANGUAGES["java"]


def test_the_defaults_are_those_documented() -> None:
    """2 s, 6 s of wall time, 256 MiB, as much stack, 64 processes, 8 MiB of output, 64 MiB of files."""
    expected = Limits(
        cpu_time_ms=2_000,
        wall_time_ms=6_000,
        memory_bytes=256 * MIB,
        stack_bytes=256 * MIB,
        processes=64,
        output_bytes=8 * MIB,
        files_bytes=64 * MIB,
    )

    assert resolve(Limits(), None, CPP) == expected


def test_the_default_time_is_multiplied_by_the_languages_factor() -> None:
    """Python has twice the time where nobody states a limit, and what is asked for where somebody does."""
    assert resolve(Limits(), None, PYTHON).cpu_time_ms == 4_000
    assert resolve(Limits(cpu_time_ms=1_500), None, PYTHON).cpu_time_ms == 1_500
    assert resolve(Limits(), Limits(cpu_time_ms=1_000), PYTHON).cpu_time_ms == 1_000


def test_a_manifest_without_a_stated_time_carries_its_own_factors() -> None:
    """The factors of the day it was made count, for good."""
    manifest = Manifest(limits=Limits(cpu_time_ms=2_000), time_factors={"python3": 3.0})

    assert of_problem(manifest, PYTHON).cpu_time_ms == 6_000
    assert of_problem(manifest, CPP).cpu_time_ms == 2_000


def test_the_default_wall_time_is_the_larger_of_two_rules() -> None:
    """Three times the CPU time, but two seconds more at least, and never above the bound."""
    assert [default_wall_time_ms(cpu) for cpu in (100, 1_000, 10_000, 60_000)] == [
        2_100,
        3_000,
        30_000,
        180_000,
    ]


@given(LIMITS, st.none() | LIMITS, st.sampled_from(list(LANGUAGES.values())))
def test_resolved_limits_are_always_whole_and_within_their_bounds(
    asked: Limits, problem: Limits | None, language: object
) -> None:
    """Whatever is asked for, no limit is missing or beyond what the platform allows."""
    found = resolve(asked, problem, language)  # type: ignore[arg-type]

    for name, bound in BOUNDS.items():
        assert bound.least <= getattr(found, name) <= bound.most
    assert found.stack_bytes <= found.memory_bytes
    for name in ("cpu_time_ms", "memory_bytes", "output_bytes", "processes"):
        if problem is not None and BOUNDS[name].least <= getattr(problem, name) <= BOUNDS[name].most:
            assert getattr(found, name) <= getattr(problem, name)


@given(LIMITS)
def test_what_check_lets_through_is_kept(asked: Limits) -> None:
    """No violation means that each limit asked for is the one that applies."""
    if check(asked):
        return
    found = resolve(asked, None, CPP)
    for name in BOUNDS:
        if getattr(asked, name) and (name != "stack_bytes" or asked.memory_bytes):
            assert getattr(found, name) == getattr(asked, name)


def test_check_names_the_fields() -> None:
    """Violations carry the path of the field, and a problem's limits are a ceiling."""
    asked = Limits(cpu_time_ms=61_000, memory_bytes=1, processes=-1)
    problem = Limits(memory_bytes=64 * MIB)

    assert [field for field, _ in check(asked)] == [
        "limits.cpu_time_ms",
        "limits.memory_bytes",
        "limits.processes",
    ]
    assert [field for field, _ in check(Limits(memory_bytes=65 * MIB), problem)] == ["limits.memory_bytes"]
    assert check(Limits(memory_bytes=64 * MIB, cpu_time_ms=5_000), problem) == []
    assert check(Limits(memory_bytes=8 * MIB, stack_bytes=9 * MIB), field="x")[0][0] == "x.stack_bytes"


def test_a_runtime_gets_its_allowance_on_top() -> None:
    """The JVM's own memory is not the program's fault; its heap is held to the limit by an option."""
    resolved = resolve(Limits(memory_bytes=128 * MIB), None, JAVA)

    assert of_run(resolved, JAVA).memory_bytes == 128 * MIB + JAVA.memory_allowance_bytes
    assert of_runtime(resolved)["memory_mib"] == "128"
    assert of_run(resolved, CPP).memory_bytes == 128 * MIB


def test_what_a_package_guarantees_is_given_at_least() -> None:
    """A guarantee above the platform's own limit of compiling or validating raises it; one below changes
    nothing.
    """
    more = Limits(cpu_time_ms=60_000, memory_bytes=2048 * MIB, output_bytes=16 * MIB)

    assert of_compilation(None).cpu_time_ms == 10_000
    assert of_compilation(Limits(cpu_time_ms=1)).memory_bytes == 1024 * MIB
    assert (of_compilation(more).cpu_time_ms, of_compilation(more).wall_time_ms) == (60_000, 120_000)
    assert of_validation(more).output_bytes == 16 * MIB
    assert of_validation(None).cpu_time_ms == 20_000


def test_files_take_whole_pages() -> None:
    """Three of one byte would not fit where three bytes may be written."""
    assert taken_bytes([]) == taken_bytes([0]) == 0
    assert taken_bytes([1, 1, 4096]) == 3 * 4096
    assert taken_bytes([4097]) == 8192
