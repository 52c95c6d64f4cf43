"""The languages that Gavel knows, read once from languages.toml. Pure: what a machine has is in
toolchains.py.
"""

import dataclasses
import importlib.resources
import tomllib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

MIB = 1024 * 1024


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
    programs: Mapping[str, tuple[str, ...]]
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
    time_factor: float
    memory_allowance_bytes: int
    process_allowance: int
    memory_error: str
    entry_points: tuple[str, ...]
    artefact: str
    warm: Warm | None
    selftest: str

    @property
    def compiled(self) -> bool:
        """True when its programs are compiled."""
        return bool(self.compile)

    def owns(self, path: str) -> bool:
        """True when the path has one of the language's suffixes."""
        return path.endswith(self.suffixes)


def _language(code: str, table: Mapping[str, Any]) -> Language:
    warm = table.get("warm")
    return Language(
        code=code,
        display_name=table["display_name"],
        suffixes=tuple(table["suffixes"]),
        programs=MappingProxyType({name: tuple(found) for name, found in table["programs"].items()}),
        prefix=tuple(table.get("prefix", ())),
        version=tuple(table["version"]),
        install=table["install"],
        compile=tuple(table.get("compile", ())),
        check=tuple(table.get("check", ())),
        check_errors=tuple(table.get("check_errors", ())),
        run=tuple(table["run"]),
        environment=MappingProxyType(dict(table.get("environment", {}))),
        standards=MappingProxyType(
            {name: tuple(words) for name, words in table.get("standards", {}).items()}
        ),
        default_standard=table.get("default_standard", ""),
        time_factor=float(table.get("time_factor", 1.0)),
        memory_allowance_bytes=int(table.get("memory_allowance_mib", 0)) * MIB,
        process_allowance=int(table.get("process_allowance", 0)),
        memory_error=table.get("memory_error", ""),
        entry_points=tuple(table.get("entry_points", ())),
        artefact=table.get("artefact", ""),
        warm=Warm(tuple(warm["argv"]), warm["variable"]) if warm else None,
        selftest=table["selftest"],
    )


def _load() -> Mapping[str, Language]:
    text = importlib.resources.files(__package__).joinpath("languages.toml").read_text("utf-8")
    return MappingProxyType({code: _language(code, table) for code, table in tomllib.loads(text).items()})


LANGUAGES: Mapping[str, Language] = _load()
"""Every language by its code, in the order of languages.toml."""


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


def language_of(paths: Iterable[str], candidates: Iterable[str] = tuple(LANGUAGES)) -> Language | None:
    """The one language (of these codes) whose suffixes the paths have; None for none or several."""
    found = {code for path in paths for code in candidates if LANGUAGES[code].owns(path)}
    return LANGUAGES[found.pop()] if len(found) == 1 else None
