"""System calls from a table, made one after the other by a child just started.

Between a fork and what it was for lie dozens of system calls. In Python they cost more than the kernel takes
for them: a forked interpreter copies each page that it touches, some hundred of them. So they are laid out as
a table by the parent, and the child goes through it with the hundred bytes of code below, which touch nothing
but the table. They use no stack either: a child that ends with execve may run them in its parent's memory
(vfork), of which not even the page tables are copied then.

Where there is no code for the machine, or memory may not be made executable, a forked child goes through the
same table in Python.
"""

import ctypes
import mmap
import os
import platform
import signal
from collections.abc import Sequence
from typing import Final

from . import kernel

Argument = int | bytes | tuple[bytes, ...] | None
"""A number; data to read; strings as execve takes them; or 16 bytes of the table's own, to write to."""
Call = tuple[str, *tuple[Argument, ...]]

# x86-64, arm64.
_NUMBERS: Final = {
    "chdir": (80, 49),
    "clock_gettime": (228, 113),
    "close_range": (436, 436),
    "dup3": (292, 24),
    "execve": (59, 221),
    "mount": (165, 40),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "read": (0, 63),
    "sethostname": (170, 161),
    "setgroups": (116, 159),
    "setns": (308, 268),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "setsid": (112, 157),
    "umask": (95, 166),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "write": (1, 64),
}
_MACHINES: Final = ("x86_64", "aarch64")
_CODE_MACHINE: Final = "x86_64"
_CODE: Final = bytes.fromhex(
    "53 4154"  #                push %rbx; push %r12
    "4889fb"  #                 mov  %rdi, %rbx       first argument: the table
    "4989d4"  #                 mov  %rdx, %r12       third: whether to exit after a call that failed
    "4889f7"  #                 mov  %rsi, %rdi       second: flags of clone
    "31f6 31d2 4531d2 4531c0"  # xor %esi, %edx, %r10d, %r8d
    "b838000000 0f05"  #        mov  $56, %eax; syscall (clone)
    "4885c0 7542"  #            test %rax, %rax; jnz out: the parent, with pid or error
    "488b03"  #          again: mov  (%rbx), %rax     a call's number
    "4885c0 7838"  #            test %rax, %rax; js done: the last was made
    "488b7b08 488b7310"  #      mov  8(%rbx), %rdi; mov 16(%rbx), %rsi
    "488b5318 4c8b5320"  #      mov  24(%rbx), %rdx; mov 32(%rbx), %r10
    "4c8b4328 4c8b4b30"  #      mov  40(%rbx), %r8; mov 48(%rbx), %r9
    "0f05"  #                   syscall
    "48894338"  #               mov  %rax, 56(%rbx)   what it returned
    "4883c340"  #               add  $64, %rbx
    "4885c0 79d1"  #            test %rax, %rax; jns again
    "4d85e4 740c"  #            test %r12, %r12; jz done
    "bf7f000000 b8e7000000 0f05"  # exit_group(127)
    "31c0"  #             done: xor  %eax, %eax
    "415c 5b c3"  #        out: pop  %r12; pop %rbx; ret
)
_MACHINE: Final = _MACHINES.index(platform.machine())
_WORD_BYTES: Final = 8
_NS_PER_S: Final = 1_000_000_000
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
        self._own_address = self.address + (size - 2) * _WORD_BYTES
        for index, (name, *arguments) in enumerate(calls):
            words = [_NUMBERS[name][_MACHINE]]
            words += [word if isinstance(word, int) else self._address(word) for word in arguments]
            first = index * _WORDS
            for place, word in enumerate(words, first):
                self._words[place] = word
        self._words[size - _WORDS] = _END

    def set(self, index: int, argument: int, value: int) -> None:
        """Changes a number in a call."""
        self._words[index * _WORDS + 1 + argument] = value

    def result(self, index: int) -> int:
        """What a call returned that was made."""
        return self._words[index * _WORDS + _WORDS - 1]

    def time_ns(self) -> int:
        """What clock_gettime wrote to the 16 bytes."""
        return int(self._words[-2]) * _NS_PER_S + int(self._words[-1])

    def check(self) -> None:
        """OSError for the call that failed, if one did; those behind it were not made."""
        for index, name in enumerate(self._names):
            if (result := self.result(index)) < 0:
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

    def _address(self, argument: bytes | tuple[bytes, ...] | None) -> int:
        if argument is None:
            return self._own_address
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

    def execute(self, table: Table) -> int:
        """The pid of a child that has made the last call, execve. OSError if one failed: it is gone."""
        pid = self._execute(table) if self._code is None else self._code.run(table, _CLONE_VM | _CLONE_VFORK)
        try:
            table.check()
        except OSError:
            os.waitpid(pid, 0)
            raise
        return pid

    def fork(self, table: Table, flags: int) -> int:
        """As os.fork, into new namespaces; the child has gone through the table, which it may `check`."""
        code = self._code
        pid = kernel.forked(lambda: kernel.clone(flags) if code is None else code.run(table, flags))
        if pid == 0 and code is None:
            table.make()
        return pid

    def _execute(self, table: Table) -> int:
        ended, child_end = os.pipe()  # closed on exec
        try:
            try:
                pid = os.fork()
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
    """The code in memory that can be executed and not be written. Forked children have it too."""

    def __init__(self) -> None:
        """OSError for a machine that does not let memory become executable, or is another."""
        if _MACHINES[_MACHINE] != _CODE_MACHINE:
            raise OSError(f"no code for {_MACHINES[_MACHINE]}")
        self._memory = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._memory.write(_CODE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        kernel.make_executable(address, mmap.PAGESIZE)
        # PYFUNCTYPE: the interpreter's lock is kept, as a fork must.
        words = (ctypes.c_void_p, ctypes.c_long, ctypes.c_long)
        self._run = ctypes.PYFUNCTYPE(ctypes.c_long, *words)(address)

    @classmethod
    def if_possible(cls) -> "_Code | None":
        try:
            return cls()
        except OSError:
            return None

    def run(self, table: Table, flags: int) -> int:
        """The child's pid; 0 in the child, unless it shares memory: then it never returns."""
        shares = flags & _CLONE_VM
        pid = int(self._run(table.address, flags | signal.SIGCHLD, shares))
        if pid < 0:
            raise OSError(-pid, f"clone: {os.strerror(-pid)}")
        return pid
