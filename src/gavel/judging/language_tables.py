"""The form of languages.toml and of a deployment's languages file: which keys there are, of which kind, and
how one file's tables lie over another's. Pure.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final

Tables = dict[str, dict[str, Any]]
"""Languages by code, each its keys as TOML has them."""

CODE: Final = re.compile(r"[a-z][a-z0-9]{0,31}")
"""The format's codes; they become parts of topics' and clusters' names."""


class LanguagesFileError(ValueError):
    """A languages file is not one; the message names the table and the key."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(word) for word in value)


def _is_some_words(value: object) -> bool:
    return _is_words(value) and bool(value)


def _is_named_words(value: object) -> bool:
    return isinstance(value, dict) and all(_is_words(words) for words in value.values())


def _is_named_candidates(value: object) -> bool:
    return isinstance(value, dict) and all(_is_some_words(words) for words in value.values())


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_048_576


def _is_factor(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 100


def _is_pattern(value: object) -> bool:
    try:
        re.compile(str(value))
    except re.error:
        return False
    return _is_text(value)


_Kind = tuple[Callable[[object], bool], str]
_TEXT: Final[_Kind] = (_is_text, "a text")
_PATTERN: Final[_Kind] = (_is_pattern, "a regular expression")
_WORDS: Final[_Kind] = (_is_words, "a list of words, never a shell's line")
_SOME_WORDS: Final[_Kind] = (_is_some_words, "a list of one word or more, never a shell's line")
_NAMED_WORDS: Final[_Kind] = (_is_named_words, "a table of lists of words")
_CANDIDATES: Final[_Kind] = (_is_named_candidates, "a table of lists of what to look for")
_COUNT: Final[_Kind] = (_is_count, "a whole number from 0 to 1048576")
_FACTOR: Final[_Kind] = (_is_factor, "a number from 1 to 100")

_NEEDED: Final[Mapping[str, _Kind]] = {
    "suffixes": (
        lambda value: _is_some_words(value) and all(word.startswith(".") and len(word) > 1 for word in value),  # type: ignore[attr-defined]
        "a list of suffixes, each with its dot",
    ),
    "programs": _CANDIDATES,
    "version": _SOME_WORDS,
    "run": _SOME_WORDS,
    "selftest": _TEXT,
}
_MORE: Final[Mapping[str, _Kind]] = {
    "display_name": _TEXT,
    "install": _TEXT,
    "inferred": (lambda value: isinstance(value, bool), "true or false"),
    "resources": _CANDIDATES,
    "folders": (
        lambda value: _is_words(value) and all(word.startswith("/") for word in value),  # type: ignore[attr-defined]
        "a list of absolute paths",
    ),
    "prefix": _WORDS,
    "compile": _WORDS,
    "check": _WORDS,
    "check_errors": _WORDS,
    "environment": (
        lambda value: isinstance(value, dict) and all(_is_text(text) for text in value.values()),
        "a table of texts",
    ),
    "standards": _NAMED_WORDS,
    "default_standard": _TEXT,
    "main_class": (lambda value: value in {"", "java", "kotlin"}, "java or kotlin"),
    "entry_points": _WORDS,
    "entry_pattern": _PATTERN,
    "line_ends": (lambda value: value in {"", "lf"}, "lf"),
    "source_kib_most": _COUNT,
    "source_files_most": _COUNT,
    "time_factor": _FACTOR,
    "memory_allowance_mib": _COUNT,
    "process_allowance": _COUNT,
    "memory_error": _PATTERN,
    "compile_time_factor": _FACTOR,
    "compile_memory_mib": _COUNT,
    "artefact": _TEXT,
    "warm": (
        lambda value: (
            isinstance(value, dict)
            and value.keys() == {"argv", "variable"}
            and _is_some_words(value["argv"])
            and _is_text(value["variable"])
        ),
        "a table of argv and variable",
    ),
}
_KINDS: Final[Mapping[str, _Kind]] = {**_NEEDED, **_MORE}


def parse(text: str) -> Tables:
    """The tables of a languages file, each key of its kind. Raises LanguagesFileError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LanguagesFileError(str(error)) from error
    for code, table in tables.items():
        if CODE.fullmatch(code) is None:
            raise LanguagesFileError(
                f"[{code}]: a language's code is of small letters and digits, 32 at most, a letter first"
            )
        if not isinstance(table, dict):
            raise LanguagesFileError(f"{code}: expected a table, [{code}]")
        for key, value in table.items():
            if key not in _KINDS:
                raise LanguagesFileError(f"[{code}] {key}: no such key; known are {', '.join(_KINDS)}")
            fits, kind = _KINDS[key]
            if not fits(value):
                raise LanguagesFileError(f"[{code}] {key}: expected {kind}")
    return tables


def merged(tables: Tables, more: Tables) -> Tables:
    """`more` over `tables`, key by key. Raises LanguagesFileError for a language that is not complete."""
    found = {code: dict(table) for code, table in tables.items()}
    for code, table in more.items():
        found[code] = {**found.get(code, {}), **table}
    for code, table in found.items():
        missing = [key for key in _NEEDED if key not in table]
        if missing:
            raise LanguagesFileError(f"[{code}] lacks {', '.join(missing)}")
        if table.get("compile") and not table.get("artefact"):
            raise LanguagesFileError(f"[{code}] has compile, but no artefact: what compiling leaves")
        standard = table.get("default_standard", "")
        if standard and standard not in table.get("standards", {}):
            raise LanguagesFileError(f"[{code}] default_standard: {standard} is not one of its standards")
    return found
