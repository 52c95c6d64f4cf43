"""Glob patterns of the problem package format (2025-09): `*` within a name, braces, nothing else. Pure."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice

GLOB_LETTERS_MOST = 255
GLOBS_MOST = 1_000
"""Into how many patterns without braces one may expand."""


def matches(glob: str, path: str) -> bool:
    """True when the glob matches the path itself or a folder that it lies in.

    `*` stands for any text without `/`, `{a,b}` for one of its parts, which may hold both again; a brace
    without its other half is a letter like any other. ValueError as of `expanded`.
    """
    names = path.split("/")
    return any(_plain(pattern.rstrip("/").split("/"), names) for pattern in expanded(glob))


def names(glob: str, path: str) -> bool:
    """True when the glob matches the path itself. Otherwise as `matches`."""
    depth = path.count("/")
    return any(each.count("/") == depth and matches(each, path) for each in expanded(glob))


@lru_cache(maxsize=1_000)
def expanded(glob: str) -> tuple[str, ...]:
    """The patterns without braces that the glob stands for.

    ValueError for more than 1,000, and for a glob of more than 255 letters.
    """
    if len(glob) > GLOB_LETTERS_MOST:
        raise ValueError(f"has more than {GLOB_LETTERS_MOST} letters")
    found = tuple(islice(_expanded(glob), GLOBS_MOST + 1))
    if len(found) > GLOBS_MOST:
        raise ValueError(f"stands for more than {GLOBS_MOST:,} patterns")
    return found


def _plain(pattern: list[str], names: list[str]) -> bool:
    # fnmatch knows two signs more than the format does.
    return len(pattern) <= len(names) and all(
        fnmatchcase(name, re.sub(r"([\[?])", r"[\1]", part))
        for part, name in zip(pattern, names, strict=False)
    )


def _expanded(glob: str) -> Iterator[str]:
    for opening, letter in enumerate(glob):
        closing = _closing(glob, opening) if letter == "{" else -1
        if closing > 0:
            for part in _split(glob[opening + 1 : closing]):
                for inner in _expanded(part):
                    yield from (glob[:opening] + inner + rest for rest in _expanded(glob[closing + 1 :]))
            return
    yield glob


def _closing(glob: str, opening: int) -> int:
    """Where the brace that opens there closes; -1 when it does not."""
    depth = 0
    for position in range(opening, len(glob)):
        depth += {"{": 1, "}": -1}.get(glob[position], 0)
        if depth == 0:
            return position
    return -1


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no brace of their own."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
