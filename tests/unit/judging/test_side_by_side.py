"""Tests of one judgement side by side: whatever ends first, it comes to what one after the other comes to.

Boxes and programs are made up, so that a property decides in which order tests end and which slots are free;
threads, lanes and the course are the real ones.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gavel.judging import task
from gavel.judging.ahead import AHEAD_MOST
from gavel.judging.boxes import Boxes
from gavel.judging.checking import Checked, Turn
from gavel.judging.outcome import Cancelled, EngineError, NoFurtherSlots
from gavel.judging.running import Ran
from gavel.judging.scoring import Course, Graded
from gavel.judging.side_by_side import Lane, Lanes, SideBySide
from gavel.sandbox import BoxSpec
from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.problem_pb2 import Manifest, ManifestTest
from gavel.submission.v1.submission_pb2 import Verdict
from gavel.worker.cancellation import Cancellation

AC = submission_pb2.VERDICT_ACCEPTED
WA = submission_pb2.VERDICT_WRONG_ANSWER
JE = submission_pb2.VERDICT_JUDGE_ERROR
VERDICTS = st.sampled_from([*[AC] * 18, WA, WA, submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED, JE])


class Box:
    """Cancelled or closed, and nothing else."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.closed = False

    def cancel(self) -> None:
        """As a Box."""
        self.cancelled.set()

    def close(self) -> None:
        """As a Box."""
        self.closed = True


class Boxyard:
    """In place of a sandbox: boxes until it has no more."""

    def __init__(self, most: int = 10_000) -> None:
        self.most = most
        self.boxes: list[Box] = []

    def box(self, *_: object) -> Box:
        """As a Sandbox."""
        if len(self.boxes) >= self.most:
            raise EngineError("no box")
        self.boxes.append(Box())
        return self.boxes[-1]


@dataclasses.dataclass
class Slots:
    """Lends as the test says, over and over."""

    answers: Sequence[bool]
    asked: int = 0
    lent: int = 0
    lent_most: int = 0

    def lend_slot(self) -> bool:
        """As FurtherSlots."""
        self.asked += 1
        granted = self.answers[self.asked % len(self.answers)]
        self.lent += granted
        self.lent_most = max(self.lent, self.lent_most)
        return granted

    def return_slot(self) -> None:
        """As FurtherSlots."""
        self.lent -= 1


@dataclasses.dataclass
class Runner:
    """A lane's; see `Steered.run`."""

    box: Box

    def run(self, test: task.Test, turn: Turn, /) -> Ran:
        """Never called: the runs of a steered judgement are its own."""
        raise NotImplementedError


class Steered(SideBySide):
    """Ends its tests in the order of `order`, as far as they run at the same time."""

    order: Sequence[int]
    may_end: dict[int, threading.Event]
    ahead_most = 0

    def _wait(self) -> None:
        going = [run for run in self._runs if not run.is_dropped]
        for run in self._runs:
            if run.is_dropped:
                run.thread.join(20)
        assert len({id(run.lane) for run in self._runs}) == len(self._runs), "two tests in one lane"
        self.ahead_most = max(self.ahead_most, len(going) + len(self._results))
        if going:
            chosen = min(going, key=lambda run: self.order[run.index % len(self.order)])
            self.may_end[chosen.index].set()
        super()._wait()


