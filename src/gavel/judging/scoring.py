"""Which test is run next, and what all of them come to: the groups of a problem as a state machine. Pure.

Tests are judged one after another in the order of the manifest. Groups decide as they go: what a rejected
test breaks off, and what a group that was not accepted closes to others, is not run. `grading` says what a
single test or group counts.
"""

import dataclasses
from collections.abc import Callable, Sequence

from gavel.judging.grading import (
    ACCEPTED,
    JUDGE_ERROR,
    SKIPPED,
    Result,
    broken_by,
    by_score,
    first_error,
    of_group,
    of_test,
    rejected,
    within_bounds,
)
from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1.problem_pb2 import Manifest, TestGroup
from gavel.submission.v1.submission_pb2 import Verdict

__all__ = ["Course", "Graded", "Grader", "Result"]

Grader = Callable[[TestGroup, Sequence[Result]], Result]
"""Makes the result of a group, of those of its tests and groups in the order judged."""


@dataclasses.dataclass(frozen=True, slots=True)
class Graded:
    """What a judgement came to."""

    verdict: Verdict
    score: float | None
    """None for a problem without scores, with JUDGE_ERROR, and for what is rejected where lower is better."""
    groups: tuple[tuple[str, Verdict, float | None], ...]
    """Name, verdict and score of every group but the root, outer ones first; none for a problem without
    scores. A group of which nothing was run is SKIPPED with a score of 0.
    """
    fault: str = ""
    """With JUDGE_ERROR: what is wrong with the problem's scores; empty when a test's own result says it."""


