"""What a validator's files and a testlib checker's exit codes mean, and which file is which answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging import feedback, testlib
from gavel.judging.answers import choose
from gavel.judging.feedback import Points
from gavel.judging.outcome import BrokenProblem
from gavel.judging.verdict import Facts
from gavel.submission.v1 import submission_pb2 as s


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"0", 0.0),
        (b" 12.50\n", 12.5),
        (b"1e3", 1000.0),
        (b".5", 0.5),
        (b"-1", -1.0),
    ],
)
def test_a_file_of_points_holds_one_number(text: bytes, value: float) -> None:
    """In the grammar of the format; whether it is allowed is for the problem's groups to say."""
    assert feedback.number(text) == value


@pytest.mark.parametrize(
    "text", [b"", b"nan", b"inf", b"0x10", b"1 2", b"1,5", b"1_0", b"\xff", b"9" * 300, "\u0661".encode()]
)
def test_anything_else_is_no_number(text: bytes) -> None:
    """NaN, which no problem allows."""
    assert math.isnan(feedback.number(text))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_number_or_none(text: bytes) -> None:
    """Nothing is raised, whatever a validator leaves."""
    assert isinstance(feedback.number(text), float)


def test_the_message_for_the_team_goes_before_that_for_the_judges() -> None:
    """Unless it is empty; both are cut at 4 KiB."""
    assert feedback.message({"judgemessage.txt": b"j", "teammessage.txt": b"t"}) == "t"
    assert feedback.message({"judgemessage.txt": b"j\xff", "teammessage.txt": b""}) == "j\ufffd"
    assert len(feedback.message({"judgemessage.txt": b"x" * 5_000})) == 4_096
    assert feedback.message({}) == ""


def ended(exit_code: int | None, stderr: bytes = b"", signal: int | None = None) -> Facts:
    return Facts(exit_code, signal, "", 1, 1, 1, 1, stderr)


@pytest.mark.parametrize(
    ("facts", "verdict", "points"),
    [
        (ended(0), s.VERDICT_ACCEPTED, Points()),
        (ended(1), s.VERDICT_WRONG_ANSWER, Points()),
        (ended(2), s.VERDICT_PRESENTATION_ERROR, Points()),
        (ended(4), s.VERDICT_PRESENTATION_ERROR, Points()),
        (ended(8), s.VERDICT_PRESENTATION_ERROR, Points()),
        (ended(7, b"points 12.5 good"), s.VERDICT_ACCEPTED, Points(score=12.5)),
        (ended(5, b"points 0"), s.VERDICT_ACCEPTED, Points(score=0.0)),
        (ended(16), s.VERDICT_WRONG_ANSWER, Points()),
        (ended(41), s.VERDICT_ACCEPTED, Points(multiplier=0.25)),
        (ended(116), s.VERDICT_ACCEPTED, Points(multiplier=1.0)),
        (ended(50, b"partially correct (50) half of it"), s.VERDICT_ACCEPTED, Points(multiplier=0.5)),
    ],
)
def test_testlibs_exit_codes(facts: Facts, verdict: int, points: Points) -> None:
    """In a problem that scores. Standard error says how many points there are, or what part of them."""
    assert testlib.judge(facts, scoring=True)[::2] == (verdict, points)


def test_part_of_the_points_is_a_wrong_answer_where_there_are_none() -> None:
    """All of them is right."""
    assert testlib.judge(ended(115), scoring=False)[::2] == (s.VERDICT_WRONG_ANSWER, Points())
    assert testlib.judge(ended(116), scoring=False)[0] == s.VERDICT_ACCEPTED


@pytest.mark.parametrize(
    "facts",
    [ended(3), ended(6), ended(117), ended(7), ended(None, signal=11), ended(99, b"partially correct (101)")],
)
def test_everything_else_is_the_checkers_own_fault(facts: Facts) -> None:
    """Its FAIL, codes that mean nothing, points without a number, a crash."""
    with pytest.raises(BrokenProblem):
        testlib.judge(facts, scoring=True)


TESTS = ("sample/1", "secret/1", "secret/a/2", "secret/b/3")


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (["secret/1.out", "sample/1"], {"secret/1": "secret/1.out", "sample/1": "sample/1"}),
        (["1.out", "2.ans"], {"secret/a/2": "2.ans"}),
        (["3.txt"], {"secret/b/3": "3.txt"}),
        (["b/3", "3.out"], {"secret/b/3": "b/3"}),
        (["answer.py"], dict.fromkeys(TESTS, "answer.py")),
        (["1.out"], dict.fromkeys(TESTS, "1.out")),
        (["x", "y"], {}),
        (["2", "2.out"], {"secret/a/2": "2.out"}),
    ],
)
def test_which_answer_belongs_to_which_test(paths: list[str], chosen: dict[str, str]) -> None:
    """By as much of the test's name as tells it from the others, or one for all."""
    assert choose(TESTS, paths) == chosen


def test_all_that_is_said_is_what_is_said_to_the_team_and_to_the_judges() -> None:
    """The first comes first; empty files say nothing."""
    both = {"teammessage.txt": b"no\n", "judgemessage.txt": b"expected 1\n", "other.txt": b"x"}
    assert feedback.messages(both) == "no\nexpected 1"
    assert feedback.messages({"teammessage.txt": b"", "judgemessage.txt": b"why"}) == "why"
    assert feedback.messages({}) == ""
