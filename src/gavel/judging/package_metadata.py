"""The head of a problem package: problem.yaml but for its limits."""

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from gavel.judging.admission import ARGUMENTS_BYTES
from gavel.judging.languages import LANGUAGES
from gavel.judging.limits import TESTS_AT_ONCE_MOST
from gavel.judging.package_findings import Findings
from gavel.judging.package_yaml import BadYaml, load
from gavel.submission.v1 import problem_pb2
from gavel.submission.v1.problem_pb2 import FileReference, Shown, ValidatorProtocol

CONFIGURATION_BYTES_MOST = 1024 * 1024
CONFIGURATION_BYTES_IN_ALL = 4 * CONFIGURATION_BYTES_MOST
"""Of all files of a package that configure something, with constants in place, and of the arguments, counted
for each test and group that inherits them. A MiB of YAML takes 10 s.
"""
_ARGUMENTS_MOST = 1_024
_LANGUAGES_LETTERS_MOST = 1_024
"""Of all codes together: each accept looks at them, and remembers them of thousands of problems."""
_CONSTANT = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)?)\}\}")
PROBLEM = "problem.yaml"
OWN_CODES: Mapping[str, str] = {"pypy3": "python3"}
"""Codes that the format does not have, with its code for what is the same language."""

_LEGACY = {"legacy", "legacy-icpc"}
_MODERN = {"2023-07", "2023-07-draft", "2025-09", "2025-09-draft", "draft"}
_TYPES = {"pass-fail", "scoring", "interactive", "multi-pass", "submit-answer"}
_INCOMPATIBLE = (
    ("pass-fail", "scoring"),
    ("submit-answer", "interactive"),
    ("submit-answer", "multi-pass"),
)
KEYS = {
    *("problem_format_version", "type", "name", "uuid", "version", "credits", "author", "source"),
    *("source_url", "license", "rights_owner", "embargo_until", "limits", "keywords", "languages"),
    *("allow_file_writing", "constants", "validation", "validator_flags", "grading", "gavel"),
}
_GRADING_KEYS = {"objective", "show_test_data_groups", "on_reject", "accept_score", "reject_score", "range"}
SHOWN = {
    "verdict-only": problem_pb2.SHOWN_VERDICT_ONLY,
    "first-failing": problem_pb2.SHOWN_FIRST_FAILING,
    "samples": problem_pb2.SHOWN_SAMPLES,
    "everything": problem_pb2.SHOWN_EVERYTHING,
}
PROTOCOLS = {
    "kattis": problem_pb2.VALIDATOR_PROTOCOL_KATTIS,
    "testlib": problem_pb2.VALIDATOR_PROTOCOL_TESTLIB,
}


@dataclasses.dataclass(slots=True)
class Metadata:
    """What the head says, in Gavel's own terms."""

    version: str
    modern: bool
    """True for 2023-07 and later; False for the legacy formats."""
    display_name: str = ""
    scoring: bool = False
    interactive: bool = False
    multi_pass: bool = False
    submit_answer: bool = False
    languages: list[str] = dataclasses.field(default_factory=list)
    custom_validator: bool = False
    """Legacy: `validation: custom`. Later formats tell by the folder."""
    custom_score: bool = False
    """Legacy: `validation: custom score`."""
    lower_score_is_better: bool = False
    grading: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Legacy: what older packages say for all of their test data at once, in the terms of testdata.yaml."""
    validator_arguments: list[str] = dataclasses.field(default_factory=list)
    validator_protocol: ValidatorProtocol = problem_pb2.VALIDATOR_PROTOCOL_UNSPECIFIED
    """As the package says it; unspecified: as the validator's files tell."""
    shown: Shown = problem_pb2.SHOWN_UNSPECIFIED
    tests_at_once: int = 1
    constants: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_2025(self) -> bool:
        """True for 2025-09, its draft included."""
        return self.version.startswith("2025-09")


