"""Tests of one submission side by side in the real sandbox."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest
from made_problem import TESTLIB, file, made
from made_problem import problem as stored

from conftest import Cancel, Judge, Recorder  # type: ignore[attr-defined]
from gavel.judging.engine import Cancelled, EngineError, Judged
from gavel.sandbox import Box, SandboxError
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1 import submission_pb2 as s
from gavel.submission.v1.problem_pb2 import Validator
from gavel.submission.v1.submission_record_pb2 import ProblemReference
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

DOUBLE = "print(2 * int(input()))"
IN_CPP = "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << 2 * n << std::endl; }"
VALIDATOR = """
import sys
said, answer = sys.stdin.read(), open(sys.argv[2]).read()
open(sys.argv[3] + "judgemessage.txt", "w").write(f"said {said}")
sys.exit(42 if said == answer else 43)
"""
VALIDATOR_IN_CPP = """
#include <fstream>
#include <iostream>
// #include "testlib.h" would take seconds to compile; this one speaks its protocol.
int main(int, char** argv) {
  std::ifstream said(argv[2]), answer(argv[3]);
  int mine, theirs;
  said >> mine;
  answer >> theirs;
  return mine == theirs ? 0 : 1;
}
"""
INTERACTOR = """
import sys
n = int(open(sys.argv[1]).read())
print(n, flush=True)
sys.exit(42 if sys.stdin.readline() == f"{2 * n}\\n" else 43)
"""


class Slots:
    """Further slots that are always free, up to a number."""

    def __init__(self, most: int = 1) -> None:
        self._lock = threading.Lock()
        self._most = most
        self.lent = 0
        self.lent_ever = 0

    def lend_slot(self) -> bool:
        """As FurtherSlots."""
        with self._lock:
            if self.lent == self._most:
                return False
            self.lent += 1
            self.lent_ever += 1
            return True

    def return_slot(self) -> None:
        """As FurtherSlots."""
        with self._lock:
            self.lent -= 1


class Boxes:
    """The sandbox, whose boxes a test counts, kills and withholds."""

    def __init__(self, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[Box] = []
        self.most = 1_000
        self.new = threading.Condition()
        make = judge.engine.sandbox.box

        def box(*arguments: object) -> Box:
            if len(self.made) == self.most:
                raise SandboxError("no box")
            made = make(*arguments)  # type: ignore[arg-type]
            with self.new:
                self.made.append(made)
                self.new.notify_all()
            return made

        monkeypatch.setattr(judge.engine.sandbox, "box", box)


class Compilations:
    """What the compile cache is asked for meanwhile."""

    def __init__(self, judge: Judge) -> None:
        self._cache = judge.engine.cache
        self.asked_for: list[str] = []

    def __enter__(self) -> None:
        get = self._cache.get

        def asked(key: str) -> dict[str, bytes] | None:
            self.asked_for.append(key)
            return get(key)

        self._cache.get = asked  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        del self._cache.get


@pytest.fixture
def boxes(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Boxes:
    """The boxes that this test's judgements get."""
    return Boxes(judge, monkeypatch)


def doubling(judge: Judge, count: int, validator: str = "", **manifest: object) -> ProblemReference:
    """A problem that asks for twice a number, two tests at once."""
    tests = {f"secret/{n:02}": (f"{n}\n", f"{2 * n}\n") for n in range(count)}
    return made(judge, tests, validator, **{"tests_at_once": 2, **manifest})


def facts(judged: Judged) -> tuple[object, ...]:
    """All of a judgement but what was measured."""
    tests = []
    for test in judged.tests:
        plain = s.TestResult.FromString(test.SerializeToString())
        for measured in ("cpu_time_ms", "wall_time_ms", "memory_bytes"):
            plain.ClearField(measured)  # type: ignore[arg-type]
        tests.append(plain)
    return judged.verdict, judged.score, tests, judged.groups, judged.test_count, judged.detail


def test_fifty_tests_in_two_slots(judge: Judge, boxes: Boxes) -> None:
    """What comes of them, and in which order they are told, is the same as one after the other; two boxes are
    enough. (How long both take is written out and no claim: the machine may have other things to do.)
    """
    problem, slots = doubling(judge, 50), Slots()
    times_s = []

    def timed(slots: Slots | None) -> tuple[Judged, Recorder]:
        recorder, begin_s = Recorder(), time.monotonic()
        judged = judge.judge("python3", DOUBLE, problem=problem, recorder=recorder, slots=slots)
        times_s.append(time.monotonic() - begin_s)
        return judged, recorder

    alone, _ = timed(None)
    assert len(boxes.made) == 1
    beside, recorder = timed(slots)

    sys.stdout.write(f"one after the other {times_s[0]:.2f} s, side by side {times_s[1]:.2f} s\n")
    assert beside.verdict == s.VERDICT_ACCEPTED
    assert facts(beside) == facts(alone)
    assert [test.number for test in recorder.tests] == list(range(1, 51))
    assert len(boxes.made) == 3
    assert slots.lent == 0
    assert slots.lent_ever > 5


