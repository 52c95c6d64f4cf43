"""What is to be done with the files of a program: which one is the entry point, and the commands. Pure."""

import dataclasses
import re
from collections.abc import Mapping, Sequence

from gavel.judging import main_class
from gavel.judging.languages import Language
from gavel.judging.source_text import encoding_of

PATH = re.compile(r"[A-Za-z0-9._+/-]{1,255}")
_NAME_BYTES_MOST = 255
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

    `programs` holds the places of the language's programs and resources, `files` the head (INSPECTED_BYTES)
    of every file in the order given. `entry_point` is a file or, where the language has one, a main class;
    empty for the language's default. `included` are the files that the problem added, of which one may be the
    main file. Raises UnfitSources.
    """
    _check_paths(files)
    classes: dict[str, main_class.SourceFile] = {}
    if language.main_class:
        read = main_class.READERS[language.main_class]
        classes = {path: read(path, head) for path, head in files.items() if language.owns(path)}
    by_class = bool(classes) and entry_point not in files and language.starts_by_class(entry_point)
    asked = (main_class.file_of_class(classes, entry_point) or "") if by_class else entry_point
    entry = _entry(language, files, asked, included)
    paths = {path: path for path in files}
    if language.main_class == "java":
        paths |= {path: place for path, place in main_class.renamed(classes).items() if _fits(place, files)}
    own = [entry, *(path for path in files if language.owns(path) and path != entry)]
    place = _word(paths[entry])
    words = {**programs, "entry": place, "stem": place.rpartition(".")[0] or place}
    words["encoding"] = encoding_of(files[path] for path in own)
    if classes:
        named = main_class.main_class(classes, entry, named=bool(asked))
        words["class"] = entry_point if by_class else named
    lists = {
        "{sources}": [_word(paths[path]) for path in own],
        "{standard}": list(language.standards.get(standard, ())),
    }
    return Build(
        paths=paths,
        compile=tuple(fill(language.compile, words, lists)),
        check=tuple(fill(language.check, words, lists)),
        run=tuple(fill(language.run, words, lists)),
    )


def fill(argv: Sequence[str], words: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> list[str]:
    """Puts words in place of `{name}`; a word that is `{name}` alone may become several. `{name+64}` is the
    number `name` and 64. Others stay.
    """
    filled: list[str] = []
    for word in argv:
        if word in lists:
            filled.extend(lists[word])
        else:
            filled.append(re.sub(r"\{([a-z0-9_]+)(?:\+([0-9]+))?\}", lambda one: _filled(one, words), word))
    return filled


def _filled(found: re.Match[str], words: Mapping[str, str]) -> str:
    name, more = found[1], found[2]
    if name not in words:
        return found[0]
    return str(int(words[name]) + int(more)) if more else words[name]


def _word(path: str) -> str:
    """A path that no command takes for an option."""
    return f"./{path}" if path.startswith(("-", "+")) else path


def _check_paths(files: Mapping[str, bytes]) -> None:
    for path in files:
        if PATH.fullmatch(path) is None or {"", ".", ".."} & set(path.split("/")):
            raise UnfitSources(
                f"{path!r} is not a path that a source file may have: letters, digits and . _ + - / without "
                "blanks, 255 at most"
            )
        folder = next((other for other in files if path.startswith(f"{other}/")), None)
        if folder is not None:
            raise UnfitSources(f"{folder} is a file and the folder of {path} at once")


def _fits(place: str, files: Mapping[str, bytes]) -> bool:
    """Whether a file can be there: its name is none too long, and no folder's."""
    name = place.rpartition("/")[2]
    return len(name.encode()) <= _NAME_BYTES_MOST and not any(path.startswith(f"{place}/") for path in files)


def _entry(language: Language, files: Mapping[str, bytes], asked: str, included: Sequence[str]) -> str:
    drivers = [path for path in included if path in language.entry_points]
    drivers += [path for path in included if "/" not in path and language.owns(path) and _is_main(path)]
    if drivers:
        return drivers[0]
    if asked:
        if asked not in files:
            raise UnfitSources(f"the entry point {asked} is not among the files")
        return asked
    given = [path for path in files if path not in included] or list(files)
    own = [path for path in given if language.owns(path)]
    if not own:
        raise UnfitSources(f"no file has a suffix of {language.display_name}: {', '.join(language.suffixes)}")
    return _default_entry(language, files, own)


def _default_entry(language: Language, files: Mapping[str, bytes], own: Sequence[str]) -> str:
    """By the language's own names, then by `main`, then by what the files hold; else the first."""
    if len(own) == 1:
        return own[0]
    by_depth = sorted(own, key=lambda path: path.count("/"))  # stable: the order given stays within a depth
    for path in by_depth:
        if path.rpartition("/")[2] in language.entry_points:
            return path
    for path in by_depth:
        if _is_main(path):
            return path
    if language.entry_pattern:
        pattern = re.compile(language.entry_pattern.encode(), re.MULTILINE)
        for path in own:
            if pattern.search(files[path]):
                return path
    return own[0]


def _is_main(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0].lower() == "main"
