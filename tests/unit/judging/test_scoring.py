"""The course through a problem's tests: what is run, what it counts, and what all of it comes to.

Random packages are judged twice: by the course, and by references that say the formats' rules again in the
plainest way, without stopping early where the rules do not ask for it.
"""

import math
from collections.abc import Mapping, Sequence

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from package_in_memory import LEGACY, MODERN, made, pairs
from scoring_references import Leaf, Node, grade_2025, judge_legacy

from gavel.judging.scoring import Course, Graded, Result
from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.problem_pb2 import Manifest, ManifestTest
from gavel.submission.v1.submission_pb2 import Verdict

AC = submission_pb2.VERDICT_ACCEPTED
WA = submission_pb2.VERDICT_WRONG_ANSWER
PE = submission_pb2.VERDICT_PRESENTATION_ERROR
RTE = submission_pb2.VERDICT_RUN_TIME_ERROR
TLE = submission_pb2.VERDICT_TIME_LIMIT_EXCEEDED
JE = submission_pb2.VERDICT_JUDGE_ERROR
SKIPPED = submission_pb2.VERDICT_SKIPPED
PARTIAL = submission_pb2.VERDICT_PARTIAL
NAMED = {"AC": AC, "WA": WA, "RTE": RTE, "TLE": TLE, "MLE": submission_pb2.VERDICT_MEMORY_LIMIT_EXCEEDED}

VERDICTS = st.sampled_from(["AC", "AC", "AC", *NAMED])


def driven(
    manifest: Manifest,
    outcomes: Mapping[str, tuple[Verdict, float | None, float | None]],
    *,
    run_all: bool = False,
) -> tuple[list[str], Graded]:
    """The names of the tests that were run, in order, and the totals."""
    course = Course(manifest, run_all=run_all)
    ran = []
    while (index := course.next()) is not None:
        assert course.next() == index
        name = manifest.tests[index].name
        ran.append(name)
        course.ended(index, *outcomes[name])
    return ran, course.totals()


def plain(count: int, verdicts: list[Verdict], *, run_all: bool = False) -> tuple[list[str], Graded]:
    manifest = Manifest(tests=[ManifestTest(name=str(number)) for number in range(count)])
    outcomes = {str(number): (verdict, None, None) for number, verdict in enumerate(verdicts)}
    return driven(manifest, outcomes, run_all=run_all)


def test_without_groups_the_first_failure_ends_a_judgement() -> None:
    """What is behind it is not run, and no score is made."""
    assert plain(3, [AC, WA, AC]) == (["0", "1"], Graded(WA, None, ()))
    assert plain(3, [AC, AC, AC]) == (["0", "1", "2"], Graded(AC, None, ()))


def test_all_tests_are_run_where_that_is_asked_for() -> None:
    """The verdict is that of the first failure still."""
    assert plain(4, [AC, WA, TLE, AC], run_all=True) == (["0", "1", "2", "3"], Graded(WA, None, ()))


def test_a_judge_error_ends_a_judgement_whatever_came_before() -> None:
    """Also where all tests were asked for: then the rest is run, and of no account."""
    assert plain(3, [JE, AC, AC]) == (["0"], Graded(JE, None, ()))
    assert plain(3, [WA, JE, AC], run_all=True) == (["0", "1", "2"], Graded(JE, None, ()))


def test_a_custom_grader_is_asked_once_for_each_of_its_groups() -> None:
    """When the group has ended, with the results directly in it; what it says counts as any group's."""
    manifest, _ = made(
        {
            "problem.yaml": LEGACY + "type: scoring\n",
            "graders/g.py": "",
            "data/testdata.yaml": "{on_reject: continue, range: 0 50}",
            "data/sample/testdata.yaml": "accept_score: 0",
            "data/secret/a/testdata.yaml": "{grading: custom, grader_flags: half, range: 0 40}",
            "data/secret/b/testdata.yaml": "accept_score: 10",
            **pairs("sample/1", "secret/a/1", "secret/a/2", "secret/b/1"),
        }
    )
    asked = []

    def graded(said: Result) -> Graded:
        def grader(group: problem.TestGroup, results: Sequence[Result], /) -> Result:
            asked.append((group.name, list(group.grader_arguments), [one.verdict for one in results]))
            return said

        course = Course(manifest, run_all=False, grader=grader)
        for verdict in (AC, AC, WA, AC):
            index = course.next()
            assert index is not None
            course.ended(index, verdict)
        assert course.next() is None
        return course.totals()

    assert graded(Result(AC, 20)).verdict == PARTIAL
    assert graded(Result(AC, 20)).score == 30
    assert ("secret/a", AC, 40) in graded(Result(AC, 40)).groups
    assert (graded(Result(AC, 40)).verdict, graded(Result(WA, 3)).verdict) == (AC, WA)
    assert "outside" in graded(Result(AC, 41)).fault
    assert graded(Result(JE, fault="it crashed")) == Graded(JE, None, graded(Result(JE)).groups, "it crashed")
    assert asked == [("secret/a", ["half"], [AC, WA])] * 8


