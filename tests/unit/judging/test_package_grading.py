"""How packages say that tests are graded, in each of the three ways, and what makes no sense."""

import pytest
from package_in_memory import LEGACY, MODERN, TESTS, made, pairs, refused

from gavel.judging.grading import of_group, of_test
from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1.problem_pb2 import Manifest
from gavel.submission.v1.submission_pb2 import VERDICT_ACCEPTED, VERDICT_WRONG_ANSWER

SCORING = "type: scoring\n"


def groups_of(manifest: Manifest) -> dict[str, problem.TestGroup]:
    """By name, and that they form a tree in which outer ones come first."""
    for index, group in enumerate(manifest.groups):
        parent = manifest.groups[group.parent].name
        assert group.parent < max(index, 1)
        assert group.name.rpartition("/")[0] == parent
    for test in manifest.tests:
        assert test.name.startswith(manifest.groups[test.group].name)
    return {group.name: group for group in manifest.groups}


def test_a_pass_fail_problem_needs_no_groups() -> None:
    """Every test has to be passed, whatever folders say of points and of going on."""
    for head in (LEGACY, MODERN):
        manifest, _ = made(
            {
                "problem.yaml": head,
                "data/secret/a/testdata.yaml": "on_reject: continue",
                **pairs("secret/a/1"),
            }
        )

        assert not manifest.groups
        assert manifest.tests[0].group == 0


def test_a_pass_fail_problem_that_may_be_passed_with_failures_has_them() -> None:
    """Judging goes on only where that can change the outcome; points mean nothing and are told."""
    manifest, warnings = made(
        {
            "problem.yaml": LEGACY,
            "data/testdata.yaml": "{on_reject: continue, range: 0 1}",
            "data/secret/testdata.yaml": "grader_flags: accept_if_any_accepted",
            "data/secret/a/testdata.yaml": "grader_flags: first_error",
            **pairs("sample/1", "secret/a/1", "secret/b/1"),
        }
    )
    groups = groups_of(manifest)

    assert [name for name, group in groups.items() if group.break_on_reject] == ["", "sample", "secret/a"]
    assert groups["secret"].accept_if_any_accepted
    assert groups["secret/b"].accept_if_any_accepted
    assert not groups["secret/a"].accept_if_any_accepted
    assert "range" in warnings[0]


def test_testdata_yaml_is_inherited_and_says_all_of_a_group() -> None:
    """Each key counts as the nearest folder on the way up has it."""
    manifest, warnings = made(
        {
            "problem.yaml": LEGACY + SCORING,
            "data/testdata.yaml": "{on_reject: continue, grader_flags: ignore_sample, range: 0 90}",
            "data/sample/testdata.yaml": "{accept_score: 0, grader_flags: first_error, range: 0 0}",
            "data/secret/testdata.yaml": "grader_flags: always_accept sum",
            "data/secret/1/testdata.yaml": "{accept_score: 40, on_reject: break, grader_flags: min}",
            "data/secret/2/testdata.yaml": "{accept_score: '25', reject_score: 1, grader_flags: max avg}",
            **pairs("sample/1", "secret/1/a", "secret/1/b/x", "secret/2/a"),
        }
    )
    groups = groups_of(manifest)

    assert warnings == []
    assert [name for name, group in groups.items() if group.ignored] == ["sample"]
    assert [name for name, group in groups.items() if group.break_on_reject] == ["secret/1", "secret/1/b"]
    assert groups["secret"].verdict_aggregation == problem.VERDICT_AGGREGATION_ALWAYS_ACCEPT
    assert groups["secret/1/b"].score_aggregation == problem.SCORE_AGGREGATION_MIN
    assert groups["secret/2"].score_aggregation == problem.SCORE_AGGREGATION_AVERAGE
    assert (groups["secret/2"].accept_score, groups["secret/2"].reject_score) == (25, 1)
    assert (groups["secret/2"].least_score, groups["secret/2"].most_score) == (0, 90)
    assert [groups[name].full_score for name in ("secret/1", "secret/2", "secret", "")] == [40, 25, 65, 65]
    assert all(group.test_scores == problem.TEST_SCORES_TOLERATED for group in groups.values())


