"""Packages of every type: what they become, and which combinations are none."""

import pytest
from package_in_memory import LEGACY, MODERN, TESTS, made, pairs, refused

from gavel.submission.v1 import problem_pb2 as problem
from gavel.submission.v1.problem_pb2 import Manifest

TESTLIB = """
#ifndef OK_EXIT_CODE
#   ifdef CONTESTER
#       define OK_EXIT_CODE 0xAC
#   else
#       define OK_EXIT_CODE 0
#   endif
#endif
"""


def facts(manifest: Manifest) -> tuple[bool, bool, int, bool]:
    scoring = manifest.type == problem.PROBLEM_TYPE_SCORING
    return scoring, manifest.interactive, manifest.pass_count_most, manifest.submit_answer


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ("type: pass-fail", (False, False, 1, False)),
        ("type: scoring", (True, False, 1, False)),
        ("type: interactive", (False, True, 1, False)),
        ("type: [interactive]", (False, True, 1, False)),
        ("type: multi-pass", (False, False, 2, False)),
        ("type: pass-fail interactive multi-pass", (False, True, 2, False)),
        ("type: [scoring, interactive, multi-pass]", (True, True, 2, False)),
        ("type: [scoring, submit-answer]", (True, False, 1, True)),
        ("type: submit-answer", (False, False, 1, True)),
    ],
)
def test_the_types_of_later_formats(types: str, expected: tuple[bool, bool, int, bool]) -> None:
    """As a word, a sequence, and several words in one text as drafts had them."""
    for version in ("2025-09", "2023-07-draft"):
        head = MODERN.replace("2025-09", version) + types
        manifest, warnings = made({"problem.yaml": head, "output_validator/v.py": "", **TESTS})

        assert facts(manifest) == expected
        assert warnings == []


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("validation: custom", (False, False, 1, False)),
        ("validation: custom interactive", (False, True, 1, False)),
        ("validation: custom multipass", (False, False, 2, False)),
        ("validation: custom interactive multipass", (False, True, 2, False)),
        ("type: scoring\nvalidation: custom score", (True, False, 1, False)),
        ("type: scoring\nvalidation: custom interactive score", (True, True, 1, False)),
        ("type: interactive", (False, True, 1, False)),
    ],
)
def test_the_kinds_of_validation_of_legacy_packages(
    head: str, expected: tuple[bool, bool, int, bool]
) -> None:
    """The words behind `custom`; the type itself may say it as well."""
    manifest, warnings = made({"problem.yaml": LEGACY + head, "output_validators/v/v.cc": "", **TESTS})

    assert facts(manifest) == expected
    assert manifest.validator.entry_point == "v.cc"
    assert warnings == []


def test_how_often_a_program_is_run() -> None:
    """`validation_passes`, in every format; without multi-pass it is told to mean nothing."""
    head = "validation: custom multipass\nlimits: {time_limit: 1, validation_passes: 7}\n"
    manifest, _ = made({"problem.yaml": head, "output_validators/v.py": "", **TESTS})
    other, warnings = made({"problem.yaml": "limits: {time_limit: 1, validation_passes: 7}", **TESTS})

    assert manifest.pass_count_most == 7
    assert other.pass_count_most == 1
    assert "validation_passes" in warnings[0]


@pytest.mark.parametrize("types", ["interactive", "multi-pass"])
def test_what_needs_a_validator_is_refused_without_one(types: str) -> None:
    """The default validator neither talks nor asks for another pass."""
    assert "problem.yaml:type" in refused({"problem.yaml": MODERN + f"type: {types}", **TESTS})
    assert "problem.yaml:validation" in refused({"problem.yaml": LEGACY + f"type: {types}", **TESTS})


@pytest.mark.parametrize("head", ["validation: default interactive", "validation: custom score"])
def test_validation_that_means_nothing_is_refused(head: str) -> None:
    """The default validator has no kinds, and points are for problems that score."""
    files = {"problem.yaml": LEGACY + head, "output_validators/v.py": "", **TESTS}

    assert "problem.yaml:validation" in refused(files)


