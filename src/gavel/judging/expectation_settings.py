"""`submissions/submissions.yaml` of the 2025-09 format: what it says of each submission. Pure."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from gavel.judging.expectation_comments import score_words
from gavel.judging.expectation_rules import Bound, Outcome, Rule, bound_of, of_folder
from gavel.judging.package_findings import Findings
from gavel.judging.path_globs import expanded, matches

FILE = "submissions/submissions.yaml"

_REQUIREMENTS = {"permitted", "required", "score", "message", "use_for_time_limit"}
_DESCRIPTIVE = {"authors", "model_solution"}
_LONG_NAMES = {
    "ACCEPTED": Outcome.AC,
    "WRONG_ANSWER": Outcome.WA,
    "TIME_LIMIT_EXCEEDED": Outcome.TLE,
    "RUN_TIME_ERROR": Outcome.RTE,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Requirement:
    """What is required of the tests of one glob; None and empty: nothing."""

    tests: str = ""
    permitted: frozenset[Outcome] | None = None
    required: frozenset[Outcome] | None = None
    score: tuple[float, float] | None = None
    message: str = ""
    use_for_time_limit: bool | Bound = True
    """True: as the requirements themselves have it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What one top-level key says of the submissions that it matches."""

    glob: str
    language: str
    entry_point: str
    own: Requirement | None
    """None where it requires nothing of all tests."""
    groups: tuple[Requirement, ...]


def read(raw: Mapping[str, Any], findings: Findings, *, scoring: bool) -> list[Setting]:
    """Reads the file's mapping, in its order; what is wrong goes to the findings, by key."""
    return [
        _setting(glob, value or {}, findings, scoring=scoring)
        for glob, value in raw.items()
        if _is_mapping(value, f"{FILE}:{glob}", findings) and _is_glob(glob, f"{FILE}:{glob}", findings)
    ]


def rules(setting: Setting, folder: Rule | None = None) -> list[Rule]:
    """The rules of a setting; with `folder`, its own rule, the setting bears its name and changes it."""
    source = f"submissions.yaml: {setting.glob}"
    found = [_rule(each, source) for each in setting.groups]
    if folder is not None:
        return [_changed(setting.glob, folder, setting.own or Requirement()), *found]
    return found if setting.own is None else [_rule(setting.own, source), *found]


def _setting(glob: str, value: Mapping[Any, Any], findings: Findings, *, scoring: bool) -> Setting:
    where = f"{FILE}:{glob}"
    own = {key: value[key] for key in value.keys() & _REQUIREMENTS}
    groups = []
    for key, inner in value.items():
        if key in _REQUIREMENTS | _DESCRIPTIVE | {"language", "entrypoint"}:
            continue
        place = f"{where}.{key}"
        if not isinstance(inner, dict):
            findings.error(place, "is neither a known key nor a mapping for a group of tests")
        elif _is_glob(str(key), place, findings):
            for unknown in inner.keys() - _REQUIREMENTS:
                findings.error(
                    f"{place}.{unknown}", f"is not known; known are {', '.join(sorted(_REQUIREMENTS))}"
                )
            groups.append(_requirement(str(key), inner, place, findings, scoring=scoring))
    return Setting(
        glob=glob,
        language=_text(value.get("language"), f"{where}.language", findings),
        entry_point=_text(value.get("entrypoint"), f"{where}.entrypoint", findings),
        own=_requirement("", own, where, findings, scoring=scoring) if own else None,
        groups=tuple(groups),
    )


def _requirement(
    tests: str, raw: Mapping[Any, Any], where: str, findings: Findings, *, scoring: bool
) -> Requirement:
    use = raw.get("use_for_time_limit", True)
    if not isinstance(use, bool):
        if use not in tuple(Bound):
            findings.error(f"{where}.use_for_time_limit", "must be true, false, lower or upper")
            use = True
        else:
            use = Bound(use)
    score = _score(raw.get("score"), f"{where}.score", findings)
    if score is not None and not scoring:
        findings.error(f"{where}.score", "belongs to a scoring problem, which this is not")
    return Requirement(
        tests=tests,
        permitted=_outcomes(raw.get("permitted"), f"{where}.permitted", findings),
        required=_outcomes(raw.get("required"), f"{where}.required", findings),
        score=score,
        message=_text(raw.get("message"), f"{where}.message", findings),
        use_for_time_limit=use,
    )


