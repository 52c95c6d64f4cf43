"""How a package's own grader is told the results of a group, and how its answer is read. Pure."""

import math
import re
from collections.abc import Sequence

from gavel.judging import feedback
from gavel.judging.grading import Result
from gavel.submission.v1 import submission_pb2

ANSWER_BYTES_MOST = 4_096

_WORDS = {
    submission_pb2.VERDICT_WRONG_ANSWER: "WA",
    submission_pb2.VERDICT_PRESENTATION_ERROR: "WA",
    submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED: "TLE",
    submission_pb2.VERDICT_WALL_TIME_LIMIT_EXCEEDED: "TLE",
    submission_pb2.VERDICT_RUN_TIME_ERROR: "RTE",
    submission_pb2.VERDICT_SECURITY_VIOLATION: "RTE",
    submission_pb2.VERDICT_MEMORY_LIMIT_EXCEEDED: "RTE",
    submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED: "RTE",
}
_VERDICTS = {
    "AC": submission_pb2.VERDICT_ACCEPTED,
    "WA": submission_pb2.VERDICT_WRONG_ANSWER,
    "TLE": submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED,
    "RTE": submission_pb2.VERDICT_RUN_TIME_ERROR,
    "MLE": submission_pb2.VERDICT_MEMORY_LIMIT_EXCEEDED,
    "OLE": submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED,
}
_ANSWER = re.compile(rb"(AC|WA|TLE|RTE|MLE|OLE)[ \t]+(\S+)\s*")


def told(results: Sequence[Result]) -> bytes:
    """The grader's input: a line `VERDICT SCORE` for each result, in the words that graders know."""
    return "".join(f"{_WORDS.get(result.verdict, 'AC')} {result.score!r}\n" for result in results).encode()


def heard(answer: bytes, results: Sequence[Result]) -> Result | None:
    """What the grader's output says of the group; None when it is no `VERDICT SCORE`.

    A word that stands for the verdict of one of the results is that verdict, the first such.
    """
    found = _ANSWER.fullmatch(answer)
    score = feedback.number(found[2]) if found is not None else math.nan
    if found is None or not math.isfinite(score):
        return None
    word = found[1].decode()
    same = (result.verdict for result in results if _WORDS.get(result.verdict) == word)
    return Result(next(same, _VERDICTS[word]), score)
