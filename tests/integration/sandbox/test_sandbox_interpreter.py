"""Boxes whose init is the interpreter, as on machines that there is no executable for: else the same."""

import errno
import threading
from collections.abc import Iterator

import pytest
from sandbox_programs import COUNT_PROCESSES, MakeLimits, Run, RunPython

from gavel.sandbox import Box, CannotExecuteError, Command, Kill, Sandbox, SandboxError

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """It has proved every limit on itself."""
    with Sandbox(str(tmp_path_factory.mktemp("interpreted")), native=False) as started:
        yield started


@pytest.fixture
def box(interpreted: Sandbox) -> Iterator[Box]:
    """A fresh one."""
    with interpreted.box() as fresh:
        yield fresh


def test_files_go_in_and_out_and_runs_leave_nothing(box: Box, run: Run) -> None:
    """What was frozen lies below every run, what was put below one."""
    box.put("a/frozen", b"1")
    assert run(box, "sh", "-c", "echo kept > made; mkdir folder").outcome.exit_code == 0
    box.freeze()
    box.put("folder", b"in the way of a folder")
    assert run(box, "cat", "a/frozen", "made", "folder").stdout == b"1kept\nin the way of a folder"
    assert run(box, "sh", "-c", "echo 2 > /tmp/x; echo 2 > new; ls").stdout == b"a\nfolder\nmade\nnew\n"
    assert box.names() == ["a", "folder", "made", "new"]
    assert box.get("new", 10) == b"2\n"
    assert run(box, "sh", "-c", "ls /tmp . folder").stdout == b".:\na\nfolder\nmade\n\n/tmp:\n\nfolder:\n"


def test_processes_end_with_their_run(box: Box, run: Run, python: RunPython) -> None:
    """Daemons too, and orphans are collected while it goes on."""
    daemons = "for i in $(seq 20); do (sleep 100 &); (true &); done; sleep 0.1; exit 5"
    assert run(box, "sh", "-c", daemons).outcome.exit_code == 5
    assert python(box, COUNT_PROCESSES).stdout == b"1\n"  # itself, for init cannot be seen


def test_kills_arrive(box: Box, run: Run, limits: MakeLimits) -> None:
    """For a limit, from another thread, and before there is a program."""
    with box.run(Command(("sleep", "100"), on_started=box.end_run), limits()) as outcome:
        assert outcome.signal == 9
    assert run(box, "sleep", "100", wall_time_ms=200).outcome.kill is Kill.WALL_TIME
    timer = threading.Timer(0.2, box.cancel)
    timer.start()
    assert run(box, "sleep", "100").outcome.kill is Kill.CANCELLED
    timer.join()


def test_what_cannot_be_started_or_put_is_told(box: Box, run: Run, limits: MakeLimits) -> None:
    """With its reason; a file that does not fit ends the box."""
    with pytest.raises(CannotExecuteError, match="not on") as refused:
        run(box, "no-such-program")
    assert refused.value.errno == errno.ENOENT
    assert run(box, "true").outcome.exit_code == 0
    box.put("large", bytes(limits().files_bytes + 1))
    with pytest.raises(SandboxError, match="putting large: sendfile: No space left on device"):
        run(box, "true")