def test_before_the_first_test_nothing_is_known() -> None:
    """Totals may be asked for at any time."""
    assert Course(Manifest(tests=[ManifestTest()]), run_all=False).totals() == Graded(SKIPPED, None, ())


def test_only_the_test_that_is_next_can_end() -> None:
    """Anything else is the caller's mistake."""
    course = Course(Manifest(tests=[ManifestTest(), ManifestTest()]), run_all=False)

    with pytest.raises(ValueError, match="test 1"):
        course.ended(1, AC)


@pytest.mark.parametrize(
    "manifest",
    [
        Manifest(tests=[ManifestTest(group=1)]),
        Manifest(groups=[problem.TestGroup(), problem.TestGroup(parent=1)]),
        Manifest(groups=[problem.TestGroup(), problem.TestGroup(parent=-1)]),
    ],
)
def test_a_manifest_whose_groups_are_not_there_is_refused(manifest: Manifest) -> None:
    """At once, not when the test is reached."""
    with pytest.raises(ValueError, match="group"):
        Course(manifest, run_all=False)


# ---- the legacy formats against a reference


SCORES = st.integers(-3, 6).map(float)
FLAGS = st.lists(
    st.sampled_from(
        ["worst_error", "first_error", "always_accept", "sum", "avg", "min", "max", "accept_if_any_accepted"]
    ),
    max_size=3,
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "on_reject": st.sampled_from(["break", "continue"]),
        "grader_flags": FLAGS.map(" ".join),
        "accept_score": SCORES,
        "reject_score": SCORES,
    },
)
LEAVES = st.builds(Leaf, VERDICTS)
NODES = st.recursive(
    st.builds(Node, SETTINGS, st.lists(LEAVES, max_size=4)),
    lambda inner: st.builds(Node, SETTINGS, st.lists(LEAVES | inner, max_size=4)),
    max_leaves=5,
)


def files_of(node: Node, name: str, outcomes: dict[str, str], leaf: int = 0) -> tuple[dict[str, str], int]:
    """The package's files below the folder, and the verdicts of its tests."""
    path = f"data/{name}".rstrip("/")
    files = {f"{path}/testdata.yaml": yaml.safe_dump(dict(node.settings))}
    for place, child in enumerate(node.children):
        below = f"{name}/{place:02}".lstrip("/")
        if isinstance(child, Node):
            inner, leaf = files_of(child, below, outcomes, leaf)
            files |= inner
        else:
            files |= pairs(below)
            outcomes[below] = child.verdict
    return files, leaf


@given(SETTINGS, st.booleans(), NODES, NODES)
def test_a_legacy_package_is_graded_as_its_format_says(
    settings: dict[str, object], ignore_sample: bool, sample: Node, secret: Node
) -> None:
    """The same tests are run, and root and groups get the same results, as by a reference of the default
    grader; asking for all tests changes no result.
    """
    if ignore_sample:
        flags = f"{settings.get('grader_flags', '')} ignore_sample"
        settings = {**settings, "grader_flags": flags, "on_reject": "continue"}
        secret = Node({"grader_flags": "", **secret.settings}, secret.children)
        sample = Node({"grader_flags": "", **sample.settings}, sample.children)
    outcomes: dict[str, str] = {}
    files = {"problem.yaml": LEGACY + "type: scoring\n"}
    files["data/testdata.yaml"] = yaml.safe_dump(settings)
    for name, node in (("sample", sample), ("secret", secret)):
        inner, _ = files_of(node, name, outcomes)
        files |= inner
    if not outcomes:
        return
    manifest, _ = made(files)
    for group in manifest.groups:
        group.ClearField("full_score")
    verdicts = {name: (NAMED[verdict], None, None) for name, verdict in outcomes.items()}

    ran, graded = driven(manifest, verdicts)
    everything, same = driven(manifest, verdicts, run_all=True)
    expected = judge_legacy(Node(settings, [sample, secret]), ["sample", "secret"])

    assert ran == expected.ran
    assert everything == [test.name for test in manifest.tests]
    assert same == graded
    shown = {name: (verdict, score) for name, verdict, score in graded.groups if verdict != SKIPPED}
    assert shown.keys() == expected.groups.keys()
    for name, (verdict, score) in expected.groups.items():
        assert shown[name][0] == NAMED[verdict]
        assert shown[name][1] == pytest.approx(score)
    if expected.root[0] != "AC":
        assert (graded.verdict, graded.score) == (NAMED[expected.root[0]], 0.0)
    else:
        assert graded.score == pytest.approx(expected.root[1]) or graded.score == 0.0
        assert graded.verdict in (AC, PARTIAL) or expected.root[1] <= 0


