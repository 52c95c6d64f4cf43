"""The writable folders of a box: /work, /tmp and /dev/shm, on tmpfs of limited size and inodes. Pure: it says
which system calls the box's init is to make.

Before `freeze`, /work is one tmpfs that lasts as long as the box. After it, /work is an overlay: what was
frozen below, a fresh layer above. That layer, /tmp and /dev/shm share a second tmpfs, which every run finds
as if new. It is replaced only if a run left a trace in it, which its counters, the times of its folders and
the number of its next inode tell; a hostile tree is never walked.
"""

import struct
from typing import Final, NamedTuple

from .inside import kernel
from .inside.packet import HERE, NEXT, Argument, Packet
from .inside.template import HIDDEN

_BASE: Final = f"{HIDDEN}/work"
_WORK: Final = f"{_BASE}/files"
_SCRATCH: Final = f"{HIDDEN}/scratch"
LAYER: Final = f"{_SCRATCH}/upper"
"""What lies over what was frozen, by itself. It holds only what was put since the last run."""
_FLAGS: Final = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOATIME
_FOLDERS: Final = ("tmp", "shm", "upper")
_OWN_INODES: Final = 8  # root, three folders, the overlay's two, and two for overlay's temporary files
_PAGE_BYTES: Final = 4096
_STICKY: Final = 0o1777

_REMOVE_FOLDER: Final = 0x200

# struct statfs, struct statx (both the same on 64-bit machines) and what is wanted of them: blocks, free
# ones, those for users, inodes, free ones; the times of the last change of inode and of content; a number.
_SPACE_BYTES: Final = 120
_SPACE: Final = (16, 40)
_STATUS_BYTES: Final = 256
_TIMES: Final = (96, 32)
_TIMES_ASKED: Final = 0x40 | 0x80
_NUMBER: Final = (32, 8)
_NUMBER_ASKED: Final = 0x100
_COUNTS: Final = struct.Struct("<5Q")
_INODE: Final = struct.Struct("<Q")

# struct shm_info, seminfo, msginfo: how many exist, four bytes each.
_USE_BYTES: Final = 256
_IN_USE: Final = (("shmctl", (0, 14), 0), ("semctl", (0, 0, 19), 28), ("msgctl", (0, 12), 0))
_IN_USE_BYTES: Final = 4

Part = tuple[int, int]
"""Address and bytes of something to be answered."""
Steps = tuple[tuple[str, *tuple[Argument, ...]], ...]
"""Calls with their arguments."""


_LAYERS: Final = f"lowerdir={_WORK},upperdir={LAYER},workdir={_SCRATCH}/overlay,userxattr"
OVERLAY: Final = ("mount", "work", "/work", "overlay", _FLAGS, _LAYERS)
"""Over what /work was until it was frozen, which nobody can reach from then on."""
NO_OVERLAY: Final = ("umount2", "/work", kernel.MNT_DETACH)


class _Trace(NamedTuple):
    """What `measure` found."""

    blocks: int
    inodes: int
    times: bytes
    number: int
    """Of an inode made to see it. It is the next with each look, if a run made none: one without a name
    (O_TMPFILE), or given up for want of space, leaves nothing else, and the next run could read how many
    there were.
    """

    def next(self) -> "_Trace":
        """As the next look finds it, if nothing happened."""
        return self._replace(number=self.number + 1)


