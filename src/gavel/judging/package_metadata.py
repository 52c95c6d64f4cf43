"""The head of a problem package: problem.yaml, and the files where older tools keep a time limit."""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from gavel.judging import limits
from gavel.judging.languages import LANGUAGES
from gavel.judging.package_findings import Findings
from gavel.submission.v1.problem_pb2 import FileReference
from gavel.submission.v1.submission_pb2 import Limits

CONFIGURATION_BYTES_MOST = 1024 * 1024
PROBLEM = "problem.yaml"

_KIB = 1024
_MIB = 1024 * 1024
_LEGACY = {"legacy", "legacy-icpc"}
_MODERN = {"2023-07", "2023-07-draft", "2025-09", "2025-09-draft", "draft"}
_KEYS = {
    *(
        "problem_format_version",
        "type",
        "name",
        "uuid",
        "version",
        "credits",
        "author",
        "source",
        "source_url",
    ),
    *("license", "rights_owner", "embargo_until", "limits", "keywords", "languages", "allow_file_writing"),
    *("constants", "validation", "validator_flags", "grading"),
}
_LIMITS_KEYS = {
    *("time_limit", "time_multiplier", "time_multipliers", "time_safety_margin", "time_resolution", "memory"),
    *("output", "code", "compilation_time", "compilation_memory", "validation_time", "validation_memory"),
    *("validation_output", "validation_passes"),
}


