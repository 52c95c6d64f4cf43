"""Whether a submission of a package got what is expected of it. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import cast

from gavel.judging.expectation_rules import OUTCOMES, Bound, Outcome, Rule
from gavel.judging.expectations import Program, matching
from gavel.judging.path_globs import names
from gavel.judging.scoring import Course
from gavel.judging.time_limits import Timing
from gavel.submission.v1.problem_pb2 import (
    TEST_SCORES_FACTOR,
    TEST_SCORES_FORBIDDEN,
    TEST_SCORES_UNSPECIFIED,
    Manifest,
    TestGroup,
)
from gavel.submission.v1.submission_pb2 import Verdict

_SCORE_TOLERANCE = 1e-6
_NOT_RUN = {"SKIPPED", ""}
_IDLED = "WALL_TIME_LIMIT_EXCEEDED"


@dataclasses.dataclass(frozen=True, slots=True)
class JudgedTest:
    """One test as judged."""

    name: str
    verdict: str
    """Without its prefix; SKIPPED when it was not run."""
    cpu_time_ms: int
    wall_time_ms: int = 0
    score: float | None = None
    said: str = ""
    """What the validator said of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """A submission as judged."""

    verdict: str
    score: float | None
    tests: tuple[JudgedTest, ...]
    groups: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    """The points of each group of tests."""

    @property
    def cpu_time_ms(self) -> int:
        """Of its slowest test."""
        return max((test.cpu_time_ms for test in self.tests), default=0)

    @property
    def first_failing(self) -> str:
        """The name of the first test that was run and not accepted; empty when there is none."""
        failing = (test.name for test in self.tests if test.verdict not in {"ACCEPTED", "PARTIAL", *_NOT_RUN})
        return next(failing, "")


def under_limit(
    tests: Sequence[JudgedTest], limit_ms: int, wall_limit_ms: int, *, interactive: bool
) -> tuple[JudgedTest, ...]:
    """The tests as they would have ended under a time limit less than the one they were run with.

    What took longer is too slow. With an interactive validator only what was accepted is: the validator may
    have refused it long before.
    """
    return tuple(
        dataclasses.replace(test, verdict=_too_slow(test, limit_ms), score=None)
        if (test.cpu_time_ms >= limit_ms or test.wall_time_ms >= wall_limit_ms)
        and (test.verdict == "ACCEPTED" or (not interactive and _ran(test)))
        else test
        for test in tests
    )


def doubted(measured: Sequence[JudgedTest], limited: Sequence[JudgedTest]) -> bool:
    """Whether a test is too slow by its wall time alone in the second list, where it was not in the first."""
    return any(
        after.verdict == _IDLED != before.verdict for before, after in zip(measured, limited, strict=True)
    )


def totals(manifest: Manifest, tests: Sequence[JudgedTest]) -> Run:
    """What these results of the manifest's tests come to, as judging has it.

    A test that would have to be run and was not ends the count.
    """
    course = Course(manifest, run_all=False)
    by_name = {test.name: test for test in tests}
    while (index := course.next()) is not None:
        test = by_name.get(manifest.tests[index].name)
        if test is None or not _ran(test):
            break
        verdict = cast("Verdict", Verdict.Value(f"VERDICT_{test.verdict}"))
        course.ended(index, verdict, _told_score(manifest, index, test.score))
    graded = course.totals()
    return Run(
        verdict=Verdict.Name(graded.verdict).removeprefix("VERDICT_"),
        score=graded.score,
        tests=tuple(tests),
        groups={name: score for name, _, score in graded.groups},
    )


def faults(program: Program, run: Run) -> list[str]:
    """Every rule of the program that does not hold, a sentence each; empty when all hold."""
    broken = _broken_tests(run)
    if broken or run.verdict == "JUDGE_ERROR":
        return [f"the judge itself failed: {broken[0] if broken else 'see the judgement'}"]
    found: list[str] = []
    for rule in program.rules:
        found += _broken(rule, run)
    return list(dict.fromkeys(found))


