"""What a test counts, and what the results of a group's tests and groups come to. Pure.

`scoring` holds the order of things; this is the arithmetic.
"""

import dataclasses
import math
from collections.abc import Sequence

from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.problem_pb2 import TestGroup, TestScores
from gavel.submission.v1.submission_pb2 import Verdict

ACCEPTED = submission_pb2.VERDICT_ACCEPTED
PARTIAL = submission_pb2.VERDICT_PARTIAL
SKIPPED = submission_pb2.VERDICT_SKIPPED
JUDGE_ERROR = submission_pb2.VERDICT_JUDGE_ERROR

_WORST_FIRST = (
    *(submission_pb2.VERDICT_RUN_TIME_ERROR, submission_pb2.VERDICT_SECURITY_VIOLATION),
    submission_pb2.VERDICT_MEMORY_LIMIT_EXCEEDED,
    *(submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED, submission_pb2.VERDICT_WALL_TIME_LIMIT_EXCEEDED),
    *(submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED, submission_pb2.VERDICT_WRONG_ANSWER),
    *(submission_pb2.VERDICT_PRESENTATION_ERROR, PARTIAL, SKIPPED),
)
_ANY = (problem.TEST_SCORES_OPTIONAL, problem.TEST_SCORES_REQUIRED, problem.TEST_SCORES_TOLERATED)
"""What takes every score that is a number."""
_TOLERANCE = 1e-9
"""Of the larger of 1 and the bound: what adding up fractions such as a third of 100 may leave."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What a test or a group came to."""

    verdict: Verdict
    score: float = 0.0
    fault: str = ""
    """With JUDGE_ERROR: what is wrong with the problem."""


def rejected(verdict: Verdict) -> bool:
    """True for every verdict but ACCEPTED and PARTIAL."""
    return verdict not in (ACCEPTED, PARTIAL)


def reaches(score: float, bound: float) -> bool:
    """True when the score is at least the bound, but for rounding."""
    return score >= bound - _TOLERANCE * max(1.0, abs(bound))


def of_test(
    group: TestGroup,
    verdict: Verdict,
    score: float | None = None,
    multiplier: float | None = None,
    accept_score: float | None = None,
) -> Result:
    """What a test directly in the group counts.

    `score` and `multiplier` are what the validator left in `score.txt` and `score_multiplier.txt`, None
    without the file and NaN where it held no number. `accept_score` is the test's own, None for the group's.
    What the group does not allow turns the verdict into JUDGE_ERROR.
    """
    most = group.accept_score if accept_score is None else accept_score
    allowed = group.test_scores
    if accept_score is not None and allowed == problem.TEST_SCORES_UNBOUNDED:
        allowed = problem.TEST_SCORES_BOUNDED
    default = most if verdict == ACCEPTED else group.reject_score
    if verdict == JUDGE_ERROR:
        return Result(verdict)
    if allowed == problem.TEST_SCORES_UNSPECIFIED:
        return Result(verdict, default)
    fault = _fault(group, allowed, verdict, (score, multiplier), most)
    if fault:
        return Result(JUDGE_ERROR, fault=fault)
    if verdict == ACCEPTED and multiplier is not None:
        return Result(verdict, multiplier * most)
    if verdict != ACCEPTED or score is None:
        return Result(verdict, default)
    return Result(verdict, score * most if allowed == problem.TEST_SCORES_FACTOR else score)


def _fault(
    group: TestGroup,
    allowed: TestScores,
    verdict: Verdict,
    said: tuple[float | None, float | None],
    most: float,
) -> str:
    """What is wrong with the score and the multiplier that the validator left; empty when nothing is."""
    score, multiplier = said
    if verdict != ACCEPTED:
        # Validators of old packages leave a score in any case; it was never looked at.
        old = allowed in (problem.TEST_SCORES_REQUIRED, problem.TEST_SCORES_TOLERATED)
        given = not old and (score is not None or multiplier is not None)
        return "the output validator gave a score to a test that it did not accept" if given else ""
    if score is not None and multiplier is not None:
        return "the output validator gave a score and a multiplier at once"
    if multiplier is not None:
        if allowed not in (problem.TEST_SCORES_BOUNDED, problem.TEST_SCORES_OPTIONAL):
            return f"the output validator gave a multiplier, which {_place(group)} does not have"
        return "" if 0 <= multiplier <= 1 else "the output validator's multiplier does not lie within 0 and 1"
    if score is not None:
        return _fault_of_score(group, allowed, score, most)
    required = allowed in (problem.TEST_SCORES_REQUIRED, problem.TEST_SCORES_UNBOUNDED)
    return "the output validator accepted a test without giving it a score" if required else ""


def _fault_of_score(group: TestGroup, allowed: TestScores, score: float, most: float) -> str:
    if allowed == problem.TEST_SCORES_FORBIDDEN:
        return f"the output validator gave a score, which {_place(group)} does not have"
    if not math.isfinite(score):
        return "the output validator's score is not a number"
    if allowed in _ANY:
        return ""
    if score < 0:
        return "the output validator's score is below 0"
    if allowed == problem.TEST_SCORES_BOUNDED and not reaches(most, score):
        return f"the output validator's score {score:g} is above the test's {most:g}"
    return ""


