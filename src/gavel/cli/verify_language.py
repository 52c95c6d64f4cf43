"""In which language a package's submission is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gavel.client import Language
    from gavel.judging.expectations import Program

_PYTHON_2: Final = re.compile(rb"#!.*python2\b")
"""Its files have the suffix of Python 3's; Kattis tells them apart so."""
_HOLDS_BOTH: Final[Mapping[frozenset[str], str]] = {frozenset({"c", "cpp"}): "cpp"}
"""Languages whose compiler takes the other's files too."""


class Unknown(Exception):  # noqa: N818  (reads as what the language is)
    """The language cannot be told, or the mesh has none such; the message says why."""

    def __init__(self, reason: str, *, package_is_at_fault: bool = False) -> None:
        super().__init__(reason)
        self.package_is_at_fault = package_is_at_fault


def language_of(program: Program, known: Sequence[Language], read: Callable[[str], bytes]) -> str:
    """The code to hand it in with: what submissions.yaml states, else by the suffixes. Raises Unknown.

    `read` gives the content of one of its files, by its path in the package.
    """
    codes = {language.code for language in known}
    if program.language:
        if program.language.partition("@")[0] not in codes:
            raise Unknown(f"this mesh has no language {program.language}")
        return program.language
    if "build" in program.files:
        raise Unknown("it has a build script of its own, which is not run here")
    found = {
        language.code
        for language in known
        for path in program.files
        if language.suffixes and path.endswith(language.suffixes)
    }
    code = found.pop() if len(found) == 1 else _HOLDS_BOTH.get(frozenset(found), "")
    if code:
        return _python(program, codes, read) if code == "python3" else code
    if found:
        raise Unknown(
            f"its files are of several languages, {', '.join(sorted(found))}: state its language in "
            "submissions.yaml",
            package_is_at_fault=True,
        )
    raise Unknown("no language of this mesh has the suffix of its files")


def _python(program: Program, codes: set[str], read: Callable[[str], bytes]) -> str:
    if not any(_PYTHON_2.match(read(path)) for path in program.files.values() if path.endswith(".py")):
        return "python3"
    if "python2" in codes:
        return "python2"
    raise Unknown("it is Python 2, which this mesh does not have")
