"""Grading as 2025-09 has it, test_group.yaml, and as the drafts before it had it, a `scoring` map."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gavel.judging.grading import aggregated
from gavel.judging.package_folders import Folders, as_number
from gavel.judging.package_metadata import Configuration, Metadata
from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1.problem_pb2 import ManifestTest, TestGroup

_SCORING_KEYS = ("max_score", "score_aggregation", "require_pass")
_AGGREGATIONS = {
    "pass-fail": problem.SCORE_AGGREGATION_ALL_OR_NOTHING,
    "sum": problem.SCORE_AGGREGATION_SUM,
    "min": problem.SCORE_AGGREGATION_MIN,
}
_PASS_FAIL = problem.SCORE_AGGREGATION_ALL_OR_NOTHING


def check(config: Configuration, metadata: Metadata, folders: Folders) -> None:
    """Refuses what must not be said: of samples, in a pass-fail problem, of static validation."""
    for folder in folders.configured:
        own = folders.own(folder)
        if not metadata.scoring:
            where = "a pass-fail problem"
        else:
            where = "" if f"{folder}/".startswith("data/secret/") else folder
        for key in _SCORING_KEYS if where else ():
            if key in own:
                config.findings.error(f"{folders.source(folder)}:{key}", f"is not permitted in {where}")
        _check_static(folder, own, config, metadata, folders)


def _check_static(
    folder: str, own: Mapping[str, Any], config: Configuration, metadata: Metadata, folders: Folders
) -> None:
    score = own.get("static_validation_score")
    where = f"{folders.source(folder)}:static_validation_score"
    default = "sum" if folder == "data/secret" else "pass-fail"
    scores = metadata.scoring and own.get("score_aggregation", default) != "pass-fail"
    if score is None:
        if "static_validator_args" in own:
            config.findings.error(where, "is missing, although there are static_validator_args")
    elif scores and not _is_score(score):
        config.findings.error(where, "must be a whole number of at least 0 where scores are added up")
    elif not scores and score != "pass-fail":
        config.findings.error(where, "must be pass-fail where a test has no score")


def _is_score(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**12


def grade(
    groups: Sequence[TestGroup], tests: Sequence[ManifestTest], config: Configuration, folders: Folders
) -> None:
    """Says of every group of a scoring problem how it is graded; 2025-09."""
    names = {group.name: index for index, group in enumerate(groups)}
    inner = [group for group in groups if group.name.startswith("secret/")]
    secret = groups[names["secret"]] if "secret" in names else None
    within: list[list[ManifestTest]] = [[] for _ in groups]
    for test in tests:
        within[test.group].append(test)
    if secret is not None:
        _check_layout(tests, names["secret"], config, folders, grouped=bool(inner))
    for index, group in enumerate(groups):
        if not group.name:
            group.verdict_aggregation = problem.VERDICT_AGGREGATION_BY_SCORE
            group.score_aggregation = problem.SCORE_AGGREGATION_SUM
        elif group.name == "sample":
            group.break_on_reject = True
            group.ignored = True
            group.verdict_aggregation = problem.VERDICT_AGGREGATION_FIRST_ERROR
            group.score_aggregation = problem.SCORE_AGGREGATION_SUM
        else:
            _grade_one(group, within[index], secret, config, folders)
            _require(index, groups, config, folders)
    if secret is not None and inner and secret.score_aggregation == problem.SCORE_AGGREGATION_MIN:
        secret.break_on_reject = False  # each group shows its own points
    if secret is not None and secret.HasField("full_score"):
        if inner:
            _check_sum(secret, inner, within[names["secret"]], config)
        groups[0].full_score = secret.full_score


def _check_layout(
    tests: Sequence[ManifestTest], secret: int, config: Configuration, folders: Folders, *, grouped: bool
) -> None:
    deep = [
        folder for folder in folders.configured if folder.startswith("data/secret/") and folder.count("/") > 2
    ]
    for folder in deep:
        config.findings.error(folders.source(folder), "lies within a group, which cannot hold groups")
    filled = {"/".join(test.name.split("/")[:2]) for test in tests if test.name.count("/") > 1}
    for folder in folders.configured:
        is_group = folder.startswith("data/secret/") and folder.count("/") == 2
        if is_group and folder.removeprefix("data/") not in filled:
            config.findings.error(folders.source(folder), "is that of a group without any test")
    if not grouped:
        return
    for test in tests:
        if test.group == secret and not test.static_validation:
            config.findings.error(
                f"data/{test.name}.in", "lies in no group, although there are groups in data/secret"
            )
            return


def _grade_one(
    group: TestGroup,
    tests: Sequence[ManifestTest],
    secret: TestGroup | None,
    config: Configuration,
    folders: Folders,
) -> None:
    """`secret`, or a group within it, of which `secret` has been graded before."""
    folder = f"data/{group.name}"
    own, source = folders.own(folder), folders.source(folder)
    outermost = group is secret
    word = own.get("score_aggregation", "sum" if outermost else "pass-fail")
    if not isinstance(word, str) or word not in _AGGREGATIONS:
        config.findings.error(f"{source}:score_aggregation", "must be pass-fail, sum or min")
        word = "pass-fail"
    most = _most_score(own, source, 100 if outermost else None, config)
    group.score_aggregation = _AGGREGATIONS[word]
    group.least_score = 0
    if most is not None:
        group.most_score = group.full_score = most
    within_pass_fail = not outermost and secret is not None and secret.score_aggregation == _PASS_FAIL
    if within_pass_fail and word != "pass-fail":
        config.findings.error(f"{source}:score_aggregation", "must be pass-fail, as that of data/secret")
    elif word == "pass-fail" and most is None and not within_pass_fail:
        config.findings.error(f"{source}:max_score", "is missing, or unbounded: what passing it is worth")
    elif most is None and not within_pass_fail and secret is not None and secret.HasField("most_score"):
        config.findings.error(f"{source}:max_score", "is missing, or unbounded, while data/secret's is not")
    group.break_on_reject = word != "sum"
    if word == "pass-fail":
        group.verdict_aggregation = problem.VERDICT_AGGREGATION_FIRST_ERROR
        group.test_scores = problem.TEST_SCORES_FORBIDDEN
        return
    group.verdict_aggregation = problem.VERDICT_AGGREGATION_BY_SCORE
    _score_tests(group, tests, own, source, config)


def _most_score(
    own: Mapping[str, Any], source: str, default: int | None, config: Configuration
) -> int | None:
    value = own.get("max_score", default)
    if value is None or value == "unbounded":
        return None
    if not _is_score(value):
        config.findings.error(f"{source}:max_score", "must be a whole number of at least 0, or unbounded")
        return 0
    return int(value)


def _score_tests(
    group: TestGroup,
    tests: Sequence[ManifestTest],
    own: Mapping[str, Any],
    source: str,
    config: Configuration,
) -> None:
    """The score of each test of a group that adds up, or takes the least of, its tests' scores."""
    score = own.get("static_validation_score")
    static = score if score is not None and _is_score(score) else 0
    for test in tests:
        if test.static_validation:
            test.accept_score = static
    if not group.HasField("most_score"):
        group.test_scores = problem.TEST_SCORES_UNBOUNDED
        return
    group.test_scores = problem.TEST_SCORES_BOUNDED
    if static > group.most_score:
        config.findings.error(f"{source}:static_validation_score", "is above the group's max_score")
    runs = sum(not test.static_validation for test in tests)
    if group.score_aggregation == problem.SCORE_AGGREGATION_MIN:
        group.accept_score = group.most_score
        group.full_score = min(group.most_score, static) if len(tests) > runs else group.most_score
    elif runs:
        group.accept_score = (group.most_score - static) / runs
    elif tests:
        group.full_score = static