@dataclasses.dataclass
class Judgement:
    """One judgement of made-up runs."""

    verdicts: Sequence[Verdict]
    order: Sequence[int] = (0,)
    boxyard: Boxyard = dataclasses.field(default_factory=Boxyard)
    errors: dict[int, Exception] = dataclasses.field(default_factory=dict)
    begun: list[int] = dataclasses.field(default_factory=list)
    outputs: list[int] = dataclasses.field(default_factory=list)
    ahead_most: int = 0

    def of(
        self, manifest: Manifest, most: int, slots: Any, *, run_all: bool = False
    ) -> tuple[list[tuple[int, Verdict]], Graded]:
        """The tests as they were told to the course, and what they come to."""
        course = Course(manifest, run_all=run_all)
        tests = [
            task.Test(number, str(number), task.Content(), None, sample=True)
            for number in range(1, len(manifest.tests) + 1)
        ]
        told = []
        with Boxes(self.boxyard, Cancellation()) as boxes:  # type: ignore[arg-type]
            first = boxes.part()
            lanes = Lanes(most, boxes, self.run, self.make, lambda: True)  # type: ignore[arg-type]
            lane = Lane(first, self.make(first))
            with Steered(course, tests, lane, lanes, slots) as steered:
                steered.order = self.order
                steered.may_end = self.may_end = {index: threading.Event() for index in range(len(tests))}
                self.may_end[0].set()
                while (index := course.next()) is not None:
                    if most < 2:
                        self.may_end[index].set()
                    ran = steered.ran(index)
                    ran.close()
                    told.append((index, course.ended(index, ran.checked.verdict).verdict))
                    self.ahead_most = max(self.ahead_most, steered.ahead_most)
        return told, course.totals()

    @staticmethod
    def make(boxes: Boxes) -> Runner:
        """A lane's runner."""
        return Runner(boxes.open(BoxSpec(), 0, 0))  # type: ignore[arg-type]

    def run(self, runner: Runner, test: task.Test) -> Ran:
        """Ends when it may, or when its box is cancelled."""
        index = test.number - 1
        self.begun.append(index)
        while not self.may_end[index].wait(0.001):
            if runner.box.cancelled.is_set():
                raise Cancelled
        if runner.box.cancelled.is_set():
            raise Cancelled
        if index in self.errors:
            raise self.errors[index]
        output = os.memfd_create("output")
        self.outputs.append(output)
        return Ran(Checked(self.verdicts[index]), output=output)

    def assert_nothing_is_left(self) -> None:
        """No thread, no output, no box."""
        assert not [thread for thread in threading.enumerate() if thread.name == "test"]
        assert all(box.closed for box in self.boxyard.boxes)
        for output in self.outputs:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(output)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Groups within groups, of any rules, and their tests."""
    manifest = Manifest(type=draw(st.sampled_from(problem.ProblemType.values())))
    if draw(st.integers(0, 4)) == 4:
        manifest.tests.extend(ManifestTest() for _ in range(draw(st.integers(1, 16))))
        return manifest

    def group(parent: int, depth: int) -> None:
        index = len(manifest.groups)
        required = draw(st.lists(st.integers(1, index - 1), max_size=2)) if index > 1 else []
        manifest.groups.append(
            problem.TestGroup(
                name=str(index),
                parent=parent,
                break_on_reject=draw(st.sampled_from([True, True, False])),
                verdict_aggregation=draw(st.sampled_from(problem.VerdictAggregation.values())),
                accept_if_any_accepted=draw(st.booleans()),
                accept_score=1,
                ignored=draw(st.booleans()),
                required_groups=required,
            )
        )
        for _ in range(draw(st.integers(2, 4))):
            if depth and draw(st.integers(0, 3)):
                group(index, depth - 1)
            else:
                manifest.tests.extend(ManifestTest(group=index) for _ in range(draw(st.integers(1, 5))))

    group(0, 2)
    return manifest


@settings(max_examples=150)
@given(manifests(), st.data(), st.integers(2, 4), st.booleans())
def test_it_comes_to_what_one_after_the_other_comes_to(
    manifest: Manifest, data: st.DataObject, most: int, run_all: bool
) -> None:
    """The same tests in the same order with the same verdicts, groups and scores, whichever ends first and
    whenever slots are free; what runs ahead is bounded, and nothing is left of what was thrown away.
    """
    count = len(manifest.tests)
    verdicts = data.draw(st.lists(VERDICTS, min_size=count, max_size=count))
    order = data.draw(st.permutations(range(count)))
    slots = Slots(data.draw(st.lists(st.sampled_from([True, True, False]), min_size=1, max_size=8)))
    beside = Judgement(verdicts, order)
    alone = Judgement(verdicts)

    expected = alone.of(manifest, 1, NoFurtherSlots(), run_all=run_all)
    assert beside.of(manifest, most, slots, run_all=run_all) == expected

    assert slots.lent == 0
    assert slots.lent_most < most
    assert beside.ahead_most <= AHEAD_MOST * most
    assert len(set(beside.begun)) == len(beside.begun)
    beside.assert_nothing_is_left()
    alone.assert_nothing_is_left()


def plain(count: int) -> Manifest:
    """Tests in one group, of which the first failure ends it."""
    return Manifest(tests=[ManifestTest() for _ in range(count)])


def test_with_free_slots_as_many_run_as_the_problem_allows() -> None:
    """The first alone, then three at a time; each lane has a box of its own, and no test has a new one."""
    judgement, slots = Judgement([AC] * 20, range(20)), Slots([True])

    told, _ = judgement.of(plain(20), 3, slots)

    assert [index for index, _ in told] == list(range(20))
    assert slots.lent_most == 2
    assert len(judgement.boxyard.boxes) == 3


def test_nothing_runs_ahead_of_a_first_test_that_fails() -> None:
    """Most programs that are wrong fail there."""
    judgement = Judgement([WA] + [AC] * 9)

    judgement.of(plain(10), 4, Slots([True]))

    assert judgement.begun == [0]


def test_a_slow_test_does_not_let_the_others_run_away() -> None:
    """Test 1 ends last: what runs meanwhile is held, and that is bounded."""
    judgement = Judgement([AC] * 40, [100 if index == 1 else index for index in range(40)])

    judgement.of(plain(40), 2, Slots([True]))

    assert judgement.ahead_most == 2 * AHEAD_MOST


@pytest.mark.parametrize("error", [EngineError("the sandbox broke"), RuntimeError("unforeseen")])
def test_what_a_run_raises_is_raised_when_its_turn_comes(error: Exception) -> None:
    """Test 3 fails before test 2 has ended: the tests before it are told first."""
    judgement = Judgement([AC] * 9, [0, 1, 9, 2, 3, 4, 5, 6, 7], errors={3: error})
    slots = Slots([True])

    with pytest.raises(type(error), match=str(error)):
        judgement.of(plain(9), 2, slots)

    assert slots.lent == 0
    judgement.assert_nothing_is_left()


def test_a_failure_of_a_test_that_is_not_wanted_is_of_no_account() -> None:
    """Test 2 is rejected, so that nobody asks for what became of test 3."""
    judgement = Judgement([AC, AC, WA, AC], [0, 1, 9, 2], errors={3: EngineError("the sandbox broke")})

    told, graded = judgement.of(plain(4), 2, Slots([True]))

    assert told == [(0, AC), (1, AC), (2, WA)]
    assert graded.verdict == WA
    assert 3 in judgement.begun


def test_a_test_that_is_not_wanted_any_more_is_ended_at_once() -> None:
    """Test 1 is rejected and breaks its group off while test 2 runs: the next group has two lanes all the
    same.
    """
    groups = [
        problem.TestGroup(),
        problem.TestGroup(name="1", break_on_reject=True),
        problem.TestGroup(name="2"),
    ]
    tests = [ManifestTest(group=1) for _ in range(3)] + [ManifestTest(group=2) for _ in range(6)]
    judgement, slots = Judgement([AC, WA] + [AC] * 7, [0, 1, 9, 2, 3, 4, 5, 6, 7]), Slots([True])

    told, _ = judgement.of(Manifest(groups=groups, tests=tests), 2, slots)

    assert [index for index, _ in told] == [0, 1, *range(3, 9)]
    assert not judgement.may_end[2].is_set()
    assert len(judgement.boxyard.boxes) == 3
    judgement.assert_nothing_is_left()


def test_without_a_further_box_tests_run_in_those_that_there_are() -> None:
    """The tests that were to run there run elsewhere."""
    judgement, slots = Judgement([AC] * 9, range(9), Boxyard(2)), Slots([True])

    told, _ = judgement.of(plain(9), 4, slots)

    assert told == [(index, AC) for index in range(9)]
    assert slots.lent == 0
    judgement.assert_nothing_is_left()


def test_without_a_thread_it_is_the_platforms_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the slot that was lent for it is given back."""
    judgement, slots = Judgement([AC] * 5), Slots([True])
    started: list[Callable[[], None]] = []

    def start(thread: threading.Thread) -> None:
        if thread.name == "test" and len(started) == 1:
            raise RuntimeError("can't start new thread")
        started.append(thread.run)
        began(thread)

    began = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(EngineError, match="thread"):
        judgement.of(plain(5), 3, slots)

    assert slots.lent == 0
    judgement.assert_nothing_is_left()
