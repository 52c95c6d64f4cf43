"""Relative paths of sources and of problem packages: which may be, and which may be together."""

import re
from collections.abc import Sequence

PATH_BYTES = 255
PATH = re.compile(r"(?:(?!-|\.{1,2}(?:/|\Z))[A-Za-z0-9._+-]+(?:/(?!\Z)|\Z))+")
"""Segments of harmless letters, none of them `.`, `..` or one that a compiler would take for an option."""


def path_fault(path: str) -> str | None:
    """What is wrong with a relative path, or None."""
    if not path:
        return "is empty"
    if len(path) > PATH_BYTES:
        return f"is longer than {PATH_BYTES} bytes"
    if not PATH.fullmatch(path):
        return (
            f"{path!r} is not a relative path of ASCII letters, digits, `.`, `_`, `-`, `+` and `/`; "
            "no segment may be `.` or `..` or start with `-`"
        )
    return None


def clashes(paths: Sequence[str]) -> list[tuple[int, str]]:
    """The paths that cannot stand beside the others: given twice, or a file where another needs a folder.

    One of more than 255 bytes, which is refused anyway, is passed over: each of its folders would be a text
    of its own, terabytes for a path as large as a message.
    """
    found: list[tuple[int, str]] = []
    first: dict[str, int] = {}
    folders: set[str] = set()
    for path in paths:
        if len(path) > PATH_BYTES:
            continue
        cut = path.rfind("/")
        while cut > 0 and path[:cut] not in folders:
            folders.add(path[:cut])
            cut = path.rfind("/", 0, cut)
    for index, path in enumerate(paths):
        if first.setdefault(path, index) != index:
            found.append((index, "is given twice"))
        elif path in folders:
            found.append((index, "is a file, but another path uses it as a folder"))
    return found
