"""Resolved limits and a language's allowances, as the sandbox wants them. Pure."""

from collections.abc import Iterable

from gavel.judging.languages import Language
from gavel.judging.limits import (
    BOUNDS,
    COMPILE_CPU_TIME_MS,
    COMPILE_MEMORY_BYTES,
    COMPILE_WALL_TIME_MS,
    FILES_COUNT,
    MIB,
    VALIDATION_CPU_TIME_MS,
    VALIDATION_MEMORY_BYTES,
    VALIDATION_OUTPUT_BYTES,
    default_wall_time_ms,
)
from gavel.sandbox import Limits
from gavel.submission.v1 import submission_pb2

_PAGE_BYTES = 4096
COMPILE_PROCESSES = 256
COMPILE_OUTPUT_BYTES = 8 * MIB
COMPILE_FILES_BYTES = 512 * MIB


def of_run(limits: submission_pb2.Limits, language: Language, files_bytes: int = 0) -> Limits:
    """The sandbox's limits of a run under resolved limits; `files_bytes` are the most that a test puts beside
    the program.

    A language's runtime gets its memory allowance on top: the heap that the program itself may use is held to
    the limit by the runtime's own option, and what the runtime needs for itself is not the program's fault.
    """
    return Limits(
        cpu_time_ms=limits.cpu_time_ms,
        wall_time_ms=limits.wall_time_ms,
        memory_bytes=limits.memory_bytes + language.memory_allowance_bytes,
        stack_bytes=limits.stack_bytes,
        processes=limits.processes + language.process_allowance,
        output_bytes=limits.output_bytes,
        files_bytes=limits.files_bytes + files_bytes,
        files_count=FILES_COUNT,
    )


def taken_bytes(sizes: Iterable[int]) -> int:
    """What files of these sizes take in a box: whole pages."""
    return sum(-(-size // _PAGE_BYTES) * _PAGE_BYTES for size in sizes)


def of_compilation(guaranteed: submission_pb2.Limits | None) -> Limits:
    """The sandbox's limits of a compiler, at least as generous as what the package guarantees."""
    guaranteed = guaranteed or submission_pb2.Limits()
    cpu_time_ms = max(guaranteed.cpu_time_ms, COMPILE_CPU_TIME_MS.default)
    memory_bytes = max(guaranteed.memory_bytes, COMPILE_MEMORY_BYTES.default)
    wall_time_ms = max(COMPILE_WALL_TIME_MS.default, min(2 * cpu_time_ms, COMPILE_WALL_TIME_MS.most))
    return Limits(
        cpu_time_ms=cpu_time_ms,
        wall_time_ms=wall_time_ms,
        memory_bytes=memory_bytes,
        stack_bytes=memory_bytes,
        processes=COMPILE_PROCESSES,
        output_bytes=COMPILE_OUTPUT_BYTES,
        files_bytes=COMPILE_FILES_BYTES,
        files_count=FILES_COUNT,
    )


def of_validation(guaranteed: submission_pb2.Limits | None) -> Limits:
    """The sandbox's limits of an output validator, at least as generous as what the package guarantees."""
    guaranteed = guaranteed or submission_pb2.Limits()
    cpu_time_ms = max(guaranteed.cpu_time_ms, VALIDATION_CPU_TIME_MS.default)
    memory_bytes = max(guaranteed.memory_bytes, VALIDATION_MEMORY_BYTES.default)
    output_bytes = max(guaranteed.output_bytes, VALIDATION_OUTPUT_BYTES.default)
    return Limits(
        cpu_time_ms=cpu_time_ms,
        wall_time_ms=max(default_wall_time_ms(cpu_time_ms), 2 * cpu_time_ms),
        memory_bytes=memory_bytes,
        stack_bytes=memory_bytes,
        processes=BOUNDS["processes"].default,
        output_bytes=output_bytes,
        files_bytes=output_bytes,
        files_count=FILES_COUNT,
    )


def told(limits: Limits) -> submission_pb2.Limits:
    """The sandbox's limits of a run, for the words about how it ended."""
    return submission_pb2.Limits(
        cpu_time_ms=limits.cpu_time_ms,
        wall_time_ms=limits.wall_time_ms,
        memory_bytes=limits.memory_bytes,
        output_bytes=limits.output_bytes,
    )


def of_runtime(limits: submission_pb2.Limits) -> dict[str, str]:
    """The words in braces of a run's command that stand for limits, for runtimes that keep a limit of their
    own.

    An eighth of the stack stays free for the runtime's own frames; Java takes no more than 1 GiB.
    """
    return {
        "memory_mib": str(max(4, limits.memory_bytes // MIB)),
        "stack_kib": str(min(limits.stack_bytes * 7 // 8, 1024 * MIB) // 1024),
    }
