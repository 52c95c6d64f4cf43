"""The init of a box: pid 1 of its pid namespace, one loop that does what the service's socket says.

Requests and answers (codec.py), each with an `op`:

    put     path, mode; descriptor: the data             files.py; unanswered
    get     path                                         answer carries a descriptor if the file is there
    names   path                                         answer carries a descriptor if the folder is there
    run     argv, env, cwd, rlimits, files_bytes, files_count, wall_time_ms, keep, reopen; descriptors: see
            runner.py
    kill    only during a run, unanswered; anywhere else it came too late and is ignored

A request may bring along what is to be done before it: `open` (bytes and number of files), the first one
always, and `freeze`.

The end of the socket ends init, and the kernel then kills whatever lives in the pid namespace. A failed
request is answered with `error` and `errno`, and so is the one behind a failed `put`; the service throws the
box away.
"""

import contextlib
import os
import select
import signal
import time
from typing import Final, Never

from . import calls, codec, files, kernel, runner
from .scratch import Scratch

_NS_PER_MS: Final = 1_000_000
_AGAIN_NS: Final = 1000 * _NS_PER_MS
_REAPED_MAX: Final = 64
"""Processes collected before the socket and the clock are looked at again."""


class Init:
    def __init__(self, control: codec.Channel, filter_: kernel.Filter, starter: calls.Starter) -> None:
        self._control = control
        self._filter = filter_
        self._starter = starter
        self._scratch: Scratch | None = None
        self._failed: Exception | None = None
        """Of a put."""
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

    def _do(self, message: codec.Message, descriptors: list[int]) -> codec.Answer | None:
        if message["op"] == "put":
            self._put(message, descriptors[0])
            return None
        if self._failed is not None:
            raise self._failed
        self._do_before(message)
        match message["op"]:
            case "get" | "names" as op:
                self._opened().before_get()
                found = (files.get if op == "get" else files.names)(message["path"])
                return {}, () if found is None else (found,)
            case "run":
                self._opened().before_run(message["files_bytes"], message["files_count"])
                return self._run(message, descriptors), ()
            case op:
                raise ValueError(f"no such request: {op}")

    def _do_before(self, message: codec.Message) -> None:
        if "open" in message:
            self._scratch = Scratch(*message["open"])
        if "freeze" in message:
            self._opened().freeze()

    def _put(self, message: codec.Message, source: int) -> None:
        """Nobody waits for it: what fails is told instead of what the next request asks for."""
        if self._failed is not None:
            return
        path, mode = message["path"], message["mode"]
        try:
            self._do_before(message)
            self._opened().before_put()
            try:
                files.put("/work", path, source, mode)
            except OSError as error:
                if error.errno not in files.IN_THE_WAY:
                    raise
                with self._opened().layer() as folder:
                    files.put(folder, path, source, mode)
        except (OSError, ValueError) as error:
            self._failed = error

    def _run(self, job: codec.Message, descriptors: list[int]) -> codec.Message:
        try:
            pid, started_ns = runner.start(job, tuple(descriptors), self._filter, self._starter)
        except OSError as error:
            return {"not_started": f"{error.errno or 0}:{error}"}
        if job["stdout_is_pipe"]:  # whoever reads it is to see when the program closes it
            os.close(descriptors.pop(1))
        status = self._supervise(pid, started_ns + job["wall_time_ms"] * _NS_PER_MS)
        return {"status": status, "wall_time_us": max(0, time.monotonic_ns() - started_ns) // 1000}

    def _supervise(self, pid: int, deadline_ns: int) -> int:
        """Waits for the program, then leaves no process alive. The wait status of the program."""
        status, more = None, False
        while status is None:
            left_ns = deadline_ns - time.monotonic_ns()
            if left_ns <= 0:  # the service watches the time too; this is for when it is stopped itself
                _kill_all()
                left_ns = _AGAIN_NS
                deadline_ns += _AGAIN_NS
            ready = dict(self._poll.poll(0 if more else left_ns // _NS_PER_MS + 1))
            if self._control.fileno() in ready:
                received = self._control.receive()
                if received is None:
                    os._exit(0)
                if received[0]["op"] == "kill":
                    _kill_all()
            if self._wake in ready:
                os.read(self._wake, 4096)
            status, more = _reap(pid)
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


def _reap(program: int) -> tuple[int | None, bool]:
    """Collects what has ended (orphans become init's children): the program's status if it was among them.

    And whether there may be more: a program could end children as fast as they are collected.
    """
    with contextlib.suppress(ChildProcessError):
        for _ in range(_REAPED_MAX):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == program:
                return status, False
            if pid == 0:
                return None, False
        return None, True
    raise OSError("the program vanished")