def _rule(asked: Requirement, source: str) -> Rule:
    permitted, required = asked.permitted, asked.required
    if asked.use_for_time_limit is Bound.LOWER:
        permitted = (permitted or frozenset(Outcome)) - {Outcome.TLE}
    if asked.use_for_time_limit is Bound.UPPER:
        required = (required or frozenset(Outcome)) & {Outcome.TLE}
    bound = bound_of(permitted, required)
    if isinstance(asked.use_for_time_limit, Bound):
        bound = asked.use_for_time_limit
    sayings = []
    if permitted is not None:
        sayings.append(f"only {_listed(permitted)}")
    if required is not None:
        sayings.append(f"some {_listed(required)}")
    if asked.score is not None:
        sayings.append(score_words(asked.score))
    if asked.message:
        sayings.append(f"says {asked.message!r}")
    words = ", ".join(sayings)
    return Rule(
        source,
        f"{asked.tests}: {words}" if asked.tests and words else words,
        permitted=permitted,
        required=required,
        score=asked.score,
        message=asked.message,
        tests=asked.tests,
        bound=bound if asked.use_for_time_limit else None,
    )


def _changed(name: str, folder: Rule, asked: Requirement) -> Rule:
    """A folder's rule with what its own key states in place of its defaults."""
    restated = asked.permitted is not None or asked.required is not None
    if restated:
        # A legacy folder has a verdict for the whole; what is stated here are results of tests.
        folder = of_folder(name, legacy=False) or folder
    own = dataclasses.replace(
        asked,
        permitted=folder.permitted if asked.permitted is None else asked.permitted,
        required=folder.required if asked.required is None else asked.required,
    )
    rule = _rule(own, f"{folder.source} and submissions.yaml")
    if restated:
        return rule
    words = _rule(asked, "").words
    return dataclasses.replace(
        rule,
        words=f"{folder.words}, {words}" if words else folder.words,
        verdicts=folder.verdicts,
        bound=folder.bound if asked.use_for_time_limit is True else rule.bound,
    )


def _listed(outcomes: frozenset[Outcome]) -> str:
    return " ".join(outcome for outcome in Outcome if outcome in outcomes) or "nothing"


def _is_mapping(value: Any, where: str, findings: Findings) -> bool:
    if value is None or isinstance(value, dict):
        return True
    findings.error(where, "must be a mapping")
    return False


def _is_glob(text: str, where: str, findings: Findings) -> bool:
    try:
        return bool(expanded(text))
    except ValueError as error:
        findings.error(where, f"the pattern {error}")
        return False


def _text(value: Any, where: str, findings: Findings) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    findings.error(where, "must be a text")
    return ""


def _outcomes(value: Any, where: str, findings: Findings) -> frozenset[Outcome] | None:
    if value is None:
        return None
    words: Sequence[Any] = value if isinstance(value, list) else [value]
    found = {_LONG_NAMES.get(str(word), str(word)) for word in words}
    if not found or found - set(Outcome):
        findings.error(where, f"must be a sequence of {', '.join(Outcome)}")
        return None
    return frozenset(map(Outcome, found))


def _score(value: Any, where: str, findings: Findings) -> tuple[float, float] | None:
    if value is None:
        return None
    ends = value if isinstance(value, list) else [value, value]
    if (
        len(ends) != 2
        or any(isinstance(end, bool) or not isinstance(end, int | float) or math.isnan(end) for end in ends)
        or ends[0] > ends[1]
    ):
        findings.error(where, "must be a number, or a sequence of the least and the most")
        return None
    return float(ends[0]), float(ends[1])


def applying(settings: Sequence[Setting], name: str) -> list[Setting]:
    """Those that match the submission, given relative to `submissions/`, in the file's order."""
    return [setting for setting in settings if matches(setting.glob, name)]