def test_a_validator_may_give_scores_although_problem_yaml_does_not_say_so() -> None:
    """As in packages of DOMjudge; what is right in all is known by the accepted tests all the same."""
    manifest, warnings = made(
        {
            "problem.yaml": LEGACY + "type: scoring\nvalidation: custom\n",
            "output_validators/v.py": "",
            "data/secret/testdata.yaml": "range: 0 100",
            **pairs("secret/1"),
        }
    )
    secret = groups_of(manifest)["secret"]
    scored = of_test(secret, VERDICT_ACCEPTED, 74.42)

    assert warnings == []
    assert scored.score == 74.42
    assert of_test(secret, VERDICT_WRONG_ANSWER, 0.0).verdict == VERDICT_WRONG_ANSWER
    assert of_group(secret, [(scored, False)], lower_is_better=False) == scored


def test_a_validator_that_gives_scores_leaves_the_full_score_to_the_range() -> None:
    """Of the groups that state one; legacy validators then have to give a score."""
    files = {
        "output_validators/v.py": "",
        "data/secret/a/testdata.yaml": "range: 0 30",
        **pairs("secret/a/1", "secret/b/1"),
    }
    manifest, _ = made({"problem.yaml": LEGACY + SCORING + "validation: custom score", **files})
    groups = groups_of(manifest)

    assert groups["secret/a"].test_scores == problem.TEST_SCORES_REQUIRED
    assert groups["secret/a"].full_score == 30
    assert not any(groups[name].HasField("full_score") for name in ("", "secret", "secret/b"))


def test_points_of_testlib_count_in_place_of_the_accept_score() -> None:
    """Whether or not the package says `score`: accepted without points is worth the accept_score."""
    files = {"output_validators/v.cpp": "", "output_validators/testlib.h": "#define OK_EXIT_CODE 0\n"}
    for validation in ("custom", "custom score"):
        head = f"{LEGACY}{SCORING}validation: {validation}\n"
        manifest, _ = made(
            {"problem.yaml": head, **files, "data/secret/testdata.yaml": "range: 0 50", **TESTS}
        )
        groups = groups_of(manifest)

        assert groups["secret"].test_scores == problem.TEST_SCORES_OPTIONAL
        assert (groups["secret"].full_score, groups["sample"].full_score) == (50, 1)


def test_the_lower_score_may_be_the_better_one() -> None:
    """`objective: min`; the range's lower end is then all there is to have."""
    manifest, _ = made(
        {
            "problem.yaml": LEGACY + SCORING + "validation: custom score\ngrading: {objective: min}\n",
            "output_validators/v.py": "",
            "data/testdata.yaml": "range: 5 +inf",
            **TESTS,
        }
    )

    assert manifest.lower_score_is_better
    assert manifest.groups[0].full_score == 5
    assert not manifest.groups[0].HasField("most_score")


def test_what_old_packages_say_in_problem_yaml_holds_for_all_groups() -> None:
    """As older tools had it."""
    grading = "grading: {on_reject: grade, accept_score: 3, reject_score: 1, range: 0 9, colour: red}\n"
    manifest, warnings = made(
        {"problem.yaml": LEGACY + SCORING + grading, "data/secret/testdata.yaml": "accept_score: 7", **TESTS}
    )

    for group in manifest.groups:
        assert (group.accept_score, group.reject_score, group.most_score) == (3, 1, 9)
        assert not group.break_on_reject
    assert "grading.colour" in warnings[0]


def test_ignoring_samples_that_break_off_the_rest_is_told() -> None:
    """The default of `on_reject` makes little sense with it."""
    _, warnings = made(
        {"problem.yaml": LEGACY + SCORING, "data/testdata.yaml": "grader_flags: ignore_sample", **TESTS}
    )

    assert "on_reject" in warnings[0]


def test_a_drafts_scoring_map() -> None:
    """It is not inherited; `secret` adds up, other groups take the least, samples count nothing."""
    manifest, warnings = made(
        {
            "problem.yaml": MODERN + SCORING,
            "data/secret/a/testdata.yaml": "scoring: {score: 30}",
            "data/secret/b/testdata.yaml": "scoring: {score: '5', aggregation: sum, max_score: 9}",
            **pairs("sample/1", "secret/a/1", "secret/a/2", "secret/b/1", "secret/b/2"),
        }
    )
    groups = groups_of(manifest)

    assert warnings == []
    assert [groups[name].full_score for name in ("secret/a", "secret/b", "secret", "")] == [30, 9, 39, 39]
    assert groups["secret/a"].score_aggregation == problem.SCORE_AGGREGATION_MIN
    assert groups["secret/b"].accept_score == 5
    assert [name for name, group in groups.items() if group.ignored] == ["sample"]
    assert [name for name, group in groups.items() if group.break_on_reject] == ["secret/a"]


