"""What of /work lasts once it is frozen, and how each run's own /work shows it. Pure: it says which system
calls the box's init is to make.

A run's /work is a fresh tmpfs, in which a mount of its own shows each file that lasts, read-only; a folder
that came with files is made anew, so that programs may add to it. Not an overlay of the two: that holds a
listing of each folder that is read and changed, in no run's account (945 MB in 8 s, of a program with 64).
"""

import os
import struct
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, NamedTuple

from .inside import kernel
from .inside.packet import HERE, Argument
from .model import TooMuchToKeepError

Steps = tuple[tuple[str, *tuple[Argument, ...]], ...]
"""Calls with their arguments."""

WORK: Final = "/work"
REMOVE_FOLDER: Final = 0x200
STICKY: Final = 0o1777
FLAGS: Final = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOATIME
"""Of every mount that a program may write to, and of what it is shown of one."""
_REGULAR: Final = 0o100000
_STEPS_BYTES_MOST: Final = 96 << 10
"""Of what shows it all: it travels in one packet, with the arguments and the environment of a run."""
_ENTRY_BYTES: Final = 200
# struct mount_attr: set, cleared, propagation, user namespace (linux/mount.h).
_FOLLOW_LINKS: Final = struct.pack("<4Q", 0, kernel.MOUNT_ATTR_NOSYMFOLLOW, 0, 0)


class Kind(Enum):
    """How something that lasts is shown."""

    FILE = "file"
    FOLDER = "folder"
    """As a whole, read-only."""
    MADE = "made"
    """As a folder that anybody may add to: what lasts in it is shown by itself."""
    LINK = "link"


class Entry(NamedTuple):
    """Something that lasts."""

    kind: Kind
    target: str = ""
    """Of a link."""
    size_bytes: int = 0
    """Of a file that a run left."""


Frozen = Mapping[str, Entry]
"""By path, each folder before what is in it."""


def frozen(put: Iterable[str], left: Mapping[str, Entry]) -> Frozen:
    """`put`: paths of the files that were put; `left`: what else lasts, by names at the top of /work, of
    which each goes before what was put there.

    Where these are many, folders last as a whole. TooMuchToKeepError if there are too many even so.
    """
    own = [path for path in put if _top(path) not in left]
    for entries in (_each(own), _tops(own)):
        found = {**entries, **left}
        if sum(map(_steps_bytes, found.items())) <= _STEPS_BYTES_MOST:
            return found
    raise TooMuchToKeepError(
        f"{len(found)} files, folders and links beside each other are more than a box keeps"
    )


def unknown(put: Iterable[str], names: Iterable[str]) -> tuple[dict[str, Entry], list[str]]:
    """Which of the names at the top are known by what was put there, and which one has to look at."""
    files = set(put)
    folders = {_top(path) for path in files if "/" in path}
    known: dict[str, Entry] = {}
    others = []
    for name in names:
        if name in files:
            known[name] = Entry(Kind.FILE)
        elif name in folders:
            known[name] = Entry(Kind.FOLDER)
        else:
            others.append(name)
    return known, others


def seal(source: str) -> Steps:
    """What /work held, at `source`, to be changed by nobody from now on; no link in it is followed on a way
    to it.
    """
    flags = FLAGS | kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSYMFOLLOW
    return (
        ("mount", source, source, "", kernel.MS_BIND, ""),
        ("mount", "", source, "", flags, ""),
    )


def shown(entries: Frozen, source: str) -> Steps:
    """In a new /work."""
    steps: list[tuple[str, *tuple[Argument, ...]]] = []
    for path, entry in entries.items():
        place = f"{WORK}/{path}"
        if entry.kind is Kind.FILE:
            steps.append(("mknodat", HERE, place, _REGULAR, 0))
        elif entry.kind is not Kind.LINK:
            steps.append(("mkdirat", HERE, place, STICKY))
        if entry.kind in {Kind.FILE, Kind.FOLDER}:
            steps.append(("mount", f"{source}/{path}", place, "", kernel.MS_BIND, ""))
    if steps:
        # These mounts are as the one that they were found by; programs may follow links in them.
        steps.append(("mount_setattr", HERE, WORK, kernel.AT_RECURSIVE, _FOLLOW_LINKS, len(_FOLLOW_LINKS)))
    # Last, for no mount may go through one.
    links = ((path, entry.target) for path, entry in entries.items() if entry.kind is Kind.LINK)
    return (*steps, *(("symlinkat", target, HERE, f"{WORK}/{path}") for path, target in links))


def in_the_way(entries: Frozen, path: str) -> list[str]:
    """What cannot stay beside a file of that path: what has its name, or that of one of its folders; what a
    folder holds before the folder.
    """
    if entries.get(path, Entry(Kind.FILE)).kind is Kind.MADE:
        return [found for found in reversed(tuple(entries)) if f"{found}/".startswith(f"{path}/")]
    above = (*_folders(path), path)
    return [found for found in above if found in entries and entries[found].kind is not Kind.MADE]


def hide(entries: Frozen, paths: Iterable[str]) -> Steps:
    """Takes them out of /work."""
    steps: list[tuple[str, *tuple[Argument, ...]]] = []
    for path in paths:
        place, kind = f"{WORK}/{path}", entries[path].kind
        if kind in {Kind.FILE, Kind.FOLDER}:
            steps.append(("umount2", place, kernel.MNT_DETACH))
        steps.append(("unlinkat", HERE, place, REMOVE_FOLDER if kind in {Kind.FOLDER, Kind.MADE} else 0))
    return tuple(steps)


def _steps_bytes(found: tuple[str, Entry]) -> int:
    path, entry = found
    return _ENTRY_BYTES + 3 * len(os.fsencode(path)) + len(os.fsencode(entry.target))


def _each(put: Iterable[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path in put:
        for folder in _folders(path):
            found.setdefault(folder, Entry(Kind.MADE))
        found[path] = Entry(Kind.FILE)
    return found


def _tops(put: Iterable[str]) -> dict[str, Entry]:
    return {_top(path): Entry(Kind.FOLDER if "/" in path else Kind.FILE) for path in put}


def _top(path: str) -> str:
    return path.split("/", 1)[0]


def _folders(path: str) -> list[str]:
    """Those on the way to it, the uppermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
