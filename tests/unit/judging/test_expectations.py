"""What packages expect of their submissions."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.expectation_comments import BadComment, stated
from gavel.judging.expectation_rules import OUTCOMES, Bound, Outcome, verdicts_of
from gavel.judging.expectations import Facts, Program, read
from gavel.judging.package_findings import Findings
from gavel.judging.package_metadata import Configuration
from gavel.submission.v1.problem_pb2 import FileReference

SETTINGS = "submissions/submissions.yaml"
TESTS = ("sample/1", "secret/group1/1", "secret/group1/2", "secret/group2/1-hard")
GROUPS = ("sample", "secret", "secret/group1", "secret/group2")
AC, WA, TLE, RTE = Outcome


def expected(
    files: dict[str, bytes | str], *, legacy: bool = False, scoring: bool = False, unbounded: bool = False
) -> tuple[dict[str, Program], Findings]:
    """Reads a package of these files; the programs by name."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    references = {path: FileReference(path=path, size_bytes=len(data)) for path, data in contents.items()}
    findings = Findings()
    config = Configuration(references, contents.__getitem__, findings)
    facts = Facts(legacy=legacy, scoring=scoring, unbounded=unbounded, tests=TESTS, groups=GROUPS)
    return {program.name: program for program in read(config, facts)}, findings


@pytest.mark.parametrize(
    ("folder", "verdicts", "bound"),
    [
        ("accepted", {"ACCEPTED"}, Bound.LOWER),
        ("wrong_answer", {"WRONG_ANSWER", "PRESENTATION_ERROR"}, None),
        ("time_limit_exceeded", {"TIME_LIMIT_EXCEEDED", "WALL_TIME_LIMIT_EXCEEDED"}, Bound.UPPER),
        ("run_time_error", verdicts_of(RTE), None),
        ("partially_accepted", {"PARTIAL"}, None),
        ("compiler_error", {"COMPILE_ERROR"}, None),
        ("rejected", verdicts_of(WA, TLE, RTE), None),
        ("brute_force", verdicts_of(TLE, RTE), None),
        ("slow_accepted", verdicts_of(AC, TLE), None),
    ],
)
def test_a_folder_of_a_legacy_package_names_the_verdict(
    folder: str, verdicts: set[str], bound: Bound | None
) -> None:
    """The verdict of the whole counts, so the first test that fails settles it."""
    found, findings = expected({f"submissions/{folder}/a.py": ""}, legacy=True)
    (rule,) = found[f"{folder}/a.py"].rules
    assert (rule.verdicts, rule.permitted, rule.required, rule.bound) == (verdicts, None, None, bound)
    assert not found[f"{folder}/a.py"].needs_all_tests(thorough=True)
    assert not findings.errors + findings.warnings


@pytest.mark.parametrize(
    ("folder", "permitted", "required", "bound", "needs_all"),
    [
        ("accepted", {AC}, None, Bound.LOWER, (False, False)),
        ("rejected", None, {RTE, TLE, WA}, None, (False, False)),
        ("wrong_answer", {AC, WA}, {WA}, Bound.LOWER, (True, True)),
        ("time_limit_exceeded", {AC, TLE}, {TLE}, Bound.UPPER, (False, True)),
        ("run_time_error", {AC, RTE}, {RTE}, Bound.LOWER, (True, True)),
        ("brute_force", {AC, RTE, TLE}, {RTE, TLE}, None, (False, True)),
    ],
)
def test_a_folder_of_a_later_package_permits_and_requires_results_of_tests(
    folder: str, permitted: Any, required: Any, bound: Bound | None, needs_all: Any
) -> None:
    """As the table of the format has it, with the bounds of the time limit that follow."""
    program = expected({f"submissions/{folder}/a.py": ""})[0][f"{folder}/a.py"]
    (rule,) = program.rules
    assert (rule.permitted, rule.required, rule.verdicts, rule.bound) == (permitted, required, None, bound)
    assert tuple(program.needs_all_tests(thorough=thorough) for thorough in (False, True)) == needs_all


def test_folders_are_programs_of_several_files() -> None:
    """A file or a folder in a folder is a submission; what lies elsewhere is passed over with a warning."""
    found, findings = expected(
        {
            "submissions/accepted/b/main.py": "",
            "submissions/accepted/b/lib/x.py": "",
            "submissions/accepted/a.py": "",
            "submissions/stray.py": "",
            "data/sample/1.in": "",
        }
    )
    assert {name: dict(program.files) for name, program in found.items()} == {
        "accepted/a.py": {"a.py": "submissions/accepted/a.py"},
        "accepted/b": {
            "main.py": "submissions/accepted/b/main.py",
            "lib/x.py": "submissions/accepted/b/lib/x.py",
        },
    }
    assert [warning.split()[0] for warning in findings.warnings] == ["submissions/stray.py"]


