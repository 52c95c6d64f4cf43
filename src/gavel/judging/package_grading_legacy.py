"""Grading as the legacy formats have it: testdata.yaml and the flags of the default grader."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gavel.judging.grading import aggregated
from gavel.judging.package_folders import Folders, as_number
from gavel.judging.package_metadata import Configuration, Metadata
from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1.problem_pb2 import ManifestTest, TestGroup, Validator

_KEYS = ("on_reject", "grading", "grader_flags", "accept_score", "reject_score", "range")
_VERDICTS = {
    "worst_error": problem.VERDICT_AGGREGATION_WORST_ERROR,
    "no_errors": problem.VERDICT_AGGREGATION_WORST_ERROR,
    "first_error": problem.VERDICT_AGGREGATION_FIRST_ERROR,
    "always_accept": problem.VERDICT_AGGREGATION_ALWAYS_ACCEPT,
}
_SCORES = {
    "sum": problem.SCORE_AGGREGATION_SUM,
    "avg": problem.SCORE_AGGREGATION_AVERAGE,
    "min": problem.SCORE_AGGREGATION_MIN,
    "max": problem.SCORE_AGGREGATION_MAX,
}
_TOLERANT = {"accept_if_any_accepted", "always_accept", "ignore_sample"}


def matters(folders: Folders) -> bool:
    """True when a pass-fail problem may be passed with a test that failed, or grades in a way of its own."""
    return any(
        folders.own(folder).get("grading") == "custom"
        or _TOLERANT & set(str(folders.own(folder).get("grader_flags") or "").split())
        for folder in folders.configured
    )


def grade(
    groups: Sequence[TestGroup],
    tests: Sequence[ManifestTest],
    config: Configuration,
    metadata: Metadata,
    folders: Folders,
    *,
    validator: Validator | None,
) -> None:
    """Says of every group how it is graded, from what its folder says or inherits."""
    settings: list[Mapping[str, Any]] = []
    testlib = validator is not None and validator.protocol == problem.VALIDATOR_PROTOCOL_TESTLIB
    scores = problem.TEST_SCORES_OPTIONAL if testlib else _test_scores(metadata)
    for group in groups:
        folder = f"data/{group.name}".rstrip("/")
        own = {key: value for key, value in folders.own(folder).items() if key in _KEYS}
        inherited = settings[group.parent] if group.name else {}
        settings.append({**inherited, **own, **metadata.grading})
        reading = _Reading(group, settings[-1], own, folders.source(folder), config)
        reading.read(scoring=metadata.scoring, lower_is_better=metadata.lower_score_is_better)
        if metadata.scoring:
            group.test_scores = scores
    _ignore_sample(groups, settings[0], config, folders)
    if metadata.scoring:
        if testlib:  # whose points may be less than all, whatever `accept_score` says all is
            _full_scores(groups, tests, config, stated_wins=True)
        elif validator is None or not (metadata.modern or metadata.custom_score):
            _full_scores(groups, tests, config, stated_wins=False)


def _test_scores(metadata: Metadata) -> problem.TestScores:
    if metadata.modern:
        return problem.TEST_SCORES_OPTIONAL
    # Without `score` Kattis takes none, so that no package of its has one; those of DOMjudge may.
    return problem.TEST_SCORES_REQUIRED if metadata.custom_score else problem.TEST_SCORES_TOLERATED


class _Reading:
    """The settings of one group."""

    def __init__(
        self,
        group: TestGroup,
        settings: Mapping[str, Any],
        own: Mapping[str, Any],
        source: str,
        config: Configuration,
    ) -> None:
        self._group = group
        self._settings = settings
        self._own = own
        self._source = source
        self._config = config

    def _error(self, key: str, description: str) -> None:
        """Notes it once, where it is said and not where it is inherited."""
        if key in self._own or not self._group.name:
            self._config.findings.error(f"{self._source}:{key}", description)

    def read(self, *, scoring: bool, lower_is_better: bool) -> None:
        group = self._group
        flags = self._flags()
        on_reject = self._settings.get("on_reject", "break")
        if on_reject not in ("break", "continue"):
            self._error("on_reject", "must be break or continue")
        # Of a pass-fail problem nothing is worth running that can no longer change whether it is passed.
        tolerant = group.custom_grader or bool(_TOLERANT & flags)
        group.break_on_reject = on_reject != "continue" or (not scoring and not tolerant)
        if not scoring:
            for key in ("accept_score", "reject_score", "range"):
                if key in self._own:
                    self._config.findings.warn(
                        f"{self._source}: {key} means nothing in a pass-fail problem and was passed over."
                    )
            return
        group.accept_score = self._number("accept_score", 1.0)
        group.reject_score = self._number("reject_score", 0.0)
        least, most = self._range()
        if math.isfinite(least):
            group.least_score = least
        if math.isfinite(most):
            group.most_score = most
        best = least if lower_is_better else most
        if math.isfinite(best) and ("range" in self._own or not group.name):
            group.full_score = best

    def _flags(self) -> set[str]:
        group = self._group
        flags = self._words()
        grading = self._settings.get("grading", "default")
        if grading == "custom":
            group.custom_grader = True
            group.grader_arguments.extend(flags)
            return set()
        if grading != "default":
            self._error("grading", "must be default or custom")
        group.verdict_aggregation = problem.VERDICT_AGGREGATION_WORST_ERROR
        group.score_aggregation = problem.SCORE_AGGREGATION_SUM
        for flag in flags:
            if flag in _VERDICTS:
                group.verdict_aggregation = _VERDICTS[flag]
            elif flag in _SCORES:
                group.score_aggregation = _SCORES[flag]
            elif flag == "accept_if_any_accepted":
                group.accept_if_any_accepted = True
            elif flag != "ignore_sample":
                self._config.findings.warn(
                    f"{self._source}: the default grader has no flag {flag!r}; it was passed over."
                )
        if "ignore_sample" in flags and group.name:
            if "grader_flags" in self._own:
                self._error("grader_flags", "ignore_sample is for data/testdata.yaml alone")
            return set(flags) - {"ignore_sample"}
        return set(flags)

    def _words(self) -> Sequence[str]:
        text = str(self._settings.get("grader_flags") or "")
        where = f"data/{self._group.name}:grader_flags"
        return self._config.arguments(text.split(), where) if self._config.take(where, len(text)) else []

    def _number(self, key: str, default: float) -> float:
        number = as_number(self._settings.get(key, default))
        if number is None or not math.isfinite(number):
            self._error(key, "must be a number")
            return default
        return number

    def _range(self) -> tuple[float, float]:
        value = self._settings.get("range", "-inf +inf")
        words = value.split() if isinstance(value, str) else value
        bounds = [as_number(word) for word in words] if isinstance(words, list) else []
        if len(bounds) != 2 or bounds[0] is None or bounds[1] is None or not bounds[0] <= bounds[1]:
            self._error("range", "must be two numbers, the least and the largest score")
            return -math.inf, math.inf
        return bounds[0], bounds[1]


def _ignore_sample(
    groups: Sequence[TestGroup], root: Mapping[str, Any], config: Configuration, folders: Folders
) -> None:
    if groups[0].custom_grader or "ignore_sample" not in str(root.get("grader_flags") or "").split():
        return
    for group in groups:
        group.ignored = group.name == "sample"
    if groups[0].break_on_reject:
        config.findings.warn(
            f"{folders.source('data')}: with ignore_sample and without 'on_reject: continue' nothing of "
            "data/secret is judged once a sample was rejected."
        )


def _full_scores(
    groups: Sequence[TestGroup], tests: Sequence[ManifestTest], config: Configuration, *, stated_wins: bool
) -> None:
    """What a solution gets that is right in all: of every group, from the scores of accepted tests. What a
    custom grader makes of them nobody knows but the range of its group.
    """
    children: list[list[float | None]] = [[] for _ in groups]
    for test in tests:
        children[test.group].append(groups[test.group].accept_score)
    for index in reversed(range(len(groups))):
        group = groups[index]
        if not children[index]:
            continue
        scores = [score for score in children[index] if score is not None]
        known = len(scores) == len(children[index]) and not group.custom_grader
        if known and not (stated_wins and group.HasField("full_score")):
            group.full_score = aggregated(group, scores)
            _check_range(group, config)
        if index and not group.ignored:
            children[group.parent].append(group.full_score if group.HasField("full_score") else None)


def _check_range(group: TestGroup, config: Configuration) -> None:
    score = group.full_score
    above = group.HasField("most_score") and score > group.most_score + 1e-9 * max(1.0, abs(score))
    below = group.HasField("least_score") and score < group.least_score - 1e-9 * max(1.0, abs(score))
    if above or below:
        config.findings.warn(
            f"data/{group.name}: a solution that is right in all gets {score:g} there, outside of the range."
        )
