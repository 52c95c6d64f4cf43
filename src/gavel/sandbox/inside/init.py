"""The init of a box: pid 1 of its pid namespace, one loop that does what the service's socket says.

Requests and answers (codec.py), each with an `op`:

    open    files_bytes, files_count                     once, first
    put     path, mode; descriptor: the data             files.py
    get     path                                         answer carries a descriptor if the file is there
    names   path                                         answer carries a descriptor if the folder is there
    freeze
    run     argv, env, cwd, rlimits, files_bytes, files_count, wall_time_ms, keep, reopen; descriptors: see
            runner.py
    kill    only during a run, unanswered; anywhere else it came too late and is ignored

The end of the socket ends init, and the kernel then kills whatever lives in the pid namespace. A failed
request is answered with `error` and `errno`; the service throws the box away.
"""

import contextlib
import os
import select
import signal
import time
from typing import Final, Never

from . import codec, files, kernel, runner
from .scratch import Scratch

_NS_PER_MS: Final = 1_000_000
_START_BYTES: Final = 8


class Init:
    def __init__(self, control: codec.Channel, filter_: kernel.Filter) -> None:
        self._control = control
        self._filter = filter_
        self._scratch: Scratch | None = None
        self._wake, wake_write = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)

    def serve(self) -> Never:
        while received := self._control.receive():
            message, _ = received
            if message["op"] == "kill":
                continue
            if self._control.answer(self._do, received) and message["op"] == "run":
                self._opened().after_run(keep=message["keep"])
        os._exit(0)

    def _opened(self) -> Scratch:
        if self._scratch is None:
            raise ValueError("not opened")
        return self._scratch

    def _do(self, message: codec.Message, descriptors: tuple[int, ...]) -> codec.Answer:
        match message["op"]:
            case "open":
                self._scratch = Scratch(message["files_bytes"], message["files_count"])
            case "put":
                self._opened().before_put()
                files.put(message["path"], descriptors[0], message["mode"])
            case "get" | "names" as op:
                found = (files.get if op == "get" else files.names)(message["path"])
                return {}, () if found is None else (found,)
            case "freeze":
                self._opened().freeze()
            case "run":
                self._opened().before_run(message["files_bytes"], message["files_count"])
                return self._run(message, descriptors), ()
            case op:
                raise ValueError(f"no such request: {op}")
        return {}, ()

    def _run(self, job: codec.Message, descriptors: tuple[int, ...]) -> codec.Message:
        report_read, report_write = os.pipe()
        try:
            try:
                start = runner.Start(job, descriptors, self._filter)
            except OSError as error:
                return {"not_started": runner.describe(error).decode()}
            forked_ns = time.monotonic_ns()
            pid = os.fork()
            if pid == 0:
                start.in_child(report_write)
            os.close(report_write)
            report_write = -1
            status = self._supervise(pid, forked_ns + job["wall_time_ms"] * _NS_PER_MS)
            ended_ns = time.monotonic_ns()
            report = os.read(report_read, 4096)
        finally:
            os.close(report_read)
            if report_write >= 0:
                os.close(report_write)
        if len(report) > _START_BYTES:
            return {"not_started": report[_START_BYTES:].decode("utf-8", "replace")}
        started_ns = int.from_bytes(report, "little")
        if not started_ns:
            if not os.WIFSIGNALED(status):
                return {"not_started": "0:the runner ended without a word"}
            started_ns = forked_ns  # killed on request before its exec
        return {"status": status, "wall_time_us": max(0, ended_ns - started_ns) // 1000}

    def _supervise(self, pid: int, deadline_ns: int) -> int:
        """Waits for the program, then leaves no process alive. The wait status of the program."""
        status = None
        while status is None:
            left_ms = max(0, (deadline_ns - time.monotonic_ns()) // _NS_PER_MS + 1)
            ready = dict(self._poll.poll(left_ms))
            if self._control.fileno() in ready:
                received = self._control.receive()
                if received is None:
                    os._exit(0)
                if received[0]["op"] == "kill":
                    _kill_all()
            elif not ready:  # the service watches the time too; this is for when it is stopped itself
                _kill_all()
                deadline_ns += 1000 * _NS_PER_MS
            if self._wake in ready:
                os.read(self._wake, 4096)
            status = _reap(pid)
        _kill_all()
        # kill(-1) is atomic against fork: whatever still lives has the signal, and none of it can be missed
        # here.
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        return status


def _kill_all() -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _reap(program: int) -> int | None:
    """Collects what has ended (orphans become init's children); the program's status if it was among them."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == program:
                return status
            if pid == 0:
                return None
    raise OSError("the program vanished")