def test_a_folder_that_nobody_knows_expects_nothing() -> None:
    """Its submissions are judged, and a warning tells that nothing is expected."""
    found, findings = expected({"submissions/mixed/a.py": ""})
    assert found["mixed/a.py"].rules == ()
    assert found["mixed/a.py"].words == "anything"
    assert "nothing says what to expect" in findings.warnings[0]


def test_scores_soften_what_counts_as_accepted() -> None:
    """Every test accepted need not give all points; with no most points there is nothing but parts."""
    files: dict[str, bytes | str] = {
        "submissions/accepted/a.py": "",
        "submissions/partially_accepted/a.py": "",
    }
    bounded = expected(files, legacy=True, scoring=True)[0]
    unbounded = expected(files, legacy=True, scoring=True, unbounded=True)[0]
    assert bounded["accepted/a.py"].rules[0].verdicts == {"ACCEPTED", "PARTIAL"}
    assert bounded["partially_accepted/a.py"].rules[0].verdicts == {"PARTIAL"}
    assert unbounded["partially_accepted/a.py"].rules[0].verdicts == {"ACCEPTED", "PARTIAL"}


@pytest.mark.parametrize(
    ("text", "verdicts", "score"),
    [
        ("// @EXPECTED_RESULTS@: CORRECT", {"ACCEPTED"}, None),
        ("/* @EXPECTED_RESULTS@: WRONG-ANSWER */", verdicts_of(WA), None),
        (
            "# @expected_results@: timelimit, Run-Error\r\nx",
            verdicts_of(TLE, RTE) - {"OUTPUT_LIMIT_EXCEEDED"},
            None,
        ),
        ("#@EXPECTED_RESULTS@:COMPILER-ERROR,OUTPUT-LIMIT", {"COMPILE_ERROR", "OUTPUT_LIMIT_EXCEEDED"}, None),
        ("(* @EXPECTED_RESULTS@: TIME_LIMIT_EXCEEDED *)", verdicts_of(TLE), None),
        ("@EXPECTED_RESULTS@: NO-OUTPUT -->", verdicts_of(WA), None),
        ("// @EXPECTED_RESULTS@: CORRECT" + " " * 2_000_000 + "x", {"ACCEPTED"}, None),
        ("# @EXPECTED_SCORE@: 95.35", None, (95.35, 95.35)),
        ("# @EXPECTED_SCORE@:5 */", None, (5, 5)),
        ("# @EXPECTED_SCORE@: 20-30", None, (20, 30)),
        ("# @EXPECTED_RESULTS@: CORRECT\n# @EXPECTED_SCORE@: 40", {"ACCEPTED"}, (40, 40)),
        ("# @EXPECTED_SCORE@: WRONG-ANSWER", verdicts_of(WA), None),
    ],
)
def test_comments_are_read_as_domjudge_reads_them(text: str, verdicts: Any, score: Any) -> None:
    """With one word or several, in any comment, in any case."""
    rule = stated(text.encode(), "a.py")
    assert rule is not None
    assert (rule.verdicts, rule.score) == (verdicts, score)


@pytest.mark.parametrize(
    "text",
    [
        "@EXPECTED_RESULTS@: RIGHT",
        "@EXPECTED_RESULTS@:",
        "@EXPECTED_RESULTS@: CORRECT,",
        "@EXPECTED_RESULTS@: CORRECT\n@EXPECTED_RESULTS@: CORRECT",
        "@EXPECTED_RESULTS@: CORRECT\n@EXPECTED_SCORE@: CORRECT",
        "@EXPECTED_SCORE@: 30-20",
        "@EXPECTED_RESULTS@: JUDGE_ERROR",
    ],
)
def test_a_comment_that_says_nothing_known_is_a_fault_of_the_package(text: str) -> None:
    """A slip must not pass for an expectation that holds."""
    with pytest.raises(BadComment):
        stated(text.encode(), "a.py")
    found, findings = expected({"submissions/mixed/a.py": text})
    assert [path for path, _ in findings.errors] == ["submissions/mixed/a.py"]
    assert found["mixed/a.py"].rules == ()


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(before: bytes, behind: bytes) -> None:
    """No text breaks the reader; one without the words expects nothing."""
    try:
        rule = stated(before + b"@EXPECTED_RESULTS@:" + behind, "x")
    except BadComment:
        return
    assert rule is not None
    assert rule.verdicts
    assert stated(before.replace(b"@", b""), "x") is None


@given(st.lists(st.sampled_from(sorted(OUTCOMES)), min_size=1, unique=True), st.sampled_from(["_", "-"]))
def test_gavels_own_words_may_be_written(words: list[str], sign: str) -> None:
    """Every verdict is among what its own name expects, however it is spelt."""
    text = ", ".join(word.replace("_", sign).lower() for word in words)
    rule = stated(f"// @EXPECTED_RESULTS@: {text}".encode(), "x")
    assert rule is not None
    assert set(words) <= (rule.verdicts or set()) | {"PARTIAL"}


