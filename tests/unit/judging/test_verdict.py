"""From raw facts to verdicts."""

import signal
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.languages import LANGUAGES
from gavel.judging.verdict import (
    Facts,
    Most,
    all_passes,
    judge_pair,
    judge_run,
    judge_validator,
    most,
    stopped,
)
from gavel.submission.v1 import submission_pb2 as s

LIMITS = s.Limits(cpu_time_ms=1_000, wall_time_ms=3_000, memory_bytes=256 << 20, output_bytes=8 << 20)
FINE = Facts(0, None, "", 10, 12, 1 << 20, 3)
KILLED = replace(FINE, exit_code=None, signal=9)


@pytest.mark.parametrize(
    ("facts", "verdict", "message"),
    [
        (FINE, s.VERDICT_ACCEPTED, ""),
        (
            replace(KILLED, killed_for="memory"),
            s.VERDICT_MEMORY_LIMIT_EXCEEDED,
            "killed at 256 MiB: memory limit",
        ),
        (
            replace(FINE, killed_for="memory", exit_code=1),
            s.VERDICT_MEMORY_LIMIT_EXCEEDED,
            "ended at 256 MiB: memory limit",
        ),
        (
            replace(KILLED, killed_for="cpu_time", cpu_time_ms=1_004),
            s.VERDICT_TIME_LIMIT_EXCEEDED,
            "killed after 1.004 s of CPU time: time limit 1 s",
        ),
        (
            replace(FINE, cpu_time_ms=1_001),
            s.VERDICT_TIME_LIMIT_EXCEEDED,
            "used 1.001 s of CPU time: more than 1 s",
        ),
        (replace(FINE, cpu_time_ms=1_000), s.VERDICT_ACCEPTED, ""),
        (
            replace(KILLED, killed_for="wall_time"),
            s.VERDICT_WALL_TIME_LIMIT_EXCEEDED,
            "killed after 3 s, with 0.01 s of CPU time used: wall time limit",
        ),
        (
            replace(KILLED, killed_for="output"),
            s.VERDICT_OUTPUT_LIMIT_EXCEEDED,
            "killed at 8 MiB of output: output limit",
        ),
        (
            replace(FINE, output_bytes=(8 << 20) + 1),
            s.VERDICT_OUTPUT_LIMIT_EXCEEDED,
            "wrote 8388609 bytes: more than 8 MiB",
        ),
        (replace(FINE, exit_code=3), s.VERDICT_RUN_TIME_ERROR, "ended with exit code 3"),
        (
            replace(FINE, exit_code=None, signal=11),
            s.VERDICT_RUN_TIME_ERROR,
            "ended by signal 11 (SIGSEGV)",
        ),
        (replace(FINE, exit_code=None, signal=63), s.VERDICT_RUN_TIME_ERROR, "ended by signal 63"),
        (
            replace(FINE, exit_code=None, signal=signal.SIGSYS),
            s.VERDICT_SECURITY_VIOLATION,
            "ended by signal 31 (SIGSYS): a system call that is not allowed",
        ),
        (
            replace(FINE, exit_code=None, signal=signal.SIGXFSZ),
            s.VERDICT_OUTPUT_LIMIT_EXCEEDED,
            "ended by signal 25 (SIGXFSZ): wrote too large a file",
        ),
    ],
)
def test_each_fact_has_its_verdict_and_a_reason_in_words(facts: Facts, verdict: int, message: str) -> None:
    """Kills first, then what was used beyond a limit by a program that ended by itself, then how it ended."""
    assert judge_run(facts, LIMITS) == (verdict, message)