def _require(index: int, groups: Sequence[TestGroup], config: Configuration, folders: Folders) -> None:
    """`require_pass`: the groups that have to be passed before this one is judged."""
    group = groups[index]
    names = {other.name: place for place, other in enumerate(groups)}
    folder = f"data/{group.name}"
    value = folders.own(folder).get("require_pass")
    if value is None:
        return
    where = f"{folders.source(folder)}:require_pass"
    for name in folders.words([value] if isinstance(value, str) else value, where):
        other = names.get(name)
        if name == "sample":
            if other is not None:  # without samples there is nothing to pass
                group.required_groups.append(other)
        elif group.name == "secret":
            config.findings.error(where, "of data/secret can name sample alone")
        elif other is None or not name.startswith("secret/"):
            config.findings.error(where, f"{name!r} is no group of tests, such as secret/group1")
        elif other >= index:
            config.findings.error(where, f"{name} does not come before {group.name}")
        elif groups[other].score_aggregation != _PASS_FAIL:
            config.findings.error(
                where, f"only a group with score_aggregation: pass-fail can be required, which {name} has not"
            )
        else:
            group.required_groups.append(other)


def _check_sum(
    secret: TestGroup,
    inner: Sequence[TestGroup],
    direct: Sequence[ManifestTest],
    config: Configuration,
) -> None:
    """What the groups can come to is what `secret` can have; else it says so, and less is the full score."""
    scores = [group.full_score for group in inner]
    scores += [test.accept_score for test in direct]
    if secret.score_aggregation == _PASS_FAIL:
        return
    reachable = aggregated(secret, scores)
    if not math.isclose(reachable, secret.full_score):
        config.findings.warn(
            f"data/secret: its groups come to {reachable:g} points, its max_score is {secret.full_score:g}."
        )
    secret.full_score = min(reachable, secret.full_score)


