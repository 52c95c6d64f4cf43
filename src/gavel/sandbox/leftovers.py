"""What runs left at the top of /work, as the service sees it: by a descriptor of that folder. It opens
nothing in it and follows no link, and no process of the box is alive then.
"""

import contextlib
import os
import stat
from collections.abc import Iterable

from .frozen import Entry, Kind
from .model import SandboxError


def seen(folder: int, names: Iterable[str]) -> dict[str, Entry]:
    """What has these names; nothing for what is absent, or neither file nor folder nor link."""
    found: dict[str, Entry] = {}
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISLNK(status.st_mode):
                    found[name] = Entry(Kind.LINK, os.readlink(name, dir_fd=folder))
                elif stat.S_ISDIR(status.st_mode):
                    found[name] = Entry(Kind.FOLDER)
                elif stat.S_ISREG(status.st_mode):
                    found[name] = Entry(Kind.FILE, size_bytes=status.st_size)
    except OSError as error:
        raise SandboxError(f"reading /work: {error}") from error
    return found
