"""Files in and out of a box's /work, done by its init: root of the box, nobody outside it. Pure: it says
which system calls init is to make.

No path is ever followed through a link, and what is handed out is an open descriptor. The service itself
never opens anything in a box.
"""

import functools
import mmap
import os
import struct
from collections.abc import Mapping
from typing import Final

from .frozen import STICKY, WORK, Steps
from .inside import executor
from .inside.packet import HERE, NEXT, PACKET_BYTES_MAX, Label, Packet, PacketTooLargeError
from .scratch import Scratch

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY
_SENDFILE_BYTES: Final = 1 << 30
_SEEK_HOLE: Final = 4
# Beneath the folder, and no link of any kind on the way (linux/openat2.h).
_RESOLVE: Final = 0x08 | 0x04 | 0x02
_HOW: Final = struct.Struct("<3Q")
# Where a file comes to lie that is looked at: far from all else, within 39 bits (all that some kernels give),
# and nothing may be there (NOREPLACE).
_PLACE: Final = 0x1000000000
_WRITABLE: Final = mmap.PROT_READ | mmap.PROT_WRITE
_SHARED_THERE: Final = mmap.MAP_SHARED | 0x100000
_POPULATE_WRITE: Final = 23  # MADV_POPULATE_WRITE
_SOURCE: Final = executor.FIRST_GIVEN
"""What is put comes with its packet, or in it."""
_KEPT: Final = 32
"""Most files are put as one was before: packets but for what is written."""


def put(scratch: Scratch, path: str, content: bytes | int, mode: int) -> bytes:
    """Makes a new file below /work; what had that name is unlinked first. `content`: what is to be in it, or
    the size of a regular file that comes along, to be copied. Raises PacketTooLargeError.
    """
    steps = scratch.before_put(path)
    if isinstance(content, bytes):
        return _writing(steps, path, mode, is_empty=not content).of(content)
    packet = Packet(f"putting {path}")
    target, position = _create(packet, steps, path, _SOURCE + 1), packet.room(8)
    parts = content // _SENDFILE_BYTES + (1 if content else 0)
    for _ in range(parts + 1):  # one more tells why there was no more
        packet.call("sendfile", target, _SOURCE, position, _SENDFILE_BYTES)
    if content:  # there is a last byte
        packet.call("lseek", target, content - 1, _SEEK_HOLE)
    packet.call("fchmod", target, mode)
    packet.end()
    return packet.finished()


class _Writing:
    """A packet that writes to a new file what stands behind it."""

    def __init__(self, steps: Steps, path: str, mode: int, *, is_empty: bool) -> None:
        packet = Packet(f"putting {path}")
        target, first = _create(packet, steps, path, _SOURCE), packet.entries
        if not is_empty:
            # All of its room first: of a write that comes short nobody would know.
            packet.call("fallocate", target, 0, 0, 0)
            packet.call("write", target, 0, 0)
        packet.call("fchmod", target, mode)
        packet.end()
        self._told = packet.finished()
        self._size, self._content = packet.place_of(first, 3), packet.place_of(first + 1, 1)

    def of(self, content: bytes) -> bytes:
        """With what is to be written. Raises PacketTooLargeError."""
        told, size = bytearray(self._told), len(content)
        if content:
            struct.pack_into("<q", told, self._size, size)
            struct.pack_into("<2q", told, self._content, executor.BUFFER + len(told), size)
        if len(told) + size > PACKET_BYTES_MAX:
            raise PacketTooLargeError(f"a file of {size} bytes")
        return bytes(told + content)


_writing = functools.lru_cache(_KEPT)(_Writing)


def get(scratch: Scratch, path: str) -> Packet:
    """Answers with a descriptor if there is something of that name that no link leads to."""
    # Non-blocking: a FIFO that a program left must not hold init up.
    return _opened(scratch, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)


def folder(scratch: Scratch, path: str) -> Packet:
    """Likewise with the descriptor of a folder."""
    return _opened(scratch, path, _FOLDER)


def filled(sizes: Mapping[str, int]) -> Packet:
    """Fills the holes of files at the top of /work, of these sizes; answers with a descriptor of /work if
    there was space enough.
    """
    packet = Packet("filling holes")
    lacking = Label()
    packet.call("openat", HERE, WORK, _FOLDER | os.O_CLOEXEC, 0)
    for name, size in sizes.items():
        # As if written to: the kernel may drop again what it filled for a reader.
        _open(packet, executor.FIRST_GIVEN, name, os.O_RDWR | os.O_NOFOLLOW)
        file = executor.FIRST_GIVEN + 1
        packet.call("mmap", _PLACE, size, _WRITABLE, _SHARED_THERE, file, 0, otherwise=lacking)
        packet.call("madvise", _PLACE, size, _POPULATE_WRITE, otherwise=lacking)
        packet.call("munmap", _PLACE, size)
        packet.call("close_range", file, file, 0)
    packet.answer(descriptor=executor.FIRST_GIVEN)
    packet.mark(lacking)
    packet.answer()
    return packet


def _create(packet: Packet, steps: Steps, path: str, folder: int) -> int:
    """Its descriptor. `folder`: the lowest that is free."""
    packet.calls(steps)
    *names, name = path.split("/")
    packet.call("openat", HERE, WORK, _FOLDER | os.O_CLOEXEC, 0)
    how = packet.data(_HOW.pack(_FOLDER | os.O_CLOEXEC, 0, _RESOLVE))
    for parent in names:  # made where it is missing; every program may add to it
        at = packet.text(parent)
        packet.call("mkdirat", folder, at, STICKY, otherwise=NEXT)
        packet.call("openat2", folder, at, how, _HOW.size)
        folder += 1
    packet.call("unlinkat", folder, name, 0, otherwise=NEXT)
    _open(packet, folder, name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return folder + 1


def _opened(scratch: Scratch, path: str, flags: int) -> Packet:
    packet = Packet(f"reading {path}")
    packet.calls(scratch.before_get())
    absent = Label()
    packet.call("openat", HERE, WORK, _FOLDER | os.O_CLOEXEC, 0)
    _open(packet, executor.FIRST_GIVEN, path, flags, otherwise=absent)
    packet.answer(descriptor=executor.FIRST_GIVEN + 1)
    packet.mark(absent)
    packet.answer()
    return packet


def _open(
    packet: Packet, parent: int, path: str, flags: int, mode: int = 0, *, otherwise: Label | None = None
) -> None:
    how = packet.data(_HOW.pack(flags | os.O_CLOEXEC, mode, _RESOLVE))
    packet.call("openat2", parent, path, how, _HOW.size, otherwise=otherwise)
