"""One operating system process of the mesh: started by exec, logged to a bounded file, ended with its group.

Every process gets a session of its own (a Ctrl-C in the terminal reaches the supervisor alone) and dies with
the process that started it: a small launcher asks the kernel for that signal (PR_SET_PDEATHSIG) and becomes
the program. The kernel sends it when the *thread* that started the child ends, so all children of one Python
process are started by one thread that lives as long as the interpreter.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

LOG_BYTES_MAX = 64 * 1024 * 1024
"""A log is rotated when it grows beyond this; one rotated file is kept, so a part holds at most twice it."""

KILL_WAIT_SECONDS = 10.0
"""How long the kernel may take to end a process after SIGKILL."""

_LAUNCHER = Path(__file__).with_name("launcher.py")
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and how it dies.

    `uid` other than None drops to that user and group before exec; `read_anywhere` then keeps the right to
    pass closed folders on the way (CAP_DAC_READ_SEARCH), and nothing else. `orphan_signal` is what the kernel
    sends when the starting process is gone.
    """

    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stdin: Path | None = None
    uid: int | None = None
    read_anywhere: bool = False
    orphan_signal: signal.Signals = signal.SIGKILL
    nice: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same pid.

    `start_ticks` is field 22 of /proc/<pid>/stat: the start time in clock ticks since the machine's boot.
    """

    pid: int
    start_ticks: int
    boot_id: str

    def alive(self) -> bool:
        """Tells whether this very process still runs (a zombie does not)."""
        return identify(self.pid) == self


def identify(pid: int) -> Identity | None:
    """Reads who a pid is now; None if there is no such process, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name may hold blanks and parentheses
    if fields[0] in "ZX":
        return None
    return Identity(pid, int(fields[19]), boot_id())


def boot_id() -> str:
    """Start times count from the boot, so they only compare within one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def send_signal(identity: Identity, number: signal.Signals) -> bool:
    """Sends a signal to the process alone, if the pid is still this very process."""
    try:
        pidfd = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return False
    try:
        if identity.alive():  # and stays the one that pidfd names
            signal.pidfd_send_signal(pidfd, number)
            return True
    except ProcessLookupError:
        pass
    finally:
        os.close(pidfd)
    return False


def signal_group(identity: Identity, number: signal.Signals) -> bool:
    """Sends a signal to the process and its group, if the pid is still this very process."""
    if not identity.alive():
        return False
    try:
        os.killpg(identity.pid, number)
    except ProcessLookupError:
        return False
    return True


class Flag:
    """An event that a wait for a process can be woken by. Once set it stays so."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0)

    def fileno(self) -> int:
        return self._fd

    def set(self) -> None:
        os.eventfd_write(self._fd, 1)

    def wait(self, timeout_seconds: float) -> bool:
        """Waits until it is set; False when the time is over."""
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(timeout_seconds * 1000))

    def is_set(self) -> bool:
        return self.wait(0)

    def __del__(self) -> None:
        os.close(self._fd)


class Process:
    """A started command. Made by `start`; safe to use from several threads."""

    def __init__(self, command: Command, popen: subprocess.Popen[bytes], identity: Identity) -> None:
        self.command = command
        self.identity = identity
        self._popen = popen
        self._pidfd = os.pidfd_open(popen.pid)
        self._reaping = threading.Lock()

    @property
    def pid(self) -> int:
        return self.identity.pid

    def wait(self, timeout_seconds: float, wake: Flag | None = None) -> int | None:
        """Waits for the end; the exit code (negative: the signal), None when the time is over or `wake` set.

        What the process left in its group is killed before its pid is given back.
        """
        if self._popen.returncode is None:
            poll = select.poll()
            poll.register(self._pidfd, select.POLLIN)
            if wake is not None:
                poll.register(wake, select.POLLIN)
            if self._pidfd not in (number for number, _ in poll.poll(timeout_seconds * 1000)):
                return None
            with self._reaping:
                if self._popen.returncode is None:
                    self._end_group()
                    self._popen.wait()
        return self._popen.returncode

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process alone; nothing happens if it has ended."""
        if self._popen.returncode is None:
            signal.pidfd_send_signal(self._pidfd, number)

    def stop(self, number: signal.Signals, grace_seconds: float) -> int:
        """Asks for the end with a signal, kills the whole group after the grace; the exit code."""
        if self.wait(0) is None:
            self.send(number)
        code = self.wait(grace_seconds)
        if code is None:
            self.send(signal.SIGKILL)
            code = self.wait(KILL_WAIT_SECONDS)
        if code is None:
            raise TimeoutError(f"{self.command.argv[0]} (pid {self.pid}) does not end after SIGKILL")
        return code

    def _end_group(self) -> None:
        # The zombie still holds the pid, and with it the group's number.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def start(command: Command) -> Process:
    """Starts a command; OSError if that fails. Its output is appended to the command's log."""
    return _SPAWNER.submit(_start, command).result()


def _start(command: Command) -> Process:
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log, (command.stdin or Path(os.devnull)).open("rb") as stdin:
        popen = subprocess.Popen(
            _launch_argv(command),
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=command.cwd,
            env=dict(command.env),
            start_new_session=True,
        )
    return Process(command, popen, identity_of(popen.pid))


def identity_of(pid: int) -> Identity:
    """Who this process or an unreaped child of it is, which has its entry even if it has ended already."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return Identity(pid, int(stat[stat.rindex(")") + 2 :].split()[19]), boot_id())


def _launch_argv(command: Command) -> Sequence[str]:
    return [
        sys.executable,
        "-ISE",
        str(_LAUNCHER),
        str(os.getpid()),
        str(int(command.orphan_signal)),
        "" if command.uid is None else str(command.uid),
        "read-anywhere" if command.read_anywhere else "",
        str(command.nice),
        *command.argv,
    ]


def run(command: Command, timeout_seconds: float) -> int:
    """Runs a command to its end; the exit code. TimeoutError when that takes longer (it is killed)."""
    process = start(command)
    code = process.wait(timeout_seconds)
    if code is None:
        process.stop(signal.SIGKILL, 0)
        raise TimeoutError(f"{command.argv[0]} did not end within {timeout_seconds} s")
    return code


def rotate(log: Path, bytes_max: int = LOG_BYTES_MAX) -> bool:
    """Moves a log that is too long to `<name>.1` and empties it in place; True if it did.

    The writer keeps its file (opened for appending), so it needs no signal; a line written between the copy's
    end and the truncation is lost.
    """
    try:
        if log.stat().st_size <= bytes_max:
            return False
    except FileNotFoundError:
        return False
    kept = log.with_name(log.name + ".1")
    with log.open("rb+") as source, kept.open("wb") as target:
        shutil.copyfileobj(source, target, 1024 * 1024)
        source.truncate(0)
    return True


def tail(log: Path, lines: int = 20, bytes_max: int = 64 * 1024) -> list[str]:
    """Reads the last lines of a log; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - bytes_max))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]


def deadline_after(seconds: float) -> float:
    """The monotonic time that many seconds from now."""
    return time.monotonic() + seconds
