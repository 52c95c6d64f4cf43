"""What can be expected of a submission of a package, and what each folder of `submissions/` expects. Pure."""

import dataclasses
import enum
from collections.abc import Mapping

from gavel.submission.v1.submission_pb2 import Verdict


class Outcome(enum.StrEnum):
    """The results of a test as the format names them."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    RTE = "RTE"


class Bound(enum.StrEnum):
    """What a submission's times say of the time limit."""

    LOWER = "lower"
    """The limit has to leave it enough time."""
    UPPER = "upper"
    """The limit has to end it."""


OUTCOMES: Mapping[str, Outcome] = {
    "ACCEPTED": Outcome.AC,
    "PARTIAL": Outcome.AC,
    "WRONG_ANSWER": Outcome.WA,
    "PRESENTATION_ERROR": Outcome.WA,
    "TIME_LIMIT_EXCEEDED": Outcome.TLE,
    "WALL_TIME_LIMIT_EXCEEDED": Outcome.TLE,
    "MEMORY_LIMIT_EXCEEDED": Outcome.RTE,
    "OUTPUT_LIMIT_EXCEEDED": Outcome.RTE,
    "RUN_TIME_ERROR": Outcome.RTE,
    "SECURITY_VIOLATION": Outcome.RTE,
}
"""The result that a verdict counts as, by the verdict's name without its prefix. What is missing is none of
the four: the compiler's refusal, a broken judge, a test that was not run.
"""

_UNEXPECTED = {"UNSPECIFIED", "SKIPPED", "JUDGE_ERROR"}
VERDICTS = frozenset(name.removeprefix("VERDICT_") for name, _ in Verdict.items()) - _UNEXPECTED
"""What a submission can be expected to get, by name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One requirement; all rules of a submission have to hold."""

    source: str
    """Where it is stated: `submissions/wrong_answer`, `submissions.yaml: accepted/*`."""
    words: str
    """What it asks for, in a few words: `WRONG ANSWER`, `some TLE`."""
    verdicts: frozenset[str] | None = None
    """What the submission as a whole may get; None: anything."""
    permitted: frozenset[Outcome] | None = None
    """What its tests may get; None: anything."""
    required: frozenset[Outcome] | None = None
    """What at least one of its tests has to get; None: anything."""
    score: tuple[float, float] | None = None
    """The least and the most points of the submission, or of the groups that `tests` matches."""
    message: str = ""
    """What the validator has to say of at least one test."""
    tests: str = ""
    """A glob of tests and groups, relative to `data/`, to which alone this applies; empty: all of them."""
    bound: Bound | None = None
    """Which bound of the time limit the times of these tests give."""


def verdicts_of(*outcomes: Outcome) -> frozenset[str]:
    """The verdicts that count as one of these results, but for PARTIAL."""
    return frozenset(name for name, outcome in OUTCOMES.items() if outcome in outcomes) - {"PARTIAL"}


def bound_of(permitted: frozenset[Outcome] | None, required: frozenset[Outcome] | None) -> Bound | None:
    """The bound that these requirements give by themselves, as the format has it."""
    if required == frozenset({Outcome.TLE}):
        return Bound.UPPER
    return Bound.LOWER if permitted is not None and Outcome.TLE not in permitted else None


_AC, _WA, _TLE, _RTE = Outcome
_MODERN: Mapping[str, tuple[set[Outcome] | None, set[Outcome] | None]] = {
    "accepted": ({_AC}, None),
    "rejected": (None, {_RTE, _TLE, _WA}),
    "wrong_answer": ({_AC, _WA}, {_WA}),
    "time_limit_exceeded": ({_AC, _TLE}, {_TLE}),
    "run_time_error": ({_AC, _RTE}, {_RTE}),
    "brute_force": ({_AC, _RTE, _TLE}, {_RTE, _TLE}),
    "slow_accepted": ({_AC, _TLE}, None),
}
"""The format's own folders with what they permit and require, and one of older packages."""
_LEGACY: Mapping[str, frozenset[str]] = {
    "accepted": frozenset({"ACCEPTED"}),
    "rejected": verdicts_of(_WA, _TLE, _RTE),
    "wrong_answer": verdicts_of(_WA),
    "time_limit_exceeded": verdicts_of(_TLE),
    "run_time_error": verdicts_of(_RTE),
    "brute_force": verdicts_of(_RTE, _TLE),
    "slow_accepted": verdicts_of(_AC, _TLE),
}
"""In legacy packages the submission as a whole counts, so the first test that fails does."""
_EITHER: Mapping[str, frozenset[str]] = {
    "partially_accepted": frozenset({"PARTIAL"}),
    "compile_error": frozenset({"COMPILE_ERROR"}),
    "compiler_error": frozenset({"COMPILE_ERROR"}),
    "memory_limit_exceeded": frozenset({"MEMORY_LIMIT_EXCEEDED"}),
    "no_output": verdicts_of(_WA),
    "output_limit": frozenset({"OUTPUT_LIMIT_EXCEEDED"}),
    "output_limit_exceeded": frozenset({"OUTPUT_LIMIT_EXCEEDED"}),
    "presentation_error": verdicts_of(_WA),
}
"""Folders that other tools know."""
_LEGACY_BOUNDS = {"accepted": Bound.LOWER, "time_limit_exceeded": Bound.UPPER}


def of_folder(name: str, *, legacy: bool, scoring: bool = False, unbounded: bool = False) -> Rule | None:
    """What the folder of that name expects by itself; None for a folder that is not known, such as `mixed`.

    `scoring` and `unbounded` tell of the problem: it gives points, and there is no most of them.
    """
    source, words = f"submissions/{name}", name.replace("_", " ").upper()
    if name in _EITHER or (legacy and name in _LEGACY):
        verdicts = _EITHER.get(name) or _LEGACY[name]
        if name == "partially_accepted" and unbounded:
            verdicts |= {"ACCEPTED"}  # with no most points every score is a part
        if name in {"accepted", "slow_accepted"} and scoring:
            verdicts |= {"PARTIAL"}  # accepted by every test, which need not give all points
        return Rule(source, words, verdicts=verdicts, bound=_LEGACY_BOUNDS.get(name))
    if name not in _MODERN:
        return None
    permitted, required = (None if found is None else frozenset(found) for found in _MODERN[name])
    return Rule(source, words, permitted=permitted, required=required, bound=bound_of(permitted, required))
