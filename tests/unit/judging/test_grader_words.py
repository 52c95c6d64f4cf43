"""What a package's grader is told, and how its answer is read."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.grader_words import heard, told
from gavel.judging.grading import Result
from gavel.submission.v1 import submission_pb2 as s

AC, WA = s.VERDICT_ACCEPTED, s.VERDICT_WRONG_ANSWER
MLE, TLE = s.VERDICT_MEMORY_LIMIT_EXCEEDED, s.VERDICT_TIME_LIMIT_EXCEEDED


def test_a_grader_is_told_a_line_for_each_result() -> None:
    """In the four words that graders know."""
    results = [
        Result(AC, 12.5),
        Result(WA),
        Result(s.VERDICT_PRESENTATION_ERROR),
        Result(MLE),
        Result(s.VERDICT_WALL_TIME_LIMIT_EXCEEDED, 1),
        Result(s.VERDICT_PARTIAL, 3),
    ]

    assert told(results) == b"AC 12.5\nWA 0.0\nWA 0.0\nRTE 0.0\nTLE 1\nAC 3\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"AC 20.000000\n", Result(AC, 20)),
        (b"WA -1", Result(WA, -1)),
        (b"TLE\t0 \n\n", Result(TLE, 0)),
        (b"RTE 0\n", Result(MLE, 0)),  # what the word stood for in the input
        (b"OLE 1e2\n", Result(s.VERDICT_OUTPUT_LIMIT_EXCEEDED, 100)),
        *((text, None) for text in (b"", b"AC", b"JE 0", b"ac 1", b" AC 1", b"AC nan", b"AC inf", b"AC 1 2")),
        *((text, None) for text in (b"WA 1e999", b"AC -1e999", b"RTE 1e999")),
        *((text, None) for text in (b"AC 1\nAC 2\n", b"AC \xff", b"PE 1", b"AC " + b"1" * 400)),
    ],
)
def test_an_answer_is_a_verdict_and_a_score(answer: bytes, expected: Result | None) -> None:
    """Anything else is none."""
    assert heard(answer, [Result(AC, 1), Result(MLE), Result(s.VERDICT_RUN_TIME_ERROR)]) == expected


@given(
    st.sampled_from([AC, WA, TLE, MLE]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.binary(max_size=40),
)
def test_what_is_told_is_heard_as_it_was(verdict: s.Verdict, score: float, noise: bytes) -> None:
    """A grader that repeats the one result of its group gives that; no answer breaks the reading of it."""
    results = [Result(verdict, score)]

    assert heard(told(results), results) == results[0]
    found = heard(noise, results)
    assert found is None or not math.isnan(found.score)
