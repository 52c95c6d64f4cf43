"""Who this process is to the kernel, and which ids the boxes that it makes may therefore have.

The machine's root uses any. An ordinary user has subordinate ids (/etc/subuid), which newuidmap and
newgidmap, programs of the system with the right to, put into a user namespace; root of a container's user
namespace has what lies in that. With a single id a box's root, its programs, its neighbours and the worker
would be one user to the kernel: what one makes the others could change. So there is no box then.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .model import SandboxUnavailable

_BLOCK: Final = 2048
"""Ids of one worker: 1,024 boxes that live at once. 32 workers share the usual 65,536."""
_ID_END: Final = 2_010_000_000
"""Above what the spawner uses of the machine's ids."""
_MAP_SECONDS: Final = 10.0
_REMEDY_IDS: Final = "usermod --add-subuids 200000-265535 --add-subgids 200000-265535 {user} (as root)"
_REMEDY_TOOLS: Final = "apt-get install uidmap (as root)"


@dataclass(frozen=True, slots=True)
class Identity:
    """Decided once, at start. `close` gives the ids back."""

    how: str
    """For the report."""
    ids: tuple[int, int] | None = None
    """First id and count, as the spawner sees them; None: the machine's, by pid."""
    subordinate: tuple[int, int] | None = None
    """The first user and group id of the block, for an ordinary user."""
    lock: socket.socket | None = None

    @property
    def is_machine_root(self) -> bool:
        return self.ids is None

    def map_into(self, pid: int) -> None:
        """Maps the new user namespace of the spawner: 0 is this user, 1 and on the block. For ordinary users.

        OSError with what newuidmap or newgidmap said.
        """
        if self.subordinate is None or self.ids is None:
            return
        own = (os.geteuid(), os.getegid())
        for tool, outside, first in zip(("newuidmap", "newgidmap"), own, self.subordinate, strict=True):
            ranges = (0, outside, 1, 1, first, self.ids[1])
            done = subprocess.run(
                [_tool(tool), str(pid), *map(str, ranges)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_MAP_SECONDS,
                check=False,
            )
            if done.returncode:
                raise OSError(f"{tool}: {done.stderr.decode('utf-8', 'replace').strip()}")

    def close(self) -> None:
        if self.lock is not None:
            self.lock.close()


def identify() -> Identity:
    """SandboxUnavailable if this process has too few ids."""
    uid = os.geteuid()
    if uid != 0:
        return _ordinary(uid)
    maps = [mapped(Path(f"/proc/self/{name}").read_text("ascii")) for name in ("uid_map", "gid_map")]
    if all(end >= _ID_END for _, end in maps):
        return Identity("made by root, each with two ids of its own")
    # Root of a container: the upper end of what it has, below nobody's 65,534, is the least used.
    end = min(*(end for _, end in maps), 65_534)
    first = max(first for first, _ in maps)
    for block in _blocks(max(first, 1), end, from_top=True):
        if lock := _locked(f"container-{block}"):
            how = f"made by root of a user namespace, with ids {block} to {block + _BLOCK - 1} of it"
            return Identity(how, ids=(block, _BLOCK), lock=lock)
    raise SandboxUnavailable(
        "isolation",
        f"of the {end - first} ids of this user namespace no {_BLOCK} are free for boxes",
        "give the container 65536 ids, or fewer workers",
    )


def _ordinary(uid: int) -> Identity:
    user = _name(uid)
    ranges = [subordinate(_text(path), user, uid) for path in ("/etc/subuid", "/etc/subgid")]
    if not all(ranges):
        reason = f"{user} has no {_BLOCK} subordinate ids in /etc/subuid and /etc/subgid"
        raise SandboxUnavailable("isolation", reason, f"{_REMEDY_IDS.format(user=user)}; or sudo gavel up")
    for tool in ("newuidmap", "newgidmap"):
        if not shutil.which(tool):
            raise SandboxUnavailable("isolation", f"there is no {tool}", _REMEDY_TOOLS)
    blocks = (list(_blocks(*found)) for found in (ranges[0], ranges[1]) if found)
    for pair in zip(*blocks, strict=False):
        if lock := _locked(str(pair[0])):
            how = f"rootless: user namespace of uid {uid}, {_BLOCK} subordinate ids from {pair[0]}"
            return Identity(how, ids=(1, _BLOCK), subordinate=pair, lock=lock)
    reason = f"other workers of {user} use all of the subordinate ids"
    raise SandboxUnavailable("isolation", reason, "give the user more of them, or fewer workers")


def subordinate(text: str, user: str, uid: int) -> tuple[int, int] | None:
    """Pure: first and end of the largest range of the user in a file like /etc/subuid, if it has a block."""
    largest: tuple[int, int] | None = None
    for line in text.splitlines():
        owner, *numbers = line.strip().split(":")
        if owner not in {user, str(uid)} or len(numbers) != 2 or not all(map(str.isdecimal, numbers)):
            continue
        first, count = map(int, numbers)
        if first > 0 and count >= _BLOCK and (largest is None or count > largest[1] - largest[0]):
            largest = (first, first + count)
    return largest


def mapped(text: str) -> tuple[int, int]:
    """Pure: first and end of the largest range of ids in a uid_map."""
    ranges = [tuple(map(int, line.split())) for line in text.splitlines()]
    first, _, count = max(ranges, key=lambda found: found[2])
    return first, first + count


def _blocks(first: int, end: int, *, from_top: bool = False) -> Iterator[int]:
    starts = range(first, end - _BLOCK + 1, _BLOCK)
    yield from reversed(starts) if from_top else starts


def _locked(name: str) -> socket.socket | None:
    """A name without a file that one process at a time can have, which the kernel frees when that ends."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f"\0gavel-sandbox-ids-{name}")
    except OSError:
        lock.close()
        return None
    return lock


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _text(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text("utf-8", "replace")
    return ""


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise OSError(f"there is no {name}")
    return path