@dataclasses.dataclass(slots=True)
class Room:
    """How much configuration may still be read."""

    left: int = CONFIGURATION_BYTES_IN_ALL


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """The package's files and the means to read those that configure something."""

    files: Mapping[str, FileReference]
    read: Callable[[str], bytes]
    findings: Findings
    room: Room = dataclasses.field(default_factory=Room)

    def take(self, where: str, amount: int) -> bool:
        """Counts what configures something, in bytes; False when it is too much for one package (which is
        noted).
        """
        if amount > self.room.left:
            self.findings.error(
                where,
                f"makes it more than {CONFIGURATION_BYTES_IN_ALL} bytes of configuration in all, counted for "
                "each test and group that inherits it",
            )
            return False
        self.room.left -= amount
        return True

    def text(self, path: str) -> str | None:
        """The file's text; None when it is not there or not text of at most 1 MiB (which is noted)."""
        file = self.files.get(path)
        if file is None:
            return None
        if file.size_bytes > CONFIGURATION_BYTES_MOST:
            self.findings.error(path, f"is larger than {CONFIGURATION_BYTES_MOST} bytes")
            return None
        if not self.take(path, file.size_bytes):
            return None
        try:
            text = self.read(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            self.findings.error(path, "is not UTF-8")
            return None
        if "\0" in text:
            self.findings.error(path, "holds a NUL")
            return None
        return text

    def arguments(self, words: Sequence[str], where: str) -> Sequence[str]:
        """The words, where a program can be started with so many; else none (which is noted)."""
        size_bytes = sum(len(word.encode()) for word in words)
        if len(words) <= _ARGUMENTS_MOST and size_bytes <= ARGUMENTS_BYTES:
            return words
        self.findings.error(
            where,
            f"holds more than {_ARGUMENTS_MOST} arguments, or more than {ARGUMENTS_BYTES} bytes of them",
        )
        return []

    def mapping(
        self, path: str, constants: Mapping[str, str] | None = None, *, written: Collection[str] = ()
    ) -> dict[str, Any]:
        """The YAML mapping in the file; empty when it is not there or not a mapping (which is noted).

        `written`: see `package_yaml.load`.
        """
        text = self.text(path)
        if text is None:
            return {}
        try:
            if constants:
                filled = replace_constants(text, constants, CONFIGURATION_BYTES_MOST)
                if not self.take(path, max(0, len(filled) - len(text))):
                    return {}
                text = filled
            loaded = load(text, written)
        except (FilledTooLarge, BadYaml) as error:
            self.findings.error(path, str(error))
            return {}
        if loaded is None:
            return {}
        if not isinstance(loaded, dict):
            self.findings.error(path, "is not a mapping of keys to values")
            return {}
        return {str(key): value for key, value in loaded.items()}


class FilledTooLarge(ValueError):  # noqa: N818  (reads as what it says of the text)
    """A text with its constants in place is larger than it may be."""


def replace_constants(text: str, constants: Mapping[str, str], letters_most: int) -> str:
    """Puts constants in place of `{{name}}` and `{{name.variant}}`; words that name none stay. Raises
    FilledTooLarge: a text that names a long constant often stands for gigabytes.
    """
    names = (found[1] for found in _CONSTANT.finditer(text))
    if len(text) + sum(len(constants.get(name, "")) for name in names) > letters_most:
        raise FilledTooLarge(f"is larger than {letters_most} letters with its constants in place")
    return _CONSTANT.sub(lambda found: constants.get(found[1], found[0]), text)


def head_of(config: Configuration) -> dict[str, Any]:
    """The mapping in problem.yaml, with its name and its constants as they are written there."""
    return config.mapping(PROBLEM, written=("constants", "name"))


def metadata(config: Configuration) -> tuple[Metadata, Mapping[str, Any]]:
    """Reads problem.yaml; the mapping is the whole of it."""
    findings = config.findings
    if PROBLEM not in config.files:
        findings.error(PROBLEM, "is missing: a problem package has one in its folder")
    head = head_of(config)
    version = str(head.get("problem_format_version", "legacy"))
    if version not in _LEGACY | _MODERN:
        findings.error(f"{PROBLEM}:problem_format_version", f"{version!r} is not known to Gavel")
    found = Metadata(version, version in _MODERN, _display_name(head.get("name"), findings))
    for key in head.keys() - KEYS:
        findings.warn(f"{PROBLEM}: the key {key!r} is not known and was passed over.")
    _type(head.get("type"), found, findings)
    if found.modern:
        for key in {"validation", "validator_flags", "grading"} & head.keys():
            findings.warn(f"{PROBLEM}: the key {key!r} is one of legacy packages and was passed over.")
    else:
        _validation(head, found, config)
        _grading(head.get("grading"), found, findings)
    _languages(head.get("languages"), found, findings)
    _constants(head.get("constants"), found, findings)
    _own(head.get("gavel"), found, findings)
    return found, head


def _display_name(name: Any, findings: Findings) -> str:
    if isinstance(name, dict):
        name = name.get("en") or next(iter(name.values()), "")
    if name is not None and not isinstance(name, str | int | float):
        findings.error(f"{PROBLEM}:name", "must be a text, or a mapping of languages to texts")
        return ""
    return str(name or "")[:256]


def _type(value: Any, found: Metadata, findings: Findings) -> None:
    """A word, several in one text as drafts of the format had them, or a sequence of words."""
    words = value.split() if isinstance(value, str) else [str(word) for word in _sequence(value or [])]
    for word in words:
        if word not in _TYPES:
            findings.error(f"{PROBLEM}:type", f"{word!r} is no type of problem")
    for one, other in _INCOMPATIBLE:
        if {one, other} <= set(words):
            findings.error(f"{PROBLEM}:type", f"cannot be {one} and {other} at once")
    found.scoring = "scoring" in words
    found.interactive = "interactive" in words
    found.multi_pass = "multi-pass" in words
    found.submit_answer = "submit-answer" in words


def _validation(head: Mapping[str, Any], found: Metadata, config: Configuration) -> None:
    """`validation` and `validator_flags` of the legacy formats."""
    findings = config.findings
    words = str(head.get("validation") or "default").split()
    if words[:1] not in (["default"], ["custom"]):
        findings.error(f"{PROBLEM}:validation", f"must begin with default or custom, not {words[0]!r}")
    found.custom_validator = words[:1] == ["custom"] or found.interactive or found.multi_pass
    for word in words[1:]:
        if word not in {"interactive", "score", "multipass", "multi-pass"}:
            findings.error(f"{PROBLEM}:validation", f"{word!r} is not known")
        elif words[0] != "custom":
            findings.error(f"{PROBLEM}:validation", f"{word} needs a custom validator")
    found.interactive = found.interactive or "interactive" in words
    found.multi_pass = found.multi_pass or bool({"multipass", "multi-pass"} & set(words))
    found.custom_score = "score" in words
    if found.custom_score and not found.scoring:
        findings.error(f"{PROBLEM}:validation", "score is for problems of the type scoring alone")
    flags = head.get("validator_flags") or ""
    words = flags.split() if isinstance(flags, str) else [str(flag) for flag in _sequence(flags)]
    found.validator_arguments = list(config.arguments(words, f"{PROBLEM}:validator_flags"))


def _grading(value: Any, found: Metadata, findings: Findings) -> None:
    """`grading` of the legacy formats, with what was once said there instead of in testdata.yaml."""
    if value is None:
        return
    if not isinstance(value, dict):
        findings.error(f"{PROBLEM}:grading", "must be a mapping")
        return
    if not found.scoring:
        findings.warn(f"{PROBLEM}: grading is of no account to a pass-fail problem and was passed over.")
        return
    for key in value.keys() - _GRADING_KEYS:
        findings.warn(f"{PROBLEM}: the key 'grading.{key}' is not known and was passed over.")
    objective = value.get("objective", "max")
    if objective not in ("min", "max"):
        findings.error(f"{PROBLEM}:grading.objective", "must be min or max")
    found.lower_score_is_better = objective == "min"
    found.grading = {key: value[key] for key in ("accept_score", "reject_score", "range") if key in value}
    if "on_reject" in value:
        found.grading["on_reject"] = "continue" if value["on_reject"] == "grade" else "break"
    if value.get("show_test_data_groups") is False:
        findings.warn(
            f"{PROBLEM}: groups are shown with their points although show_test_data_groups is false."
        )


def _own(value: Any, found: Metadata, findings: Findings) -> None:
    """The key that is Gavel's alone."""
    if value is None:
        return
    if not isinstance(value, dict):
        findings.error(f"{PROBLEM}:gavel", "must be a mapping")
        return
    for key in value.keys() - {"shown", "tests_at_once", "validator_protocol"}:
        findings.error(f"{PROBLEM}:gavel.{key}", "is not known")
    shown, protocol = value.get("shown"), value.get("validator_protocol")
    if shown is not None and str(shown) not in SHOWN:
        findings.error(f"{PROBLEM}:gavel.shown", f"must be one of {', '.join(SHOWN)}")
    found.shown = SHOWN.get(str(shown), problem_pb2.SHOWN_UNSPECIFIED)
    if protocol is not None and str(protocol) not in PROTOCOLS:
        findings.error(f"{PROBLEM}:gavel.validator_protocol", f"must be one of {', '.join(PROTOCOLS)}")
    found.validator_protocol = PROTOCOLS.get(str(protocol), problem_pb2.VALIDATOR_PROTOCOL_UNSPECIFIED)
    at_once = value.get("tests_at_once", 1)
    if isinstance(at_once, bool) or not isinstance(at_once, int) or not 1 <= at_once <= TESTS_AT_ONCE_MOST:
        findings.error(
            f"{PROBLEM}:gavel.tests_at_once", f"must be a whole number from 1 to {TESTS_AT_ONCE_MOST}"
        )
        return
    found.tests_at_once = at_once


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _languages(value: Any, found: Metadata, findings: Findings) -> None:
    if value is None or value == "all":
        return
    codes = value.split() if isinstance(value, str) else [str(code) for code in _sequence(value)]
    if "all" in codes:
        return
    if sum(map(len, codes)) > _LANGUAGES_LETTERS_MOST:
        findings.error(f"{PROBLEM}:languages", f"holds more than {_LANGUAGES_LETTERS_MOST} letters")
        return
    if not set(codes) & LANGUAGES.keys():
        findings.error(f"{PROBLEM}:languages", "Gavel knows none of these languages")
    found.languages = codes + [own for own, code in OWN_CODES.items() if code in codes and own not in codes]


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