@dataclasses.dataclass(slots=True)
class Metadata:
    """What the head says, in Gavel's own terms."""

    modern: bool
    """True for 2023-07 and later; False for the legacy formats."""
    display_name: str = ""
    limits: Limits = dataclasses.field(default_factory=Limits)
    compile_limits: Limits = dataclasses.field(default_factory=Limits)
    validation_limits: Limits = dataclasses.field(default_factory=Limits)
    time_factors: dict[str, float] = dataclasses.field(default_factory=dict)
    code_bytes: int = 0
    languages: list[str] = dataclasses.field(default_factory=list)
    custom_validator: bool = False
    """Legacy: `validation: custom`. Later formats tell by the folder."""
    validator_arguments: list[str] = dataclasses.field(default_factory=list)
    constants: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """The package's files and the means to read those that configure something."""

    files: Mapping[str, FileReference]
    read: Callable[[str], bytes]
    findings: Findings

    def text(self, path: str) -> str | None:
        """The file's text; None when it is not there or not text of at most 1 MiB (which is noted)."""
        file = self.files.get(path)
        if file is None:
            return None
        if file.size_bytes > CONFIGURATION_BYTES_MOST:
            self.findings.error(path, f"is larger than {CONFIGURATION_BYTES_MOST} bytes")
            return None
        try:
            return self.read(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            self.findings.error(path, "is not UTF-8")
            return None

    def mapping(self, path: str, constants: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The YAML mapping in the file; empty when it is not there or not a mapping (which is noted)."""
        text = self.text(path)
        if text is None:
            return {}
        if constants:
            text = replace_constants(text, constants)
        try:
            loaded = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self.findings.error(path, f"is not valid YAML: {str(error)[:500]}")
            return {}
        if loaded is None:
            return {}
        if not isinstance(loaded, dict):
            self.findings.error(path, "is not a mapping of keys to values")
            return {}
        return {str(key): value for key, value in loaded.items()}


def replace_constants(text: str, constants: Mapping[str, str]) -> str:
    """Puts constants in place of `{{name}}` and `{{name.variant}}`; words that name none stay."""
    return re.sub(
        r"\{\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)?)\}\}",
        lambda found: constants.get(found[1], found[0]),
        text,
    )


def metadata(config: Configuration) -> Metadata:
    """Reads problem.yaml and what stands beside it."""
    findings = config.findings
    if PROBLEM not in config.files:
        findings.error(PROBLEM, "is missing: a problem package has one in its folder")
    head = config.mapping(PROBLEM)
    version = str(head.get("problem_format_version", "legacy"))
    if version not in _LEGACY | _MODERN:
        findings.error(f"{PROBLEM}:problem_format_version", f"{version!r} is not known to Gavel")
    found = Metadata(modern=version in _MODERN, display_name=_display_name(head.get("name"), findings))
    for key in head.keys() - _KEYS:
        findings.warn(f"{PROBLEM}: the key {key!r} is not known and was passed over.")
    _type(head, found, findings)
    _languages(head.get("languages"), found, findings)
    _constants(head.get("constants"), found, findings)
    _limits(head.get("limits"), found, config)
    return found


def _display_name(name: Any, findings: Findings) -> str:
    if isinstance(name, dict):
        name = name.get("en") or next(iter(name.values()), "")
    if name is not None and not isinstance(name, str | int | float):
        findings.error(f"{PROBLEM}:name", "must be a text, or a mapping of languages to texts")
        return ""
    return str(name or "")[:256]


def _type(head: Mapping[str, Any], found: Metadata, findings: Findings) -> None:
    """Refuses what is not judged yet, naming the field that asks for it."""
    types = head.get("type") or "pass-fail"
    for word in types.split() if isinstance(types, str) else [str(word) for word in _sequence(types)]:
        if word in {"scoring", "multi-pass", "interactive", "submit-answer"}:
            findings.error(f"{PROBLEM}:type", f"problems of the type {word} are not supported yet")
        elif word != "pass-fail":
            findings.error(f"{PROBLEM}:type", f"{word!r} is no type of problem")
    if found.modern:
        for key in {"validation", "validator_flags", "grading"} & head.keys():
            findings.warn(f"{PROBLEM}: the key {key!r} is one of legacy packages and was passed over.")
        return
    words = str(head.get("validation") or "default").split()
    if words[:1] not in (["default"], ["custom"]):
        findings.error(f"{PROBLEM}:validation", f"must begin with default or custom, not {words[0]!r}")
    for word in words[1:]:
        if word in {"interactive", "score"}:
            findings.error(f"{PROBLEM}:validation", f"validators of the kind {word} are not supported yet")
        else:
            findings.error(f"{PROBLEM}:validation", f"{word!r} is not known")
    found.custom_validator = words[:1] == ["custom"]
    flags = head.get("validator_flags") or ""
    found.validator_arguments = (
        flags.split() if isinstance(flags, str) else [str(flag) for flag in _sequence(flags)]
    )
    if head.get("grading"):
        findings.warn(f"{PROBLEM}: grading is of no account to a pass-fail problem and was passed over.")


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _languages(value: Any, found: Metadata, findings: Findings) -> None:
    if value is None or value == "all":
        return
    codes = value.split() if isinstance(value, str) else [str(code) for code in _sequence(value)]
    if "all" in codes:
        return
    if not set(codes) & LANGUAGES.keys():
        findings.error(f"{PROBLEM}:languages", "Gavel knows none of these languages")
    found.languages = codes


def _constants(value: Any, found: Metadata, findings: Findings) -> None:
    for name, constant in (value or {}).items() if isinstance(value, dict | None) else ():
        variants = constant if isinstance(constant, dict) else {"value": constant}
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)) is None or "value" not in variants:
            findings.error(
                f"{PROBLEM}:constants.{name}", "must be a name with a number or text, or with a `value`"
            )
            continue
        found.constants[str(name)] = str(variants["value"])
        found.constants.update({f"{name}.{variant}": str(text) for variant, text in variants.items()})


def _limits(value: Any, found: Metadata, config: Configuration) -> None:
    findings = config.findings
    if value is not None and not isinstance(value, dict):
        findings.error(f"{PROBLEM}:limits", "must be a mapping")
    stated = value if isinstance(value, dict) else {}
    for key in stated.keys() - _LIMITS_KEYS:
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
            findings.error(f"{PROBLEM}:limits.{key}", "must be a number above 0")
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
    found.limits.memory_bytes = amount("memory", _MIB, bounds["memory_bytes"])
    found.limits.output_bytes = amount("output", _MIB, bounds["output_bytes"])
    found.compile_limits.cpu_time_ms = amount("compilation_time", 1000, limits.COMPILE_CPU_TIME_MS)
    found.compile_limits.memory_bytes = amount("compilation_memory", _MIB, limits.COMPILE_MEMORY_BYTES)
    found.validation_limits.cpu_time_ms = amount("validation_time", 1000, limits.VALIDATION_CPU_TIME_MS)
    found.validation_limits.memory_bytes = amount("validation_memory", _MIB, limits.VALIDATION_MEMORY_BYTES)
    found.validation_limits.output_bytes = amount("validation_output", _MIB, limits.VALIDATION_OUTPUT_BYTES)
    found.code_bytes = amount("code", _KIB, limits.Bound(1, 256 * _MIB, 0))
    _time_limit(amount("time_limit", 1000, bounds["cpu_time_ms"]), stated, found, config)


def _time_limit(stated_ms: int, stated: Mapping[str, Any], found: Metadata, config: Configuration) -> None:
    """problem.yaml's own limit, else DOMjudge's, else that of the `.timelimit` file, else the default with
    factors.
    """
    if stated_ms or "time_limit" in stated:
        found.limits.cpu_time_ms = stated_ms
        return
    for path, pattern in (
        ("domjudge-problem.ini", r"""(?m)^\s*timelimit\s*=\s*['"]?([^'"\s;#]+)"""),
        (".timelimit", r"\s*(\S+)"),
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
                path, f"the time limit must lie within {bound.least / 1000:g} and {bound.most / 1000:g} s"
            )
        found.limits.cpu_time_ms = max(time_ms, 0)
        return
    found.limits.cpu_time_ms = limits.BOUNDS["cpu_time_ms"].default
    found.time_factors = {
        code: known.time_factor for code, known in LANGUAGES.items() if known.time_factor != 1.0
    }
    config.findings.warn(
        f"The package states no time limit: {found.limits.cpu_time_ms / 1000:g} s apply, times the "
        "language's factor. None is inferred from limits.time_multipliers and the package's submissions."
    )
