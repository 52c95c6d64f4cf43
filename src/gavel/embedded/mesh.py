"""A whole mesh for tests, benchmarks and the demo: as a context manager, with hands to break it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from gavel.embedded import state
from gavel.embedded.arguments import arguments_of
from gavel.embedded.events import Event, Kind
from gavel.embedded.plan import Options, Worker
from gavel.embedded.ports import choose
from gavel.embedded.postgres import Postgres
from gavel.embedded.server import StartError
from gavel.embedded.state import PartState

START_SECONDS_MAX = 300.0
"""The first start of all fetches 43 MB of jars."""
STOP_SECONDS_MAX = 90.0


class Mesh:
    """A mesh on a data folder, run by a supervisor process of its own that dies with this one.

    `ingress` is host:port; port 0 picks a free one. `workers` are `LANGUAGE[,LANGUAGE...][=SLOTS]`, by
    default one with all of this machine. `listener` hears the supervisor's events on another thread.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        ingress: str = "127.0.0.1:0",
        submission: int = 2,
        result: int = 2,
        workers: Sequence[str] = (),
        listener: Callable[[Event], None] = lambda _: None,
    ) -> None:
        host, port = ingress.rsplit(":", 1)
        self._options = Options(
            data_dir.absolute(),
            host.strip("[]"),
            int(port) or choose(),
            submission,
            result,
            tuple(map(Worker.parse, workers)) or (Worker(),),
        )
        self._listener = listener
        self._popen: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()
        self._started: queue.Queue[Event] = queue.Queue()
        self._commanding = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """The ingress, host:port."""
        host, port = self._options.ingress_host, self._options.ingress_port
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def kafka(self) -> str:
        """The broker's bootstrap servers."""
        return self.part("kafka").address

    @property
    def database_url(self) -> str:
        """The database, with its password."""
        port = int(self.part("postgres").address.rsplit(":", 1)[1])
        return Postgres(self._options.data_dir / "postgres", port=port).url

    @property
    def data_dir(self) -> Path:
        return self._options.data_dir

    def start(self) -> None:
        """Returns when all is ready; StartError, with nothing left running, when that fails."""
        argv = [sys.executable, "-P", "-m", "gavel.embedded", *arguments_of(self._options), "--control"]
        self._popen = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._thread = threading.Thread(target=self._listen, args=(self._popen,), daemon=True)
        self._thread.start()
        try:
            event = self._started.get(timeout=START_SECONDS_MAX)
        except queue.Empty:
            event = Event(Kind.FAILED, f"not up within {START_SECONDS_MAX:.0f} s")
        if event.kind is not Kind.UP:
            self.stop()
            raise StartError(event.part or "mesh", event.message)

    def stop(self) -> None:
        """Stops everything cleanly; the data stays. TimeoutError, with all killed, if that takes too long."""
        popen, self._popen = self._popen, None
        if popen is None:
            return
        if popen.stdin is not None:
            popen.stdin.close()
        try:
            popen.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            popen.kill()  # the parts die with it
            popen.wait()
            raise TimeoutError(f"the mesh did not stop within {STOP_SECONDS_MAX:.0f} s") from None
        finally:
            if self._thread is not None:
                self._thread.join()

    def part(self, name: str) -> PartState:
        """A part as it is now (kafka, postgres, envoy, submission-0, worker-0, ...); KeyError if unknown."""
        for part in self.parts():
            if part.name == name:
                return part
        raise KeyError(name)

    def parts(self) -> tuple[PartState, ...]:
        """All parts as they are now."""
        current = state.read(self._options.data_dir)
        return current.parts if current is not None else ()

    def process(self, name: str) -> int:
        """The pid of a part; RuntimeError while it does not run."""
        identity = self.part(name).identity
        if identity is None or not identity.alive():
            raise RuntimeError(f"{name} does not run")
        return identity.pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a part's process a signal; the supervisor starts again what ends by it."""
        os.kill(self.process(name), number)

    def stop_part(self, name: str) -> None:
        """Stops a part, which stays stopped; returns when it is gone."""
        self._command(f"stop {name}")

    def start_part(self, name: str) -> None:
        """Starts a stopped part; returns when it is ready. StartError if it does not get so."""
        self._command(f"start {name}")

    @property
    def supervisor_pid(self) -> int:
        """The supervisor's process; RuntimeError if it does not run."""
        if self._popen is None:
            raise RuntimeError("the mesh does not run")
        return self._popen.pid

    def _command(self, text: str) -> None:
        if self._popen is None or self._popen.stdin is None:
            raise RuntimeError("the mesh does not run")
        with self._commanding:
            self._popen.stdin.write(text + "\n")
            self._popen.stdin.flush()
            answer = self._answers.get(timeout=STOP_SECONDS_MAX)
        if "error" in answer:
            raise StartError(text.partition(" ")[2], answer["error"])

    def _listen(self, popen: subprocess.Popen[str]) -> None:
        if popen.stdout is None:
            return
        with popen.stdout:
            for line in popen.stdout:
                if line.startswith('{"done"'):
                    self._answers.put(json.loads(line))
                    continue
                event = Event.from_json(line)
                self._listener(event)
                if event.kind in (Kind.UP, Kind.FAILED, Kind.DOWN):
                    self._started.put(event)
        self._started.put(Event(Kind.FAILED, "the supervisor ended"))
