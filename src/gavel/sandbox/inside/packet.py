"""Packets for a box's init: a table of system calls with the data that they point to. Pure.

Init (executor.py) makes the calls one after the other. One that fails leads to the entry that it names, if it
names one; by default to the end of the packet, where init tells of it and then does nothing more, so that its
box is thrown away. Addresses are those of init's memory, descriptors are known beforehand: what comes with a
packet, and what is opened, gets the lowest numbers that are free, and each packet closes all but the socket.
"""

import functools
import os
import struct
from collections.abc import Sequence
from itertools import accumulate, islice
from typing import Final

from . import executor
from .numbers import NUMBER

Argument = int | str | bytes
"""A number or an address; or text, of which the call gets the address."""

PACKET_BYTES_MAX: Final = executor.BUFFER_BYTES
"""Below the default socket buffer of 208 KiB, so that one packet always fits. Bounds argv and environment."""
ALL: Final = 0xFFFFFFFF
"""As the last descriptor of close_range."""
HERE: Final = -100
"""As a folder's descriptor: paths are absolute."""
SIGNAL_SET_BYTES: Final = 8
DONE: Final = struct.pack("<q", 0)
"""What an answer begins with. What follows is the packet's own affair."""
_FAILED: Final = struct.pack("<q", 1)
_KIND_BYTES: Final = len(DONE)
_WORD: Final = struct.Struct("<Q")
_ENTRY: Final = struct.Struct("<8q")
_MESSAGE: Final = struct.Struct("<QI4xQQQQi4x")
_RIGHTS: Final = struct.Struct("<Qiii4x")
_RIGHTS_BYTES: Final = 20
_REPORT: Final = struct.Struct("<qQQ")
_SOL_SOCKET, _SCM_RIGHTS = 1, 1
_MSG_NOSIGNAL: Final = 0x4000
_ARGUMENTS: Final = 6


class PacketTooLargeError(ValueError):
    """The argument list and environment together exceed PACKET_BYTES_MAX."""


class InitError(Exception):
    """A call of init's failed, by which the box has come to its end."""


class Label:
    """A place among the entries."""

    __slots__ = ("index",)

    def __init__(self) -> None:
        self.index = -1


NEXT: Final = Label()
"""Where a call leads whose failure is of no account."""


