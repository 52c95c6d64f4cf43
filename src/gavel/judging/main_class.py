"""The class that a Java or Kotlin program starts with, told from its sources. Pure.

Sources are looked at without their comments and texts. What cannot be read here the compiler will complain
of. They are hostile, and a search holds the whole process up: no pattern may come over the same bytes from
many places, as one does that looks for an end that is not there from each of a million beginnings.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class SourceFile:
    """What one file declares at its top level."""

    package: str
    mains: tuple[str, ...]
    """The types with a main method."""
    public: str = ""
    """The public type; javac wants the file to be named after it."""
    first: str = ""
    """The first type, else the class that is named after the file."""

    def full_name(self, name: str) -> str:
        """With the package before it."""
        return f"{self.package}.{name}" if self.package else name


# Bytes above 127 are letters, in whatever encoding.
_WORD: Final = rb"[\w$\x80-\xff]+"
_PACKAGE: Final = re.compile(
    rb"^[^\S\n]*package\s+(" + _WORD + rb"(?:[ \t]*\.[ \t]*" + _WORD + rb")*)", re.MULTILINE
)
# A character's text is short; all others end with the file, or line, where nothing else ends them.
_NOISE: Final = re.compile(
    rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"\"\".*?(?:\"{3,}|\Z)|\"(?:\\.|[^\"\\\n])*+\"?|'(?:\\.|[^'\\\n]){1,8}+'",
    re.DOTALL,
)
_JAVA: Final = re.compile(
    rb"(?P<open>\{)|(?P<close>\})|(?P<public>\bpublic\b)|(?P<end>;)"
    rb"|\b(?:class|interface|enum|record)\s+(?P<type>" + _WORD + rb")|(?P<main>\bvoid\s+main\s*\()"
)
_KOTLIN: Final = re.compile(
    rb"(?P<open>\{)|(?P<close>\})|\b(?P<companion>companion\s+)?(?P<kind>class|interface|object)\b"
    rb"(?:\s+(?P<type>" + _WORD + rb"))?|(?P<main>\bfun\s+main\s*\()"
)
_KOTLIN_FILE_NAME: Final = re.compile(rb"@file\s*:\s*(?:\[[^\[\]]*)?JvmName\s*\(\s*\"([\w$]+)\"")


def read_java(path: str, head: bytes) -> SourceFile:
    """A Java file. A main method outside any type makes the file itself a class (Java 25)."""
    text = _NOISE.sub(b" ", head)
    depth, public_seen = 0, False
    public = first = current = b""
    mains: dict[str, None] = {}
    for found in _JAVA.finditer(text):
        if found["open"]:
            depth += 1
        elif found["close"]:
            depth -= 1
        elif found["main"]:
            name = _name(current) if depth == 1 else _stem(path) if depth == 0 else ""
            if name:
                mains[name] = None
        elif depth == 0 and found["type"]:
            current = found["type"]
            first = first or current
            public = public or (current if public_seen else b"")
            public_seen = False
        elif depth == 0:
            public_seen = bool(found["public"])
    return SourceFile(_package(text), tuple(mains), _name(public), _name(first) or _stem(path))


def read_kotlin(path: str, head: bytes) -> SourceFile:
    """A Kotlin file: a function of the file itself, or of an object or a companion."""
    named = _KOTLIN_FILE_NAME.search(head)
    text = _NOISE.sub(b" ", head)
    stem = re.sub(r"\W", "_", _stem(path))
    own = _name(named[1]) if named else f"{stem[:1].upper()}{stem[1:]}Kt"
    depth, current = 0, b""
    mains: dict[str, None] = {}
    for found in _KOTLIN.finditer(text):
        if found["open"]:
            depth += 1
        elif found["close"]:
            depth -= 1
        elif found["main"]:
            name = own if depth == 0 else _name(current)
            mains[name] = None
        elif depth == 0 and found["type"]:
            current = found["type"]
    return SourceFile(_package(text), tuple(mains), first=own)


READERS: Final[Mapping[str, Callable[[str, bytes], SourceFile]]] = {"java": read_java, "kotlin": read_kotlin}
"""How a file is read, by a language's `main_class`."""
_DEFAULT: Final = "Main"


def main_class(files: Mapping[str, SourceFile], entry: str, *, named: bool) -> str:
    """The class to start: the one called Main that has a main method, else the entry point's with one, else
    any file's; else what the entry point is named after. `named`: the entry point was asked for, so that it
    goes first.
    """
    order = [files[path] for path in (entry, *(path for path in files if path != entry)) if path in files]
    if not named:
        order.sort(key=lambda file: _DEFAULT not in file.mains)  # stable: else the order stays
    for file in order:
        if file.mains:
            return file.full_name(_DEFAULT if _DEFAULT in file.mains else file.mains[0])
    found = files.get(entry)
    return found.full_name(found.public or found.first) if found is not None else _stem(entry)


def file_of_class(files: Mapping[str, SourceFile], name: str) -> str | None:
    """The file whose main class has this full name; None for none."""
    return next(
        (path for path, file in files.items() if name in {file.full_name(main) for main in file.mains}), None
    )


def renamed(files: Mapping[str, SourceFile]) -> dict[str, str]:
    """New paths for files whose public type is not named as they are: javac would refuse them."""
    places: dict[str, str] = {}
    for path, file in files.items():
        folder, slash, name = path.rpartition("/")
        wanted = f"{folder}{slash}{file.public}.java"
        fits = "\ufffd" not in file.public and wanted not in files and wanted not in places.values()
        if file.public and name != f"{file.public}.java" and fits:
            places[path] = wanted
    return places


def _package(text: bytes) -> str:
    found = _PACKAGE.search(text)
    return _name(b"".join(found[1].split())) if found else ""


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _name(word: bytes) -> str:
    return word.decode("utf-8", "replace")