# ---- 2025-09 against a reference


MULTIPLIERS = st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0])
TESTS = st.lists(st.tuples(VERDICTS, MULTIPLIERS), min_size=1, max_size=4)
GROUPS = st.lists(
    st.tuples(st.sampled_from(["pass-fail", "sum", "min"]), st.integers(0, 60), TESTS, st.data()),
    min_size=1,
    max_size=4,
)


@given(st.sampled_from(["sum", "min"]), TESTS, GROUPS, st.booleans())
def test_a_package_of_2025_09_is_graded_as_its_format_says(
    aggregation: str,
    samples: list[tuple[str, float | None]],
    groups: list[tuple[str, int, list[tuple[str, float | None]], st.DataObject]],
    needs_sample: bool,
) -> None:
    """Groups and the whole have the scores that the format defines over all tests, although a course does not
    run what can no longer change them.
    """
    names = [f"secret/{place}" for place in range(len(groups))]
    files = {"problem.yaml": MODERN + "type: scoring\n"}
    secret: dict[str, object] = {"score_aggregation": aggregation, "max_score": 1000}
    if needs_sample:
        secret["require_pass"] = ["sample"]
    files["data/secret/test_group.yaml"] = yaml.safe_dump(secret)
    outcomes: dict[str, tuple[str, float | None]] = {}
    requires: dict[str, list[str]] = {}
    settings: dict[str, tuple[str, int]] = {}
    for place, test in enumerate(samples):
        outcomes[f"sample/{place}"] = test
    for name, (word, most, tests, data) in zip(names, groups, strict=True):
        earlier = ["sample", *(other for other in settings if settings[other][0] == "pass-fail")]
        requires[name] = data.draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True))
        settings[name] = (word, most)
        own = {"score_aggregation": word, "max_score": most, "require_pass": requires[name]}
        files[f"data/{name}/test_group.yaml"] = yaml.safe_dump(own)
        for place, (verdict, multiplier) in enumerate(tests):
            scored = word != "pass-fail" and verdict == "AC"
            outcomes[f"{name}/{place}"] = (verdict, multiplier if scored else None)
    manifest, _ = made({**files, **pairs(*outcomes)})
    told = {name: (NAMED[verdict], None, multiplier) for name, (verdict, multiplier) in outcomes.items()}

    ran, graded = driven(manifest, told)
    everything, same = driven(manifest, told, run_all=True)
    expected = grade_2025(aggregation, settings, requires, outcomes, needs_sample=needs_sample)

    assert everything == list(outcomes)
    assert set(ran) <= set(everything)
    assert same == graded
    assert graded.score == pytest.approx(expected[""])
    assert {name: score for name, _, score in graded.groups if name in names} == pytest.approx(
        {name: expected[name] for name in names}
    )
    best = (min if aggregation == "min" else sum)(most for _, most in settings.values())
    reached = math.isclose(expected[""], best)
    if expected[""] > 0:
        assert graded.verdict == (AC if reached else PARTIAL)
    elif not reached:
        assert graded.verdict not in (AC, SKIPPED)


# ---- single rules


def scoring(**settings: object) -> Manifest:
    """Three tests directly in a group that adds up."""
    group = problem.TestGroup(
        **{"accept_score": 10, "test_scores": problem.TEST_SCORES_BOUNDED, **settings}  # type: ignore[arg-type]
    )
    return Manifest(
        type=problem.PROBLEM_TYPE_SCORING,
        groups=[group],
        tests=[ManifestTest(name=str(number)) for number in range(3)],
    )


