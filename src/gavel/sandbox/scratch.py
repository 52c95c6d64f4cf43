"""The writable folders of a box: /work, /tmp and /dev/shm, on tmpfs of limited size and inodes. Pure: it says
which system calls the box's init is to make.

Before `freeze`, /work is one tmpfs that lasts as long as the box. After it, /work, /tmp and /dev/shm share a
second one, which every run finds as if new: with what was frozen in it (frozen.py), and else empty. It is
replaced only if a run left a trace in it, which its counters, the times of its folders and the number of its
next inode tell; a hostile tree is never walked.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from .frozen import FLAGS, REMOVE_FOLDER, STICKY, WORK, Frozen, Kind, Steps, hide, in_the_way, seal, shown
from .inside import kernel
from .inside.packet import HERE, NEXT, Packet
from .inside.template import HIDDEN

_BASE: Final = HIDDEN
_LASTING: Final = f"{_BASE}/files"
"""What /work is before it is frozen."""
_SCRATCH: Final = f"{_BASE}/scratch"
_FOLDERS: Final = ("tmp", "shm", "work")
_FOLDERS_MOST: Final = 32
"""Whose times are looked at, and those of links; where there are more, each run finds them made anew."""
_OWN_INODES: Final = 4  # root, three folders
_PAGE_BYTES: Final = 4096

# struct statfs, struct statx (both the same on 64-bit machines) and what is wanted of them: blocks, free
# ones, those for users, inodes, free ones; the times of the last change of inode and of content; a number.
_SPACE_BYTES: Final = 120
_SPACE: Final = (16, 40)
_STATUS_BYTES: Final = 256
_NO_FOLLOW: Final = 0x100  # AT_SYMLINK_NOFOLLOW
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
        self._full_bytes: int | None = None
        """What everything that lasts takes, and may take; None: the box's size."""
        self._frozen: Frozen | None = None
        """What lasts; None before it is frozen."""
        self._hidden: frozenset[str] = frozenset()
        """What of it is not in the present /work."""
        self._is_mounted = False
        """What is as new for each run: it is mounted when first needed."""
        self._was_used = False
        self._trace: _Trace | None = None
        """Of what is mounted, at the last look; None if something was put there since, or nobody looked."""
        self._is_clean = False
        """The last run left no trace."""
        self.measured: tuple[str, ...] = _FOLDERS
        """The folders, and links, that `measure` is to look at for one; none: the run is taken to have left
        one."""

    def __copy__(self) -> "Scratch":
        """For copy.copy, which without it takes ten times as long. Nothing is ever changed in place."""
        same = object.__new__(Scratch)
        same.__dict__.update(self.__dict__)
        return same

    @property
    def is_frozen(self) -> bool:
        return self._frozen is not None

    def freeze(self, lasting: Frozen, full_bytes: int | None = None) -> None:
        """What lasts of what /work holds is there for all later runs; done along with what comes next.

        `full_bytes`: what it takes, if runs left any of it. From then on it may take no more: a hole of a
        file that a run maps is filled by the kernel, for the next run to see.
        """
        self._frozen = lasting
        self._full_bytes = full_bytes
        self._is_freezing = True
        made = [path for path, entry in lasting.items() if entry.kind in {Kind.MADE, Kind.LINK}]
        if len(made) + len(_FOLDERS) > _FOLDERS_MOST:
            self.measured = ()
        else:
            self.measured = (*_FOLDERS, *(f"work/{path}" for path in made))

    def before_put(self, path: str) -> Steps:
        """To see /work as the next run finds it, with nothing that lasts in the way of a file to be put."""
        steps = self._begun()
        if self._frozen is not None:
            steps += self._cleaned()
            if not self._is_mounted:
                steps += self._mounted()
            self._trace = None  # what is put is one
            hidden = [found for found in in_the_way(self._frozen, path) if found not in self._hidden]
            self._hidden |= frozenset(hidden)
            steps += hide(self._frozen, hidden)
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
            flags = kernel.MS_REMOUNT | FLAGS
            steps += (("mount", "scratch", _SCRATCH, "tmpfs", flags, self._size()),)
        return steps, False

    def ran(self, measured: bytes, *, keep: bool) -> Steps:
        """Takes what was measured, and then `measure_use`d behind the run. What is to be done at once:
        without `keep` what is left goes, which also frees its memory.
        """
        *before, after = _traces(measured, len(self.measured))
        if before:
            (self._trace,) = before
        self._is_clean = self._trace is not None and self._trace.next() == after and bool(self.measured)
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
                ("mount", "work", _BASE, "tmpfs", FLAGS, f"{self._size()},mode=700"),
                ("mkdirat", HERE, _LASTING, STICKY),
                ("mkdirat", HERE, _SCRATCH, 0),
                ("mount", _LASTING, WORK, "", kernel.MS_BIND, ""),
            )
        if self._is_freezing:
            self._is_freezing = self._was_used = False
            steps += self._unmounted()
            if self._full_bytes is not None:
                size = f"size={max(self._full_bytes, _PAGE_BYTES)}"
                steps += (("mount", "work", _BASE, "tmpfs", kernel.MS_REMOUNT | FLAGS, size),)
            steps += seal(_LASTING)
        return steps

    def _cleaned(self) -> Steps:
        was_used, self._was_used = self._was_used, False
        if not was_used or self._is_clean:
            return ()
        return self._unmounted(*((WORK,) if self.is_frozen else ()))

    def _mounted(self) -> Steps:
        self._is_mounted = True
        self._trace = None
        self._hidden = frozenset()
        work: Steps = ()
        if self._frozen is not None:
            bind = ("mount", f"{_SCRATCH}/work", WORK, "", kernel.MS_BIND, "")
            work = (bind, *shown(self._frozen, _LASTING))
        return (
            ("mount", "scratch", _SCRATCH, "tmpfs", FLAGS, f"{self._size()},mode=700"),
            # Owned by the box's root and sticky: a program cannot change their mode or put attributes on
            # them.
            *(("mkdirat", HERE, f"{_SCRATCH}/{name}", STICKY) for name in _FOLDERS),
            ("mount", f"{_SCRATCH}/tmp", "/tmp", "", kernel.MS_BIND, ""),  # noqa: S108 the box's own
            ("mount", f"{_SCRATCH}/shm", "/dev/shm", "", kernel.MS_BIND, ""),  # noqa: S108 as above
            *work,
        )

    def _unmounted(self, *more: str) -> Steps:
        if not self._is_mounted:
            return ()
        self._is_mounted = False
        targets = (*more, "/tmp", "/dev/shm", _SCRATCH)  # noqa: S108 as above
        return tuple(("umount2", target, kernel.MNT_DETACH) for target in targets)

    def _size(self) -> str:
        size_bytes, count = self._limits
        lasting = (self._frozen or {}).values()
        inodes = max(count, 0) + _OWN_INODES + len(lasting)
        targets = sum(entry.kind is Kind.LINK for entry in lasting)  # that of a long one takes a page
        # 0 would mean unlimited to tmpfs.
        return f"size={max(size_bytes, _PAGE_BYTES) + targets * _PAGE_BYTES},nr_inodes={inodes}"