def test_an_interactor_may_lie_in_a_folder_of_its_own() -> None:
    """`interactors/` is looked at for interactive problems without another validator alone."""
    files = {"interactors/talk.py": "", **TESTS}
    manifest, _ = made({"problem.yaml": LEGACY + "validation: custom interactive", **files})
    idle, warnings = made({"problem.yaml": LEGACY, **files})
    both, told = made({"problem.yaml": MODERN + "type: interactive", "output_validator/v.py": "", **files})

    assert manifest.validator.entry_point == "talk.py"
    assert not idle.HasField("validator")
    assert both.validator.entry_point == "v.py"
    assert "interactors/" in warnings[0]
    assert "interactors/" in told[0]


@pytest.mark.parametrize(
    ("paths", "language", "entry_point"),
    [
        (["v.java"], "java", "v.java"),
        (["Main.java", "Scanner.java"], "java", "Main.java"),
        (["Check.java", "Scanner.java"], "java", ""),
        (["check.go"], "go", "check.go"),
        (["check.rs"], "rust", "check.rs"),
        (["lib.rs", "main.rs"], "rust", "main.rs"),
        (["a/b.cpp", "z.cpp"], "cpp", "z.cpp"),
        (["main.js", "other.js"], "javascript", "main.js"),
    ],
)
def test_a_validator_may_be_written_in_any_language(
    paths: list[str], language: str, entry_point: str
) -> None:
    """Its main file is told by name; where the sources tell it, that is left to them."""
    files = {f"output_validator/check/{path}": "" for path in paths}

    manifest, _ = made({"problem.yaml": MODERN, **files, **TESTS})

    assert (manifest.validator.language, manifest.validator.entry_point) == (language, entry_point)


@pytest.mark.parametrize("paths", [["run", "a.py"], ["build", "a.cc", "testlib.h"], ["build", "run", "b/x"]])
def test_scripts_that_build_and_run_a_validator_stand_for_it(paths: list[str]) -> None:
    """Whatever lies beside them; how its exit codes are to be read is theirs as well."""
    files = {f"output_validator/check/{path}": TESTLIB if path == "testlib.h" else "" for path in paths}

    manifest, warnings = made({"problem.yaml": MODERN, **files, **TESTS})

    found = manifest.validator
    assert (found.scripts, found.language, found.entry_point) == (True, "bash", "")
    assert found.protocol == problem.VALIDATOR_PROTOCOL_KATTIS
    assert [file.path for file in found.files] == sorted(paths)
    assert warnings == []


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["a.js", "b.js"], "main"),
        (["a.js", "b.py"], "one language"),
        (["notes.md"], "one language"),
        (["a/v.cc", "b/v.cc", "testlib.h"], "several programs"),
    ],
)
def test_a_validator_that_is_not_one_program_is_refused(paths: list[str], words: str) -> None:
    """With what it would have to be."""
    files = {f"output_validator/{path}": "" for path in paths}

    assert words in refused({"problem.yaml": MODERN, **files, **TESTS})["output_validator"]


def test_a_legacy_package_may_have_several_validators() -> None:
    """Each folder that is a program, and what lies beside them; what they include is none."""
    paths = ["check.cpp", "own/validate.cpp", "own/validate.h", "third/run", "shared/all.h", "README.md"]
    files = {f"output_validators/{path}": "" for path in paths}

    manifest, warnings = made({"problem.yaml": LEGACY + "validation: custom\n", **files, **TESTS})

    found = [manifest.validator, *manifest.further_validators]
    assert [one.language for one in found] == ["cpp", "cpp", "bash"]
    assert [[file.path for file in one.files] for one in found] == [
        ["README.md", "check.cpp"],
        ["validate.cpp", "validate.h"],
        ["run"],
    ]
    assert warnings == []