def _place(group: TestGroup) -> str:
    return f"a test of {group.name}" if group.name else "a test of this problem"


def of_group(group: TestGroup, children: Sequence[tuple[Result, bool]], *, lower_is_better: bool) -> Result:
    """What the results of the children come to; there is at least one.

    `children` are those that have a result, in the order judged, each with whether it is an ignored group.
    """
    counted = [result for result, ignored in children if not ignored] or [result for result, _ in children]
    broken = broken_by(children)
    if broken is not None:
        return broken
    score = _score(group, counted)
    if group.HasField("full_score") and math.isclose(
        score, group.full_score, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE
    ):
        score = group.full_score
    return within_bounds(
        group, Result(_verdict(group, counted, score, lower_is_better=lower_is_better), score)
    )


def broken_by(children: Sequence[tuple[Result, bool]]) -> Result | None:
    """The group's result when a child is JUDGE_ERROR."""
    broken = next((result for result, _ in children if result.verdict == JUDGE_ERROR), None)
    return Result(JUDGE_ERROR, fault=broken.fault) if broken is not None else None


def within_bounds(group: TestGroup, result: Result) -> Result:
    """The group's result; JUDGE_ERROR when it is accepted with a score that the group may not have."""
    score = result.score
    if rejected(result.verdict):
        return result
    above = group.HasField("most_score") and not reaches(group.most_score, score)
    below = group.HasField("least_score") and not reaches(score, group.least_score)
    if above or below or not math.isfinite(score):
        named = group.name or "the problem"
        return Result(JUDGE_ERROR, fault=f"the score {score:g} lies outside of what {named} allows")
    return result


def _score(group: TestGroup, children: Sequence[Result]) -> float:
    if group.score_aggregation == problem.SCORE_AGGREGATION_ALL_OR_NOTHING:
        return group.full_score if all(child.verdict == ACCEPTED for child in children) else 0.0
    return aggregated(group, [child.score for child in children])


def aggregated(group: TestGroup, scores: Sequence[float]) -> float:
    """What scores come to in a group that adds them up, or takes the least, the most or the average."""
    match group.score_aggregation:
        case problem.SCORE_AGGREGATION_MIN:
            return min(scores)
        case problem.SCORE_AGGREGATION_MAX:
            return max(scores)
        case problem.SCORE_AGGREGATION_AVERAGE:
            return _sum(scores) / len(scores)
        case _:
            return _sum(scores)


def _sum(scores: Sequence[float]) -> float:
    try:
        return math.fsum(scores)
    except OverflowError:  # scores near the largest number there is
        return math.inf


def _verdict(group: TestGroup, children: Sequence[Result], score: float, *, lower_is_better: bool) -> Verdict:
    verdicts = [child.verdict for child in children]
    if group.accept_if_any_accepted and ACCEPTED in verdicts:
        return ACCEPTED
    match group.verdict_aggregation:
        case problem.VERDICT_AGGREGATION_ALWAYS_ACCEPT:
            return ACCEPTED
        case problem.VERDICT_AGGREGATION_FIRST_ERROR:
            return first_error(verdicts)
        case problem.VERDICT_AGGREGATION_BY_SCORE:
            return by_score(group, verdicts, score, lower_is_better=lower_is_better)
        case _:
            return min(verdicts, key=_badness, default=ACCEPTED)


def _badness(verdict: Verdict) -> int:
    if verdict == ACCEPTED:
        return len(_WORST_FIRST) + 1
    return _WORST_FIRST.index(verdict) if verdict in _WORST_FIRST else -1


def by_score(
    group: TestGroup, verdicts: Sequence[Verdict], score: float, *, lower_is_better: bool
) -> Verdict:
    """ACCEPTED for all that there is to have, PARTIAL for a part of it, else the first of the errors."""
    if group.HasField("full_score"):
        best = group.full_score
        full = reaches(-score, -best) if lower_is_better else reaches(score, best)
        # Where nothing can be had, right is right all the same.
        full = full and (best > 0 or lower_is_better or all(verdict == ACCEPTED for verdict in verdicts))
    else:
        full = all(verdict == ACCEPTED for verdict in verdicts)
    if full:
        return ACCEPTED
    error = first_error(verdicts)
    if lower_is_better and not all(rejected(verdict) for verdict in verdicts):
        return PARTIAL
    return error if rejected(error) and score <= 0 else PARTIAL


def first_error(verdicts: Sequence[Verdict]) -> Verdict:
    """The first that is not ACCEPTED and says why, rather than SKIPPED or PARTIAL; ACCEPTED when all are."""
    errors = [verdict for verdict in verdicts if verdict != ACCEPTED]
    return next(
        (verdict for verdict in errors if verdict not in (SKIPPED, PARTIAL)),
        errors[0] if errors else ACCEPTED,
    )
