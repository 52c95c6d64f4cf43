"""What the executable of executor.py does, in Python, for machines that it has no code for.

A box then costs some milliseconds more: each page that a forked interpreter writes to is copied.
"""

import array
import contextlib
import ctypes
import mmap
import os
import select
import signal
import socket
import struct
import sys
from typing import Final, Never

from . import executor, kernel
from .codec import DESCRIPTORS_MAX
from .numbers import NUMBER
from .packet import SIGNAL_SET_BYTES

_WORDS: Final = struct.Struct("<8q")
_STATE: Final = struct.Struct("<qQ")
_POLL: Final = struct.Struct("=ihh")
_TIME_BYTES: Final = 16
_MAP_FIXED: Final = 0x100000
"""NOREPLACE."""
_SIZE: Final = executor.BUFFER + executor.BUFFER_BYTES - executor.STATE


def serve(connection: int) -> Never:
    """In the spawner's child: goes on as init."""
    try:
        os.dup2(connection, executor.CONTROL)
        os.closerange(executor.FIRST_GIVEN, os.sysconf("SC_OPEN_MAX"))
        signal.signal(signal.SIGALRM, _end_all)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with contextlib.suppress(ConnectionError):  # the service is gone, and had not read all
            _Interpreter().serve()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


def _end_all(*_: object) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


class _Interpreter:
    def __init__(self) -> None:
        # Shared: what a child leaves there before its execve its parent is to see.
        protection, flags = (
            mmap.PROT_READ | mmap.PROT_WRITE,
            mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | _MAP_FIXED,
        )
        kernel.map_at(executor.STATE, _SIZE, protection, flags)
        self._memory = memoryview((ctypes.c_char * _SIZE).from_address(executor.STATE)).cast("B")
        self._control = socket.socket(fileno=executor.CONTROL)
        self._program = 0
        self._is_broken = False

    def serve(self) -> None:
        room = socket.CMSG_SPACE(DESCRIPTORS_MAX * array.array("i").itemsize)
        buffer = self._memory[executor.BUFFER - executor.STATE :]
        while self._control.recvmsg_into([buffer], room, socket.MSG_CMSG_CLOEXEC)[0] > 0:
            if not self._is_broken:
                self._go(int.from_bytes(buffer[:8], "little"))

    def _go(self, entry: int) -> None:
        operation = 0
        while operation != executor.END and not self._is_broken:
            at = entry - executor.STATE
            operation, *words, otherwise = _WORDS.unpack_from(self._memory, at)
            result = self._operate(operation, words[0]) if operation < 0 else _call(operation, words)
            self._memory[at + executor.RESULT_OFFSET : at + _WORDS.size] = result.to_bytes(
                8, "little", signed=True
            )
            if result < 0 and otherwise:
                _STATE.pack_into(self._memory, 0, result, entry)
                entry = otherwise
            else:
                entry += executor.ENTRY_BYTES

    def _operate(self, operation: int, argument: int) -> int:
        match operation:
            case executor.START:
                self._program = self._start(argument)
                return self._program
            case executor.SUPERVISE:
                return self._supervise()
            case executor.BROKEN:
                self._is_broken = True
        return 0

    def _start(self, entries: int) -> int:
        begun, child_end = os.pipe()  # closed by its execve or its end
        pid = os.fork()
        if pid == 0:
            try:
                self._go(entries)
            finally:
                os._exit(1)
        os.close(child_end)
        os.read(begun, 1)
        os.close(begun)
        return pid

    def _supervise(self) -> int:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == self._program:
                break
            if self._is_asked(at_once=pid != 0):
                if not self._control.recv(1):
                    os._exit(0)
                _end_all()
        _end_all()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        return status

    @staticmethod
    def _is_asked(*, at_once: bool) -> bool:
        """Whether something has come; else a child has ended, or it was to look `at_once`."""
        zeros = (ctypes.c_char * _TIME_BYTES)()  # a struct timespec, and a set of signals
        zero = ctypes.addressof(zeros)
        asked = ctypes.create_string_buffer(_POLL.pack(executor.CONTROL, select.POLLIN, 0))
        words = [ctypes.addressof(asked), 1, zero if at_once else 0, zero, SIGNAL_SET_BYTES]
        return _call(NUMBER["ppoll"], words) > 0


def _call(number: int, words: list[int]) -> int:
    if number == NUMBER["rt_sigaction"]:  # its handlers are the executable's
        return 0
    result = int(kernel.libc.syscall(*map(ctypes.c_long, (number, *words))))
    return -ctypes.get_errno() if result < 0 else result