def test_the_defaults_of_2025_09() -> None:
    """100 points divided among the tests of secret, in whatever folders they lie; samples count nothing."""
    manifest, warnings = made(
        {
            "problem.yaml": MODERN + SCORING,
            **pairs("sample/1", "secret/1", "secret/a/1", "secret/a/b/1", "secret/z"),
        }
    )

    root, sample, secret = manifest.groups
    assert [test.group for test in manifest.tests] == [1, 2, 2, 2, 2]
    assert (secret.accept_score, secret.full_score, secret.most_score, root.full_score) == (25, 100, 100, 100)
    assert secret.test_scores == problem.TEST_SCORES_BOUNDED
    assert sample.ignored
    assert warnings == []


def test_the_groups_of_2025_09() -> None:
    """Points by group, the three ways to aggregate, what has to be passed before, and static validation."""
    manifest, warnings = made(
        {
            "problem.yaml": MODERN + SCORING,
            "static_validator/v.py": "",
            "data/secret/a/test_group.yaml": "{max_score: 10, require_pass: sample}",
            "data/secret/b/test_group.yaml": "{max_score: 50, score_aggregation: sum, "
            "static_validation_score: 20}",
            "data/secret/c/test_group.yaml": "{max_score: 40, score_aggregation: min, "
            "require_pass: [sample, secret/a]}",
            **pairs("sample/1", "secret/a/1", "secret/b/1", "secret/b/x/2", "secret/c/1"),
        }
    )
    groups = groups_of(manifest)
    a, b, c = (groups[f"secret/{name}"] for name in "abc")

    assert warnings == []
    assert list(a.required_groups) == [1]
    assert list(c.required_groups) == [1, 3]
    assert (a.score_aggregation, a.full_score) == (problem.SCORE_AGGREGATION_ALL_OR_NOTHING, 10)
    assert (a.test_scores, b.test_scores) == (problem.TEST_SCORES_FORBIDDEN, problem.TEST_SCORES_BOUNDED)
    assert (b.accept_score, c.accept_score) == (15, 40)
    static = next(test for test in manifest.tests if test.static_validation)
    assert (static.name, static.accept_score) == ("secret/b/static validation", 20)
    assert groups["secret"].full_score == 100
    assert [group.break_on_reject for group in (a, b, c)] == [True, False, True]


def test_groups_whose_points_are_less_than_all_are_told() -> None:
    """And right in all is what they come to."""
    manifest, warnings = made(
        {
            "problem.yaml": MODERN + SCORING,
            "data/secret/a/test_group.yaml": "max_score: 60",
            **pairs("secret/a/1"),
        }
    )

    assert manifest.groups[0].full_score == 60
    assert "60 points" in warnings[0]


def test_points_may_be_without_bound() -> None:
    """Then the validator has to say them."""
    manifest, _ = made(
        {
            "problem.yaml": MODERN + SCORING,
            "output_validator/v.py": "",
            "data/secret/test_group.yaml": "max_score: unbounded",
            **TESTS,
        }
    )

    secret = groups_of(manifest)["secret"]
    assert secret.test_scores == problem.TEST_SCORES_UNBOUNDED
    assert not any(group.HasField("full_score") for group in manifest.groups if group.name != "sample")


def test_a_custom_grader_grades_the_folders_that_ask_for_it_and_those_within() -> None:
    """With all flags as its arguments, `ignore_sample` among them; only the range says what can be had."""
    manifest, warnings = made(
        {
            "problem.yaml": LEGACY + SCORING,
            "graders/grader.py": "",
            "data/testdata.yaml": "{on_reject: continue, grading: custom, grader_flags: ignore_sample, "
            "range: 0 100}",
            "data/secret/testdata.yaml": "{grading: default, grader_flags: max}",
            "data/secret/a/testdata.yaml": "{grading: custom, grader_flags: all 20, range: 0 20}",
            "data/secret/b/testdata.yaml": "{grader_flags: sum, accept_score: 3}",
            **pairs("sample/1", "secret/a/1", "secret/a/x/1", "secret/b/1", "secret/b/2"),
        }
    )
    groups = groups_of(manifest)

    assert warnings == []
    assert (manifest.grader.language, manifest.grader.entry_point) == ("python3", "grader.py")
    custom = {name: list(group.grader_arguments) for name, group in groups.items() if group.custom_grader}
    assert custom == {
        "": ["ignore_sample"],
        "sample": ["ignore_sample"],
        "secret/a": ["all", "20"],
        "secret/a/x": ["all", "20"],
    }
    assert not any(group.ignored for group in groups.values())
    full = {name: group.full_score for name, group in groups.items() if group.HasField("full_score")}
    assert full == {"": 100, "secret": 20, "secret/a": 20, "secret/b": 6}


