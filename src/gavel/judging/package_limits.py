"""The limits of a problem package: those of problem.yaml, and the files of other tools with a time limit."""

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from gavel.judging import limits
from gavel.judging.languages import LANGUAGES
from gavel.judging.package_metadata import PROBLEM, Configuration, Metadata
from gavel.submission.v1.submission_pb2 import Limits

PASSES_MOST = 100

_KIB = 1024
_MIB = 1024 * 1024
_MEMORY_BYTES = 1024 * _MIB
"""Of a package that states none: its authors tried it with Kattis' problemtools, which have this."""
KEYS = {
    *("time_limit", "time_multiplier", "time_multipliers", "time_safety_margin", "time_resolution", "memory"),
    *("output", "code", "compilation_time", "compilation_memory", "validation_time", "validation_memory"),
    *("validation_output", "validation_passes"),
}


@dataclasses.dataclass(slots=True)
class PackageLimits:
    """What the package says of limits, in Gavel's own terms; 0 where it says nothing, but for the memory."""

    run: Limits = dataclasses.field(default_factory=Limits)
    compilation: Limits = dataclasses.field(default_factory=Limits)
    validation: Limits = dataclasses.field(default_factory=Limits)
    time_factors: dict[str, float] = dataclasses.field(default_factory=dict)
    """By the code of a language, where it is not 1."""
    code_bytes: int = 0
    pass_count_most: int = 1
    """How often the program is run for a test."""


def limits_of(value: Any, metadata: Metadata, config: Configuration) -> PackageLimits:
    """Reads `limits` of problem.yaml, `value`, and the files beside it."""
    findings, found = config.findings, PackageLimits()
    if value is not None and not isinstance(value, dict):
        findings.error(f"{PROBLEM}:limits", "must be a mapping")
    stated = value if isinstance(value, dict) else {}
    for key in stated.keys() - KEYS:
        findings.warn(f"{PROBLEM}: the limit {key!r} is not known and was passed over.")

    def amount(key: str, unit: int, bound: limits.Bound) -> int:
        """The limit in our unit; 0 where it is not stated or cannot be honoured (which makes the package
        invalid).
        """
        number = stated.get(key)
        if number is None:
            return 0
        if (
            isinstance(number, bool)
            or not isinstance(number, int | float)
            or not math.isfinite(number)
            or number <= 0
        ):
            findings.error(f"{PROBLEM}:limits.{key}", f"must be a number above 0, not {str(number)[:40]!r}")
            return 0
        scaled = round(number * unit)
        if not bound.least <= scaled <= bound.most:
            least, most = bound.least / unit, bound.most / unit
            findings.error(
                f"{PROBLEM}:limits.{key}", f"cannot be honoured: it must lie within {least:g} and {most:g}"
            )
            return 0
        return scaled

    bounds = limits.BOUNDS
    found.run.memory_bytes = amount("memory", _MIB, bounds["memory_bytes"]) or _MEMORY_BYTES
    found.run.output_bytes = amount("output", _MIB, bounds["output_bytes"])
    found.compilation.cpu_time_ms = amount("compilation_time", 1000, limits.COMPILE_CPU_TIME_MS)
    found.compilation.memory_bytes = amount("compilation_memory", _MIB, limits.COMPILE_MEMORY_BYTES)
    found.validation.cpu_time_ms = amount("validation_time", 1000, limits.VALIDATION_CPU_TIME_MS)
    found.validation.memory_bytes = amount("validation_memory", _MIB, limits.VALIDATION_MEMORY_BYTES)
    found.validation.output_bytes = amount("validation_output", _MIB, limits.VALIDATION_OUTPUT_BYTES)
    found.code_bytes = amount("code", _KIB, limits.Bound(1, 256 * _MIB, 0))
    _time_limit(amount("time_limit", 1000, bounds["cpu_time_ms"]), stated, found, metadata, config)
    if metadata.multi_pass:
        found.pass_count_most = _passes(stated.get("validation_passes", 2), config)
    elif "validation_passes" in stated:
        findings.warn(f"{PROBLEM}: limits.validation_passes was passed over: the problem is not multi-pass.")
    return found


def _passes(value: Any, config: Configuration) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= PASSES_MOST:
        config.findings.error(
            f"{PROBLEM}:limits.validation_passes", f"must be a whole number within 2 and {PASSES_MOST}"
        )
        return 2
    return value


def _check_resolution(stated_ms: int, resolution: Any, config: Configuration) -> None:
    """Tells of a time limit that is no multiple of the resolution, which is an error in the format."""
    if (
        isinstance(resolution, bool)
        or not isinstance(resolution, int | float)
        or not 0 < resolution < math.inf
    ):
        config.findings.error(f"{PROBLEM}:limits.time_resolution", "must be a number above 0")
    elif not math.isclose(stated_ms, round(stated_ms / 1000 / resolution) * resolution * 1000, abs_tol=1e-3):
        config.findings.warn(
            f"{PROBLEM}: limits.time_limit, {stated_ms / 1000:g} s, is no multiple of time_resolution, "
            f"{resolution:g} s."
        )


def _time_limit(
    stated_ms: int,
    stated: Mapping[str, Any],
    found: PackageLimits,
    metadata: Metadata,
    config: Configuration,
) -> None:
    """problem.yaml's own limit, else DOMjudge's, else that of the `.timelimit` file, else the default with
    factors.
    """
    if stated_ms or "time_limit" in stated:
        found.run.cpu_time_ms = stated_ms
        if metadata.modern:
            _check_resolution(stated_ms, stated.get("time_resolution", 1), config)
        return
    for path, pattern in (
        ("domjudge-problem.ini", r"""(?m)^[^\S\n]*timelimit\s*=\s*['"]?([^'"\s;#]+)"""),
        (".timelimit", r"(\S+)"),
    ):
        match = re.search(pattern, config.text(path) or "")
        if match is None:
            continue
        bound = limits.BOUNDS["cpu_time_ms"]
        try:
            time_ms = round(float(match[1]) * 1000)
        except (ValueError, OverflowError):
            time_ms = -1
        if not bound.least <= time_ms <= bound.most:
            config.findings.error(
                path,
                f"the time limit must lie within {bound.least / 1000:g} and {bound.most / 1000:g} s, "
                f"not {match[1][:40]!r}",
            )
        found.run.cpu_time_ms = max(time_ms, 0)
        return
    found.run.cpu_time_ms = limits.BOUNDS["cpu_time_ms"].default
    found.time_factors = {
        code: known.time_factor for code, known in LANGUAGES.items() if known.time_factor != 1.0
    }
    config.findings.warn(
        f"The package states no time limit: {found.run.cpu_time_ms / 1000:g} s apply, times the "
        "language's factor. None is inferred from limits.time_multipliers and the package's submissions."
    )