class Packet:
    """Grows by its calls, until it is `finished`."""

    def __init__(self, what: str, control: int = executor.CONTROL) -> None:
        """`what` is told with an error, by way of the socket `control`."""
        self._what = what
        self._control = control
        self._data = bytearray(_WORD.size)  # first comes where the entries are
        self._entries = bytearray()
        self._names: list[str] = []
        self._first = 0
        self._jumps: list[tuple[int, Label]] = []
        """Words of entries that are to hold the address of one."""
        self._results: list[tuple[int, Label]] = []
        """Words of the data that are to hold the address of an entry's result."""
        self._failed = Label()

    def name_at(self, address: int) -> str:
        """Which call stands there, once it is finished."""
        return self._names[(address - self._first) // executor.ENTRY_BYTES]

    def place_of(self, entry: int, argument: int) -> int:
        """Where in what was finished that argument stands, of the call that was the so many'th from 0."""
        return self._first - executor.BUFFER + entry * executor.ENTRY_BYTES + (1 + argument) * _WORD.size

    @property
    def entries(self) -> int:
        """How many there are by now."""
        return len(self._names)

    def data(self, content: bytes) -> int:
        """Its address."""
        address = executor.BUFFER + len(self._data)
        self._data += content
        self._data += bytes(-len(content) % _WORD.size)
        return address

    def room(self, size: int) -> int:
        """The address of so many zeros."""
        return self.data(bytes(size))

    def text(self, text: str | bytes) -> int:
        """Its address, with a NUL behind it."""
        return self.data((os.fsencode(text) if isinstance(text, str) else text) + b"\0")

    def strings(self, strings: Sequence[str]) -> int:
        """As execve takes them."""
        texts = [os.fsencode(string) + b"\0" for string in strings]
        first = self.data(b"".join(texts))
        addresses = accumulate(map(len, texts), initial=first)
        return self.data(struct.pack(f"<{len(texts) + 1}Q", *islice(addresses, len(texts)), 0))

    def filter(self, program: bytes) -> int:
        """A seccomp program, as prctl takes it."""
        return self.data(struct.pack("<H6xQ", len(program) // 8, self.data(program)))

    def signals(self, *numbers: int) -> int:
        """A set of signals, of SIGNAL_SET_BYTES."""
        return self.data(_WORD.pack(sum(1 << number - 1 for number in numbers)))

    def call(self, name: str, *arguments: Argument, otherwise: Label | None = None) -> None:
        """A system call."""
        words = [
            self.text(argument) if isinstance(argument, str | bytes) else argument for argument in arguments
        ]
        self._entry(name, NUMBER[name], words, otherwise)

    def calls(self, steps: Sequence[tuple[str, *tuple[Argument, ...]]]) -> None:
        """Calls one after the other, each of which has to succeed."""
        for name, *arguments in steps:
            self.call(name, *arguments)

    def operate(self, operation: int, entries: Label | None = None) -> None:
        """One of executor.py's. `entries`: the argument."""
        if entries is not None:
            self._jumps.append((len(self._entries) + _WORD.size, entries))
        self._entry(f"operation {operation}", operation, [], None)

    def mark(self, label: Label) -> None:
        """The next entry is the one that the label names."""
        label.index = len(self._names)

    def answer(self, *parts: tuple[int, int], descriptor: int = -1, results: Sequence[Label] = ()) -> None:
        """Sends DONE, the results of calls, parts of the memory (address, bytes), a descriptor; closes all
        others.

        With it the packet ends, or one of its branches.
        """
        self._send(executor.CONTROL, DONE, parts, descriptor, results)
        self.end()

    def tell(self, socket: int) -> None:
        """Sends DONE there."""
        self._send(socket, DONE, (), -1, ())

    def end(self) -> None:
        """Nobody waits for an answer."""
        self.call("close_range", executor.FIRST_GIVEN, ALL, 0)
        self.operate(executor.END)

    def finished(self, *, lives_on: bool = True) -> bytes:
        """To be sent; once. `lives_on`: after a failure init waits for its end; else it ends itself.

        PacketTooLargeError.
        """
        what = self._what.replace("\n", " ").encode(errors="backslashreplace")
        text = b"\n".join((what, *map(str.encode, self._names)))
        self.mark(self._failed)
        # The first word says where the entries begin, from which the reader counts.
        state = (executor.STATE, executor.STATE_BYTES)
        parts = (state, (executor.BUFFER, _WORD.size), (self.data(text), len(text)))
        self._send(self._control, _FAILED, parts, -1, ())
        if lives_on:
            self.operate(executor.BROKEN)
        else:
            self.call("exit_group", 1, otherwise=NEXT)
        first = self._first = executor.BUFFER + len(self._data)
        for place, label in self._jumps:
            _WORD.pack_into(self._entries, place, first + label.index * executor.ENTRY_BYTES)
        for place, label in self._results:
            _WORD.pack_into(
                self._data, place, first + label.index * executor.ENTRY_BYTES + executor.RESULT_OFFSET
            )
        _WORD.pack_into(self._data, 0, first)
        size = len(self._data) + len(self._entries)
        if size > PACKET_BYTES_MAX:
            raise PacketTooLargeError(f"{size} bytes, at most {PACKET_BYTES_MAX}")
        content = bytes(self._data + self._entries)
        self._data.clear()
        self._entries.clear()
        return content

    def _entry(self, name: str, number: int, words: list[int], otherwise: Label | None) -> None:
        self._names.append(name)
        if otherwise is not NEXT:
            self._jumps.append((len(self._entries) + executor.RESULT_OFFSET, otherwise or self._failed))
        self._entries += _ENTRY.pack(number, *words, *(0,) * (_ARGUMENTS + 1 - len(words)))

    def _send(
        self,
        socket: int,
        kind: bytes,
        parts: Sequence[tuple[int, int]],
        descriptor: int,
        results: Sequence[Label],
    ) -> None:
        vector = [(self.data(kind), _KIND_BYTES), *((0, _WORD.size) for _ in results), *parts]
        at = self.data(b"".join(_WORD.pack(address) + _WORD.pack(size) for address, size in vector))
        for place, label in enumerate(results, 1):
            self._results.append((at - executor.BUFFER + place * 2 * _WORD.size, label))
        rights, size = 0, 0
        if descriptor >= 0:
            rights = self.data(_RIGHTS.pack(_RIGHTS_BYTES, _SOL_SOCKET, _SCM_RIGHTS, descriptor))
            size = _RIGHTS.size
        message = self.data(_MESSAGE.pack(0, 0, at, len(vector), rights, size, 0))
        self.call("sendmsg", socket, message, _MSG_NOSIGNAL, otherwise=NEXT)


@functools.cache
def nothing() -> bytes:
    """While a run goes on it ends that, as anything does that comes then. At other times it does nothing."""
    packet = Packet("nothing")
    packet.operate(executor.END)
    return packet.finished()


def answered(data: bytes) -> bytes:
    """What follows DONE in an answer. InitError for the call that failed instead."""
    if data[:_KIND_BYTES] == DONE:
        return data[_KIND_BYTES:]
    result, entry, first = _REPORT.unpack_from(data, _KIND_BYTES)
    what, *names = data[_KIND_BYTES + _REPORT.size :].decode().split("\n")
    name = names[(entry - first) // executor.ENTRY_BYTES]
    raise InitError(f"{what}: {name}: {os.strerror(-result)}")
