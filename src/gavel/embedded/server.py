"""What Kafka, PostgreSQL, Envoy and the services have in common here: prepare, run, be ready, stop.

A subclass says what to run and when it is ready; the supervisor, or `start` and `stop` for one server alone
in a test, does the rest.
"""

from __future__ import annotations

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from gavel.embedded import process
from gavel.embedded.process import Command, Flag, Process

Progress = Callable[[str], None]

READY_POLL_SECONDS = 0.03
CANCEL_GRACE_SECONDS = 2.0
STARTS_MAX = 3
"""How often a first start is tried: what an earlier crash left behind may need a moment to go away."""


class StartError(Exception):
    """A part did not start. The text says which and why, and ends with the last lines of its log."""

    def __init__(self, part: str, reason: str, log: Path | None = None) -> None:
        self.part = part
        self.reason = reason
        self.log_tail = tuple(process.tail(log)) if log is not None else ()
        text = f"{part}: {reason}"
        if self.log_tail:
            text += f"; the end of {log}:\n" + "\n".join(f"    {line}" for line in self.log_tail)
        super().__init__(text)


class Server(ABC):
    """One server process and the folder that it owns."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    grace_seconds: ClassVar[float] = 20.0
    start_seconds_max: ClassVar[float] = 60.0

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: Process | None = None

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it listens, host:port."""

    @abstractmethod
    def prepare(self, progress: Progress) -> None:
        """Makes all that a start needs (files, data folder); StartError if that cannot be."""

    def clear(self) -> None:  # noqa: B027 - most leave nothing behind
        """Removes what a crash left, before every start; StartError if it cannot be removed."""

    @abstractmethod
    def command(self) -> Command:
        """What to run."""

    @abstractmethod
    def ready(self) -> bool:
        """Tells whether it answers its users now; takes 2 s at most."""

    def ended(self, exit_code: int) -> None:  # noqa: B027 - most have nothing to do then
        """Called when the process has ended, with its exit code (negative: the signal that killed it)."""

    def start(self, progress: Progress = lambda _: None) -> None:
        """Starts it and returns when it is ready; StartError otherwise, with nothing left running."""
        self.prepare(progress)
        self._process = start_until_ready(self, Flag())

    def stop(self) -> None:
        """Stops it cleanly; its data stays. Nothing happens if it does not run."""
        if self._process is not None:
            self.ended(self._process.stop(self.stop_signal, self.grace_seconds))
            self._process = None

    def kill(self) -> None:
        """Ends it with SIGKILL, as a crash would; `start` then goes on with the data."""
        if self._process is not None:
            self.ended(self._process.stop(signal.SIGKILL, process.KILL_WAIT_SECONDS))
            self._process = None

    @property
    def pid(self) -> int:
        """The pid of the running process; RuntimeError if it does not run."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid


def start_until_ready(
    server: Server, cancel: Flag, started: Callable[[Process], None] = lambda _: None
) -> Process:
    """Starts a prepared server; returns when it is ready, StartError after three ends or its time limit.

    When `cancel` is set meanwhile, what was started is stopped and StartError raised. `started` is called
    with each process right after its start.
    """
    deadline = process.deadline_after(server.start_seconds_max)
    code = 0
    for attempt in range(1, STARTS_MAX + 1):
        server.clear()
        try:
            running = process.start(server.command())
        except OSError as error:
            raise StartError(server.name, f"cannot be run: {error}") from error
        started(running)
        ended = _wait_ready(server, running, deadline, cancel)
        if ended is None:
            return running
        code = ended
        server.ended(code)
        if attempt < STARTS_MAX:
            cancel.wait(0.1 * 2**attempt)
    raise StartError(server.name, f"{describe_exit(code)} before it was ready", server.log)


def _wait_ready(server: Server, running: Process, deadline: float, cancel: Flag) -> int | None:
    """None when it is ready, its exit code when it ended."""
    while not server.ready():
        code = running.wait(READY_POLL_SECONDS, cancel)
        if code is not None:
            return code
        over = time.monotonic() > deadline
        if over or cancel.is_set():
            running.stop(server.stop_signal, CANCEL_GRACE_SECONDS)
            reason = (
                f"was not ready within {server.start_seconds_max:.0f} s" if over else "start was cancelled"
            )
            raise StartError(server.name, reason, server.log if over else None)
    return None


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
