"""From the raw facts of a run to its verdict, and from those of a program and a validator that talked
to theirs together. Pure.

The order matters where several things went wrong in one run: what ended the program comes first (memory, then
time, then output), then what it used beyond a limit although it ended by itself, then how it ended.
"""

import dataclasses
import re
import signal
from collections.abc import Sequence

from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import Limits, TestResult, Verdict

VALIDATOR_ACCEPTS, VALIDATOR_REFUSES = 42, 43
"""Exit codes of an output validator."""

_MIB = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What a run left, as measured."""

    exit_code: int | None
    """Set when the program ended by itself."""
    signal: int | None
    """Set when a signal ended it."""
    killed_for: str
    """What the sandbox ended it for: "memory", "cpu_time", "wall_time", "output", or "" when it did not."""
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    output_bytes: int
    stderr: bytes = b""
    """The head of standard error and, behind it, the end."""


def judge_run(facts: Facts, limits: Limits, memory_error: str = "") -> tuple[Verdict, str]:
    """The verdict of a run before its output is looked at, and the reason in words; ("" with ACCEPTED).

    `memory_error` finds the words with which the language's runtime reports that it was refused memory.
    """
    for found in (_killed(facts, limits), _beyond(facts, limits), _ended(facts, memory_error)):
        if found is not None:
            return found
    return submission_pb2.VERDICT_ACCEPTED, ""


def _killed(facts: Facts, limits: Limits) -> tuple[Verdict, str] | None:
    # A run may meet a limit and still end by itself, before the sandbox's next look at it.
    how = "killed" if facts.signal == signal.SIGKILL else "ended"
    match facts.killed_for:
        case "memory":
            most = size(limits.memory_bytes)
            return submission_pb2.VERDICT_MEMORY_LIMIT_EXCEEDED, f"{how} at {most}: memory limit"
        case "cpu_time":
            most, used = seconds(limits.cpu_time_ms), seconds(facts.cpu_time_ms)
            return (
                submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED,
                f"{how} after {used} of CPU time: time limit {most}",
            )
        case "output":
            most = size(limits.output_bytes)
            return submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED, f"{how} at {most} of output: output limit"
        case "wall_time":
            most, used = seconds(limits.wall_time_ms), seconds(facts.cpu_time_ms)
            return (
                submission_pb2.VERDICT_WALL_TIME_LIMIT_EXCEEDED,
                f"{how} after {most}, with {used} of CPU time used: wall time limit",
            )
        case _:
            return None


def _beyond(facts: Facts, limits: Limits) -> tuple[Verdict, str] | None:
    if facts.cpu_time_ms > limits.cpu_time_ms:
        used, most = seconds(facts.cpu_time_ms), seconds(limits.cpu_time_ms)
        return submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED, f"used {used} of CPU time: more than {most}"
    if facts.output_bytes > limits.output_bytes:
        most = size(limits.output_bytes)
        return (
            submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED,
            f"wrote {facts.output_bytes} bytes: more than {most}",
        )
    return None


def _ended(facts: Facts, memory_error: str) -> tuple[Verdict, str] | None:
    if facts.signal is None and facts.exit_code == 0:
        return None
    refused = re.search(memory_error.encode(), facts.stderr, re.MULTILINE) if memory_error else None
    if refused is not None:
        words = refused[refused.lastindex or 0].decode()
        return submission_pb2.VERDICT_MEMORY_LIMIT_EXCEEDED, f"ended with {words}: memory limit"
    if facts.signal is None:
        return submission_pb2.VERDICT_RUN_TIME_ERROR, f"ended with exit code {facts.exit_code}"
    name = _signal_name(facts.signal)
    if facts.signal == signal.SIGSYS:
        return (
            submission_pb2.VERDICT_SECURITY_VIOLATION,
            f"ended by {name}: a system call that is not allowed",
        )
    if facts.signal == signal.SIGXFSZ:
        return submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED, f"ended by {name}: wrote too large a file"
    return submission_pb2.VERDICT_RUN_TIME_ERROR, f"ended by {name}"


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def stopped(facts: Facts, limits: Limits) -> str:
    """What a program of the package was stopped for, as `killed at ..`; "" when it ended as it wanted to."""
    failed = _killed(facts, limits)
    return failed[1] if failed is not None else ""


def ended(facts: Facts) -> str:
    """How it ended, as `ended with ..`."""
    how = f"exit code {facts.exit_code}" if facts.signal is None else _signal_name(facts.signal)
    return f"ended with {how}"


def judge_validator(facts: Facts) -> tuple[Verdict, str]:
    """The verdict that a custom output validator's end stands for: exit code 42 right, 43 wrong, else its own
    fault.
    """
    if facts.exit_code == VALIDATOR_ACCEPTS:
        return submission_pb2.VERDICT_ACCEPTED, ""
    if facts.exit_code == VALIDATOR_REFUSES:
        return submission_pb2.VERDICT_WRONG_ANSWER, "the output validator refused the output"
    return submission_pb2.VERDICT_JUDGE_ERROR, f"the output validator {ended(facts)}, neither 42 nor 43"


def judge_pair(
    program: tuple[Verdict, str], validator: tuple[Verdict, str], *, validator_first: bool
) -> tuple[Verdict, str]:
    """The verdict of a program that talked with a validator, of what each of both alone came to.

    `validator_first`: it ended while the program still ran. What such a program does afterwards, be it to
    crash because nobody listens any more, is of no account once it was refused. Everywhere else the program
    answers first for what it did: a validator that lost its partner to a limit or a crash can only complain.
    """
    if validator[0] == submission_pb2.VERDICT_JUDGE_ERROR:
        return validator
    if validator_first and validator[0] != submission_pb2.VERDICT_ACCEPTED:
        return validator
    return validator if program[0] == submission_pb2.VERDICT_ACCEPTED else program


def all_passes(passes: Sequence[Facts]) -> Facts:
    """The facts of a test whose program ran several times: how the last run ended, the most of each amount.

    Each run had the limits to itself; of output the sum is told.
    """
    return dataclasses.replace(
        passes[-1],
        cpu_time_ms=max(facts.cpu_time_ms for facts in passes),
        wall_time_ms=max(facts.wall_time_ms for facts in passes),
        memory_bytes=max(facts.memory_bytes for facts in passes),
        output_bytes=sum(facts.output_bytes for facts in passes),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Most:
    """The largest of each amount over a submission's tests."""

    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int


def most(tests: Sequence[TestResult]) -> Most:
    """Of no tests: zeros."""
    return Most(
        cpu_time_ms=max((test.cpu_time_ms for test in tests), default=0),
        wall_time_ms=max((test.wall_time_ms for test in tests), default=0),
        memory_bytes=max((test.memory_bytes for test in tests), default=0),
    )


def seconds(time_ms: int) -> str:
    """1500 as `1.5 s`."""
    return f"{time_ms / 1000:g} s"


def size(size_bytes: int) -> str:
    """268435456 as `256 MiB`, 1500 as `1500 bytes`."""
    return f"{size_bytes / _MIB:.4g} MiB" if size_bytes >= _MIB else f"{size_bytes} bytes"
