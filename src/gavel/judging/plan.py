"""What is to be done with the files of a program: which one is the entry point, and the commands. Pure."""

import dataclasses
import re
from collections.abc import Mapping, Sequence

from gavel.judging.languages import Language

PATH = re.compile(r"[A-Za-z0-9._+/-]{1,255}")
INSPECTED_BYTES = 1024 * 1024
"""How much of each source file `build` has to be shown."""


class UnfitSources(Exception):  # noqa: N818  (reads as what it is about: the sources)
    """The files cannot be a program of the language; the message is for its author."""


@dataclasses.dataclass(frozen=True, slots=True)
class Build:
    """A program's files and commands."""

    paths: Mapping[str, str]
    """Where in the work folder each file goes, by its path in the submission."""
    compile: tuple[str, ...]
    """The compiler's command; empty for a language without one."""
    check: tuple[str, ...]
    """What says whether a program without a compiler can be run at all; empty when nothing does."""
    run: tuple[str, ...]
    """The program's command; words in braces that stand for limits are still in it."""


def build(
    language: Language,
    standard: str,
    programs: Mapping[str, str],
    files: Mapping[str, bytes],
    *,
    entry_point: str = "",
    included: Sequence[str] = (),
) -> Build:
    """Decides how a program is built and run.

    `files` holds the head (INSPECTED_BYTES) of every file in the order given; `entry_point` is empty for the
    first one; `included` are those that the problem added, of which one may be the main file. Raises
    UnfitSources.
    """
    for path in files:
        if PATH.fullmatch(path) is None or {"", ".", ".."} & set(path.split("/")):
            raise UnfitSources(f"{path!r} is not a path that a source file may have")
        folder = next((other for other in files if path.startswith(f"{other}/")), None)
        if folder is not None:
            raise UnfitSources(f"{folder} is a file and the folder of {path} at once")
    entry = _entry(language, files, entry_point, included)
    paths = {path: path for path in files}
    words = {}
    if language.code == "java":
        classes = {path: _inspect(head) for path, head in files.items() if language.owns(path)}
        paths |= _renamed(classes, paths)
        words["class"] = _main_class(classes, entry)
    sources = [entry, *(path for path in files if language.owns(path) and path != entry)]
    words |= {**programs, "entry": _word(paths[entry])}
    lists = {
        "{sources}": [_word(paths[path]) for path in sources],
        "{standard}": list(language.standards.get(standard, ())),
    }
    return Build(
        paths=paths,
        compile=tuple(fill(language.compile, words, lists)),
        check=tuple(fill(language.check, words, lists)),
        run=tuple(fill(language.run, words, lists)),
    )


def fill(argv: Sequence[str], words: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> list[str]:
    """Puts words in place of `{name}`; a word that is `{name}` alone may become several. Others stay."""
    filled: list[str] = []
    for word in argv:
        if word in lists:
            filled.extend(lists[word])
        else:
            filled.append(re.sub(r"\{([a-z0-9_]+)\}", lambda found: words.get(found[1], found[0]), word))
    return filled


def _word(path: str) -> str:
    """A path that no command takes for an option."""
    return f"./{path}" if path.startswith(("-", "+")) else path


def _entry(language: Language, files: Mapping[str, bytes], entry_point: str, included: Sequence[str]) -> str:
    for path in included:
        if path in language.entry_points:
            return path
    if entry_point:
        if entry_point not in files:
            raise UnfitSources(f"the entry point {entry_point} is not among the files")
        return entry_point
    own = [path for path in files if path not in included] or list(files)
    for path in own:
        if language.owns(path):
            return path
    raise UnfitSources(f"no file has a suffix of {language.display_name}: {', '.join(language.suffixes)}")


@dataclasses.dataclass(frozen=True, slots=True)
class _JavaFile:
    mains: tuple[str, ...]
    """The types of the top level that have a main method."""
    package: str
    public: str
    """The public type of the top level; javac wants the file to be named after it."""
    first: str


_JAVA_NOISE = re.compile(
    rb"//[^\n]*|/\*.*?\*/|\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
_JAVA_WORD = re.compile(
    rb"(?P<open>\{)|(?P<close>\})|(?P<public>\bpublic\b)|(?P<end>;)"
    rb"|\b(?:class|interface|enum|record)\s+(?P<type>\w+)|(?P<main>\bvoid\s+main\s*\()"
)


def _inspect(head: bytes) -> _JavaFile:
    """Looks at a Java file without its comments and texts; what it cannot read javac will complain of."""
    text = _JAVA_NOISE.sub(b" ", head)
    package = re.search(rb"\bpackage\s+([\w.]+)\s*;", text)
    depth, public_seen = 0, False
    public = first = current = b""
    mains: list[bytes] = []
    for found in _JAVA_WORD.finditer(text):
        if found["open"]:
            depth += 1
        elif found["close"]:
            depth -= 1
        elif depth == 0 and found["public"]:
            public_seen = True
        elif depth == 0 and found["end"]:
            public_seen = False
        elif depth == 0 and found["type"]:
            current = found["type"]
            first = first or current
            public = public or (current if public_seen else b"")
            public_seen = False
        elif found["main"] and depth == 1 and current not in mains:
            mains.append(current)
    return _JavaFile(
        mains=tuple(_name(main) for main in mains),
        package=_name(package[1]) if package else "",
        public=_name(public),
        first=_name(first),
    )


def _name(word: bytes) -> str:
    return word.decode("utf-8", "replace")


def _renamed(classes: Mapping[str, _JavaFile], paths: Mapping[str, str]) -> dict[str, str]:
    """A file whose public type is not named as the file is: javac would refuse it, so it gets the type's
    name.
    """
    renamed: dict[str, str] = {}
    for path, found in classes.items():
        folder, _, name = path.rpartition("/")
        wanted = f"{folder}/{found.public}.java" if folder else f"{found.public}.java"
        fits = PATH.fullmatch(wanted) is not None and wanted not in paths and wanted not in renamed.values()
        if found.public and name != f"{found.public}.java" and fits:
            renamed[path] = wanted
    return renamed


def _main_class(classes: Mapping[str, _JavaFile], entry: str) -> str:
    """The entry point's type with a main method, else any file's; else the type the entry point is named
    after.
    """
    for path in (entry, *(path for path in classes if path != entry)):
        found = classes.get(path)
        if found is not None and found.mains:
            name = "Main" if "Main" in found.mains else found.mains[0]
            return f"{found.package}.{name}" if found.package else name
    found = classes.get(entry)
    stem = entry.rpartition("/")[2].removesuffix(".java")
    name = (found.public or found.first or stem) if found is not None else stem
    return f"{found.package}.{name}" if found is not None and found.package else name
