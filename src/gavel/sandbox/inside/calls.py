"""System calls from a table, made one after the other by a child just started.

Between a fork and the exec that it was for lie some system calls. In Python they cost more than the kernel
takes for them: a forked interpreter copies each page that it touches, some hundred of them. So they are laid
out as a table by the parent, and the child goes through it with the hundred bytes of code in calls.S, in its
parent's memory (vfork), of which not even the page tables are copied then.

Where there is no code for the machine, or memory may not be made executable, a forked child goes through the
same table in Python.
"""

import contextlib
import ctypes
import mmap
import os
import platform
import signal
from collections.abc import Sequence
from typing import Final

from . import kernel
from .numbers import NUMBER

Argument = int | bytes | tuple[bytes, ...]
"""A number, data to read, or strings as execve takes them."""
Call = tuple[str, *tuple[Argument, ...]]

_MACHINE: Final = "x86_64"
_CODE: Final = bytes.fromhex(
    "534889fb4889f731f631d24531d24531c0b8380000000f054885c0753b488b034885c07827488b7b08488b7310488b53"
    "184c8b53204c8b43284c8b4b300f05488943384883c3404885c079d1bf7f000000b8e70000000f055bc3"
)
"""calls.S, as `as` makes it."""
_WORD_BYTES: Final = 8
_WORDS: Final = 8  # of a call in the table: number, six arguments, result
_END: Final = -1
_CLONE_VM: Final = 0x00000100
_CLONE_VFORK: Final = 0x00004000


class Table:
    """The calls, each by its name with its arguments. Keeps alive what the arguments point to."""

    def __init__(self, calls: Sequence[Call], *, shared: bool = False) -> None:
        """`shared`: with the children of a fork, so that the parent sees what they did."""
        self._names = [call[0] for call in calls]
        self._kept: list[object] = []
        size = (len(calls) + 1) * _WORDS
        memory = mmap.mmap(-1, size * _WORD_BYTES) if shared else bytearray(size * _WORD_BYTES)
        self._words = memoryview(memory).cast("q")
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for index, (name, *arguments) in enumerate(calls):
            words = [NUMBER[name]]
            words += [word if isinstance(word, int) else self._address(word) for word in arguments]
            first = index * _WORDS
            for place, word in enumerate(words, first):
                self._words[place] = word
        self._words[size - _WORDS] = _END

    def set(self, index: int, argument: int, value: int) -> None:
        """Changes a number in a call."""
        self._words[index * _WORDS + 1 + argument] = value

    def forget(self) -> None:
        """What the calls returned before: one that succeeds and does not return leaves nothing."""
        for index in range(len(self._names)):
            self._words[index * _WORDS + _WORDS - 1] = 0

    def check(self) -> None:
        """OSError for the call that failed, if one did; those behind it were not made."""
        for index, name in enumerate(self._names):
            if (result := self._words[index * _WORDS + _WORDS - 1]) < 0:
                raise OSError(-result, f"{name}: {os.strerror(-result)}")

    def make(self) -> None:
        """Goes through it in Python."""
        call = kernel.libc.syscall
        for index in range(len(self._names)):
            first = index * _WORDS
            result = call(*map(ctypes.c_long, self._words[first : first + _WORDS - 1]))
            self._words[first + _WORDS - 1] = -ctypes.get_errno() if result < 0 else result
            if result < 0:
                return

    def _address(self, argument: bytes | tuple[bytes, ...]) -> int:
        self._kept.append(argument)
        if isinstance(argument, bytes):
            return ctypes.c_void_p.from_buffer(ctypes.c_char_p(argument)).value or 0
        strings = (ctypes.c_char_p * (len(argument) + 1))(*argument)
        self._kept.append(strings)
        return ctypes.addressof(strings)


class Starter:
    """Starts children that go through a table. For a process of one thread."""

    def __init__(self, *, with_code: bool = True) -> None:
        self._code = _Code.if_possible() if with_code else None

    def table(self, calls: Sequence[Call]) -> Table:
        """One for `execute`."""
        return Table(calls, shared=self._code is None)

    def execute(self, table: Table, flags: int = 0) -> int:
        """The pid of a child, in new namespaces by `flags`, that has made the last call, an execve. OSError
        if one failed: it is gone.
        """
        code = self._code
        table.forget()
        pid = self._execute(table, flags) if code is None else code.run(table, flags)
        try:
            table.check()
        except OSError:
            with contextlib.suppress(ChildProcessError):  # where the kernel collects them
                os.waitpid(pid, 0)
            raise
        return pid

    def _execute(self, table: Table, flags: int) -> int:
        ended, child_end = os.pipe()  # closed on exec
        try:
            try:
                pid = kernel.forked(lambda: kernel.clone(flags))
                if pid == 0:
                    try:
                        table.make()
                    finally:
                        os._exit(127)
            finally:
                os.close(child_end)
            os.read(ended, 1)
        finally:
            os.close(ended)
        return pid


class _Code:
    """The code in memory that can be executed and not be written."""

    def __init__(self) -> None:
        """OSError for a machine that does not let memory become executable, or is another."""
        if platform.machine() != _MACHINE:
            raise OSError(f"no code for {platform.machine()}")
        self._memory = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._memory.write(_CODE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        kernel.make_executable(address, mmap.PAGESIZE)
        # PYFUNCTYPE: the interpreter's lock is kept, as a fork must.
        words = (ctypes.c_void_p, ctypes.c_long)
        self._run = ctypes.PYFUNCTYPE(ctypes.c_long, *words)(address)

    @classmethod
    def if_possible(cls) -> "_Code | None":
        try:
            return cls()
        except OSError:
            return None

    def run(self, table: Table, flags: int) -> int:
        """The child's pid."""
        flags |= _CLONE_VM | _CLONE_VFORK | signal.SIGCHLD
        pid = int(self._run(table.address, flags))
        if pid < 0:
            raise OSError(-pid, f"clone: {os.strerror(-pid)}")
        return pid