class Scratch:
    """State of the folders of one box, as it is when all steps that were handed out were made."""

    def __init__(self, files_bytes: int, files_count: int) -> None:
        self._limits = (files_bytes, files_count)
        self._is_open = False
        self._is_freezing = False
        self.is_frozen = False
        self._is_mounted = False
        """What is as new for each run: it is mounted when first needed."""
        self._was_used = False
        self._trace: _Trace | None = None
        """Of what is mounted, at the last look; None if something was put there since, or nobody looked."""
        self._is_clean = False
        """The last run left no trace."""

    def freeze(self) -> None:
        """What /work holds then stays below all later runs; done along with what comes next."""
        self.is_frozen = self._is_freezing = True

    def before_put(self) -> Steps:
        """To see /work as the next run finds it."""
        steps = self._begun()
        if self.is_frozen:
            steps += self._cleaned()
            if not self._is_mounted:
                steps += self._mounted()
            self._trace = None  # what is put is one
        return steps

    def before_get(self) -> Steps:
        """To see /work as the next run finds it, or as the last left it."""
        steps = self._begun()
        if self.is_frozen and not self._is_mounted:
            steps += self._mounted()
        return steps

    def before_run(self, files_bytes: int, files_count: int) -> tuple[Steps, bool]:
        """And whether to `measure` behind them."""
        steps = self._begun() + self._cleaned()
        wanted = (files_bytes, files_count)
        if not self._is_mounted:
            self._limits = wanted
            return steps + self._mounted(), True
        if self._limits != wanted:
            self._limits = wanted
            flags = kernel.MS_REMOUNT | _FLAGS
            steps += (("mount", "scratch", _SCRATCH, "tmpfs", flags, _size(*wanted)),)
        return steps, False

    def ran(self, measured: bytes, *, keep: bool) -> Steps:
        """Takes what was measured, and then `measure_use`d behind the run. What is to be done at once:
        without `keep` what is left goes, which also frees its memory.
        """
        *before, after = _traces(measured)
        if before:
            (self._trace,) = before
        self._is_clean = self._trace is not None and self._trace.next() == after
        if self._is_clean:
            self._trace = after
        self._was_used = True
        in_use = any(measured[-len(_IN_USE) * _IN_USE_BYTES :])
        steps: Steps = (("unshare", kernel.CLONE_NEWIPC),) if in_use else ()
        return steps if keep else steps + self._cleaned()

    def _begun(self) -> Steps:
        steps: Steps = ()
        if not self._is_open:
            self._is_open = True
            steps += (
                ("mount", "work", _BASE, "tmpfs", _FLAGS, f"{_size(*self._limits)},mode=700"),
                ("mkdirat", HERE, _WORK, _STICKY),
                ("mount", _WORK, "/work", "", kernel.MS_BIND, ""),
            )
        if self._is_freezing:
            self._is_freezing = self._was_used = False
            steps += self._unmounted(layers=())
        return steps

    def _cleaned(self) -> Steps:
        was_used, self._was_used = self._was_used, False
        if not was_used or self._is_clean:
            return ()
        return self._unmounted(layers=("/work",) if self.is_frozen else ())

    def _mounted(self) -> Steps:
        self._is_mounted = True
        self._trace = None
        return (
            ("mount", "scratch", _SCRATCH, "tmpfs", _FLAGS, f"{_size(*self._limits)},mode=700"),
            # Owned by the box's root and sticky: a program cannot change their mode or put attributes on
            # them.
            *(("mkdirat", HERE, f"{_SCRATCH}/{name}", _STICKY) for name in _FOLDERS),
            ("mount", f"{_SCRATCH}/tmp", "/tmp", "", kernel.MS_BIND, ""),  # noqa: S108 the box's own
            ("mount", f"{_SCRATCH}/shm", "/dev/shm", "", kernel.MS_BIND, ""),  # noqa: S108 as above
            *((("mkdirat", HERE, f"{_SCRATCH}/overlay", 0o700), OVERLAY) if self.is_frozen else ()),
        )

    def _unmounted(self, layers: tuple[str, ...]) -> Steps:
        if not self._is_mounted:
            return ()
        self._is_mounted = False
        targets = (*layers, "/tmp", "/dev/shm", _SCRATCH)  # noqa: S108 as above
        return tuple(("umount2", target, kernel.MNT_DETACH) for target in targets)


def measure(packet: Packet) -> list[Part]:
    """Looks at what a run leaves a trace in."""
    space = packet.room(_SPACE_BYTES)
    packet.call("statfs", _SCRATCH, space)
    parts = [(space + _SPACE[0], _SPACE[1])]
    for name in _FOLDERS:
        status = packet.room(_STATUS_BYTES)
        packet.call("statx", HERE, f"{_SCRATCH}/{name}", 0, _TIMES_ASKED, status)
        parts.append((status + _TIMES[0], _TIMES[1]))
    # A run that left no room for one is known by the number that is then missing.
    inode, status = f"{_SCRATCH}/inode", packet.room(_STATUS_BYTES)
    packet.call("mkdirat", HERE, inode, 0, otherwise=NEXT)
    packet.call("statx", HERE, inode, 0, _NUMBER_ASKED, status, otherwise=NEXT)
    packet.call("unlinkat", HERE, inode, _REMOVE_FOLDER, otherwise=NEXT)
    parts.append((status + _NUMBER[0], _NUMBER[1]))
    return parts


def measure_use(packet: Packet) -> list[Part]:
    """And at what else there may be of it: objects of System V."""
    parts = measure(packet)
    for name, arguments, offset in _IN_USE:
        found = packet.room(_USE_BYTES)
        packet.call(name, *arguments, found)
        parts.append((found + offset, _IN_USE_BYTES))
    return parts


def _size(size_bytes: int, count: int) -> str:
    # 0 would mean unlimited to tmpfs.
    return f"size={max(size_bytes, _PAGE_BYTES)},nr_inodes={max(count, 0) + _OWN_INODES}"


def _traces(measured: bytes) -> list[_Trace]:
    """At the mount, if there was one, and after the run."""
    size = _SPACE[1] + len(_FOLDERS) * _TIMES[1] + _NUMBER[1]
    found: list[_Trace] = []
    for at in range(0, len(measured) - len(_IN_USE) * _IN_USE_BYTES, size):
        blocks, free_blocks, _, files, free_files = _COUNTS.unpack_from(measured, at)
        end = at + size - _NUMBER[1]
        (number,) = _INODE.unpack_from(measured, end)
        found.append(_Trace(blocks - free_blocks, files - free_files, measured[at + _SPACE[1] : end], number))
    return found