def grade_draft(
    groups: Sequence[TestGroup], tests: Sequence[ManifestTest], config: Configuration, folders: Folders
) -> None:
    """Says of every group of a scoring problem how it is graded; the drafts' `scoring` map, which is not
    inherited.
    """
    children: list[list[float]] = [[] for _ in groups]
    for group in groups:
        folder = f"data/{group.name}".rstrip("/")
        own, key = folders.own(folder), "scoring"
        if key not in own and isinstance(own.get("grading"), dict):
            key = "grading"
        where = f"{folders.source(folder)}:{key}"
        stated = own.get(key) or {}
        if not isinstance(stated, dict):
            config.findings.error(where, "must be a mapping")
            stated = {}
        sums = group.name in ("", "sample", "secret")
        word = stated.get("aggregation", "sum" if sums else "min")
        if word not in ("sum", "min"):
            config.findings.error(f"{where}.aggregation", "must be sum or min")
        group.verdict_aggregation = problem.VERDICT_AGGREGATION_BY_SCORE
        group.score_aggregation = _AGGREGATIONS["sum" if word == "sum" else "min"]
        group.break_on_reject = word != "sum"
        group.test_scores = problem.TEST_SCORES_FACTOR
        group.least_score = 0
        score = stated.get("score", 0 if group.name == "sample" else 1)
        group.accept_score = _amount(score, f"{where}.score", config)
        if "max_score" in stated:
            group.most_score = _amount(stated["max_score"], f"{where}.max_score", config)
    for test in tests:
        children[test.group].append(groups[test.group].accept_score)
    for index in reversed(range(len(groups))):
        group = groups[index]
        if not children[index]:
            continue
        reachable = aggregated(group, children[index])
        group.full_score = min(reachable, group.most_score) if group.HasField("most_score") else reachable
        group.most_score = group.most_score if group.HasField("most_score") else reachable
        group.ignored = group.name == "sample" and group.full_score == 0
        if index and not group.ignored:
            children[group.parent].append(group.full_score)


def _amount(value: Any, where: str, config: Configuration) -> float:
    """A number of at least 0, given as such or as a text."""
    number = as_number(value)
    if number is None or not 0 <= number <= 1e12:
        config.findings.error(where, "must be a number of at least 0")
        return 0.0
    return number