def test_a_comment_replaces_the_folder_and_a_difference_is_told() -> None:
    """As DOMjudge has it; a score alone is added to what the folder says."""
    found, findings = expected(
        {
            "submissions/wrong_answer/either.py": "# @EXPECTED_RESULTS@: WRONG-ANSWER, TIMELIMIT",
            "submissions/accepted/wrong.py": "# @EXPECTED_RESULTS@: WRONG-ANSWER",
            "submissions/partially_accepted/half.py": "# @EXPECTED_SCORE@: 50",
        },
        legacy=True,
        scoring=True,
    )
    (either,) = found["wrong_answer/either.py"].rules
    assert either.verdicts == verdicts_of(WA, TLE)
    assert [rule.score for rule in found["partially_accepted/half.py"].rules] == [None, (50, 50)]
    assert found["partially_accepted/half.py"].words == "PARTIALLY ACCEPTED; score 50"
    assert len(findings.warnings) == 1
    assert "accepted/wrong.py" in findings.warnings[0]


def settings(text: str, *names: str, **options: bool) -> tuple[dict[str, Program], Findings]:
    """Programs of these names under a submissions.yaml."""
    files: dict[str, bytes | str] = {f"submissions/{name}": "" for name in names}
    return expected({**files, SETTINGS: text}, **options)


def test_settings_state_rules_for_tests_and_groups() -> None:
    """The specification's own example: solves one group, too slow in another."""
    text = """
        time_limit_exceeded/solves*.py:
          language: python3
          entrypoint: main.py
          authors: [A, B]
          model_solution: false
          secret/group1: {permitted: [AC]}
          secret/*/*-hard: {permitted: [AC, TLE], required: [TLE], message: slow}
    """
    found, findings = settings(text, "time_limit_exceeded/solves.py", "accepted/a.py")
    program = found["time_limit_exceeded/solves.py"]
    assert (program.language, program.entry_point) == ("python3", "main.py")
    assert [
        (rule.tests, rule.permitted, rule.required, rule.message, rule.bound) for rule in program.rules
    ] == [
        ("", {AC, TLE}, {TLE}, "", Bound.UPPER),
        ("secret/group1", {AC}, None, "", Bound.LOWER),
        ("secret/*/*-hard", {AC, TLE}, {TLE}, "slow", Bound.UPPER),
    ]
    assert program.words == (
        "TIME LIMIT EXCEEDED; secret/group1: only AC; secret/*/*-hard: only AC TLE, some TLE, says 'slow'"
    )
    assert program.needs_all_tests(thorough=False)
    assert len(found["accepted/a.py"].rules) == 1
    assert not findings.errors + findings.warnings


def test_the_key_of_a_folder_changes_its_defaults_and_a_pattern_adds() -> None:
    """`time_limit_exceeded` replaces and keeps what it does not state; `time_limit_exceeded/*` is more."""
    changed = settings("time_limit_exceeded: {permitted: [AC, WA, TLE]}", "time_limit_exceeded/a.py")[0]
    (rule,) = changed["time_limit_exceeded/a.py"].rules
    assert (rule.permitted, rule.required, rule.bound) == ({AC, WA, TLE}, {TLE}, Bound.UPPER)
    added = settings("time_limit_exceeded/*: {permitted: [AC, TLE, RTE]}", "time_limit_exceeded/a.py")[0]
    assert [rule.permitted for rule in added["time_limit_exceeded/a.py"].rules] == [{AC, TLE}, {AC, TLE, RTE}]


@pytest.mark.parametrize("legacy", [False, True])
def test_submissions_can_be_kept_from_the_time_limit_or_given_to_it(*, legacy: bool) -> None:
    """`use_for_time_limit`: false takes a bound away, lower and upper make one."""
    text = """
        accepted: {use_for_time_limit: false}
        time_limit_exceeded: {use_for_time_limit: false}
        mixed/slow.py: {use_for_time_limit: upper}
        mixed/fast.py: {use_for_time_limit: lower}
    """
    names = ("accepted/a.py", "time_limit_exceeded/a.py", "mixed/slow.py", "mixed/fast.py")
    found, findings = settings(text, *names, legacy=legacy)
    assert [found[name].rules[-1].bound for name in names] == [None, None, Bound.UPPER, Bound.LOWER]
    assert found["mixed/slow.py"].rules[0].required == {TLE}
    assert found["mixed/fast.py"].rules[0].permitted == {AC, WA, RTE}
    assert found["accepted/a.py"].words == "ACCEPTED"
    assert not findings.errors


