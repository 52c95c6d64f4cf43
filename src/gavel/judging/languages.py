"""The languages that Gavel knows: those of languages.toml, and those that a deployment's own file adds. What
a machine has of them is in toolchains.py.
"""

import dataclasses
import importlib.resources
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gavel.judging import language_tables
from gavel.judging.language_tables import LanguagesFileError

MIB = 1024 * 1024
KIB = 1024
_CLASS = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)


class UnknownLanguage(ValueError):  # noqa: N818  (the error tree of the judging package names what is wrong)
    """No such code, or no such standard of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Warm:
    """A cache that one command fills once on a machine, and that every box sees read-only."""

    argv: tuple[str, ...]
    """The command."""
    variable: str
    """The environment variable that names the cache's folder, to the command and in the box."""


@dataclasses.dataclass(frozen=True, slots=True)
class Language:
    """One table of languages.toml; the words in braces are explained there."""

    code: str
    display_name: str
    suffixes: tuple[str, ...]
    """Suffixes of its source files, such as `.py`; case matters (`.C` is C++)."""
    inferred: bool
    """False when the suffixes are another language's too: only its code means it."""
    programs: Mapping[str, tuple[str, ...]]
    resources: Mapping[str, tuple[str, ...]]
    folders: tuple[str, ...]
    prefix: tuple[str, ...]
    version: tuple[str, ...]
    install: str
    compile: tuple[str, ...]
    """Makes the program; empty for languages that run from source."""
    check: tuple[str, ...]
    """Looks whether the program is one at all; empty for compiled languages."""
    check_errors: tuple[str, ...]
    """Only a program that failed its first test with one of these on standard error is checked."""
    run: tuple[str, ...]
    environment: Mapping[str, str]
    standards: Mapping[str, tuple[str, ...]]
    default_standard: str
    main_class: str
    """How the sources tell the main class: `java`, `kotlin`, or not at all."""
    entry_points: tuple[str, ...]
    entry_pattern: str
    line_ends: str
    source_bytes_most: int
    """Of all sources together; 0: what the submission service takes."""
    source_files_most: int
    """0: what the submission service takes."""
    time_factor: float
    memory_allowance_bytes: int
    process_allowance: int
    memory_error: str
    """A regular expression; "" where the runtime has no such words."""
    compile_time_factor: float
    compile_memory_bytes: int
    """At least this much for the compiler; 0: what a compiler gets."""
    artefact: str
    warm: Warm | None
    selftest: str

    @property
    def compiled(self) -> bool:
        """True when its programs are compiled."""
        return bool(self.compile)

    @property
    def default_path(self) -> str:
        """The name of a program's one file, or first one, where nothing says otherwise."""
        return self.entry_points[0] if self.entry_points else f"main{self.suffixes[0]}"

    def owns(self, path: str) -> bool:
        """True when the path has one of the language's suffixes."""
        return path.endswith(self.suffixes)

    def starts_by_class(self, entry_point: str) -> bool:
        """True when this names a main class, not a file."""
        return (
            bool(self.main_class) and _CLASS.fullmatch(entry_point) is not None and not self.owns(entry_point)
        )


def _language(code: str, table: Mapping[str, Any]) -> Language:
    warm = table.get("warm")
    return Language(
        code=code,
        display_name=table.get("display_name", code),
        suffixes=tuple(table["suffixes"]),
        inferred=table.get("inferred", True),
        programs=_words(table["programs"]),
        resources=_words(table.get("resources", {})),
        folders=tuple(table.get("folders", ())),
        prefix=tuple(table.get("prefix", ())),
        version=tuple(table["version"]),
        install=table.get("install", f"Install {code}"),
        compile=tuple(table.get("compile", ())),
        check=tuple(table.get("check", ())),
        check_errors=tuple(table.get("check_errors", ())),
        run=tuple(table["run"]),
        environment=MappingProxyType(dict(table.get("environment", {}))),
        standards=_words(table.get("standards", {})),
        default_standard=table.get("default_standard", ""),
        main_class=table.get("main_class", ""),
        entry_points=tuple(table.get("entry_points", ())),
        entry_pattern=table.get("entry_pattern", ""),
        line_ends=table.get("line_ends", ""),
        source_bytes_most=table.get("source_kib_most", 0) * KIB,
        source_files_most=table.get("source_files_most", 0),
        time_factor=float(table.get("time_factor", 1.0)),
        memory_allowance_bytes=table.get("memory_allowance_mib", 0) * MIB,
        process_allowance=table.get("process_allowance", 0),
        memory_error=table.get("memory_error", ""),
        compile_time_factor=float(table.get("compile_time_factor", 1.0)),
        compile_memory_bytes=table.get("compile_memory_mib", 0) * MIB,
        artefact=table.get("artefact", ""),
        warm=Warm(tuple(warm["argv"]), warm["variable"]) if warm else None,
        selftest=table["selftest"],
    )


def _words(table: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({name: tuple(words) for name, words in table.items()})


def _built_in() -> dict[str, dict[str, Any]]:
    text = importlib.resources.files(__package__).joinpath("languages.toml").read_text("utf-8")
    return language_tables.parse(text)


def read_languages(path: str = "") -> dict[str, Language]:
    """Gavel's own languages, with those of a deployment's file over them: a new table is a new language, a
    key in the table of a known one replaces that key.

    Raises LanguagesFileError, which names the file, the table and the key.
    """
    tables = _built_in()
    if path:
        try:
            tables = language_tables.merged(tables, language_tables.parse(Path(path).read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise LanguagesFileError(f"{path}: {error}") from error
        except LanguagesFileError as error:
            raise LanguagesFileError(f"{path}: {error}") from error
    return {code: _language(code, table) for code, table in tables.items()}


_languages = read_languages()

LANGUAGES: Mapping[str, Language] = MappingProxyType(_languages)
"""Every language by its code, in the order of languages.toml, then of the deployment's file."""


def use_languages(path: str) -> None:
    """Takes a deployment's file in; a process does so once, before it looks at a language. "" is none.

    Raises LanguagesFileError.
    """
    found = read_languages(path)
    _languages.clear()
    _languages.update(found)


def parse_language(text: str) -> tuple[Language, str]:
    """Reads `cpp` or `cpp@20`: the language and the standard asked for, or its default one ("" where it has
    none).

    Raises UnknownLanguage.
    """
    code, at, standard = text.partition("@")
    language = LANGUAGES.get(code)
    if language is None:
        raise UnknownLanguage(f"no language has the code {code!r}; known are {', '.join(LANGUAGES)}")
    if not at:
        return language, language.default_standard
    if standard not in language.standards:
        known = ", ".join(f"{code}@{name}" for name in language.standards) or "none"
        raise UnknownLanguage(f"{language.display_name} has no standard {standard!r}; known are: {known}")
    return language, standard


def language_of(paths: Iterable[str], candidates: Iterable[str] | None = None) -> Language | None:
    """The one language (of these codes, default all) whose suffixes the paths have; None for none or several.

    A language whose suffixes are another's too is never told by them.
    """
    codes = [code for code in (LANGUAGES if candidates is None else candidates) if LANGUAGES[code].inferred]
    found = {code for path in paths for code in codes if LANGUAGES[code].owns(path)}
    return LANGUAGES[found.pop()] if len(found) == 1 else None