def test_a_custom_grader_may_grade_a_pass_fail_problem() -> None:
    """Then it decides what of the groups has to be passed, and nothing is broken off unless that is said."""
    files = {"graders/grader.cc": "", "data/secret/testdata.yaml": "{grading: custom, on_reject: continue}"}

    manifest, _ = made({"problem.yaml": LEGACY, **files, **TESTS})

    groups = groups_of(manifest)
    assert [name for name, group in groups.items() if group.custom_grader] == ["secret"]
    assert [name for name, group in groups.items() if group.break_on_reject] == ["", "sample"]


def test_graders_and_the_folders_that_ask_for_them_go_together() -> None:
    """One without the other is refused, or told."""
    asks = {"data/secret/testdata.yaml": "grading: custom"}

    assert "graders" in refused({"problem.yaml": LEGACY + SCORING, **asks, **TESTS})
    assert "graders/" in made({"problem.yaml": LEGACY + SCORING, "graders/g.py": "", **TESTS})[1][0]


A = {"data/secret/a/1.in": "", "data/secret/a/1.ans": ""}


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"secret/testdata.yaml": "grading: best"}, "secret/testdata.yaml:grading"),
        ({"secret/testdata.yaml": "on_reject: stop"}, "secret/testdata.yaml:on_reject"),
        ({"secret/testdata.yaml": "accept_score: many"}, "secret/testdata.yaml:accept_score"),
        ({"secret/testdata.yaml": "reject_score: .inf"}, "secret/testdata.yaml:reject_score"),
        ({"secret/testdata.yaml": "range: 5"}, "secret/testdata.yaml:range"),
        ({"secret/testdata.yaml": "range: 5 0"}, "secret/testdata.yaml:range"),
        ({"secret/testdata.yaml": "range: nan 0"}, "secret/testdata.yaml:range"),
        ({"secret/testdata.yaml": "scoring: 5"}, "secret/testdata.yaml:scoring"),
        ({"secret/testdata.yaml": "scoring: {score: -1}"}, "secret/testdata.yaml:scoring.score"),
        ({"secret/testdata.yaml": "scoring: {aggregation: max}"}, "secret/testdata.yaml:scoring.aggregation"),
        ({"secret/test_group.yaml": "max_score: -1"}, "secret/test_group.yaml:max_score"),
        ({"secret/test_group.yaml": "max_score: true"}, "secret/test_group.yaml:max_score"),
        ({"secret/test_group.yaml": "score_aggregation: max"}, "secret/test_group.yaml:score_aggregation"),
        (
            {"secret/test_group.yaml": "{score_aggregation: pass-fail, max_score: unbounded}"},
            "secret/test_group.yaml:max_score",
        ),
        ({"sample/test_group.yaml": "max_score: 1"}, "sample/test_group.yaml:max_score"),
        ({"test_group.yaml": "max_score: 1"}, "test_group.yaml:max_score"),
        ({"secret/a/test_group.yaml": "max_score: 1", **A}, "secret/01.in"),
        ({"secret/test_group.yaml": "require_pass: secret/a"}, "secret/test_group.yaml:require_pass"),
        ({"secret/test_group.yaml": "require_pass: 5"}, "secret/test_group.yaml:require_pass"),
        (
            {
                "secret/a/test_group.yaml": "{max_score: 10, score_aggregation: min}",
                "secret/b/test_group.yaml": "{max_score: 10, require_pass: secret/a}",
                "secret/a/1.in": "",
                "secret/a/1.ans": "",
                "secret/b/1.in": "",
                "secret/b/1.ans": "",
            },
            "secret/b/test_group.yaml:require_pass",
        ),
        (
            {"secret/test_group.yaml": "static_validation_score: 101", "../static_validator/v.py": ""},
            "secret/test_group.yaml:static_validation_score",
        ),
        (
            {"secret/test_group.yaml": "static_validation_score: pass-fail"},
            "secret/test_group.yaml:static_validation_score",
        ),
        (
            {"secret/test_group.yaml": "static_validator_args: [a]"},
            "secret/test_group.yaml:static_validation_score",
        ),
    ],
)
def test_grading_that_makes_no_sense_is_refused(files: dict[str, str], place: str) -> None:
    """With the file and the key."""
    there = {
        path.removeprefix("../") if path.startswith(("../", "data/")) else f"data/{path}": text
        for path, text in files.items()
    }

    assert f"data/{place}" in refused({"problem.yaml": MODERN + SCORING, **TESTS, **there})


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"a": ""}, "a/test_group.yaml:max_score"),
        ({"a": "{max_score: unbounded, score_aggregation: sum}"}, "a/test_group.yaml:max_score"),
        (
            {"": "score_aggregation: pass-fail", "a": "score_aggregation: sum"},
            "a/test_group.yaml:score_aggregation",
        ),
        (
            {"a": "{max_score: 1, require_pass: secret/b}", "b": "max_score: 1"},
            "a/test_group.yaml:require_pass",
        ),
        ({"a": "{max_score: 1, require_pass: secret/a}"}, "a/test_group.yaml:require_pass"),
        ({"a": "{max_score: 1, require_pass: nobody}"}, "a/test_group.yaml:require_pass"),
        (
            {"a": "{max_score: 1, score_aggregation: sum}", "b": "{max_score: 1, require_pass: secret/a}"},
            "b/test_group.yaml:require_pass",
        ),
        ({"a": "max_score: 1", "a/x": "max_score: 1"}, "a/x/test_group.yaml"),
        ({"a": "max_score: 1", "empty": "max_score: 1"}, "empty/test_group.yaml"),
    ],
)
def test_groups_that_make_no_sense_are_refused(settings: dict[str, str], place: str) -> None:
    """What a group needs, and what it may refer to."""
    files = {
        f"data/secret/{name}/test_group.yaml".replace("//", "/"): text for name, text in settings.items()
    }
    tests = pairs("secret/a/1", "secret/a/x/1", "secret/b/1") if "b" in settings else pairs("secret/a/1")

    assert f"data/secret/{place}" in refused({"problem.yaml": MODERN + SCORING, **tests, **files})