@pytest.mark.parametrize("path", ["lib/help.h", "lib/__init__.py"])
def test_what_a_legacy_validator_includes_is_no_second_one(path: str) -> None:
    """It comes along."""
    name = "check.cpp" if path.endswith(".h") else "check.py"
    files = {f"output_validators/{one}": "" for one in (name, path)}

    manifest, _ = made({"problem.yaml": LEGACY + "validation: custom\n", **files, **TESTS})

    assert sorted(file.path for file in manifest.validator.files) == sorted([name, path])
    assert not manifest.further_validators


@pytest.mark.parametrize(
    "head", ["validation: custom interactive", "type: scoring\nvalidation: custom score"]
)
def test_several_validators_do_nothing_but_accept(head: str) -> None:
    """One talks with the program, and one says the score."""
    files = {f"output_validators/{name}/check.py": "" for name in ("a", "b")}

    errors = refused({"problem.yaml": f"{LEGACY}{head}\n", **files, **TESTS})

    assert "several programs (a, b)" in errors["output_validators"]


@pytest.mark.parametrize(
    ("head", "header", "protocol"),
    [
        ("", TESTLIB, problem.VALIDATOR_PROTOCOL_TESTLIB),
        ("", TESTLIB.replace("OK_EXIT_CODE 0\n", "OK_EXIT_CODE 42\n"), problem.VALIDATOR_PROTOCOL_KATTIS),
        ("", "#include <cstdio>", problem.VALIDATOR_PROTOCOL_KATTIS),
        ("", b"\xff" + TESTLIB.encode(), problem.VALIDATOR_PROTOCOL_TESTLIB),
        ("gavel: {validator_protocol: kattis}\n", TESTLIB, problem.VALIDATOR_PROTOCOL_KATTIS),
        ("gavel: {validator_protocol: testlib}\n", "", problem.VALIDATOR_PROTOCOL_TESTLIB),
    ],
)
def test_a_validator_made_with_testlib_is_known_by_its_exit_codes(
    head: str, header: str | bytes, protocol: problem.ValidatorProtocol
) -> None:
    """By the testlib.h beside it; what the package says itself comes first."""
    for folder in ("output_validator", "output_validator/check"):
        files = {f"{folder}/testlib.h": header, f"{folder}/check.cpp": "", **TESTS}

        manifest, _ = made({"problem.yaml": MODERN + head, **files})

        assert manifest.validator.protocol == protocol


def test_programs_that_domjudge_has_elsewhere_are_told() -> None:
    """They are named in its file and are no part of a package."""
    files = {"domjudge-problem.ini": "timelimit=1\nspecial_run='foo_run'\n", **TESTS}

    assert "special_run" in made({"problem.yaml": "name: Sum", **files})[1][0]


def test_static_validation_is_a_test_before_the_others_of_its_folder() -> None:
    """With its own arguments; in a pass-fail problem it is passed like the others."""
    files = {
        "problem.yaml": MODERN,
        "static_validator/look.py": "",
        "data/secret/a/test_group.yaml": "{static_validation_score: pass-fail, "
        "static_validator_args: [x, y]}",
        "data/secret/test_group.yaml": "output_validator_args: [case_sensitive]",
        **pairs("secret/0", "secret/a/-", "secret/a/1", "secret/b", "sample/1"),
    }
    manifest, warnings = made(files)

    static = manifest.tests[2]
    assert [test.name for test in manifest.tests] == [
        "sample/1",
        "secret/0",
        "secret/a/static validation",
        "secret/a/1",
        "secret/b",
    ]
    assert [test.static_validation for test in manifest.tests] == [False, False, True, False, False]
    assert (static.has_validator_arguments, list(static.validator_arguments)) == (True, ["x", "y"])
    assert not static.HasField("input")
    assert manifest.static_validator.entry_point == "look.py"
    assert warnings == []