def test_a_runtime_that_runs_out_of_its_own_heap_is_over_the_memory_limit() -> None:
    """Java ends with an exception instead of being killed; only a failing program is looked at."""
    full = replace(FINE, exit_code=1, stderr=b"Exception: java.lang.OutOfMemoryError: Java heap space")

    assert judge_run(full, LIMITS, "java.lang.OutOfMemoryError")[0] == s.VERDICT_MEMORY_LIMIT_EXCEEDED
    assert judge_run(full, LIMITS)[0] == s.VERDICT_RUN_TIME_ERROR
    assert judge_run(replace(full, exit_code=0), LIMITS, "OutOfMemoryError")[0] == s.VERDICT_ACCEPTED


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        ("cpp", "terminate called after throwing an instance of 'std::bad_alloc'", "std::bad_alloc"),
        ("cpp", "terminate called after throwing an instance of 'std::bad_array_new_length'", ""),
        (
            "cpp",
            "std::bad_alloc was caught\nterminate called after throwing an instance of 'std::logic_error'",
            "",
        ),
        (
            "java",
            'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
            "java.lang.OutOfMemoryError",
        ),
        ("java", "Caused by: java.lang.OutOfMemoryError: Java heap space", "java.lang.OutOfMemoryError"),
        ("java", 'Exception in thread "main" java.lang.RuntimeException: no java.lang.OutOfMemoryError', ""),
        ("java", "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory", ""),
        ("kotlin", "java.lang.OutOfMemoryError: unable to create new native thread", ""),
        (
            "javascript",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            "JavaScript heap out of memory",
        ),
        ("javascript", "Error: Array buffer allocation failed, said I", ""),
        ("javascript", "Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated", "ERR_WORKER_OUT_OF_MEMORY"),
        ("typescript", "RangeError: Array buffer allocation failed", "Array buffer allocation failed"),
        ("javascript", "RangeError: Maximum call stack size exceeded", ""),
        ("go", "fatal error: runtime: out of memory: cannot allocate", "runtime: out of memory"),
        ("go", "runtime: failed to create new OS thread (have 36 already; errno=11)", ""),
        (
            "rust",
            "memory allocation of 70368744177664 bytes failed",
            "memory allocation of 70368744177664 bytes failed",
        ),
        ("rust", "failed to spawn thread: Os { code: 11, kind: WouldBlock }", ""),
    ],
)
def test_each_runtime_has_its_words_for_refused_memory(code: str, said: str, told: str) -> None:
    """Words for memory only: a program that may have no further thread met another limit."""
    failed = replace(FINE, exit_code=2, stderr=f"some\nmore\n{said}\n\tat Main.main\n".encode())

    verdict, message = judge_run(failed, LIMITS, LANGUAGES[code].memory_error)

    if told:
        assert (verdict, message) == (s.VERDICT_MEMORY_LIMIT_EXCEEDED, f"ended with {told}: memory limit")
    else:
        assert (verdict, message) == (s.VERDICT_RUN_TIME_ERROR, "ended with exit code 2")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Traceback (most recent call last):\n  File\nMemoryError\n", "MemoryError"),
        (
            "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 7 GiB\n",
            "numpy._core._exceptions._ArrayMemoryError",
        ),
        ("ValueError: no MemoryError here\n", ""),
        ("MemoryError\n\nDuring handling of the above exception\nIndexError: list index out of range\n", ""),
        ("met a MemoryError\n", ""),
    ],
)
def test_python_ends_with_its_words_for_refused_memory(said: str, told: str) -> None:
    """The exception by which it ended, and no other."""
    failed = replace(FINE, exit_code=1, stderr=said.encode())

    verdict, message = judge_run(failed, LIMITS, LANGUAGES["python3"].memory_error)

    if told:
        assert (verdict, message) == (s.VERDICT_MEMORY_LIMIT_EXCEEDED, f"ended with {told}: memory limit")
    else:
        assert verdict == s.VERDICT_RUN_TIME_ERROR