class Course:
    """One way through the tests of a manifest.

    Call `next`, run that test, tell `ended`, until `next` returns None; then `totals`. With `run_all` every
    test is run, yet what counts is what would have been run without.
    """

    def __init__(self, manifest: Manifest, *, run_all: bool, grader: Grader | None = None) -> None:
        """`grader` is asked for the results of groups that have a custom one. Raises ValueError for a
        manifest that names a group that is not there.
        """
        self._grader = grader or _no_grader
        self._manifest = manifest
        self._run_all = run_all
        self._groups: list[TestGroup] = list(manifest.groups) or [_plain()]
        self._spans = _spans(manifest, self._groups)
        self._starting: dict[int, list[int]] = {}
        for index, span in enumerate(self._spans):
            self._starting.setdefault(span.start, []).append(index)
        self._children: list[list[_Child]] = [[] for _ in self._groups]
        self._results: list[Result | None] = [None] * len(self._groups)
        self._verdicts: list[Verdict] = [SKIPPED] * len(manifest.tests)
        self._position = 0
        self._counted_from = 0
        """What of the tests before this one is yet to be run is of no account."""

    def next(self) -> int | None:
        """Index in the manifest's tests of the one to run now, the same until it ended; None at the end."""
        tests = len(self._manifest.tests)
        while self._position < tests:
            if self._counted_from <= self._position:
                self._close_what_requires_more()
            if self._run_all or self._counted_from <= self._position:
                return self._position
            self._position = self._counted_from
        return None

    def upcoming(self, most: int) -> list[int]:
        """Index of at most so many tests that would be run from now on if each of them were accepted, the one
        that `next` names first.
        """
        found: list[int] = []
        position = self.next()
        while position is not None and position < len(self._verdicts) and len(found) < most:
            closed = None if self._run_all else self._closed_at(position)
            if closed is None:
                found.append(position)
                position += 1
            else:
                position = self._spans[closed].stop
        return found

    def ended(
        self, index: int, verdict: Verdict, score: float | None = None, multiplier: float | None = None
    ) -> Result:
        """Tells the verdict of the test that `next` named, and what the validator left in `score.txt` and
        `score_multiplier.txt`: None without the file, NaN where it held no number.

        Returns the verdict that counts (JUDGE_ERROR, with its reason, for a score that the problem does not
        allow) and the test's points. Raises ValueError for another test than `next` named.
        """
        if index != self.next():
            raise ValueError(f"test {index} is not the one to be run now")
        test = self._manifest.tests[index]
        own = test.accept_score if test.HasField("accept_score") else None
        result = of_test(self._groups[test.group], verdict, score, multiplier, own)
        self._verdicts[index] = result.verdict
        self._position = index + 1
        if index >= self._counted_from:
            self._children[test.group].append(_Child(index, result))
            self._settle(test.group, index, broken=rejected(result.verdict))
        if result.verdict == JUDGE_ERROR:
            self._counted_from = len(self._verdicts)
        return result

    def _close_what_requires_more(self) -> None:
        """Closes the group that begins here and needs others that were not accepted."""
        index = self._closed_at(self._position)
        if index is None:
            return
        self._results[index] = Result(SKIPPED)
        self._counted_from = self._spans[index].stop
        parent = self._groups[index].parent
        self._children[parent].append(self._child(index, Result(SKIPPED)))
        if index:
            self._settle(parent, self._counted_from - 1, broken=True)

    def _closed_at(self, test: int) -> int | None:
        """The outermost group that begins with this test, has no result yet and needs others that were not
        accepted.
        """
        for index in self._starting.get(test, ()):
            required = [self._results[other] for other in self._groups[index].required_groups]
            if self._results[index] is None and any(
                other is not None and other.verdict != ACCEPTED for other in required
            ):
                return index
        return None

    def _settle(self, index: int, test: int, *, broken: bool) -> None:
        """Ends the group and those around it, as far as the end of this test ends them."""
        while True:
            group, span = self._groups[index], self._spans[index]
            if broken and group.break_on_reject:
                self._counted_from = max(self._counted_from, span.stop)
            if max(test + 1, self._counted_from) < span.stop:
                return
            result = self._results[index] = self._of_group(index, self._children[index])
            if index == 0:
                return
            self._children[group.parent].append(self._child(index, result))
            broken = rejected(result.verdict)
            index = group.parent

    def _child(self, index: int, result: Result) -> "_Child":
        return _Child(self._spans[index].start, result, index, self._groups[index].ignored)

    def _of_group(self, index: int, children: "list[_Child]") -> Result:
        group = self._groups[index]
        results = [(child.result, child.ignored) for child in children]
        if group.custom_grader:
            return broken_by(results) or within_bounds(
                group, self._grader(group, [child.result for child in children])
            )
        return of_group(group, results, lower_is_better=self._manifest.lower_score_is_better)

    def totals(self) -> Graded:
        """What all tests come to, or those that have ended so far. SKIPPED before the first has ended."""
        scoring = self._manifest.type == problem.PROBLEM_TYPE_SCORING
        results = self._results_now()
        root = results[0] or Result(SKIPPED)
        groups = self._shown(results) if scoring else ()
        if JUDGE_ERROR in self._verdicts:
            return Graded(JUDGE_ERROR, None, groups)
        if root.verdict == JUDGE_ERROR or not scoring:
            return Graded(root.verdict, None, groups, root.fault)
        verdict = self._with_points(0, root, results)
        if verdict == SKIPPED:  # all was closed by samples that failed
            verdict = first_error(self._verdicts)
        if not rejected(verdict):
            return Graded(verdict, root.score, groups)
        return Graded(verdict, None if self._manifest.lower_score_is_better else 0.0, groups)

    def _results_now(self) -> list[Result | None]:
        """The groups' results, of those that have not ended as far as they go."""
        results = list(self._results)
        children = [list(of_this) for of_this in self._children]
        for index in reversed(range(len(results))):
            if results[index] is None and children[index]:
                result = results[index] = self._of_group(index, children[index])
                if index:
                    children[self._groups[index].parent].append(self._child(index, result))
        return results

    def _shown(self, results: "list[Result | None]") -> tuple[tuple[str, Verdict, float | None], ...]:
        shown: list[tuple[str, Verdict, float | None]] = []
        for index, group in enumerate(self._groups):
            if index and self._spans[index]:
                result = results[index] or Result(SKIPPED)
                score = None if result.verdict == JUDGE_ERROR else result.score
                shown.append((group.name, self._with_points(index, result, results), score))
        return tuple(shown)

    def _with_points(self, index: int, result: Result, results: "list[Result | None]") -> Verdict:
        """What a grader accepts although points are missing is PARTIAL, or without any the first error."""
        group = self._groups[index]
        if result.verdict != ACCEPTED:
            return result.verdict
        if group.HasField("full_score"):
            verdicts = self._verdicts_in(index)
        elif index:
            return ACCEPTED
        else:
            verdicts = [
                other.verdict
                for other, one in zip(results, self._groups, strict=True)
                if other is not None and not one.ignored
            ]
        lower = self._manifest.lower_score_is_better
        return by_score(group, verdicts, result.score, lower_is_better=lower)

    def _verdicts_in(self, index: int) -> list[Verdict]:
        """Of the group's tests that were run, without those of ignored groups within it."""
        ignored = [
            self._spans[inner] for inner in range(index + 1, len(self._groups)) if self._groups[inner].ignored
        ]
        return [
            self._verdicts[test]
            for test in self._spans[index]
            if self._verdicts[test] != SKIPPED and not any(test in span for span in ignored)
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class _Child:
    """A test's or a group's result within the group around it."""

    test: int
    """The first of its tests."""
    result: Result
    group: int | None = None
    ignored: bool = False


def _no_grader(group: TestGroup, _: Sequence[Result], /) -> Result:
    return Result(JUDGE_ERROR, fault=f"data/{group.name}: the problem has no grader")


def _plain() -> TestGroup:
    """The root of a manifest without groups."""
    return TestGroup(break_on_reject=True, verdict_aggregation=problem.VERDICT_AGGREGATION_FIRST_ERROR)


def _spans(manifest: Manifest, groups: list[TestGroup]) -> list[range]:
    """The tests of each group, those of the groups within it as well; empty for a group without any."""
    for index, group in enumerate(groups):
        if index and not 0 <= group.parent < index:
            raise ValueError(f"group {index} has no parent before it")
    first = [len(manifest.tests)] * len(groups)
    stop = [0] * len(groups)
    for index, test in enumerate(manifest.tests):
        if not 0 <= test.group < len(groups):
            raise ValueError(f"test {index} lies in no group")
        first[test.group] = min(first[test.group], index)
        stop[test.group] = index + 1
    for index in reversed(range(1, len(groups))):
        parent = groups[index].parent
        first[parent], stop[parent] = min(first[parent], first[index]), max(stop[parent], stop[index])
    return [range(start, max(start, end)) for start, end in zip(first, stop, strict=True)]
