"""A box as its owner uses it: files in, runs, files out. It serves one submission and is then thrown away."""

import contextlib
import copy
import errno
import os
import select
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Final, Self

from . import accounting, files, frozen, leftovers, runner, streams, supervision
from .accounting import Readiness
from .cgroups import Cgroups, RunGroup
from .frozen import Frozen, Steps
from .inside import packet
from .live import LiveOutput
from .model import (
    PATH_FOLDERS_MOST,
    BoxBrokenError,
    CannotExecuteError,
    Command,
    Kill,
    Limits,
    Outcome,
    SandboxError,
    TooMuchToKeepError,
)
from .pool import Birth, discard
from .scratch import Scratch

_PUTS_MOST: Final = 16
"""Files that wait for what follows them; each may be a descriptor."""
_TOLD_BYTES_MOST: Final = 32 << 10
"""Of a file that goes to init in a packet."""
_FILES_FEW: Final = 64
"""Where more were put before, packets are for what is to be said of those."""
_FILLED_AT_ONCE: Final = 64
"""Files that a packet has room for."""
_BREAK_MS: Final = 10_000
"""How long the kernel may take to end a box's last process."""


class Box:
    """One thread uses a box at a time; `cancel` and `end_run` may come from another. A context manager."""

    def __init__(self, birth: Birth, cgroups: Cgroups, files_bytes: int, files_count: int) -> None:
        self._birth = birth
        self._groups = cgroups.for_box()
        self._lock = threading.Lock()
        self._running = False
        self._group: RunGroup | None = None
        """Of the run in progress."""
        self._cancelled = False
        self._closed = False
        self._puts: list[tuple[bytes, tuple[int, ...]]] = []
        """Packets that go before the next one, with their descriptors: init wakes once for all of them."""
        self._scratch = Scratch(files_bytes, files_count)
        self._placed: dict[str, None] = {}
        """Paths that were put before `freeze`, in their order."""
        self._has_run = False

    @property
    def pid(self) -> int:
        """Of the box's init, on the host."""
        return self._birth.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kills whatever is in it. May be called again."""
        with self._lock:
            if not self._closed:
                self._closed = True
                discard(self._birth)
                self._groups.close()
                while self._puts:
                    _close_all(self._puts.pop()[1])

    def put(self, path: str, data: bytes | int, mode: int = 0o444) -> None:
        """A file at `path` below /work, of the box's root: programs cannot change it. Replaces what is there.

        `data` may be a descriptor of a regular file, read from its start. Folders on the way are made. After
        `freeze` it is there for the next run only. It is done along with what comes next, until which the
        file is not to change: SandboxError, as if it exceeds the box's files_bytes, is raised by the next
        call that is no `put`.
        """
        _check_path(path)
        if path.count("/") > PATH_FOLDERS_MOST:
            raise SandboxError(f"a file cannot be put more than {PATH_FOLDERS_MOST} folders deep")
        if self._closed:
            raise BoxBrokenError("the box is closed")
        try:
            few = len(self._placed) <= _FILES_FEW
            content, given = streams.told_or_given(data, _TOLD_BYTES_MOST if few else 0)
        except OSError as error:
            raise SandboxError(f"a file cannot be put: {error}") from error
        try:
            with self._unless_sent() as scratch:
                told = files.put(scratch, path, content, mode & 0o777)
        except BaseException:
            _close_all(given)
            raise
        self._puts.append((told, given))
        if not self._scratch.is_frozen:
            self._placed[path] = None
        if len(self._puts) >= _PUTS_MOST:
            self._tell(packet.nothing())

    def get(self, path: str, max_bytes: int) -> bytes | None:
        """At most the first `max_bytes` of a regular file below /work; None if there is none, or a link."""
        _check_path(path)
        found = self._opened(files.get, path)
        return streams.read_regular(found[0], max_bytes) if found else None

    def names(self, folder: str = ".") -> list[str]:
        """What the folder below /work holds, sorted; empty if it is absent."""
        if folder != ".":
            _check_path(folder)
        found = self._opened(files.folder, folder)
        try:
            return sorted(os.listdir(found[0])) if found else []
        except OSError as error:
            raise SandboxError(f"reading {folder}: {error}") from error
        finally:
            _close_all(found)

    def freeze(self, left: Iterable[str] | None = None) -> None:
        """Once, after compiling. Every later run finds what was put, and of what runs left in /work the
        files, folders and links at its top that `left` names (default: all that is there). It cannot change
        any of that. It may add to /work and to folders that came with what was put, not to those of `left`.

        It is done along with the next request, whose error may be its own. The box is of no more use after
        TooMuchToKeepError.
        """
        if self._scratch.is_frozen:
            raise SandboxError("the box is frozen already")
        if left is None:
            left = self.names() if self._has_run else ()  # before a run there is what was put
        known, others = frozen.unknown(self._placed, left)
        if others:
            (folder,) = self._opened(files.folder, ".")
            try:
                known |= leftovers.seen(folder, others)
            finally:
                os.close(folder)
        lasting = frozen.frozen(self._placed, known)
        self._scratch.freeze(lasting, self._filled(known) if known and self._has_run else None)

    def cancel(self) -> None:
        """Ends the run in progress, and every later one at once, with kill=CANCELLED."""
        with self._lock:
            self._cancelled = True
            if self._running:
                self._kill()

    def end_run(self) -> None:
        """Ends the run in progress, if there is one, as SIGKILL from outside would; later ones run."""
        with self._lock:
            if self._running:
                self._kill()

    def readiness(self) -> Readiness:
        """Of the run in progress, from any thread: nothing if there is none."""
        with self._lock:
            group = self._group
            if group is not None:
                with contextlib.suppress(OSError):
                    return Readiness(group.waited_us(), group.cpu_time_us(), group.is_ready())
        return Readiness()

    def run(
        self,
        command: Command,
        limits: Limits,
        keep: bool = True,
        live: LiveOutput | None = None,
        partner: "Box | None" = None,
    ) -> Outcome:
        """Runs to the end: no process of it lives when this returns.

        `partner` is the box of a program that this one talks with: what that one waits for a CPU is waited by
        this one as well.

        With `live` the output goes there as it is read, and the outcome's `stdout` is empty.

        `keep`: what the run left in its folders can be read with `get` until the next put or run; else it is
        dropped at once. Before `freeze`, /work keeps it in any case. Errors: SandboxError and its kinds.
        """
        try:
            with contextlib.ExitStack() as opened:
                stdin = streams.open_stdin(command.stdin)
                opened.callback(os.close, stdin)
                output = streams.Output(limits.output_bytes, command.stderr_ends_bytes, command.stdout, live)
                opened.callback(output.close_pipes)
                try:
                    beginning = opened.enter_context(contextlib.closing(streams.Beginning()))
                    return self._run(command, limits, stdin, output, beginning, keep=keep, partner=partner)
                except BaseException:
                    os.close(output.file)
                    raise
        except OSError as error:
            raise SandboxError(f"a run failed: {error}") from error

    def _run(
        self,
        command: Command,
        limits: Limits,
        stdin: int,
        output: streams.Output,
        beginning: streams.Beginning,
        *,
        keep: bool,
        partner: "Box | None",
    ) -> Outcome:
        group = self._groups.create()
        try:
            group.limit(limits.memory_bytes, limits.processes)
            given = (stdin, *output.writers, beginning.writer, *group.join)
            run = self._start(command, limits, group, given)
            output.started()
            beginning.started()
            command.on_started()
            watched = supervision.watch(
                limits,
                group,
                output,
                beginning,
                control=self._birth.control.fileno(),
                partner=Readiness if partner is None else partner.readiness,
                is_cancelled=lambda: self._cancelled,
                kill=self._kill,
            )
            ended = run.ended(self._answer()[0])
            if watched.kill is not Kill.OUTPUT:
                output.drain()
            self._make(self._scratch.ran(ended.measured, keep=keep))
            outcome = supervision.outcome(ended, watched, limits, group, output)
            streams.seal(output.file)
        except CannotExecuteError:
            self._remove(group)
            raise
        except BaseException:
            self._break()  # its processes are dead before their cgroup goes
            self._remove(group)
            raise
        finally:
            self._running = False
        try:
            self._remove(group)
        except SandboxError:
            self._break()
            raise
        return outcome

    def _remove(self, group: RunGroup) -> None:
        with self._lock:
            self._group = None
        group.remove()

    def _start(
        self, command: Command, limits: Limits, group: RunGroup, descriptors: tuple[int, ...]
    ) -> runner.Run:
        job = runner.Job(
            argv=tuple(command.argv),
            env=tuple(command.env.items()),
            cwd=command.cwd,
            rlimits=tuple(accounting.rlimits(limits)),
            wall_time_ms=accounting.wall_time_ms_most(limits) + accounting.INIT_GRACE_MS,
            cgroups=len(group.join),
            reopen=group.reopens,
        )
        with self._unless_sent() as scratch:
            try:
                steps, measures = scratch.before_run(limits.files_bytes, limits.files_count)
                run = runner.packet_of(job, steps, scratch.measured, measures=measures)
            except packet.PacketTooLargeError as error:
                raise CannotExecuteError(errno.E2BIG, f"arguments and environment: {error}") from error
            self._send_puts()  # which may take its time, and who waits for the lock waits for that
            with self._lock:
                if self._closed:
                    raise BoxBrokenError("the box is closed")
                self._birth.control.send_packet(run.finished, descriptors)
                self._running = self._has_run = True
                self._group = group
                if self._cancelled:
                    self._kill()
        return run

    @contextlib.contextmanager
    def _unless_sent(self) -> Iterator[Scratch]:
        """The state of the folders, to be changed along with a packet; nothing changed if it is not sent.

        SandboxError for what cannot be said in a packet: names that are no text, or too much of them.
        """
        before = copy.copy(self._scratch)
        try:
            yield self._scratch
        except BaseException as error:
            self._scratch = before
            if isinstance(error, ValueError):
                raise SandboxError(f"the box cannot be told: {error}") from error
            raise

    def _make(self, steps: Steps) -> None:
        """Changes to folders, while nobody waits for them."""
        if steps:
            changes = packet.Packet("changing folders")
            changes.calls(steps)
            changes.end()
            self._tell(changes.finished())

    def _kill(self) -> None:
        with contextlib.suppress(OSError):  # a box that is gone has nothing left to kill
            self._birth.control.send_packet(packet.nothing())

    def _send_puts(self) -> None:
        while self._puts:
            put, given = self._puts[0]
            self._birth.control.send_packet(put, given)
            del self._puts[0]
            _close_all(given)

    def _tell(self, told: bytes) -> None:
        if self._closed:
            raise BoxBrokenError("the box is closed")
        try:
            self._send_puts()
            self._birth.control.send_packet(told)
        except OSError as error:
            self._break()
            raise BoxBrokenError(f"the box: {error}") from error

    def _opened(self, ask: Callable[[Scratch, str], packet.Packet], path: str) -> tuple[int, ...]:
        """What came with the answer: a descriptor, or none if there is nothing of that name."""
        with self._unless_sent() as scratch:
            self._tell(ask(scratch, path).finished())
        return self._descriptors()

    def _descriptors(self) -> tuple[int, ...]:
        """What comes with an answer."""
        try:
            return self._answer()[1]
        except SandboxError:
            self._break()
            raise
        except OSError as error:
            self._break()
            raise BoxBrokenError(f"the box: {error}") from error

    def _filled(self, left: Frozen) -> int:
        """Fills the holes of what runs left; how much all of /work then takes. TooMuchToKeepError."""
        sizes = [(name, entry.size_bytes) for name, entry in left.items() if entry.size_bytes]
        for first in range(0, max(len(sizes), 1), _FILLED_AT_ONCE):
            some = dict(sizes[first : first + _FILLED_AT_ONCE])
            self._tell(files.filled(some).finished())
            opened = self._descriptors()
            if not opened:
                raise TooMuchToKeepError("with their holes filled, files are more than a box keeps")
            space = os.fstatvfs(opened[0])
            os.close(opened[0])
        return (space.f_blocks - space.f_bfree) * space.f_frsize

    def _answer(self) -> tuple[bytes, tuple[int, ...]]:
        received = self._birth.control.receive_packet()
        if received is None:
            raise BoxBrokenError("the box ended")
        try:
            return packet.answered(received[0]), received[1]
        except packet.InitError as error:
            raise SandboxError(f"the box: {error}") from error

    def _break(self) -> None:
        """Fail closed: ends the box and waits until its last process is gone."""
        if self._closed:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._birth.pidfd, signal.SIGKILL)
        poll = select.poll()
        poll.register(self._birth.pidfd, select.POLLIN)
        poll.poll(_BREAK_MS)
        self.close()


def _close_all(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _check_path(path: str) -> None:
    if any(part in {"", ".", ".."} or "\0" in part for part in path.split("/")):
        raise ValueError(f"{path!r} is not a plain relative path")
