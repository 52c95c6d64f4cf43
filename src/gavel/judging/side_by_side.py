"""Tests of one judgement side by side: each in a lane of its own, on the judgement's slot and on further ones
while those are free.

The judging thread alone starts tests and takes their results; a thread lives as long as its test. Whatever a
test raises is raised when its turn comes, or never when the course does not come to it.
"""

import contextvars
import dataclasses
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from types import TracebackType
from typing import Self

from gavel.judging.ahead import Ahead
from gavel.judging.boxes import Boxes
from gavel.judging.outcome import BrokenProblem, EngineError, FurtherSlots
from gavel.judging.running import Ran, Runner
from gavel.judging.scoring import Course
from gavel.judging.task import Test
from gavel.sandbox import SandboxError


class NoLane(Exception):  # noqa: N818  (reads as what happened)
    """A further lane could not be made; its test was not run."""


@dataclasses.dataclass(slots=True)
class Lane:
    """Where one test runs at a time: the boxes of the program and its validator, and who runs it in them."""

    boxes: Boxes
    runner: Runner | None = None
    """None until its first test: it is made on that test's thread."""


@dataclasses.dataclass(frozen=True, slots=True)
class Lanes:
    """How the tests of a judgement are run, and what its lanes are made of."""

    most: int
    """So many tests may run at the same time."""
    boxes: Boxes
    """The judgement's; each further lane has a part of them."""
    run: Callable[[Runner, Test], Ran]
    """Raises EngineError, SandboxError, Cancelled."""
    make: Callable[[Boxes], Runner]
    """Makes a runner in these boxes. Raises BrokenProblem, EngineError, SandboxError, Cancelled."""
    are_possible: Callable[[], bool]
    """Whether `make` has by now what it puts into further boxes."""


@dataclasses.dataclass(slots=True)
class _Run:
    """A test that runs."""

    index: int
    lane: Lane
    lent: bool
    """Whether it runs on a further slot."""
    result: Future[Ran]
    thread: threading.Thread
    is_dropped: bool = False


class SideBySide:
    """The results of a judgement's tests in the order in which its course asks for them; a context manager.

    The first test runs alone, since it may show that the program is none.
    """

    def __init__(
        self, course: Course, tests: Sequence[Test], first: Lane, lanes: Lanes, slots: FurtherSlots
    ) -> None:
        """`first` is the lane in which the program was built."""
        self._tests = tests
        self._lanes = lanes
        self._slots = slots
        self._most = lanes.most
        self._ahead = Ahead(course, lanes.most)
        self._idle = [first]
        self._runs: list[_Run] = []
        self._results: dict[int, Future[Ran]] = {}
        self._has_begun = False
        self._is_alone = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Ends what still runs, and waits for that."""
        for run in self._runs:
            run.lane.boxes.cancel()
        for run in self._runs:
            run.thread.join()
            _throw_away(run.result)
        self._runs.clear()
        for result in self._results.values():
            _throw_away(result)

    def ran(self, index: int) -> Ran:
        """The result of the test that the course names now, for the caller to close. Raises what its run did.

        Blocks until it has run.
        """
        if self._is_alone:
            self._is_alone = self._most < 2 or not self._has_begun or not self._lanes.are_possible()
        if self._is_alone:
            self._has_begun = True
            return self._in_lane(self._tests[index], self._idle[0])
        self._drop()
        while index not in self._results:
            self._begin()
            self._wait()
        return self._results.pop(index).result()

    def _begin(self) -> None:
        """Begins as many tests as there are slots for."""
        while len(self._runs) < self._most and (index := self._ahead.next()) is not None:
            lent = any(not run.lent for run in self._runs)
            if lent and not self._slots.lend_slot():
                return
            lane = self._idle.pop() if self._idle else Lane(self._lanes.boxes.part(spares_left=1))
            result: Future[Ran] = Future()
            context = contextvars.copy_context()
            work = (self._work, self._tests[index], lane, lent, result)
            thread = threading.Thread(target=context.run, args=work, name="test", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the machine has no thread to spare
                if lent:
                    self._slots.return_slot()
                raise EngineError(str(error)) from error
            self._ahead.begin(index)
            self._runs.append(_Run(index, lane, lent, result, thread))

    def _work(self, test: Test, lane: Lane, lent: bool, result: Future[Ran]) -> None:
        """On the test's thread."""
        try:
            try:
                ran = self._in_lane(test, lane)
            finally:
                if lent:  # here, since the judging thread may be busy with another result
                    self._slots.return_slot()
        except BaseException as error:
            result.set_exception(error)
        else:
            result.set_result(ran)

    def _in_lane(self, test: Test, lane: Lane) -> Ran:
        if lane.runner is None:
            try:
                lane.runner = self._lanes.make(lane.boxes)
            except (BrokenProblem, EngineError, SandboxError) as error:
                raise NoLane(str(error)) from error
        return self._lanes.run(lane.runner, test)

    def _wait(self) -> None:
        """Waits until at least one test has ended, and takes what came of it."""
        wait([run.result for run in self._runs], return_when=FIRST_COMPLETED)
        for run in [run for run in self._runs if run.result.done()]:
            run.thread.join()
            self._runs.remove(run)
            self._take(run)

    def _take(self, run: _Run) -> None:
        error = run.result.exception()
        if run.is_dropped or error is not None:
            self._lanes.boxes.end(run.lane.boxes)
        else:
            self._idle.append(run.lane)
        if run.is_dropped:
            _throw_away(run.result)
        elif isinstance(error, NoLane):
            # There is one more at least: that of the test that the course was told of last.
            self._ahead.forget(run.index)
            self._most = len(self._runs) + len(self._idle)
        else:
            self._results[run.index] = run.result

    def _drop(self) -> None:
        """Ends the tests that the course does not want any more, each with its lane."""
        for index in self._ahead.dropped():
            if index in self._results:
                _throw_away(self._results.pop(index))
            for run in self._runs:
                if run.index == index:
                    run.is_dropped = True
                    run.lane.boxes.cancel()


def _throw_away(result: Future[Ran]) -> None:
    if result.exception() is None:
        result.result().close()
