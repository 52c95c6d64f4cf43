"""Limits of a run: their defaults, their bounds, and which of them apply. Pure.

A field that is 0 means: the problem's, else the language's, else the platform's default.
"""

import dataclasses
from collections.abc import Mapping

from gavel.judging.languages import Language
from gavel.submission.v1 import problem_pb2, submission_pb2

MIB = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """The least and the most that may be asked for, and what applies when nothing is."""

    least: int
    most: int
    default: int


BOUNDS: Mapping[str, Bound] = {
    "cpu_time_ms": Bound(10, 60_000, 2_000),
    "wall_time_ms": Bound(10, 180_000, 0),  # default_wall_time_ms
    "memory_bytes": Bound(4 * MIB, 4096 * MIB, 256 * MIB),
    "stack_bytes": Bound(64 * 1024, 4096 * MIB, 0),  # as the memory
    "processes": Bound(1, 1_024, 64),
    "output_bytes": Bound(1, 64 * MIB, 8 * MIB),
    "files_bytes": Bound(1, 1024 * MIB, 64 * MIB),
}
FILES_COUNT = 4_096
TESTS_AT_ONCE_MOST = 16
"""Tests of one submission that a problem may let run at the same time."""

COMPILE_CPU_TIME_MS = Bound(10, 300_000, 10_000)
COMPILE_WALL_TIME_MS = Bound(10, 600_000, 30_000)
COMPILE_MEMORY_BYTES = Bound(4 * MIB, 4096 * MIB, 1024 * MIB)

VALIDATION_CPU_TIME_MS = Bound(10, 300_000, 20_000)
VALIDATION_MEMORY_BYTES = Bound(4 * MIB, 4096 * MIB, 1024 * MIB)
VALIDATION_OUTPUT_BYTES = Bound(1, 64 * MIB, 8 * MIB)


def default_wall_time_ms(cpu_time_ms: int) -> int:
    """The larger of three times the CPU time and the CPU time and two seconds."""
    return min(max(3 * cpu_time_ms, cpu_time_ms + 2_000), BOUNDS["wall_time_ms"].most)


def check(
    asked: submission_pb2.Limits, problem: submission_pb2.Limits | None = None, *, field: str = "limits"
) -> list[tuple[str, str]]:
    """Finds what may not be asked for: (field, description) pairs that name `limits.cpu_time_ms` and the
    like.

    With `problem` (every field of it that is not 0) nothing may exceed the problem's limits.
    """
    found = []
    for name, bound in BOUNDS.items():
        value = getattr(asked, name)
        if value == 0:
            continue
        if not bound.least <= value <= bound.most:
            found.append((f"{field}.{name}", f"must lie within {bound.least} and {bound.most}, or be 0"))
        elif problem is not None and 0 < getattr(problem, name) < value:
            found.append((f"{field}.{name}", f"may not exceed the problem's {getattr(problem, name)}"))
    if asked.stack_bytes > 0 and 0 < asked.memory_bytes < asked.stack_bytes:
        found.append((f"{field}.stack_bytes", "may not exceed memory_bytes"))
    return found


def of_problem(manifest: problem_pb2.Manifest, language: Language) -> submission_pb2.Limits:
    """The problem's limits for a language: with the language's factor where the package leaves time to us."""
    limits = submission_pb2.Limits()
    limits.CopyFrom(manifest.limits)
    factor = manifest.time_factors.get(language.code, 1.0)
    limits.cpu_time_ms = min(round(limits.cpu_time_ms * factor), BOUNDS["cpu_time_ms"].most)
    return limits


def resolve(
    asked: submission_pb2.Limits, problem: submission_pb2.Limits | None, language: Language
) -> submission_pb2.Limits:
    """The limits that apply, with every field set and within its bounds.

    `problem` comes from `of_problem`; None stands for a submission without one. Never more than the
    problem's.
    """
    problem = problem or submission_pb2.Limits()

    def choose(name: str, default: int) -> int:
        bound, own, theirs = BOUNDS[name], getattr(asked, name), getattr(problem, name)
        value = min(own, theirs) if own > 0 and theirs > 0 else own or theirs or default
        return max(bound.least, min(value, bound.most))

    cpu_time_ms = choose("cpu_time_ms", round(BOUNDS["cpu_time_ms"].default * language.time_factor))
    memory_bytes = choose("memory_bytes", BOUNDS["memory_bytes"].default)
    return submission_pb2.Limits(
        cpu_time_ms=cpu_time_ms,
        wall_time_ms=choose("wall_time_ms", default_wall_time_ms(cpu_time_ms)),
        memory_bytes=memory_bytes,
        stack_bytes=min(choose("stack_bytes", memory_bytes), memory_bytes),
        processes=choose("processes", BOUNDS["processes"].default),
        output_bytes=choose("output_bytes", BOUNDS["output_bytes"].default),
        files_bytes=choose("files_bytes", BOUNDS["files_bytes"].default),
    )