def timings(
    program: Program, run: Run, *, language: str, limit_ms: int, measured_ms: int, interactive: bool
) -> dict[Bound, Timing]:
    """The times that bound the time limit, of a run with `measured_ms` for each test.

    One that idled until it was ended counts as one that needed all of its time. What a program did after an
    interactive validator had refused it is of no account, and so is all where the judge itself failed: what
    it then ran of the program, if anything, says nothing of its time.
    """
    if _broken_tests(run):
        return {}
    found: dict[Bound, Timing] = {}
    for rule in program.rules:
        scope = [
            test
            for test in _in_scope(rule, run)
            if not interactive or OUTCOMES.get(test.verdict) is not Outcome.WA
        ]
        if rule.bound is None or not scope:
            continue
        idled = any(test.verdict == _IDLED for test in scope)
        time_ms = max(measured_ms if idled else 0, *(test.cpu_time_ms for test in scope))
        known = found.get(rule.bound)
        if known is None or known.time_ms < time_ms:
            cut = time_ms >= measured_ms
            found[rule.bound] = Timing(program.name, language, time_ms, cut=cut, limit_ms=limit_ms)
    return found


def _broken_tests(run: Run) -> list[str]:
    return [test.name for test in run.tests if test.verdict == "JUDGE_ERROR"]


def _told_score(manifest: Manifest, index: int, points: float | None) -> float | None:
    """What the validator said of the score of a test that has these points in the end."""
    group = manifest.groups[manifest.tests[index].group] if manifest.groups else TestGroup()
    silent = (TEST_SCORES_UNSPECIFIED, TEST_SCORES_FORBIDDEN)
    if points is None or group.test_scores in silent:
        return None
    if group.test_scores != TEST_SCORES_FACTOR:
        return points
    test = manifest.tests[index]
    most = test.accept_score if test.HasField("accept_score") else group.accept_score
    return points / most if most else points


def _broken(rule: Rule, run: Run) -> list[str]:
    if rule.verdicts is not None and run.verdict not in rule.verdicts:
        where = f" ({run.first_failing})" if run.first_failing else ""
        return [f"got {_words(run.verdict)}{where}, expected is {rule.words} ({rule.source})"]
    found = []
    scope = _in_scope(rule, run)
    of_tests = rule.permitted is not None or rule.required is not None or bool(rule.message)
    if of_tests and run.verdict == "COMPILE_ERROR":
        return ["it does not compile"]
    if rule.permitted is not None:
        found += [
            f"{test.name} got {_words(test.verdict)}, permitted is {_listed(rule.permitted)} ({rule.source})"
            for test in scope
            if OUTCOMES.get(test.verdict) not in rule.permitted
        ][:1]
    if rule.required is not None and not any(OUTCOMES.get(test.verdict) in rule.required for test in scope):
        found.append(f"no test got {_listed(rule.required)} ({rule.source})")
    if rule.message and not any(rule.message in test.said for test in scope):
        found.append(f"the validator said {rule.message!r} of no test ({rule.source})")
    if rule.score is not None:
        found += _score_faults(rule, run)
    return found


def _score_faults(rule: Rule, run: Run) -> list[str]:
    least, most = rule.score or (0.0, 0.0)
    scores = {"the score": run.score}
    if rule.tests:
        scores = {group: score for group, score in run.groups.items() if names(rule.tests, group)}
        if not scores:
            return [f"there is no group {rule.tests} whose score could be told ({rule.source})"]
    expected = f"expected is {least:g} to {most:g} ({rule.source})"
    return [
        f"{what} is {'missing' if score is None else f'{score:g}'}, {expected}"
        for what, score in scores.items()
        if score is None or not least - _slack(least) <= score <= most + _slack(most)
    ]


def _in_scope(rule: Rule, run: Run) -> list[JudgedTest]:
    by_name = {test.name: test for test in run.tests if _ran(test)}
    return [by_name[name] for name in matching(rule, list(by_name))]


def _too_slow(test: JudgedTest, limit_ms: int) -> str:
    return "TIME_LIMIT_EXCEEDED" if test.cpu_time_ms >= limit_ms else _IDLED


def _ran(test: JudgedTest) -> bool:
    return test.verdict not in _NOT_RUN


def _slack(score: float) -> float:
    return _SCORE_TOLERANCE * max(1.0, abs(score))


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _listed(outcomes: frozenset[Outcome]) -> str:
    return " or ".join(outcome for outcome in Outcome if outcome in outcomes)