@pytest.mark.parametrize(
    ("allowed", "verdict", "score", "multiplier", "counted"),
    [
        (problem.TEST_SCORES_UNSPECIFIED, AC, 99.0, 0.5, 10.0),
        (problem.TEST_SCORES_UNSPECIFIED, WA, 99.0, None, 0.0),
        (problem.TEST_SCORES_FORBIDDEN, AC, None, None, 10.0),
        (problem.TEST_SCORES_FORBIDDEN, AC, 1.0, None, "does not have"),
        (problem.TEST_SCORES_FORBIDDEN, AC, None, 0.5, "multiplier"),
        (problem.TEST_SCORES_OPTIONAL, AC, None, None, 10.0),
        (problem.TEST_SCORES_OPTIONAL, AC, -4.0, None, -4.0),
        (problem.TEST_SCORES_OPTIONAL, AC, None, 0.5, 5.0),
        (problem.TEST_SCORES_OPTIONAL, AC, math.nan, None, "not a number"),
        (problem.TEST_SCORES_OPTIONAL, AC, math.inf, None, "not a number"),
        (problem.TEST_SCORES_OPTIONAL, AC, 1.0, 1.0, "at once"),
        (problem.TEST_SCORES_OPTIONAL, WA, 1.0, None, "did not accept"),
        (problem.TEST_SCORES_TOLERATED, WA, 1.0, None, 0.0),
        (problem.TEST_SCORES_TOLERATED, AC, 4.0, None, 4.0),
        (problem.TEST_SCORES_TOLERATED, AC, None, None, 10.0),
        (problem.TEST_SCORES_TOLERATED, AC, math.nan, None, "not a number"),
        (problem.TEST_SCORES_OPTIONAL, TLE, None, None, 0.0),
        (problem.TEST_SCORES_REQUIRED, AC, None, None, "without giving"),
        (problem.TEST_SCORES_REQUIRED, AC, 700.0, None, 700.0),
        (problem.TEST_SCORES_REQUIRED, AC, None, 1.0, "multiplier"),
        (problem.TEST_SCORES_REQUIRED, WA, 5.0, None, 0.0),
        (problem.TEST_SCORES_REQUIRED, WA, math.nan, 1.0, 0.0),
        (problem.TEST_SCORES_BOUNDED, AC, 10.0, None, 10.0),
        (problem.TEST_SCORES_BOUNDED, AC, 10.1, None, "above"),
        (problem.TEST_SCORES_BOUNDED, AC, -0.1, None, "below 0"),
        (problem.TEST_SCORES_BOUNDED, AC, None, 0.25, 2.5),
        (problem.TEST_SCORES_BOUNDED, AC, None, 1.1, "within 0 and 1"),
        (problem.TEST_SCORES_BOUNDED, AC, None, math.nan, "within 0 and 1"),
        (problem.TEST_SCORES_BOUNDED, WA, None, 0.5, "did not accept"),
        (problem.TEST_SCORES_UNBOUNDED, AC, None, None, "without giving"),
        (problem.TEST_SCORES_UNBOUNDED, AC, 1e6, None, 1e6),
        (problem.TEST_SCORES_UNBOUNDED, AC, -1.0, None, "below 0"),
        (problem.TEST_SCORES_FACTOR, AC, 1.5, None, 15.0),
        (problem.TEST_SCORES_FACTOR, AC, None, None, 10.0),
    ],
)
def test_what_a_validator_says_of_a_score(
    allowed: problem.TestScores,
    verdict: Verdict,
    score: float | None,
    multiplier: float | None,
    counted: float | str,
) -> None:
    """It counts as far as the group allows it; otherwise the test is a JUDGE_ERROR that says why."""
    course = Course(scoring(test_scores=allowed), run_all=False)

    result = course.ended(0, verdict, score, multiplier)

    if isinstance(counted, str):
        assert result.verdict == JE
        assert counted in result.fault
        assert course.next() is None
        assert course.totals().verdict == JE
    else:
        assert (result.verdict, result.score) == (verdict, counted)


def test_a_test_may_have_a_score_of_its_own() -> None:
    """Which bounds what the validator says, also where the group has no bound."""
    manifest = scoring(test_scores=problem.TEST_SCORES_UNBOUNDED)
    manifest.tests[0].accept_score = 4

    assert Course(manifest, run_all=False).ended(0, AC).score == 4
    assert Course(manifest, run_all=False).ended(0, AC, 3.0).score == 3
    assert Course(manifest, run_all=False).ended(0, AC, 5.0).verdict == JE


