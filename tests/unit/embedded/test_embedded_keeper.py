"""A part under its keeper: a small real server that can be killed, be deaf or fail to start."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gavel.embedded.events import Event, Kind
from gavel.embedded.keeper import Keeper
from gavel.embedded.ports import choose
from gavel.embedded.probes import listens
from gavel.embedded.process import Command
from gavel.embedded.server import Progress, Server, StartError

LISTEN = "import socket,sys,time; s=socket.create_server(('127.0.0.1',int(sys.argv[1]))); time.sleep(60)"
FAIL = "import sys; print('no such luck'); sys.exit(7)"


class Listener(Server):
    """Runs a line of Python, and is ready when that listens on its port."""

    def __init__(self, folder: Path, line: str) -> None:
        super().__init__("listener", folder / "listener.log")
        self.line = line
        self.port = choose()
        self.exits: list[int] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def prepare(self, progress: Progress) -> None:
        progress("preparing")

    def command(self) -> Command:
        return Command((sys.executable, "-ISE", "-c", self.line, str(self.port)), log=self.log)

    def ready(self) -> bool:
        return listens("127.0.0.1", self.port)

    def ended(self, exit_code: int) -> None:
        self.exits.append(exit_code)


class Stage:
    """A keeper of one listener, and what it said."""

    def __init__(self, folder: Path, line: str) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.server = Listener(folder, line)
        self.keeper = Keeper(self.server, "listener", self.events.put, lambda: None)

    def await_event(self, kind: Kind) -> Event:
        """The next event of a kind; queue.Empty after 20 s."""
        while True:
            event = self.events.get(timeout=20)
            if event.kind is kind:
                return event

    def kill(self) -> None:
        """Kills the process from outside."""
        pid = self.keeper.state().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A part that starts well."""
    stage = Stage(tmp_path, LISTEN)
    yield stage
    stage.keeper.stop()


def test_part_is_started_again_at_its_address(stage: Stage) -> None:
    """A killed part comes back with another pid at the same address, and the restart is counted."""
    stage.keeper.prepare()
    stage.keeper.start()
    first = stage.keeper.state()

    stage.kill()
    ended = stage.await_event(Kind.ENDED)
    stage.await_event(Kind.READY)
    second = stage.keeper.state()

    assert (ended.message, ended.seconds) == ("was ended by SIGKILL", 0.1)
    assert second.address == first.address
    assert second.pid != first.pid
    assert (first.restarts, second.restarts) == (0, 1)
    assert second.state == "healthy"
    assert stage.server.exits == [-signal.SIGKILL]


def test_part_that_keeps_ending_is_started_ever_later(stage: Stage) -> None:
    """Restarts of a part that does not stay healthy back off."""
    stage.keeper.prepare()
    stage.keeper.start()
    stage.server.line = FAIL

    stage.kill()
    delays = [stage.await_event(Kind.ENDED).seconds for _ in range(4)]

    assert delays == [0.1, 0.2, 0.4, 0.8]
    assert stage.keeper.state().healthy_since is None


def test_stopped_part_stays_stopped_until_started(stage: Stage) -> None:
    """A stop is no crash: nothing restarts the part, and a start brings it back."""
    stage.keeper.prepare()
    stage.keeper.start()
    stage.keeper.stop()
    assert stage.keeper.state().state == "stopped"
    assert stage.keeper.state().pid is None
    assert not stage.server.ready()

    stage.keeper.revive()

    assert stage.server.ready()
    assert stage.keeper.state().state == "healthy"


def test_failed_start_tells_why(tmp_path: Path) -> None:
    """The error names the part and the exit code and ends with its log's last lines; nothing runs."""
    stage = Stage(tmp_path, FAIL)

    with pytest.raises(StartError, match="listener: exited with code 7") as failed:
        stage.keeper.start()

    assert str(failed.value).endswith("    no such luck")
    assert stage.keeper.state().pid is None
    assert stage.server.exits == [7, 7, 7]


def test_start_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    """A start that is not ready yet gives up when told so, and leaves nothing running."""
    stage = Stage(tmp_path, "import time; time.sleep(60)")
    errors: list[StartError] = []

    def start() -> None:
        try:
            stage.keeper.start()
        except StartError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    stage.keeper.cancel()
    thread.join(20)

    assert [error.reason for error in errors] == ["start was cancelled"]
    assert stage.keeper.state().pid is None
