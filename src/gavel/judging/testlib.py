"""The protocol of checkers and interactors that use testlib: their exit codes and words. Pure."""

import re

from gavel.judging.feedback import Points, number
from gavel.judging.outcome import BrokenProblem
from gavel.judging.verdict import Facts
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import Verdict

_PARTIALLY = 16
"""Exit codes from here on are this and a percentage, unless standard error names the percentage itself."""

_EXITS = {
    0: (submission_pb2.VERDICT_ACCEPTED, ""),
    1: (submission_pb2.VERDICT_WRONG_ANSWER, "the checker refused the output"),
    2: (submission_pb2.VERDICT_PRESENTATION_ERROR, "the checker could not read the output"),
    4: (submission_pb2.VERDICT_PRESENTATION_ERROR, "the output goes on behind its end"),
    8: (submission_pb2.VERDICT_PRESENTATION_ERROR, "the output ends early"),
}
_POINTS = (5, 7)
_POINTS_WORDS = re.compile(rb"\s*points\s+(\S+)")
_PARTIALLY_WORDS = re.compile(rb"\s*partially correct\s+\((\d{1,3})\)")


def is_content(exit_code: int | None) -> bool:
    """True for the end of an interactor that found nothing wrong."""
    return exit_code is not None and (exit_code == 0 or exit_code in _POINTS or exit_code >= _PARTIALLY)


def judge(facts: Facts, *, scoring: bool) -> tuple[Verdict, str, Points]:
    """The verdict that a run's exit code stands for, the reason in words, and what the test is worth.

    A partial result is WRONG_ANSWER where the problem does not score. Raises BrokenProblem for anything that
    testlib does not end with, its own FAIL among it.
    """
    code = facts.exit_code
    if code in _EXITS:
        return *_EXITS[code], Points()
    if code in _POINTS:
        return _worth(_points(facts.stderr), scoring=scoring)
    if code is not None and code >= _PARTIALLY:
        return _worth(_percentage(facts.stderr, code), scoring=scoring)
    how = f"with exit code {code}" if code is not None else f"by signal {facts.signal}"
    raise BrokenProblem(f"the checker failed: it ended {how}")


def _points(stderr: bytes) -> Points:
    found = _POINTS_WORDS.match(stderr)
    if found is None:
        raise BrokenProblem("the checker gave points without saying how many")
    return Points(score=number(found[1]))


def _percentage(stderr: bytes, code: int) -> Points:
    found = _PARTIALLY_WORDS.match(stderr)
    percentage = int(found[1]) if found is not None else code - _PARTIALLY
    if percentage > 100:
        raise BrokenProblem(f"the checker found the output {percentage} % right")
    return Points(multiplier=percentage / 100)


def _worth(points: Points, *, scoring: bool) -> tuple[Verdict, str, Points]:
    whole = points.multiplier is None or points.multiplier == 1
    if points.multiplier == 0 or not (whole or scoring):
        return submission_pb2.VERDICT_WRONG_ANSWER, "the output is not right in all", Points()
    return submission_pb2.VERDICT_ACCEPTED, "" if whole else "the output is partly right", points