@pytest.mark.parametrize(
    ("settings", "verdicts", "graded"),
    [
        ({"full_score": 30}, [AC, AC, AC], Graded(AC, 30.0, ())),
        ({"full_score": 30}, [AC, WA, AC], Graded(WA, 0.0, ())),
        ({"full_score": 30, "accept_if_any_accepted": True}, [WA, AC, AC], Graded(PARTIAL, 20.0, ())),
        (
            {"full_score": 30, "verdict_aggregation": problem.VERDICT_AGGREGATION_ALWAYS_ACCEPT},
            [WA, TLE, RTE],
            Graded(WA, 0.0, ()),
        ),
        ({}, [AC, AC, AC], Graded(AC, 30.0, ())),
        (
            {"verdict_aggregation": problem.VERDICT_AGGREGATION_WORST_ERROR},
            [PE, WA, TLE],
            Graded(TLE, 0.0, ()),
        ),
        ({"most_score": 25}, [AC, AC, AC], JE),
        ({"most_score": 25}, [AC, WA, AC], Graded(WA, 0.0, ())),
        ({"least_score": 31}, [AC, AC, AC], JE),
    ],
)
def test_the_verdict_of_a_problem_with_points(
    settings: dict[str, object], verdicts: list[Verdict], graded: "Graded | Verdict"
) -> None:
    """ACCEPTED with all points, PARTIAL with some, the first error without any, JUDGE_ERROR out of bounds."""
    outcomes = {str(number): (verdict, None, None) for number, verdict in enumerate(verdicts)}

    _, found = driven(scoring(**settings), outcomes)

    if isinstance(graded, Graded):
        assert found == graded
    else:
        assert (found.verdict, found.score) == (graded, None)
        assert "lies outside" in found.fault


def test_where_the_lower_score_is_better_a_rejected_solution_has_none() -> None:
    """0 would be the best there is."""
    manifest = scoring(test_scores=problem.TEST_SCORES_REQUIRED, full_score=6)
    manifest.lower_score_is_better = True
    outcomes = {"0": (AC, 1.0, None), "1": (AC, 2.0, None), "2": (AC, 3.0, None)}

    assert driven(manifest, outcomes)[1] == Graded(AC, 6.0, ())
    assert driven(manifest, {**outcomes, "2": (AC, 9.0, None)})[1] == Graded(PARTIAL, 12.0, ())
    assert driven(manifest, {**outcomes, "1": (WA, None, None)})[1] == Graded(WA, None, ())


def test_thirds_of_a_hundred_are_a_hundred() -> None:
    """What adding up fractions loses is no part of a verdict."""
    third = 100 / 3
    manifest = scoring(accept_score=third, full_score=100, most_score=100)

    _, graded = driven(manifest, {str(number): (AC, None, None) for number in range(3)})

    assert graded == Graded(AC, 100.0, ())


def test_totals_in_the_middle_hold_what_has_ended() -> None:
    """For whoever shows a judgement while it goes on."""
    manifest, _ = made(
        {
            "problem.yaml": MODERN + "type: scoring\n",
            "data/secret/a/test_group.yaml": "max_score: 40",
            "data/secret/b/test_group.yaml": "{max_score: 60, score_aggregation: sum}",
            **pairs("secret/a/1", "secret/b/1", "secret/b/2"),
        }
    )
    course = Course(manifest, run_all=False)
    course.ended(0, AC)
    course.ended(1, AC)

    assert course.totals().score == 70
    assert course.totals().groups[1:] == (("secret/a", AC, 40.0), ("secret/b", PARTIAL, 30.0))


def test_what_samples_close_is_skipped_for_the_samples_error() -> None:
    """No verdict is ever SKIPPED where something was run."""
    manifest, _ = made(
        {
            "problem.yaml": MODERN + "type: scoring\n",
            "data/secret/test_group.yaml": "require_pass: sample",
            **pairs("sample/1", "secret/1"),
        }
    )

    ran, graded = driven(manifest, {"sample/1": (TLE, None, None), "secret/1": (AC, None, None)})

    assert ran == ["sample/1"]
    assert (graded.verdict, graded.score) == (TLE, 0.0)
    assert graded.groups == (("sample", TLE, 0.0), ("secret", SKIPPED, 0.0))