def test_scores_are_numbers_or_ranges_of_scoring_problems() -> None:
    """Of the submission, or of a group."""
    text = "accepted/a.py: {score: 50, secret/group1: {score: [20, 30.5]}}"
    found, findings = settings(text, "accepted/a.py", scoring=True)
    assert [rule.score for rule in found["accepted/a.py"].rules] == [None, (50, 50), (20, 30.5)]
    assert not findings.errors
    assert settings(text, "accepted/a.py")[1].errors


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("accepted/a.py: {permitted: [AC, CE]}", "accepted/a.py.permitted"),
        ("accepted/a.py: {required: []}", "accepted/a.py.required"),
        ("accepted/a.py: {permited: [AC]}", "accepted/a.py.permited"),
        ("accepted/a.py: {secret: {permited: [AC]}}", "accepted/a.py.secret.permited"),
        ("accepted/a.py: {use_for_time_limit: both}", "accepted/a.py.use_for_time_limit"),
        ("accepted/a.py: {score: [3, 1]}", "accepted/a.py.score"),
        ("accepted/a.py: {score: much}", "accepted/a.py.score"),
        ("accepted/a.py: {language: 3}", "accepted/a.py.language"),
        ("accepted/a.py: AC", "accepted/a.py"),
        ("'" + "{a,b}" * 12 + "': {permitted: [AC]}", "{a,b}" * 12),
    ],
)
def test_what_is_wrong_in_the_settings_is_named_by_its_key(text: str, path: str) -> None:
    """Typos above all: what is not understood would else pass for an expectation that holds."""
    findings = settings(text, "accepted/a.py", scoring=True)[1]
    assert [where for where, _ in findings.errors] == [f"{SETTINGS}:{path}"]


def test_rules_that_cannot_hold_together_are_refused() -> None:
    """Disjoint permissions for one test, and a result that is required but nowhere permitted."""
    disjoint = settings("'*/a.py': {secret/group1: {permitted: [WA]}}", "accepted/a.py")[1]
    impossible = settings("accepted/a.py: {required: [TLE]}", "accepted/a.py")[1]
    assert "permit no result" in disjoint.errors[0][1]
    assert "requires TLE" in impossible.errors[0][1]
    assert not settings("'*/a.py': {secret/group1: {permitted: [AC]}}", "accepted/a.py")[1].errors


def test_patterns_without_a_match_are_told() -> None:
    """Of submissions and of tests: warnings, for a package may be under way."""
    findings = settings(
        "a.py: {permitted: [AC]}\naccepted/*: {secret/9: {permitted: [AC]}}", "accepted/a.py"
    )[1]
    assert not findings.errors
    assert [warning for warning in findings.warnings if "matches no" in warning] == [
        "submissions.yaml: 'a.py' matches no submission.",
        "submissions.yaml: accepted/*: 'secret/9' matches no test.",
    ]


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(list("AWTR"))
)
KEYS = st.sampled_from(
    [
        "permitted",
        "required",
        "score",
        "message",
        "use_for_time_limit",
        "language",
        "entrypoint",
        "sample",
        "secret",
    ]
) | st.text(max_size=8)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)


@given(
    st.dictionaries(
        st.sampled_from(["accepted", "accepted/*", "*/a.py"]) | st.text(max_size=6), TREES, max_size=4
    )
)
def test_any_settings_are_read_or_their_faults_named(raw: dict[str, Any]) -> None:
    """Whatever YAML holds: no error but findings, and never a program without any rule."""
    found, findings = settings(yaml.safe_dump(raw), "accepted/a.py", scoring=True)
    assert found["accepted/a.py"].rules
    assert all(path.startswith("submissions/") for path, _ in findings.errors)


@given(
    st.frozensets(st.sampled_from(Outcome), min_size=1),
    st.frozensets(st.sampled_from(Outcome), min_size=1),
    st.sampled_from([None, True, False, "lower", "upper"]),
)
def test_the_bound_follows_from_the_rules(
    permitted: frozenset[Outcome], required: frozenset[Outcome], use: Any
) -> None:
    """What is required to be too slow bounds from above, what is not permitted to be from below."""
    asked = {"permitted": list(map(str, permitted)), "required": list(map(str, required))}
    if use is not None:
        asked["use_for_time_limit"] = use
    found, _ = settings(yaml.safe_dump({"mixed/a.py": asked}), "mixed/a.py")
    (rule,) = found["mixed/a.py"].rules
    if use is False:
        assert rule.bound is None
    elif use in tuple(Bound):
        assert rule.bound == use
        if use == "lower":
            assert rule.permitted == permitted - {TLE}
        else:
            assert rule.required == required & {TLE}
    else:
        above, below = required == {TLE}, TLE not in permitted
        assert rule.bound == (Bound.UPPER if above else Bound.LOWER if below else None)
