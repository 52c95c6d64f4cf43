"""What the formats say of grading, once more, in the plainest way: what the course is held against."""

import dataclasses
from collections.abc import Mapping, Sequence

WORST_FIRST = ["RTE", "MLE", "TLE", "OLE", "WA", "AC"]


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A test and what comes of it."""

    verdict: str


@dataclasses.dataclass(frozen=True)
class Node:
    """A folder: what its testdata.yaml says, and what lies in it in order."""

    settings: Mapping[str, object]
    children: Sequence["Leaf | Node"]


@dataclasses.dataclass
class Legacy:
    """What judging comes to: the tests run, the results of the groups by name, and that of the root."""

    ran: list[str] = dataclasses.field(default_factory=list)
    groups: dict[str, tuple[str, float]] = dataclasses.field(default_factory=dict)
    root: tuple[str, float] = ("AC", 0.0)


def judge_legacy(root: Node, names: Sequence[str]) -> Legacy:
    """Walks the tree as the legacy format says; `names` are those of the root's folders."""
    found = Legacy()
    defaults: dict[str, object] = {
        "on_reject": "break",
        "grader_flags": "",
        "accept_score": 1.0,
        "reject_score": 0.0,
    }

    def walk(node: Node, name: str, inherited: Mapping[str, object]) -> tuple[str, float] | None:
        settings = {**inherited, **node.settings}
        results: list[tuple[str, float]] = []
        for place, child in enumerate(node.children):
            below = names[place] if not name else f"{name}/{place:02}"
            if isinstance(child, Leaf):
                found.ran.append(below)
                score = settings["accept_score" if child.verdict == "AC" else "reject_score"]
                assert isinstance(score, float)
                result = (child.verdict, score)
            else:
                walked = walk(child, below, settings)
                if walked is None:
                    continue
                result = walked
            results.append(result)
            if result[0] != "AC" and settings["on_reject"] == "break":
                break
        if not results:
            return None
        graded = default_grader(results, str(settings["grader_flags"]).split(), root=not name)
        if name:
            found.groups[name] = graded
        return graded

    found.root = walk(root, "", defaults) or found.root
    return found


def default_grader(
    results: Sequence[tuple[str, float]], flags: Sequence[str], *, root: bool
) -> tuple[str, float]:
    """The default grader of the legacy format."""
    if root and "ignore_sample" in flags:
        results = results[-1:]
    verdicts = [verdict for verdict, _ in results]
    scores = [score for _, score in results]
    verdict_mode = next(
        (flag for flag in reversed(flags) if flag.endswith(("_error", "s_accept"))), "worst_error"
    )
    score_mode = next((flag for flag in reversed(flags) if flag in ("sum", "avg", "min", "max")), "sum")
    errors = [verdict for verdict in verdicts if verdict != "AC"]
    if (
        verdict_mode == "always_accept"
        or not errors
        or ("accept_if_any_accepted" in flags and "AC" in verdicts)
    ):
        verdict = "AC"
    elif verdict_mode == "first_error":
        verdict = errors[0]
    else:
        verdict = next(worst for worst in WORST_FIRST if worst in errors)
    score = {"sum": sum(scores), "avg": sum(scores) / len(scores), "min": min(scores), "max": max(scores)}
    return verdict, score[score_mode]


def grade_2025(
    aggregation: str,
    groups: Mapping[str, tuple[str, int]],
    requires: Mapping[str, Sequence[str]],
    outcomes: Mapping[str, tuple[str, float | None]],
    *,
    needs_sample: bool,
) -> dict[str, float]:
    """The scores of the groups, and of the whole under "", as 2025-09 defines them over all tests.

    `groups` holds score_aggregation and max_score, `outcomes` verdict and score_multiplier by test.
    """

    def within(group: str) -> list[tuple[str, float | None]]:
        return [outcome for name, outcome in outcomes.items() if name.startswith(f"{group}/")]

    passed = {"sample": all(verdict == "AC" for verdict, _ in within("sample"))}
    scores: dict[str, float] = {}
    closed = needs_sample and not passed["sample"]
    for name, (word, most) in groups.items():
        tests = within(name)
        run = not closed and all(passed[other] for other in requires[name])
        passed[name] = run and all(verdict == "AC" for verdict, _ in tests)
        if not run:
            scores[name] = 0.0
        elif word == "pass-fail":
            scores[name] = float(most) if passed[name] else 0.0
        else:
            each = most / len(tests) if word == "sum" else most
            worth = [each * (1.0 if multiplier is None else multiplier) for _, multiplier in tests]
            earned = [
                score if verdict == "AC" else 0.0 for (verdict, _), score in zip(tests, worth, strict=True)
            ]
            scores[name] = sum(earned) if word == "sum" else min(earned)
    scores[""] = min(scores.values()) if aggregation == "min" else sum(scores.values())
    return scores
