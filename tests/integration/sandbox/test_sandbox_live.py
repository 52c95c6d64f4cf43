"""Runs whose output is read, and whose input is written, while they go on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sandbox_programs import MakeLimits

from gavel.sandbox import Box, Command, Kill, Limits, LiveOutput, Outcome

pytestmark = pytest.mark.integration

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/tmp"}


class Live:
    """A run on a thread of its own, and what it has written so far."""

    def __init__(self, box: Box, program: str, limits: Limits, bytes_most: int = 256 << 10) -> None:
        self._box = box
        self._limits = limits
        self._argv = ("/usr/bin/python3", "-u", "-c", program)
        self._changed = threading.Condition()
        self.stdout = b""
        self.stderr = b""
        self.outcome: Outcome | None = None
        self.stdin_read, self.stdin = os.pipe()
        self.live = LiveOutput(self._on_output, bytes_most)
        self._thread = threading.Thread(target=self._run)

    def _on_output(self) -> None:
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        self.outcome = self._box.run(Command(self._argv, ENV, self.stdin_read), self._limits, live=self.live)

    def start(self) -> None:
        """Begins it."""
        self._thread.start()

    def until(self, holds: Callable[[], bool]) -> None:
        """Takes what is written until that holds; at most 10 s."""
        end = time.monotonic() + 10
        while True:
            self.take()
            if holds():
                return
            assert time.monotonic() < end, (self.stdout[-200:], self.stderr[-200:])
            with self._changed:
                self._changed.wait(0.2)

    def until_held(self) -> None:
        """Until its output is no longer read, since nobody takes it; at most 10 s."""
        end = time.monotonic() + 10
        while not self.live._waited_for:
            assert time.monotonic() < end
            with self._changed:
                self._changed.wait(0.02)

    def take(self) -> None:
        """What there is now."""
        for is_stdout, data in self.live.take():
            if is_stdout:
                self.stdout += data
            else:
                self.stderr += data

    def end(self) -> Outcome:
        """Waits for its end, and takes the rest."""
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.take()
        assert self.outcome is not None
        return self.outcome


@contextmanager
def running(box: Box, program: str, limits: Limits, bytes_most: int = 256 << 10) -> Iterator[Live]:
    """A live run; killed at the end if need be."""
    made = Live(box, program, limits, bytes_most)
    made.start()
    try:
        yield made
    finally:
        box.cancel()
        with made.end():
            pass
        made.live.close()
        for descriptor in (made.stdin_read, made.stdin):
            os.close(descriptor)


def test_a_program_is_talked_to_line_by_line(box: Box, limits: MakeLimits) -> None:
    """Each line is answered while the program runs, and the end of the input ends it."""
    program = "import sys\nfor line in sys.stdin: print('got', line.strip())"
    with running(box, program, limits()) as live:
        for number in range(5):
            os.write(live.stdin, b"%d\n" % number)
            expected = b"got %d\n" % number
            live.until(lambda expected=expected: live.stdout.endswith(expected))  # type: ignore[misc]
        assert live.outcome is None
        spare = os.open(os.devnull, os.O_WRONLY)
        os.dup2(spare, live.stdin)  # closes the pipe, and keeps the number for the end
        os.close(spare)
        outcome = live.end()

    assert (outcome.exit_code, outcome.kill) == (0, Kill.NONE)
    assert live.stdout == b"".join(b"got %d\n" % number for number in range(5))


def test_both_streams_come_apart_and_are_counted(box: Box, limits: MakeLimits) -> None:
    """Of stdout nothing is kept a second time; the head of stderr is, for the verdict."""
    program = "import os\nos.write(1, b'out' * 1000)\nos.write(2, b'err' * 1000)"
    with running(box, program, limits()) as live:
        outcome = live.end()
        assert os.fstat(outcome.stdout).st_size == 0

    assert live.stdout == b"out" * 1000
    assert live.stderr == outcome.stderr == b"err" * 1000
    assert outcome.output_bytes == 6000


def test_no_more_than_the_output_limit_is_handed_on(box: Box, limits: MakeLimits) -> None:
    """The flood is stopped, and its reader gets the limit exactly, both streams together."""
    program = "import os\nwhile True: os.write(1, b'x' * 4096); os.write(2, b'y' * 4096)"
    with running(box, program, limits(output_bytes=100_000)) as live:
        live.until(lambda: live.outcome is not None)
        outcome = live.end()

    assert outcome.kill is Kill.OUTPUT
    assert len(live.stdout) + len(live.stderr) == 100_000


def test_a_program_whose_reader_is_slow_waits(box: Box, limits: MakeLimits) -> None:
    """While nobody takes its output it waits on its pipe, unharmed; then it goes on where it was."""
    program = "import os\nfor n in range(200): os.write(1, b'x' * 10_000)\nos.write(2, b'done')"
    with running(box, program, limits(), bytes_most=50_000) as live:
        live.until_held()
        held = sum(len(data) for _, data in live.live.take())
        assert 50_000 <= held <= 50_000 + 65_536
        assert live.outcome is None
        live.stdout = b"x" * held
        live.until(lambda: live.outcome is not None)
        outcome = live.end()

    assert (outcome.exit_code, outcome.kill) == (0, Kill.NONE)
    assert live.stdout == b"x" * 2_000_000
    assert live.stderr == b"done"


def test_a_reader_that_never_comes_costs_the_program_its_wall_time(box: Box, limits: MakeLimits) -> None:
    """The watch goes on while the buffer is full: the run ends by its wall time, not never."""
    program = "import os\nwhile True: os.write(1, b'x' * 10_000)"
    begin = time.monotonic()
    with running(box, program, limits(wall_time_ms=700), bytes_most=10_000) as live:
        live._thread.join(10)
        assert time.monotonic() - begin < 3
        outcome = live.end()

    assert outcome.kill is Kill.WALL_TIME
    assert outcome.cpu_time_ms < 500


def test_a_cancel_ends_a_run_that_waits_for_its_reader(box: Box, limits: MakeLimits) -> None:
    """As fast as any other."""
    program = "import os\nwhile True: os.write(1, b'x' * 10_000)"
    with running(box, program, limits(), bytes_most=10_000) as live:
        live.until_held()
        begin = time.monotonic()
        box.cancel()
        live._thread.join(5)
        assert time.monotonic() - begin < 1
        assert live.end().kill is Kill.CANCELLED


def test_an_idle_program_costs_no_looks(box: Box, limits: MakeLimits) -> None:
    """While a program waits for its input nothing is polled: the thread that waits for it sleeps."""
    with running(box, "input()", limits(cpu_time_ms=10_000, wall_time_ms=60_000)) as live:
        live.until(lambda: True)
        thread_before = time.process_time()
        live._thread.join(1.0)
        assert live.outcome is None
        assert time.process_time() - thread_before < 0.2