@pytest.mark.parametrize(
    ("language", "program", "validator"),
    [
        ("cpp", IN_CPP, {"validator": VALIDATOR_IN_CPP, "path": "v.cpp", "protocol": TESTLIB}),
        ("python3", DOUBLE, {"validator": INTERACTOR, "interactive": True}),
        ("python3", "n = int(input())\nprint(2 * n if n % 4 else 1 / 0)", {}),
        ("python3", "n = int(input())\nprint(2 * n if n != 5 else 5)", {"validator": VALIDATOR}),
    ],
)
def test_programs_and_validators_of_all_kinds(
    judge: Judge, language: str, program: str, validator: dict[str, object]
) -> None:
    """Each lane has both in boxes of its own, and neither is compiled again."""
    problem = doubling(judge, 10, **validator, shown=p.SHOWN_EVERYTHING)  # type: ignore[arg-type]
    slots, compilations = Slots(), Compilations(judge)

    def judged(slots: Slots | None) -> Judged:
        return judge.judge(language, program, problem=problem, run_policy=RUN_POLICY_RUN_ALL, slots=slots)

    alone = judged(None)
    with compilations:
        beside = judged(slots)

    assert facts(beside)[2:] == facts(alone)[2:]
    assert facts(beside) == facts(alone)
    assert len(compilations.asked_for) == len(set(compilations.asked_for))
    assert slots.lent == 0
    assert slots.lent_ever > 0


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        (DOUBLE, s.VERDICT_ACCEPTED),
        ("print(1)", s.VERDICT_WRONG_ANSWER),
        ("print(2 * int(input()), 'or so')", s.VERDICT_WRONG_ANSWER),
    ],
)
def test_several_validators_all_have_to_accept(judge: Judge, program: str, verdict: int) -> None:
    """Whatever each is written in, in every lane; the output is whole for each."""
    second = Validator(
        language="python3",
        files=[
            file(judge, b"import sys; sys.exit(42 if sys.stdin.read().strip().isdigit() else 43)", "w.py")
        ],
        entry_point="w.py",
    )
    problem = doubling(
        judge, 6, VALIDATOR_IN_CPP, path="v.cpp", protocol=TESTLIB, further_validators=[second]
    )
    slots = Slots()

    alone = judge.judge("python3", program, problem=problem)
    beside = judge.judge("python3", program, problem=problem, slots=slots)

    assert (alone.verdict, facts(beside)) == (verdict, facts(alone))
    assert (slots.lent, bool(slots.lent_ever)) == (0, verdict == s.VERDICT_ACCEPTED)


def test_passes_of_one_test_follow_each_other_in_one_lane(judge: Judge) -> None:
    """While other tests make theirs."""
    validator = """
import os, sys
first = not os.path.exists(sys.argv[3] + "seen")
said = sys.stdin.read()
if first:
    open(sys.argv[3] + "seen", "w").write(said)
    open(sys.argv[3] + "nextpass.in", "w").write(said)
elif int(open(sys.argv[3] + "seen").read()) * 2 != int(said):
    sys.exit(43)
sys.exit(42)
"""
    problem, slots = doubling(judge, 10, validator, pass_count_most=2), Slots()

    judged = judge.judge("python3", DOUBLE, problem=problem, slots=slots)

    assert judged.verdict == s.VERDICT_ACCEPTED
    assert [test.pass_count for test in judged.tests] == [2] * 10
    assert slots.lent_ever > 0


def test_what_runs_behind_the_first_failure_is_thrown_away_at_once(judge: Judge) -> None:
    """Test 4 fails while test 5 would spin for half a minute: nothing of that is waited for, shown or
    counted.
    """
    program = "n = int(input())\nwhile n == 4: pass\nprint(2 * n if n != 3 else 0)"
    problem, recorder, slots = doubling(judge, 9), Recorder(), Slots()
    begin_s = time.monotonic()

    judged = judge.judge(
        "python3",
        program,
        problem=problem,
        recorder=recorder,
        slots=slots,
        limits=s.Limits(cpu_time_ms=30_000),
    )

    assert time.monotonic() - begin_s < 20
    assert judged.verdict == s.VERDICT_WRONG_ANSWER
    assert [test.verdict for test in judged.tests[3:]] == [s.VERDICT_WRONG_ANSWER] + [s.VERDICT_SKIPPED] * 5
    assert [test.number for test in recorder.tests] == [1, 2, 3, 4]
    assert judged.cpu_time_ms == max(test.cpu_time_ms for test in judged.tests[:4])
    assert slots.lent == 0