def test_a_group_of_secret_needs_its_file_where_another_has_one() -> None:
    """Tests are in groups or they are not."""
    files = {"data/secret/a/test_group.yaml": "max_score: 1", **pairs("secret/a/1", "secret/b/1")}

    assert "data/secret/b/1.in" in refused({"problem.yaml": MODERN + SCORING, **files})


@pytest.mark.parametrize("key", ["max_score: 5", "score_aggregation: sum", "require_pass: sample"])
def test_points_in_a_pass_fail_problem_are_refused(key: str) -> None:
    """As the format asks."""
    files = {"problem.yaml": MODERN, "data/secret/test_group.yaml": key, **TESTS}

    assert f"data/secret/test_group.yaml:{key.partition(':')[0]}" in refused(files)


def test_a_mixture_of_two_ways_is_refused() -> None:
    """Nobody could say what it means."""
    files = {
        "data/secret/test_group.yaml": "max_score: 50",
        "data/secret/a/testdata.yaml": "grader_flags: min",
        **pairs("secret/a/1"),
    }

    assert "mixes" in refused({"problem.yaml": MODERN + SCORING, **files})["problem.yaml"]


def test_keys_of_later_formats_are_told_in_a_legacy_package() -> None:
    """They mean nothing there."""
    manifest, warnings = made(
        {"problem.yaml": LEGACY + SCORING, "data/secret/test_group.yaml": "max_score: 50", **TESTS}
    )

    assert manifest.groups[2].full_score == 1
    assert "max_score" in warnings[0]


def test_a_key_that_no_folder_has_is_told() -> None:
    """A misspelt one would otherwise pass unseen."""
    _, warnings = made({"problem.yaml": LEGACY, "data/secret/testdata.yaml": "on_rejekt: break", **TESTS})

    assert "on_rejekt" in warnings[0]


def test_too_many_groups_are_refused() -> None:
    """At most 1,000."""
    names = [f"secret/{number}/1" for number in range(1_000)]

    assert "groups" in refused({"problem.yaml": LEGACY + SCORING, **pairs(*names)})["data"]


def test_deep_folders_are_no_trouble() -> None:
    """Neither for reading their settings nor for grading."""
    name = "secret/" + "/".join(["a"] * 900) + "/1"

    manifest, _ = made({"problem.yaml": LEGACY + SCORING, **pairs(name)})

    assert len(manifest.groups) == 902