@given(
    st.builds(
        Facts,
        exit_code=st.none() | st.integers(0, 255),
        signal=st.none() | st.integers(1, 64),
        killed_for=st.sampled_from(["", "memory", "cpu_time", "wall_time", "output"]),
        cpu_time_ms=st.integers(0, 5_000),
        wall_time_ms=st.integers(0, 5_000),
        memory_bytes=st.integers(0, 2**40),
        output_bytes=st.integers(0, 2**30),
        stderr=st.binary(max_size=50),
    )
)
def test_only_a_clean_run_within_all_limits_may_be_accepted(facts: Facts) -> None:
    """No combination of facts slips through: accepted means exit code 0, no kill, and every limit kept."""
    verdict, message = judge_run(facts, LIMITS, "MemoryError")

    clean = (
        facts.exit_code == 0
        and facts.signal is None
        and facts.killed_for == ""
        and facts.cpu_time_ms <= LIMITS.cpu_time_ms
        and facts.output_bytes <= LIMITS.output_bytes
    )
    assert (verdict == s.VERDICT_ACCEPTED) == clean
    assert (message == "") == clean


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (replace(FINE, exit_code=42), s.VERDICT_ACCEPTED),
        (replace(FINE, exit_code=43), s.VERDICT_WRONG_ANSWER),
        (FINE, s.VERDICT_JUDGE_ERROR),
        (replace(FINE, exit_code=1), s.VERDICT_JUDGE_ERROR),
        (replace(FINE, exit_code=None, signal=11), s.VERDICT_JUDGE_ERROR),
    ],
)
def test_a_validator_says_42_or_43_and_everything_else_is_its_own_fault(facts: Facts, verdict: int) -> None:
    """Exit code 0 included, as the format has it."""
    assert judge_validator(facts)[0] == verdict


def test_a_validator_that_met_a_limit_was_stopped_whatever_its_exit_code() -> None:
    """Told in words that go behind its name."""
    assert stopped(replace(FINE, exit_code=42), LIMITS) == ""
    memory = replace(FINE, exit_code=42, killed_for="memory")
    assert stopped(memory, LIMITS) == "ended at 256 MiB: memory limit"
    assert stopped(replace(KILLED, killed_for="cpu_time"), LIMITS).endswith("time limit 1 s")


WA, AC = (s.VERDICT_WRONG_ANSWER, "refused"), (s.VERDICT_ACCEPTED, "")
JE = (s.VERDICT_JUDGE_ERROR, "validator failed")
RTE, TLE = (s.VERDICT_RUN_TIME_ERROR, "crashed"), (s.VERDICT_TIME_LIMIT_EXCEEDED, "too slow")


@pytest.mark.parametrize(
    ("program", "validator", "validator_first", "expected"),
    [
        (AC, AC, True, AC),
        (AC, AC, False, AC),
        (AC, WA, False, WA),
        (RTE, WA, True, WA),
        (TLE, WA, True, WA),
        (RTE, WA, False, RTE),
        (TLE, WA, False, TLE),
        (RTE, AC, True, RTE),
        (TLE, AC, True, TLE),
        (TLE, JE, False, JE),
        (AC, JE, True, JE),
    ],
)
def test_a_talk_has_one_verdict(
    program: tuple[s.Verdict, str],
    validator: tuple[s.Verdict, str],
    validator_first: bool,
    expected: tuple[s.Verdict, str],
) -> None:
    """A refusal counts over what the program did afterwards; what it did before counts over the complaint."""
    assert judge_pair(program, validator, validator_first=validator_first) == expected


def test_the_facts_of_several_passes_are_those_of_the_worst() -> None:
    """But for how the last one ended, and for the output of all."""
    first = replace(FINE, cpu_time_ms=900, wall_time_ms=10, output_bytes=4)
    last = replace(FINE, exit_code=3, cpu_time_ms=800, wall_time_ms=90, output_bytes=5)

    found = all_passes([first, last])

    assert (found.exit_code, found.cpu_time_ms, found.wall_time_ms, found.output_bytes) == (3, 900, 90, 9)


def test_the_amounts_of_a_submission_are_the_largest_of_its_tests() -> None:
    """Each for itself."""
    tests = [
        s.TestResult(cpu_time_ms=5, wall_time_ms=9, memory_bytes=7),
        s.TestResult(cpu_time_ms=50, wall_time_ms=60, memory_bytes=1),
        s.TestResult(cpu_time_ms=40, wall_time_ms=90, memory_bytes=2),
        s.TestResult(verdict=s.VERDICT_SKIPPED),
    ]

    assert most(tests) == Most(50, 90, 7)
    assert most([]) == Most(0, 0, 0)