def measure(packet: Packet, folders: Sequence[str]) -> list[Part]:
    """Looks at what a run leaves a trace in; `folders`: Scratch.measured."""
    space = packet.room(_SPACE_BYTES)
    packet.call("statfs", _SCRATCH, space)
    parts = [(space + _SPACE[0], _SPACE[1])]
    for name in folders:
        status = packet.room(_STATUS_BYTES)
        # A file that was put may be in the place of one, for a run whose trace is of no account.
        packet.call("statx", HERE, f"{_SCRATCH}/{name}", _NO_FOLLOW, _TIMES_ASKED, status, otherwise=NEXT)
        parts.append((status + _TIMES[0], _TIMES[1]))
    # A run that left no room for one is known by the number that is then missing.
    inode, status = f"{_SCRATCH}/inode", packet.room(_STATUS_BYTES)
    packet.call("mkdirat", HERE, inode, 0, otherwise=NEXT)
    packet.call("statx", HERE, inode, 0, _NUMBER_ASKED, status, otherwise=NEXT)
    packet.call("unlinkat", HERE, inode, REMOVE_FOLDER, otherwise=NEXT)
    parts.append((status + _NUMBER[0], _NUMBER[1]))
    return parts


def measure_use(packet: Packet, folders: Sequence[str]) -> list[Part]:
    """And at what else there may be of it: objects of System V."""
    parts = measure(packet, folders)
    for name, arguments, offset in _IN_USE:
        found = packet.room(_USE_BYTES)
        packet.call(name, *arguments, found)
        parts.append((found + offset, _IN_USE_BYTES))
    return parts


def _traces(measured: bytes, folders: int) -> list[_Trace]:
    """At the mount, if there was one, and after the run."""
    size = _SPACE[1] + folders * _TIMES[1] + _NUMBER[1]
    found: list[_Trace] = []
    for at in range(0, len(measured) - len(_IN_USE) * _IN_USE_BYTES, size):
        blocks, free_blocks, _, files, free_files = _COUNTS.unpack_from(measured, at)
        end = at + size - _NUMBER[1]
        (number,) = _INODE.unpack_from(measured, end)
        found.append(_Trace(blocks - free_blocks, files - free_files, measured[at + _SPACE[1] : end], number))
    return found
