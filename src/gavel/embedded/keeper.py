"""Keeps one part running: first start, restarts with back-off, a look at its health, stop. A thread each."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from gavel.embedded import process
from gavel.embedded.core import back_off
from gavel.embedded.events import Event, Kind, Listener
from gavel.embedded.process import Flag, Process
from gavel.embedded.server import Server, StartError, describe_exit, start_until_ready
from gavel.embedded.state import PartState

HEALTH_SECONDS = 5.0
"""How often a healthy part is asked whether it still is. Only what ended is started again: a part that does
not answer may itself wait for another, and Envoy sends nothing to a replica that is not healthy."""

UNHEALTHY_POLL_SECONDS = 0.1


class Keeper:
    """One part. `changed` is called, from any thread, after each change of `state`."""

    def __init__(self, server: Server, role: str, listener: Listener, changed: Callable[[], None]) -> None:
        self.server = server
        self.role = role
        self._listener = listener
        self._changed = changed
        self._end = Flag()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._word = "stopped"
        self._healthy_since: float | None = None
        self._restarts = 0

    @property
    def name(self) -> str:
        return self.server.name

    def state(self) -> PartState:
        """The part as it is now."""
        with self._lock:
            identity = self._process.identity if self._process else None
            return PartState(
                name=self.name,
                role=self.role,
                address=self.server.address,
                state=self._word,
                pid=identity.pid if identity else None,
                identity=identity,
                healthy_since=self._healthy_since,
                restarts=self._restarts,
            )

    def prepare(self) -> None:
        """Makes what the first start needs; StartError if that cannot be."""
        self.server.prepare(lambda text: self._listener(Event(Kind.PROGRESS, text, self.name)))

    def start(self) -> None:
        """Starts the prepared part; returns when it is ready. StartError otherwise, with it stopped again."""
        began = time.monotonic()
        try:
            running = start_until_ready(
                self.server, self._end, lambda started: self._set("starting", started)
            )
        except BaseException:
            self._set("stopped", None)
            raise
        self._set_healthy(running, began)
        self._thread = threading.Thread(target=self._keep, args=(running,), name=f"keeper-{self.name}")
        self._thread.start()

    def cancel(self) -> None:
        """Makes a start in progress give up, and the part end; `stop` waits for that."""
        self._end.set()

    def stop(self) -> None:
        """Stops the part, killing it after its grace; returns when it is gone. It is not started again."""
        self.cancel()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._listener(Event(Kind.STOPPED, part=self.name))

    def revive(self) -> None:
        """Starts a stopped part again, as `start` does."""
        self._end = Flag()
        self.prepare()
        self.start()

    def kill(self) -> None:
        """Ends the process and its group at once."""
        with self._lock:
            running = self._process
        if running is not None:
            process.signal_group(running.identity, signal.SIGKILL)

    def _keep(self, running: Process) -> None:
        """Watches the process, starts it again when it ended, until the part is to stop."""
        delay: float | None = None
        current: Process | None = running
        while True:
            code, healthy_seconds = (127, 0.0) if current is None else self._watch(current)
            if self._end.is_set():
                self._finish(current)
                return
            self.server.ended(code)
            delay = back_off(delay, healthy_seconds)
            self._set("waiting", None)
            self._listener(Event(Kind.ENDED, describe_exit(code), self.name, seconds=delay))
            self._end.wait(delay)
            current = None if self._end.is_set() else self._spawn()

    def _watch(self, running: Process) -> tuple[int, float]:
        """Until the process ends or the part is to stop: its exit code, and how long it was healthy (s)."""
        began = time.monotonic()
        healthy = began if self._word == "healthy" else None
        while True:
            interval = HEALTH_SECONDS if self._word == "healthy" else UNHEALTHY_POLL_SECONDS
            code = running.wait(interval, self._end)
            if code is not None or self._end.is_set():
                return code or 0, 0.0 if healthy is None else time.monotonic() - healthy
            answers = self.server.ready()
            if answers and self._word != "healthy":
                healthy = healthy or time.monotonic()
                self._set_healthy(running, began)
            elif not answers and self._word == "healthy":
                self._set("unhealthy", running)

    def _spawn(self) -> Process | None:
        """Starts the process anew; None if that cannot be now (no memory, rests of a crash still there)."""
        with self._lock:
            self._restarts += 1
        try:
            self.server.clear()
            running = process.start(self.server.command())
        except (OSError, StartError):
            return None
        self._set("starting", running)
        return running

    def _finish(self, running: Process | None) -> None:
        if running is not None:
            self._set("stopping", running)
            self.server.ended(running.stop(self.server.stop_signal, self.server.grace_seconds))
        self._set("stopped", None)

    def _set_healthy(self, running: Process, began: float) -> None:
        self._set("healthy", running)
        seconds = time.monotonic() - began
        self._listener(Event(Kind.READY, "", self.name, self.server.address, running.pid, round(seconds, 3)))

    def _set(self, word: str, running: Process | None) -> None:
        with self._lock:
            self._word = word
            self._process = running
            self._healthy_since = time.time() if word == "healthy" else None
        self._changed()
