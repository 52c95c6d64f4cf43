"""The writable folders of a box: /work, /tmp and /dev/shm, on tmpfs of limited size and inodes.

Before `freeze`, /work is one tmpfs that lasts as long as the box. After it, /work is an overlay: what was
frozen below, a fresh layer above. That layer, /tmp and /dev/shm share a second tmpfs, which every run finds
as if new. It is replaced only if a run left a trace in it, which its counters and the times of its folders
tell; a hostile tree is never walked.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Final

from . import kernel
from .template import HIDDEN

_BASE: Final = f"{HIDDEN}/work"
_WORK: Final = f"{_BASE}/files"
_SCRATCH: Final = f"{HIDDEN}/scratch"
_FLAGS: Final = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOATIME
_FOLDERS: Final = ("tmp", "shm", "upper")
_OWN_INODES: Final = 8  # root, three folders, the overlay's two, and two for overlay's temporary files
_PAGE_BYTES: Final = 4096

_Trace = tuple[int, ...]


def _size(size_bytes: int, count: int) -> str:
    # 0 would mean unlimited to tmpfs.
    return f"size={max(size_bytes, _PAGE_BYTES)},nr_inodes={max(count, 0) + _OWN_INODES}"


class Scratch:
    """State of the folders. Only init uses it, and only while no program runs."""

    def __init__(self, files_bytes: int, files_count: int) -> None:
        self._limits = (files_bytes, files_count)
        self._frozen = False
        self._used = False
        self._trace: _Trace | None = None
        """None while what is as new for each run is not mounted: it is when first needed."""
        kernel.mount("work", _BASE, "tmpfs", _FLAGS, f"{_size(*self._limits)},mode=700")
        os.mkdir(_WORK, 0o1777)
        kernel.mount(_WORK, "/work", "", kernel.MS_BIND)

    def freeze(self) -> None:
        """What /work holds now stays below all later runs."""
        if self._frozen:
            raise ValueError("already frozen")
        self._unmount()
        self._frozen = True
        self._used = False

    def before_put(self) -> None:
        if self._frozen:
            self._clean()
        self.before_get()

    def before_get(self) -> None:
        """/work is to be seen as the next run finds it, or as the last left it."""
        if self._frozen and self._trace is None:
            self._mount()

    @contextlib.contextmanager
    def layer(self) -> Iterator[str]:
        """The layer over what was frozen, by itself: what is put there hides what a compiler left in its way.

        It holds only what was put since the last run, so nothing is in the way there. OSError before
        `freeze`.
        """
        if not self._frozen:
            raise FileExistsError(errno.EEXIST, "something else has that name")
        kernel.umount("/work")
        try:
            yield f"{_SCRATCH}/upper"
        finally:
            self._mount_overlay()

    def before_run(self, files_bytes: int, files_count: int) -> None:
        self._clean()
        wanted = (files_bytes, files_count)
        if self._trace is None:
            self._limits = wanted
            self._mount()
        elif self._limits != wanted:
            kernel.mount("scratch", _SCRATCH, "tmpfs", kernel.MS_REMOUNT | _FLAGS, _size(*wanted))
            self._limits = wanted

    def after_run(self, *, keep: bool) -> None:
        """Without `keep` the traces go at once, which also frees their memory."""
        if kernel.ipc_in_use():
            kernel.unshare(kernel.CLONE_NEWIPC)
        self._used = True
        if not keep:
            self._clean()

    def _clean(self) -> None:
        if self._used and self._measure() != self._trace:
            self._unmount()
        self._used = False

    def _mount(self) -> None:
        kernel.mount("scratch", _SCRATCH, "tmpfs", _FLAGS, f"{_size(*self._limits)},mode=700")
        # Owned by the box's root and sticky: a program cannot change their mode or put attributes on them.
        for name in _FOLDERS:
            os.mkdir(f"{_SCRATCH}/{name}", 0o1777)
        kernel.mount(f"{_SCRATCH}/tmp", "/tmp", "", kernel.MS_BIND)  # noqa: S108 the box's own
        kernel.mount(f"{_SCRATCH}/shm", "/dev/shm", "", kernel.MS_BIND)  # noqa: S108 as above
        if self._frozen:
            os.mkdir(f"{_SCRATCH}/overlay", 0o700)
            self._mount_overlay()
        self._trace = self._measure()

    @staticmethod
    def _mount_overlay() -> None:
        layers = f"lowerdir={_WORK},upperdir={_SCRATCH}/upper,workdir={_SCRATCH}/overlay,userxattr"
        # Over what /work was until it was frozen, which nobody can reach from then on.
        kernel.mount("work", "/work", "overlay", _FLAGS, layers)

    def _unmount(self) -> None:
        if self._trace is None:
            return
        layers = ("/work",) if self._frozen else ()
        for target in (*layers, "/tmp", "/dev/shm", _SCRATCH):  # noqa: S108 as above
            kernel.umount(target)
        self._trace = None

    def _measure(self) -> _Trace:
        space = os.statvfs(_SCRATCH)
        times: list[int] = []
        for name in _FOLDERS:
            status = os.stat(f"{_SCRATCH}/{name}")
            times += (status.st_mtime_ns, status.st_ctime_ns)
        return (space.f_blocks - space.f_bfree, space.f_files - space.f_ffree, *times)
