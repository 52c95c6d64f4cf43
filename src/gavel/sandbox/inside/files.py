"""Files in and out of /work, done by init: root of the box, nobody outside it.

No path is ever followed through a link, and what is handed out is an open descriptor of a regular file. The
service itself never opens anything in a box.
"""

import contextlib
import errno
import json
import os
import stat
from typing import Final

from . import kernel

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY
_SENDFILE_BYTES: Final = 1 << 30
IN_THE_WAY: Final = frozenset({errno.EISDIR, errno.ENOTDIR, errno.ELOOP})
"""What `put` fails with if a folder is where the file is to be, or no folder where one is needed."""


def _work() -> int:
    return os.open("/work", _FOLDER | os.O_CLOEXEC)


def _parents(root: int, names: list[str]) -> int:
    """The open folder `names` lead to, made where it is missing (mode 1777: every program may add to it)."""
    folder = os.dup(root)
    for name in names:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o1777, dir_fd=folder)
            inner = kernel.open_beneath(folder, name, _FOLDER)
        finally:
            os.close(folder)
        folder = inner
    return folder


def put(root_path: str, path: str, source: int, mode: int) -> None:
    """Copies the regular file `source` to a new file below a folder; what had that name is unlinked first."""
    *names, name = path.split("/")
    root = os.open(root_path, _FOLDER | os.O_CLOEXEC)
    try:
        folder = _parents(root, names)
    finally:
        os.close(root)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        target = kernel.open_beneath(folder, name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    finally:
        os.close(folder)
    try:
        position = 0
        while copied := os.sendfile(target, source, position, _SENDFILE_BYTES):
            position += copied
        os.fchmod(target, mode)
    finally:
        os.close(target)


def get(path: str) -> int | None:
    """An open regular file, or None: absent, a link on the way, or anything but a regular file."""
    root = _work()
    try:
        # Non-blocking: a FIFO that a program left must not hold init up.
        found = kernel.open_beneath(root, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
    finally:
        os.close(root)
    if stat.S_ISREG(os.fstat(found).st_mode):
        return found
    os.close(found)
    return None


def names(path: str) -> int | None:
    """An anonymous file with the JSON list of what the folder holds, or None if there is no such folder."""
    root = _work()
    try:
        folder = kernel.open_beneath(root, path, _FOLDER)
    except OSError:
        return None
    finally:
        os.close(root)
    try:
        listing = json.dumps(sorted(os.listdir(folder))).encode("ascii")
    finally:
        os.close(folder)
    answer = os.memfd_create("names")
    os.write(answer, listing)
    return answer
