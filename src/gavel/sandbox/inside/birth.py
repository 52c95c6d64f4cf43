"""Boxes, each begun as a child in a new pid namespace: an executable of five hundred bytes (executor.py) that
the spawner then leads through its packets (namespace.py) until it has no right left.

Where there is no such executable for the machine the child is a copy of the spawner, in which Python does the
same.
"""

import os
import signal
import socket
from collections.abc import Callable
from typing import Final

from . import calls, executor, interpreter, kernel, namespace
from .packet import ALL

_AT_EMPTY_PATH: Final = 0x1000
_CLOSE_ON_EXEC: Final = 4
_MODE: Final = 0o500
_NUMBER: Final = (0, 0)
"""Where in the table the descriptor stands that only the box has."""


class Births:
    """Makes boxes of one spawner."""

    def __init__(self, stage: str, filter_program: bytes, *, native: bool = True) -> None:
        """`stage`: a folder for the executable; `filter_program`: for init; `native`: with that executable,
        where there is one.
        """
        self._until_ids = namespace.until_ids(namespace.maskable())
        self._until_ready = namespace.until_ready(filter_program)
        self._starter = calls.Starter()
        program = executor.executable() if native else None
        self._table = None if program is None else self._starter.table(_steps(f"{stage}/init", program))

    def make(self, template: int, control: int, take_ids: Callable[[int, int], int]) -> tuple[int, int]:
        """The box's pid and a pidfd. `template`: its mount namespace; `control`: its end of the socket to the
        service, by which it says itself that it is ready, or why not; `take_ids`: see ids.py.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            with theirs:
                pid = self._start(theirs.fileno())
            pidfd = os.pidfd_open(pid)
            try:
                socket.send_fds(ours, [self._until_ids], [control, template], socket.MSG_NOSIGNAL)
                if ours.recv(len(self._until_ids)):  # else it has told the service, and is gone
                    namespace.write_id_maps(pid, take_ids(pid, pidfd))
                    ours.send(self._until_ready, socket.MSG_NOSIGNAL)
            except BaseException:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.close(pidfd)
                raise
            return pid, pidfd

    def _start(self, connection: int) -> int:
        if self._table is not None:
            self._table.set(*_NUMBER, connection)
            return self._starter.execute(self._table, kernel.CLONE_NEWPID)
        pid = kernel.forked(lambda: kernel.clone(kernel.CLONE_NEWPID))
        if pid == 0:
            interpreter.serve(connection)
        return pid


def _steps(path: str, program: bytes) -> list[calls.Call]:
    """From the spawner's child to the executable, which finds the connection as its CONTROL."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        os.write(descriptor, program)
    finally:
        os.close(descriptor)
    executable = os.open(path, os.O_PATH | os.O_CLOEXEC)
    return [
        ("dup3", -1, executor.CONTROL, 0),
        ("close_range", executor.FIRST_GIVEN, ALL, _CLOSE_ON_EXEC),
        ("execveat", executable, b"", (namespace.NAME.encode(),), (), _AT_EMPTY_PATH),
    ]
