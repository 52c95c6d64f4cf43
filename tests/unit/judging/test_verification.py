"""Whether a submission got what is expected of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gavel.judging.expectation_rules import Bound, Outcome, Rule, of_folder
from gavel.judging.expectations import Program
from gavel.judging.time_limits import Timing
from gavel.judging.verification import JudgedTest, Run, faults, timings, totals, under_limit
from gavel.submission.v1 import problem_pb2 as p
from gavel.submission.v1.problem_pb2 import Manifest, ManifestTest

AC, WA, TLE, RTE = Outcome


def program(*rules: Rule | None) -> Program:
    return Program("x/a.py", {"a.py": "submissions/x/a.py"}, tuple(rule for rule in rules if rule))


def run(*verdicts: str, score: float | None = None, **groups: float | None) -> Run:
    """Tests `secret/g1/1`, `secret/g1/2`, `secret/g2/3`, ... and the first failure of them as the whole."""
    names = ("secret/g1/1", "secret/g1/2", "secret/g2/3", "secret/g2/4")
    tests = [JudgedTest(name, verdict, 10) for name, verdict in zip(names, verdicts, strict=False)]
    whole = next((verdict for verdict in verdicts if verdict not in {"ACCEPTED", "SKIPPED"}), "ACCEPTED")
    return Run(whole, score, tuple(tests), {f"secret/{name}": points for name, points in groups.items()})


@pytest.mark.parametrize(
    ("folder", "verdicts", "holds"),
    [
        ("accepted", ["ACCEPTED", "ACCEPTED"], True),
        ("accepted", ["ACCEPTED", "WRONG_ANSWER"], False),
        ("wrong_answer", ["ACCEPTED", "PRESENTATION_ERROR"], True),
        ("wrong_answer", ["WRONG_ANSWER", "TIME_LIMIT_EXCEEDED"], False),
        ("wrong_answer", ["ACCEPTED", "ACCEPTED"], False),
        ("wrong_answer", ["WRONG_ANSWER", "SKIPPED"], True),
        ("time_limit_exceeded", ["ACCEPTED", "WALL_TIME_LIMIT_EXCEEDED"], True),
        ("time_limit_exceeded", ["WRONG_ANSWER", "TIME_LIMIT_EXCEEDED"], False),
        ("run_time_error", ["MEMORY_LIMIT_EXCEEDED"], True),
        ("run_time_error", ["OUTPUT_LIMIT_EXCEEDED", "SECURITY_VIOLATION", "RUN_TIME_ERROR"], True),
        ("brute_force", ["TIME_LIMIT_EXCEEDED", "RUN_TIME_ERROR"], True),
        ("brute_force", ["TIME_LIMIT_EXCEEDED", "WRONG_ANSWER"], False),
        ("rejected", ["ACCEPTED"], False),
        ("rejected", ["RUN_TIME_ERROR"], True),
        ("accepted", ["COMPILE_ERROR"], False),
        ("compile_error", ["COMPILE_ERROR"], True),
        ("wrong_answer", ["JUDGE_ERROR", "WRONG_ANSWER"], False),
    ],
)
def test_folders_of_later_packages_look_at_every_test(
    folder: str, verdicts: list[str], *, holds: bool
) -> None:
    """All permitted, one as required; a broken judge never holds."""
    assert (not faults(program(of_folder(folder, legacy=False)), run(*verdicts))) is holds


def test_a_legacy_folder_looks_at_the_whole() -> None:
    """What the first test that fails got; the fault says what was expected and where that is stated."""
    legacy = program(of_folder("wrong_answer", legacy=True))
    assert faults(legacy, run("WRONG_ANSWER", "TIME_LIMIT_EXCEEDED")) == []
    assert faults(legacy, run("TIME_LIMIT_EXCEEDED", "WRONG_ANSWER")) == [
        "got TIME LIMIT EXCEEDED (secret/g1/1), expected is WRONG ANSWER (submissions/wrong_answer)"
    ]


def test_rules_of_a_group_look_at_its_tests_alone() -> None:
    """`secret/g1` solved, `secret/g2` too slow once."""
    rules = (
        Rule("s", "", permitted=frozenset({AC}), tests="secret/g1"),
        Rule("s", "", permitted=frozenset({AC, TLE}), required=frozenset({TLE}), tests="secret/*/{3,4}"),
    )
    assert not faults(program(*rules), run("ACCEPTED", "ACCEPTED", "ACCEPTED", "TIME_LIMIT_EXCEEDED"))
    assert faults(program(*rules), run("TIME_LIMIT_EXCEEDED", "ACCEPTED", "ACCEPTED", "ACCEPTED")) == [
        "secret/g1/1 got TIME LIMIT EXCEEDED, permitted is AC (s)",
        "no test got TLE (s)",
    ]


def test_scores_are_those_of_the_whole_or_of_one_group() -> None:
    """Within the range with a little slack for fractions; a group is meant by its own name alone."""
    whole = program(Rule("s", "", score=(20, 30)))
    group = program(Rule("s", "", score=(5, 5), tests="secret/g*"))
    assert not faults(whole, run("ACCEPTED", score=30.0000001))
    assert faults(whole, run("ACCEPTED", score=31)) == ["the score is 31, expected is 20 to 30 (s)"]
    assert faults(whole, run("ACCEPTED")) == ["the score is missing, expected is 20 to 30 (s)"]
    assert not faults(group, run("ACCEPTED", score=0, g1=5, g2=5))
    assert len(faults(group, run("ACCEPTED", score=0, g1=5, g2=4))) == 1
    assert "no group" in faults(group, run("ACCEPTED", score=5))[0]


def test_a_message_has_to_be_said_of_one_test() -> None:
    """As part of what the validator said, case and all."""
    asked = program(Rule("s", "", message="too Many"))
    tests = (JudgedTest("secret/1", "WRONG_ANSWER", 1, said="used too Many queries"),)
    assert not faults(asked, Run("WRONG_ANSWER", None, tests))
    assert faults(
        asked, Run("WRONG_ANSWER", None, (JudgedTest("secret/1", "WRONG_ANSWER", 1, said="too many"),))
    )


def test_what_ran_longer_than_the_limit_is_too_slow() -> None:
    """A run with more time shows what a run with less would have got."""
    tests = [
        JudgedTest("1", "ACCEPTED", 999, 2999, 5.0),
        JudgedTest("2", "ACCEPTED", 1000, 1000, 5.0),
        JudgedTest("3", "WRONG_ANSWER", 1500, 1500),
        JudgedTest("4", "SKIPPED", 0),
        JudgedTest("5", "ACCEPTED", 10, 3000, 5.0),
    ]
    batch = under_limit(tests, 1000, 3000, interactive=False)
    talk = under_limit(tests, 1000, 3000, interactive=True)
    assert [(test.verdict, test.score) for test in batch] == [
        ("ACCEPTED", 5.0),
        ("TIME_LIMIT_EXCEEDED", None),
        ("TIME_LIMIT_EXCEEDED", None),
        ("SKIPPED", None),
        ("WALL_TIME_LIMIT_EXCEEDED", None),
    ]
    # The validator may have refused it before the program went on to burn time.
    assert [test.verdict for test in talk] == [
        "ACCEPTED",
        "TIME_LIMIT_EXCEEDED",
        "WRONG_ANSWER",
        "SKIPPED",
        "WALL_TIME_LIMIT_EXCEEDED",
    ]


def test_times_are_those_of_the_tests_that_a_bound_is_about() -> None:
    """The slowest of them, and whether it was ended there; none without a bound, nor after a refusal."""
    tests = (
        JudgedTest("secret/g1/1", "ACCEPTED", 300),
        JudgedTest("secret/g1/2", "ACCEPTED", 200),
        JudgedTest("secret/g2/3", "TIME_LIMIT_EXCEEDED", 3000),
    )
    rules = (
        Rule("s", "", permitted=frozenset({AC}), tests="secret/g1", bound=Bound.LOWER),
        Rule("s", "", required=frozenset({TLE}), tests="secret/g2", bound=Bound.UPPER),
        Rule("s", "", permitted=frozenset({AC, WA})),
    )

    def timed(program: Program, *tests: JudgedTest, interactive: bool = False) -> dict[Bound, Timing]:
        run = Run("x", None, tests)
        limits = {"limit_ms": 2000, "measured_ms": 3000}
        return timings(program, run, language="c", interactive=interactive, **limits)

    found = timed(program(*rules), *tests)
    assert (found[Bound.LOWER].time_ms, found[Bound.LOWER].cut) == (300, False)
    assert (found[Bound.UPPER].time_ms, found[Bound.UPPER].cut) == (3000, True)
    slept = timed(program(rules[1]), JudgedTest("secret/g2/3", "WALL_TIME_LIMIT_EXCEEDED", 15))
    assert (slept[Bound.UPPER].time_ms, slept[Bound.UPPER].cut) == (3000, True)
    assert timed(program(rules[2]), *tests) == {}
    refused = JudgedTest("secret/g1/1", "WRONG_ANSWER", 2500)
    assert timed(program(rules[0]), refused)[Bound.LOWER].time_ms == 2500
    assert timed(program(rules[0]), refused, interactive=True) == {}


def test_the_first_failing_test_is_one_that_was_run() -> None:
    """Skipped tests and partly right ones are no failures."""
    assert run("ACCEPTED", "SKIPPED", "PARTIAL", "RUN_TIME_ERROR").first_failing == "secret/g2/4"
    assert run("ACCEPTED").first_failing == ""
    assert run("ACCEPTED").cpu_time_ms == 10


def scoring(*, factor: bool = False) -> Manifest:
    """Two groups of two tests each: all or nothing for 40 and 60 points, or a share of 30 for each test."""
    root = p.TestGroup(full_score=100, score_aggregation=p.SCORE_AGGREGATION_SUM)
    root.verdict_aggregation = p.VERDICT_AGGREGATION_BY_SCORE
    groups = [root]
    for name, full in (("g1", 40), ("g2", 60)):
        group = p.TestGroup(name=f"secret/{name}", full_score=full, break_on_reject=True)
        group.score_aggregation = p.SCORE_AGGREGATION_SUM if factor else p.SCORE_AGGREGATION_ALL_OR_NOTHING
        group.verdict_aggregation = p.VERDICT_AGGREGATION_BY_SCORE
        if factor:
            group.test_scores, group.accept_score = p.TEST_SCORES_FACTOR, full / 2
        groups.append(group)
    tests = [
        ManifestTest(name=f"secret/g{group}/{number}", group=group) for group in (1, 2) for number in (1, 2)
    ]
    return Manifest(type=p.PROBLEM_TYPE_SCORING, tests=tests, groups=groups)


def of(manifest: Manifest, *verdicts: str, scores: Sequence[float | None] = (None,) * 4) -> Run:
    """What these verdicts of the four tests come to."""
    tests = zip(manifest.tests, verdicts, scores, strict=True)
    return totals(manifest, [JudgedTest(test.name, verdict, 1, 1, score) for test, verdict, score in tests])


def test_what_is_too_slow_under_the_limit_costs_its_group() -> None:
    """Points, verdict and groups are counted anew, as judging would have it."""
    manifest = scoring()
    whole = of(manifest, *["ACCEPTED"] * 4)
    part = of(manifest, "ACCEPTED", "ACCEPTED", "TIME_LIMIT_EXCEEDED", "SKIPPED")
    none = of(manifest, "TIME_LIMIT_EXCEEDED", "SKIPPED", "WRONG_ANSWER", "ACCEPTED")
    assert (whole.verdict, whole.score) == ("ACCEPTED", 100)
    assert (part.verdict, part.score, part.groups) == ("PARTIAL", 40, {"secret/g1": 40, "secret/g2": 0})
    assert (none.verdict, none.score) == ("TIME_LIMIT_EXCEEDED", 0)


def test_points_of_tests_are_taken_for_what_the_validator_said() -> None:
    """Also where it said a share of what there is to have."""
    found = of(scoring(factor=True), *["ACCEPTED"] * 4, scores=[10, 20, 30, 15])
    assert (found.verdict, found.score, found.groups) == ("PARTIAL", 75, {"secret/g1": 30, "secret/g2": 45})


def test_the_first_failure_is_the_verdict_of_a_problem_without_scores() -> None:
    """As judging stops there."""
    manifest = Manifest(tests=[ManifestTest(name=str(number)) for number in range(3)])
    tests = [
        JudgedTest(str(number), verdict, 1) for number, verdict in enumerate(("ACCEPTED", "RUN_TIME_ERROR"))
    ]
    found = totals(manifest, [*tests, JudgedTest("2", "WRONG_ANSWER", 1)])
    assert (found.verdict, found.score, len(found.tests)) == ("RUN_TIME_ERROR", None, 3)