def test_a_static_validator_that_nothing_asks_for_is_passed_over() -> None:
    """Its score is what asks for it."""
    manifest, warnings = made({"problem.yaml": MODERN, "static_validator/look.py": "", **TESTS})

    assert not manifest.HasField("static_validator")
    assert "static_validation_score" in warnings[0]


def test_answers_have_no_sources_to_look_at() -> None:
    """A static validator in a problem to which answers are submitted is refused."""
    files = {"static_validator/v.py": "", "data/secret/test_group.yaml": "static_validation_score: pass-fail"}

    assert "static_validator" in refused({"problem.yaml": MODERN + "type: submit-answer", **files, **TESTS})


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("verdict-only", problem.SHOWN_VERDICT_ONLY),
        ("first-failing", problem.SHOWN_FIRST_FAILING),
        ("samples", problem.SHOWN_SAMPLES),
        ("everything", problem.SHOWN_EVERYTHING),
    ],
)
def test_what_contestants_see_is_gavels_own_key(word: str, shown: problem.Shown) -> None:
    """In every format."""
    for head in (MODERN, LEGACY):
        manifest, warnings = made({"problem.yaml": f"{head}gavel: {{shown: {word}}}\n", **TESTS})

        assert manifest.shown == shown
        assert warnings == []


def test_tests_run_side_by_side_where_the_package_allows_it() -> None:
    """One after the other unless it does, and where not every test is a run, which a warning says."""
    manifest, warnings = made({"problem.yaml": LEGACY + "gavel: {tests_at_once: 4}\n", **TESTS})
    assert (manifest.tests_at_once, warnings) == (4, [])
    assert made({"problem.yaml": LEGACY, **TESTS})[0].tests_at_once == 0
    answers = MODERN + "type: submit-answer\ngavel: {tests_at_once: 4}\n"
    static = {
        "static_validator/v.py": "",
        "data/secret/test_group.yaml": "static_validation_score: 10",
        "problem.yaml": MODERN + "type: scoring\ngavel: {tests_at_once: 4}\n",
    }
    for files in ({"problem.yaml": answers}, static):
        assert "tests_at_once" in " ".join(made({**files, **TESTS})[1])


def test_full_feedback_is_inherited_and_may_be_taken_from_samples() -> None:
    """The nearest file that says anything counts."""
    manifest, _ = made(
        {
            "problem.yaml": MODERN,
            "data/sample/2.yaml": "full_feedback: false",
            "data/secret/test_group.yaml": "full_feedback: true",
            "data/secret/b.yaml": "full_feedback: false",
            **pairs("sample/1", "sample/2", "secret/a", "secret/b", "secret/c/1"),
        }
    )

    assert [test.sample for test in manifest.tests] == [True, False, True, False, True]


def test_a_key_that_no_test_has_is_refused_in_2025_09_and_told_before() -> None:
    """The format asks for an error."""
    files = {"data/secret/01.yaml": "arguments: [a]", **TESTS}
    drafted = {"problem.yaml": MODERN.replace("2025-09", "2023-07"), **files}

    assert "data/secret/01.yaml:arguments" in refused({"problem.yaml": MODERN, **files})
    assert "arguments" in made(drafted)[1][0]


def test_a_tests_own_arguments_come_before_its_folders() -> None:
    """Its yaml first, then its .args, then the folders from the inside."""
    manifest, _ = made(
        {
            "problem.yaml": MODERN,
            "data/secret/test_group.yaml": "args: [folder]",
            "data/secret/b.args": "'own words' here\n",
            "data/secret/c.args": "unused",
            "data/secret/c.yaml": "args: [yaml]",
            **pairs("secret/a", "secret/b", "secret/c"),
        }
    )

    assert [list(test.argv) for test in manifest.tests] == [["folder"], ["own words", "here"], ["yaml"]]
