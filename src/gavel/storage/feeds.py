"""Anonymous files to feed programs with: a hostile program may hold one open and can change nothing by
that.
"""

import fcntl
import os
import threading
from collections import OrderedDict
from typing import Final

from gavel import open_files

_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def sealed_file(data: bytes) -> int:
    """A memory file that nobody can change any more, as a read-only descriptor at offset 0 that the caller
    closes.
    """
    descriptor = os.memfd_create("gavel-feed", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        return reopened(descriptor)
    finally:
        os.close(descriptor)


def reopened(descriptor: int) -> int:
    """The same file read-only, with an offset of its own that begins at 0."""
    return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)


class FeedCache:
    """Sealed files by key, the least recently used dropped first; safe for threads."""

    def __init__(self, bytes_most: int) -> None:
        """Holds up to `bytes_most` bytes of memory, and up to 1,024 files, each of which is an open one: no
        more than a quarter of what the process may have open.
        """
        self._bytes_most = bytes_most
        self._files_most = open_files.share(4, 1024)
        self._held: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def open(self, key: str) -> int | None:
        """A descriptor at offset 0 that the caller closes; None when the key is not here."""
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            self._held.move_to_end(key)
            return reopened(held[0])

    def add(self, key: str, data: bytes) -> int:
        """Keeps the content and returns a descriptor as `open` does."""
        descriptor = sealed_file(data)
        if len(data) > self._bytes_most:
            return descriptor
        with self._lock:
            self._drop(key)
            self._held[key] = (descriptor, len(data))
            self._bytes += len(data)
            while self._bytes > self._bytes_most or len(self._held) > self._files_most:
                self._drop(next(iter(self._held)))
            return reopened(descriptor)

    def close(self) -> None:
        """Drops everything; descriptors handed out stay good."""
        with self._lock:
            for key in list(self._held):
                self._drop(key)

    def _drop(self, key: str) -> None:
        descriptor, size = self._held.pop(key, (None, 0))
        if descriptor is not None:
            os.close(descriptor)
            self._bytes -= size
