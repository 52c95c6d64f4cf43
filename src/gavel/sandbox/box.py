"""A box as its owner uses it: files in, runs, files out. It serves one submission and is then thrown away."""

import contextlib
import errno
import os
import select
import signal
import stat
import threading
from types import TracebackType
from typing import Final, Self

from . import accounting, streams, supervision
from .accounting import Readiness, Usage
from .cgroups import Cgroups, RunGroup
from .inside import codec
from .launcher import Birth
from .live import LiveOutput
from .model import BoxBrokenError, CannotExecuteError, Command, Kill, Limits, Outcome, SandboxError
from .pool import discard

_ANSWER_SECONDS: Final = 30.0
"""For any request but a run; copying the largest file allowed takes well under a second."""
_BREAK_MS: Final = 10_000
"""How long the kernel may take to end a box's last process."""
_LISTING_BYTES_MAX: Final = 16 << 20


class Box:
    """One thread uses a box at a time; `cancel` and `end_run` may come from another. A context manager."""

    def __init__(self, birth: Birth, cgroups: Cgroups, files_bytes: int, files_count: int) -> None:
        self._birth = birth
        self._cgroups = cgroups
        self._lock = threading.Lock()
        self._running = False
        self._group: RunGroup | None = None
        """Of the run in progress."""
        self._cancelled = False
        self._closed = False
        self._is_frozen = False
        self._before: codec.Message = {"open": (files_bytes, files_count)}
        """What the next request brings along, to be done before it."""
        birth.control.set_timeout(_ANSWER_SECONDS)

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

    def put(self, path: str, data: bytes | int, mode: int = 0o444) -> None:
        """A file at `path` below /work, of the box's root: programs cannot change it. Replaces what is there.

        `data` may be a descriptor of a regular file, read from its start. Folders on the way are made. After
        `freeze` it is there for the next run only. It is not waited for: SandboxError, as if it exceeds the
        box's files_bytes, is raised by the next call that is no `put`.
        """
        _check_path(path)
        source = streams.anonymous_file("put", data) if isinstance(data, bytes) else data
        try:
            if not stat.S_ISREG(os.fstat(source).st_mode):
                raise ValueError("only data and regular files can be put")
            self._tell({"op": "put", "path": path, "mode": mode & 0o777}, (source,))
        finally:
            if isinstance(data, bytes):
                os.close(source)

    def get(self, path: str, max_bytes: int) -> bytes | None:
        """At most the first `max_bytes` of a regular file below /work; None if there is none, or a link."""
        _check_path(path)
        return self._read(self._request({"op": "get", "path": path})[1], max_bytes)

    def names(self, folder: str = ".") -> list[str]:
        """What the folder below /work holds, sorted; empty if it is absent."""
        if folder != ".":
            _check_path(folder)
        listing = self._read(self._request({"op": "names", "path": folder})[1], _LISTING_BYTES_MAX)
        return [] if listing is None else codec.decode(b'{"names":%b}' % listing)["names"]

    def freeze(self) -> None:
        """Once, after compiling. Later runs see what /work holds now, each writing to a layer of its own.

        It is done along with the next request, whose error may be its own.
        """
        if self._is_frozen:
            raise SandboxError("the box is frozen already")
        self._is_frozen = True
        self._before["freeze"] = True

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
        stdin = streams.open_stdin(command.stdin)
        try:
            output = streams.Output(limits.output_bytes, command.stderr_ends_bytes, command.stdout, live)
            try:
                with contextlib.closing(streams.Beginning()) as beginning:
                    return self._run(command, limits, stdin, output, beginning, keep=keep, partner=partner)
            except BaseException as error:
                os.close(output.file)
                if isinstance(error, OSError):
                    raise SandboxError(f"a run failed: {error}") from error
                raise
            finally:
                output.close_pipes()
        finally:
            os.close(stdin)

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
        group = self._cgroups.create()
        try:
            group.limit(limits.memory_bytes, limits.processes)
            given = (stdin, *output.writers, beginning.writer, *group.join)
            self._start(command, limits, keep, group, given)
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
            answer, _ = self._answer()
            if watched.kill is not Kill.OUTPUT:
                output.drain()
            outcome = _outcome(answer, watched, limits, group, output)
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
        self, command: Command, limits: Limits, keep: bool, group: RunGroup, descriptors: tuple[int, ...]
    ) -> None:
        message = {
            "op": "run",
            "argv": command.argv,
            "env": dict(command.env),
            "cwd": command.cwd,
            "rlimits": accounting.rlimits(limits),
            "files_bytes": limits.files_bytes,
            "files_count": limits.files_count,
            "wall_time_ms": accounting.wall_time_ms_most(limits) + accounting.INIT_GRACE_MS,
            "keep": keep,
            "reopen": group.reopens,
            "stdout_is_pipe": command.stdout is not None,
        }
        with self._lock:
            if self._closed:
                raise BoxBrokenError("the box is closed")
            try:
                self._send(message, descriptors)
            except codec.MessageTooLargeError as error:
                raise CannotExecuteError(errno.E2BIG, f"arguments and environment: {error}") from error
            self._running = True
            self._group = group
            if self._cancelled:
                self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(OSError):  # a box that is gone has nothing left to kill
            self._birth.control.send({"op": "kill"})

    def _tell(self, message: codec.Message, descriptors: tuple[int, ...]) -> None:
        if self._closed:
            raise BoxBrokenError("the box is closed")
        try:
            self._send(message, descriptors)
        except OSError as error:
            self._break()
            raise BoxBrokenError(f"the box: {error}") from error

    def _request(self, message: codec.Message) -> tuple[codec.Message, tuple[int, ...]]:
        self._tell(message, ())
        try:
            return self._answer()
        except SandboxError:
            self._break()
            raise
        except OSError as error:
            self._break()
            raise BoxBrokenError(f"the box: {error}") from error

    def _send(self, message: codec.Message, descriptors: tuple[int, ...]) -> None:
        self._birth.control.send(message | self._before, descriptors)
        self._before = {}

    def _answer(self) -> tuple[codec.Message, tuple[int, ...]]:
        received = self._birth.control.receive()
        if received is None:
            raise BoxBrokenError("the box ended")
        if "error" in received[0]:
            raise SandboxError(f"the box: {received[0]['error']}")
        return received

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

    @staticmethod
    def _read(descriptors: tuple[int, ...], max_bytes: int) -> bytes | None:
        if not descriptors:
            return None
        with open(descriptors[0], "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            parts = bytearray()
            while len(parts) < max_bytes and (data := file.read(max_bytes - len(parts))):
                parts += data
            return bytes(parts)


def _outcome(
    answer: codec.Message,
    watched: supervision.Watched,
    limits: Limits,
    group: RunGroup,
    output: streams.Output,
) -> Outcome:
    if "not_started" in answer:
        number, _, reason = answer["not_started"].partition(":")
        raise CannotExecuteError(int(number or 0), reason)
    usage = Usage(group.cpu_time_us(), answer["wall_time_us"], output.count_bytes, group.oom_kills())
    exit_code, signal_number = accounting.exit_of(answer["status"])
    kill = accounting.final_kill(watched.kill, limits, usage, signal_number)
    if kill is Kill.WALL_TIME and watched.is_starved:
        passed, used = usage.wall_time_us / 1e6, usage.cpu_time_us / 1e6
        raise SandboxError(
            f"the machine is too busy: a run that was ready got {used:.2f} s of CPU in {passed:.2f} s"
        )
    return Outcome(
        exit_code=exit_code,
        signal=signal_number,
        kill=kill,
        cpu_time_ms=-(-usage.cpu_time_us // 1000),
        wall_time_ms=-(-usage.wall_time_us // 1000),
        memory_bytes=group.memory_peak_bytes(),
        output_bytes=output.count_bytes,
        stdout=output.file,
        stderr=output.stderr,
    )


def _check_path(path: str) -> None:
    if any(part in {"", ".", ".."} or "\0" in part for part in path.split("/")):
        raise ValueError(f"{path!r} is not a plain relative path")