def test_a_group_that_is_broken_off_is_left_behind(judge: Judge) -> None:
    """A test of it that spins is ended, and the next group has its points."""
    program = "n = int(input())\nwhile n == 3: pass\nprint(2 * n if n != 2 else 0)"
    problem = doubling(judge, 10)
    manifest = judge.engine.workshop.store.manifest(judge.tenant, problem.manifest_digest)
    rules = {"break_on_reject": True, "accept_score": 10, "score_aggregation": p.SCORE_AGGREGATION_MIN}
    groups = [
        p.TestGroup(score_aggregation=p.SCORE_AGGREGATION_SUM),
        p.TestGroup(name="secret/1", **rules),  # type: ignore[arg-type]
        p.TestGroup(name="secret/2", **rules),  # type: ignore[arg-type]
    ]
    changed = p.Manifest(type=p.PROBLEM_TYPE_SCORING, groups=groups)
    changed.MergeFrom(manifest)
    for number, test in enumerate(changed.tests):
        test.group = 1 + (number >= 5)
    judged = judge.judge(
        "python3",
        program,
        problem=stored(judge, changed),
        slots=Slots(),
        limits=s.Limits(cpu_time_ms=30_000),
    )

    assert [(group.name, group.score) for group in judged.groups] == [("secret/1", 0), ("secret/2", 10)]
    assert [test.verdict for test in judged.tests] == (
        [s.VERDICT_ACCEPTED] * 2
        + [s.VERDICT_WRONG_ANSWER]
        + [s.VERDICT_SKIPPED] * 2
        + [s.VERDICT_ACCEPTED] * 5
    )


def when_there_are(boxes: Boxes, count: int, act: Callable[[], None]) -> threading.Thread:
    """Acts on another thread once so many boxes were made."""

    def wait() -> None:
        with boxes.new:
            assert boxes.new.wait_for(lambda: len(boxes.made) == count, 20)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    """Waits for it."""
    deadline_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline_s
        threading.Event().wait(0.001)


SPINS = "n = int(input())\nwhile n: pass\nprint(0)"


def test_a_cancel_ends_all_lanes(judge: Judge, boxes: Boxes) -> None:
    """All of them spin; nothing of them is left."""
    problem, slots, cancel = doubling(judge, 9, tests_at_once=4), Slots(3), Cancel()
    thread = when_there_are(boxes, 4, cancel.cancel)
    begin_s = time.monotonic()

    with pytest.raises(Cancelled):
        judge.judge(
            "python3",
            SPINS,
            problem=problem,
            slots=slots,
            cancel=cancel,
            limits=s.Limits(cpu_time_ms=30_000),
        )

    thread.join()
    assert time.monotonic() - begin_s < 25
    assert slots.lent == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]


def test_a_lane_that_breaks_is_a_failure_of_the_platform(judge: Judge, boxes: Boxes) -> None:
    """As a box that breaks without others beside it is: the judgement may be tried again."""
    problem, slots = doubling(judge, 9), Slots()

    def break_it() -> None:
        until(lambda: boxes.made[1]._running)
        os.kill(boxes.made[1].pid, signal.SIGKILL)

    thread = when_there_are(boxes, 2, break_it)

    with pytest.raises(EngineError):
        judge.judge(
            "python3",
            SPINS.replace("while n", "while n > 1").replace("(0)", "(2 * n)"),
            problem=problem,
            slots=slots,
            limits=s.Limits(cpu_time_ms=30_000),
        )

    thread.join()
    assert slots.lent == 0


def test_without_boxes_for_them_there_are_no_lanes(judge: Judge, boxes: Boxes) -> None:
    """One after the other, then."""
    boxes.most = 1
    slots = Slots()

    judged = judge.judge("python3", DOUBLE, problem=doubling(judge, 9), slots=slots)

    assert judged.verdict == s.VERDICT_ACCEPTED
    assert slots.lent == 0


@pytest.mark.parametrize("manifest", [{"submit_answer": True}, {"tests_at_once": 0}, {"tests_at_once": 1}])
def test_slots_are_not_asked_for_in_vain(judge: Judge, manifest: dict[str, object]) -> None:
    """Where no program runs, or the problem does not allow more than one test at once."""
    slots = Slots()

    judge.judge("python3", {"01.out": b"2\n"}, problem=doubling(judge, 9, **manifest), slots=slots)  # type: ignore[arg-type]

    assert slots.lent_ever == 0
