"""What compiling made, kept for another compilation of the same sources by the same toolchain for the same
tenant.

One file an entry, put in place by rename, the least recently used dropped when the folder grows beyond its
bound.
"""

import contextlib
import hashlib
import io
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ENTRY_BYTES_MOST = 64 * 1024 * 1024


def key_of(parts: Iterable[str | bytes]) -> str:
    """One name for all that a compilation depends on. Each part is hashed with its length: none runs into the
    next.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


class CompileCache:
    """A folder of entries; safe for threads and for several processes."""

    def __init__(self, folder: str, bytes_most: int = 512 * 1024 * 1024) -> None:
        self._folder = Path(folder)
        self._bytes_most = bytes_most
        self._lock = threading.Lock()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str) -> dict[str, bytes] | None:
        """The files of an entry by path; None when there is none, or a damaged one (which is dropped)."""
        place = self._folder / key
        try:
            with zipfile.ZipFile(place) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            os.utime(place)
        except FileNotFoundError:
            return None
        except (zipfile.BadZipFile, OSError, EOFError):
            with contextlib.suppress(OSError):
                place.unlink()
            return None
        return files

    def put(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keeps an entry. A full disk keeps none: the cache is a convenience."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        if packed.tell() > ENTRY_BYTES_MOST:
            return
        with contextlib.suppress(OSError), self._lock:
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
                file.write(packed.getbuffer())
            Path(file.name).replace(self._folder / key)
            self._trim()

    def _trim(self) -> None:
        entries = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat()
                entries.append((status.st_mtime_ns, status.st_size, entry.path))
        held = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if held <= self._bytes_most:
                return
            with contextlib.suppress(FileNotFoundError):
                Path(path).unlink()
            held -= size
