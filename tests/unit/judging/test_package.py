"""Problem packages become manifests: every shape that is honoured, and every one that is refused."""

import contextlib
import hashlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from package_in_memory import LEGACY, MODERN, TESTS, made, pairs, refused

from gavel.judging.outcome import BrokenProblem
from gavel.judging.package import InvalidPackage
from gavel.judging.task import with_constants

LONG = "x" * 250
TWICE = "output_validator_args: [float_tolerance, 1, float_tolerance, 2]"


def test_a_legacy_package() -> None:
    """Names, limits in their units, the tests with samples first, and nothing to complain of."""
    submission = "time_limit: 0.5, memory: 64, output: 1, code: 16"
    limits = f"limits: {{{submission}, compilation_time: 180, validation_time: 300}}"

    manifest, warnings = made({"problem.yaml": f"name: Sum\nauthor: A\n{limits}\n", **TESTS})

    assert (manifest.display_name, warnings) == ("Sum", [])
    assert (manifest.limits.cpu_time_ms, manifest.limits.memory_bytes) == (500, 64 << 20)
    assert (manifest.limits.output_bytes, manifest.code_bytes) == (1 << 20, 16 << 10)
    assert (manifest.compile_limits.cpu_time_ms, manifest.validation_limits.cpu_time_ms) == (180_000, 300_000)
    assert [(test.name, test.sample) for test in manifest.tests] == [("sample/1", True), ("secret/01", False)]
    assert manifest.tests[1].input.sha256 == hashlib.sha256(b"2").hexdigest()
    assert not manifest.HasField("validator")
    assert not manifest.time_factors


def test_a_package_of_2025_09() -> None:
    """Names by language, languages, constants, arguments by group and by test, files of a test, included
    files.
    """
    manifest, warnings = made(
        {
            "problem.yaml": MODERN
            + "languages: [python3, cpp]\nconstants: {eps: 1e-3, n: {value: 5, tex: 5.0}}\n",
            "data/secret/test_group.yaml": "output_validator_args: [float_tolerance, '{{eps}}']\n"
            "args: [group]\n",
            "data/secret/2.in": "",
            "data/secret/2.ans": "",
            "data/secret/2.yaml": "args: [own, 'two words']\n"
            "output_validator_args: []\nfull_feedback: true\n",
            "data/secret/2.files/a/b.txt": "x",
            "include/default/help.txt": "x",
            "include/python3/__main__.py": "x",
            "statement/problem.en.md": "x",
            "submissions/accepted/a.py": "x",
            **TESTS,
        }
    )

    first, second = manifest.tests[1:]
    assert (manifest.display_name, warnings) == ("Sum", [])
    assert list(manifest.languages) == ["python3", "cpp", "pypy3"]
    assert dict(manifest.constants) == {
        "eps": "1e-3",
        "eps.value": "1e-3",
        "n": "5",
        "n.value": "5",
        "n.tex": "5.0",
    }
    assert list(first.validator_arguments) == ["float_tolerance", "1e-3"]
    assert list(first.argv) == ["group"]
    assert not first.sample
    assert (second.has_validator_arguments, list(second.validator_arguments)) == (True, [])
    assert list(second.argv) == ["own", "two words"]
    assert second.sample
    assert [file.path for file in second.files] == ["a/b.txt"]
    assert [file.path for file in manifest.include] == [
        "default/help.txt",
        "pypy3/__main__.py",
        "python3/__main__.py",
    ]


@pytest.mark.parametrize("letters", ["lol", "l" * 500_000])
@pytest.mark.parametrize("key", ["name", "problem_format_version", "validation", "limits", "languages"])
def test_a_few_lines_that_stand_for_gigabytes_are_refused(key: str, letters: str) -> None:
    """Aliases of aliases, which anything that puts them into words would unfold."""
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)]
    bomb = f"a0: &a0 {letters}\n{''.join(levels)}{key}: *a11\n"

    assert "aliases" in refused({"problem.yaml": bomb, **TESTS})["problem.yaml"]


def test_constants_that_stand_for_gigabytes_are_refused_where_they_are_named() -> None:
    """A long one, in a file that names it often; by itself it may be as long as the file is."""
    head = f"{MODERN}constants: {{long: {'x' * 20_000}, short: y}}\n"
    often = {"data/secret/test_group.yaml": f"args: [{', '.join(['{{long}}'] * 1_000)}]\n"}

    assert (
        "with its constants"
        in refused({"problem.yaml": head, **often, **TESTS})["data/secret/test_group.yaml"]
    )
    manifest, _ = made(
        {
            "problem.yaml": head,
            "data/secret/test_group.yaml": "args: ['{{short}} {{other}} {{long}}']\n",
            **TESTS,
        }
    )
    assert manifest.tests[1].argv[0].startswith("y {{other}} xxx")
    with pytest.raises(BrokenProblem, match="too large"):
        with_constants(b"{{long}}" * 1_000, manifest.constants)
    assert with_constants(b"{{short}}" * 100_000, manifest.constants) == b"y" * 100_000


@pytest.mark.parametrize("letter", [r"\0", r"\ud800", r"\udfff"])
@pytest.mark.parametrize("line", ["name: {}", "name: x\n{}: 1", "name: x\nkeywords: [a, {{b: {}}}]"])
def test_a_letter_that_is_none_is_refused(letter: str, line: str) -> None:
    """YAML can write it, and neither a message nor a command could hold it."""
    text = line.format(f'"a{letter}b"') + "\n"

    assert "surrogate" in refused({"problem.yaml": text, **TESTS})["problem.yaml"]


@pytest.mark.parametrize("arguments", ["x" * 25_000, " ".join("x" * 2_000)])
def test_more_arguments_than_a_program_can_be_started_with_are_refused(arguments: str) -> None:
    """As a text, as a sequence and in a file of their own."""
    field = "data/secret/01.yaml:args"

    assert (
        "arguments"
        in refused({"problem.yaml": MODERN, "data/secret/01.yaml": f"args: {arguments}\n", **TESTS})[field]
    )
    words = f"args: [{', '.join(arguments.split())}]\n"
    assert "arguments" in refused({"problem.yaml": MODERN, "data/secret/01.yaml": words, **TESTS})[field]
    found = refused({"problem.yaml": MODERN, "data/secret/01.args": arguments, **TESTS})
    assert "arguments" in found["data/secret/01.args"]
    assert (
        refused({"problem.yaml": MODERN, "data/secret/01.args": "a\0b", **TESTS})["data/secret/01.args"]
        == "holds a NUL"
    )


def test_an_alias_of_something_small_is_what_it_stands_for() -> None:
    """Anchors are YAML's own way not to say something twice."""
    manifest, _ = made(
        {"problem.yaml": "name: &name Sum\nsource: *name\nlimits: {memory: &a 64, output: 8}\n", **TESTS}
    )

    assert (manifest.display_name, manifest.limits.memory_bytes) == ("Sum", 64 << 20)


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, str(2**63)])
def test_a_number_beyond_all_arithmetic_is_refused(number: str) -> None:
    """A float would not hold it, which is no fault of the platform."""
    found = refused({"problem.yaml": f"name: Sum\nlimits: {{time_limit: {number}}}\n", **TESTS})

    assert found["problem.yaml"] == "holds a whole number of more than 64 bits"


def test_tests_are_ordered_by_the_names_of_folders_and_files() -> None:
    """Folders sort among the tests beside them; samples always come first."""
    names = ["secret/b/2", "secret/a/9", "secret/b/10", "secret/c", "secret/a-1/x", "sample/z"]
    files = {f"data/{name}{suffix}": "" for name in names for suffix in (".in", ".ans")}

    manifest, _ = made({"problem.yaml": LEGACY, **files})

    assert [test.name for test in manifest.tests] == [
        "sample/z",
        "secret/a/9",
        "secret/a-1/x",
        "secret/b/10",
        "secret/b/2",
        "secret/c",
    ]


def test_tests_of_2025_09_are_ordered_by_their_names() -> None:
    """The whole of them, in whatever folders they lie; groups by theirs, which keeps each together."""
    names = ["secret/b/2", "secret/a/9", "secret/c", "secret/a-1/x", "sample/z"]
    manifest, _ = made({"problem.yaml": MODERN, **pairs(*names)})
    grouped = {f"data/secret/{name}/test_group.yaml": "max_score: 50" for name in ("a", "a-1")}
    scoring, _ = made(
        {
            "problem.yaml": MODERN + "type: scoring",
            **grouped,
            **pairs("secret/a-1/x", "secret/a/9", "secret/a/1"),
        }
    )

    assert [test.name for test in manifest.tests] == [
        "sample/z",
        "secret/a-1/x",
        "secret/a/9",
        "secret/b/2",
        "secret/c",
    ]
    assert [test.name for test in scoring.tests] == ["secret/a/1", "secret/a/9", "secret/a-1/x"]


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ("time_limit: 1.5", True),
        ("time_limit: 3", False),
        ("{time_limit: 0.3, time_resolution: 0.1}", False),
        ("{time_limit: 0.25, time_resolution: 0.1}", True),
    ],
)
def test_a_time_limit_that_is_no_multiple_of_the_resolution_is_told(limits: str, *, told: bool) -> None:
    """It is honoured all the same."""
    head = MODERN.replace(
        "limits: {time_limit: 1}", f"limits: {limits if '{' in limits else '{' + limits + '}'}"
    )
    _, warnings = made({"problem.yaml": head, **TESTS})

    assert bool(warnings) == told


def test_words_are_what_they_are_written_as() -> None:
    """YAML of its first edition takes `no` for false, `010` for eight and `1:30` for ninety."""
    head = "constants: {n: &n 1_000, half: 0.50, time: {value: 1:30}, more: {value: *n, 2: 3}}\n"
    group = "args: [no, 1.50, 010, ~, '{{half}}']\noutput_validator_args: [{{n}}, '{{time}}']\n"
    manifest, warnings = made(
        {
            "problem.yaml": MODERN + head,
            "output_validator/v.py": "",
            "data/secret/test_group.yaml": group,
            "data/secret/01.yaml": "output_validator_args: [on, '{{n}}']",
            **TESTS,
            **pairs("secret/02"),
        }
    )
    own, other = manifest.tests[1:]

    assert warnings == []
    assert list(other.argv) == ["no", "1.50", "010", "~", "0.50"]
    assert list(other.validator_arguments) == ["1_000", "1:30"]
    assert list(own.validator_arguments) == ["on", "{{n}}"]  # constants are for test_group.yaml alone
    assert dict(manifest.constants)["time.value"] == "1:30"


@pytest.mark.parametrize("name", ["1984", "No", "2024-05-01", "1.50"])
def test_a_name_is_a_text_whatever_it_looks_like(name: str) -> None:
    """Alone and by language."""
    for head in (f"name: {name}\n", f"name: {{sv: x, en: {name}}}\n"):
        assert made({"problem.yaml": f"limits: {{time_limit: 1}}\n{head}", **TESTS})[0].display_name == name


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("secret/02.yaml", "secret/02.yaml"),
        ("secret/a/02.files/x", "secret/a/02.files"),
        ("secret/02.ans", "secret/02.ans"),
        ("secret/test_group.in", "secret/test_group.in"),
    ],
)
def test_what_belongs_to_no_test_is_refused(path: str, place: str) -> None:
    """In 2025-09; the name of the test may well be misspelt."""
    assert f"data/{place}" in refused({"problem.yaml": MODERN, **TESTS, f"data/{path}": ""})


def test_legacy_flags_of_a_folder_stand_behind_the_problems_and_are_inherited() -> None:
    """The nearest testdata.yaml counts, as a text or a mapping; without one the problem's flags apply."""
    manifest, _ = made(
        {
            "problem.yaml": LEGACY + "validator_flags: case_sensitive\n",
            "data/secret/testdata.yaml": "output_validator_flags: float_tolerance 1e-6\non_reject: break\n",
            "data/secret/a/testdata.yaml": "output_validator_flags: {name: x, flags: float_tolerance 1e-2}\n",
            "data/secret/a/b/3.in": "",
            "data/secret/a/b/3.ans": "",
            **TESTS,
        }
    )

    sample, secret, deep = manifest.tests
    assert list(manifest.validator_arguments) == ["case_sensitive"]
    assert not sample.has_validator_arguments
    assert list(secret.validator_arguments) == ["case_sensitive", "float_tolerance", "1e-6"]
    assert list(deep.validator_arguments) == ["case_sensitive", "float_tolerance", "1e-2"]


@pytest.mark.parametrize(
    ("files", "cpu_time_ms"),
    [
        ({".timelimit": "3\n"}, 3_000),
        ({"domjudge-problem.ini": "name='Sum'\ntimelimit = '1.5'\n"}, 1_500),
        ({"domjudge-problem.ini": "timelimit=2", ".timelimit": "3"}, 2_000),
        ({"problem.yaml": "limits: {time_limit: 0.25}", ".timelimit": "3"}, 250),
    ],
)
def test_a_time_limit_may_stand_in_three_places(files: dict[str, str], cpu_time_ms: int) -> None:
    """problem.yaml first, then DOMjudge's file, then Kattis's; a stated limit holds for every language."""
    manifest, warnings = made({"problem.yaml": "name: Sum", **TESTS, **files})

    assert (manifest.limits.cpu_time_ms, dict(manifest.time_factors), warnings) == (cpu_time_ms, {}, [])


def test_without_a_time_limit_the_default_and_the_languages_factors_apply() -> None:
    """They are written into the manifest, and a warning says so."""
    manifest, warnings = made(
        {"problem.yaml": "limits: {time_multiplier: 5, time_safety_margin: 2}", **TESTS}
    )

    assert manifest.limits.cpu_time_ms == 2_000
    assert manifest.time_factors["python3"] == 2.0
    assert "states no time limit" in warnings[0]


@pytest.mark.parametrize(
    ("files", "language", "entry", "paths"),
    [
        ({"output_validators/v.cpp": ""}, "cpp", "v.cpp", ["v.cpp"]),
        (
            {"output_validators/check/v.cc": "", "output_validators/check/v.h": ""},
            "cpp",
            "v.cc",
            ["v.cc", "v.h"],
        ),
        (
            {"output_validators/v.cc": "", "output_validators/testlib.h": ""},
            "cpp",
            "v.cc",
            ["testlib.h", "v.cc"],
        ),
        (
            {
                "output_validators/v/__main__.py": "",
                "output_validators/v/x.py": "",
                "output_validators/v/__init__.py": "",
            },
            "python3",
            "__main__.py",
            ["__init__.py", "__main__.py", "x.py"],
        ),
        ({"output_validators/v.c": "", "output_validators/README.md": ""}, "c", "v.c", ["README.md", "v.c"]),
    ],
)
def test_a_custom_validator_is_found(
    files: dict[str, str], language: str, entry: str, paths: list[str]
) -> None:
    """As a file, as a folder, or as files with what they include."""
    manifest, _ = made(
        {"problem.yaml": LEGACY + "validation: custom\nvalidator_flags: a b\n", **TESTS, **files}
    )
    modern, _ = made(
        {
            "problem.yaml": MODERN,
            **TESTS,
            **{path.replace("output_validators/", "output_validator/"): text for path, text in files.items()},
        }
    )

    assert list(manifest.validator_arguments) == ["a", "b"]
    for found in (manifest.validator, modern.validator):
        assert (found.language, found.entry_point) == (language, entry)
        assert [file.path for file in found.files] == paths


def test_a_package_of_the_draft_of_2023_07() -> None:
    """As the later format, with the older name of the flags, and the validator's folder in either number."""
    for folder in ("output_validator/check", "output_validators/check", "output_validator"):
        manifest, warnings = made(
            {
                "problem.yaml": "problem_format_version: 2023-07-draft\nuuid: x\nlimits: {time_limit: 1}\n",
                "data/secret/testdata.yaml": "output_validator_flags: strict\n",
                f"{folder}/validate.cc": "",
                f"{folder}/validate.h": "",
                **TESTS,
            }
        )

        assert manifest.validator.entry_point == "validate.cc"
        assert list(manifest.tests[1].validator_arguments) == ["strict"]
        assert warnings == []


def test_a_package_without_a_memory_limit_has_that_of_problemtools() -> None:
    """In either format; a stated one is another."""
    for head in (LEGACY, MODERN):
        assert made({"problem.yaml": head, **TESTS})[0].limits.memory_bytes == 1024 << 20
    stated = LEGACY.replace("{time", "{memory: 128, time")
    assert made({"problem.yaml": stated, **TESTS})[0].limits.memory_bytes == 128 << 20


def test_a_validator_that_a_legacy_package_does_not_ask_for_is_passed_over() -> None:
    """`validation: custom` decides, not the folder; the warning says so."""
    manifest, warnings = made({"problem.yaml": LEGACY, "output_validators/v.py": "", **TESTS})

    assert not manifest.HasField("validator")
    assert "output_validators/" in warnings[0]


@pytest.mark.parametrize(
    ("yaml", "field"),
    [
        ("validation: custom interactive", "validation"),
        ("validation: custom score", "validation"),
        ("validation: mine", "validation"),
        ("validation: custom", "validation"),
        ("type: nonsense", "type"),
        ("problem_format_version: 2099-01", "problem_format_version"),
        ("problem_format_version: 2025-09\ntype: [pass-fail, interactive]", "type"),
        ("problem_format_version: 2025-09\ntype: multi-pass", "type"),
        ("problem_format_version: 2025-09\ntype: [submit-answer, interactive]", "type"),
        ("problem_format_version: 2025-09\ntype: [pass-fail, scoring]", "type"),
        ("type: scoring\ngrading: {objective: most}", "grading.objective"),
        ("gavel: {shown: nothing}", "gavel.shown"),
        ("gavel: {validator_protocol: polygon}", "gavel.validator_protocol"),
        ("gavel: {show: samples}", "gavel.show"),
        ("gavel: {tests_at_once: 0}", "gavel.tests_at_once"),
        ("gavel: {tests_at_once: 17}", "gavel.tests_at_once"),
        ("gavel: {tests_at_once: yes}", "gavel.tests_at_once"),
        ("gavel: {tests_at_once: 2.0}", "gavel.tests_at_once"),
        ("gavel: samples", "gavel"),
        ("type: multi-pass\nlimits: {validation_passes: 1}", "limits.validation_passes"),
        ("type: multi-pass\nlimits: {validation_passes: 101}", "limits.validation_passes"),
        ("validator_flags: ignore_everything", "validator_flags"),
        ("problem_format_version: 2025-09\nlanguages: [cobol]", "languages"),
        ("limits: {memory: 8192}", "limits.memory"),
        ("limits: {memory: 0}", "limits.memory"),
        ("limits: {memory: lots}", "limits.memory"),
        ("limits: {memory: true}", "limits.memory"),
        ("limits: {output: 100}", "limits.output"),
        ("limits: {time_limit: .inf}", "limits.time_limit"),
        ("limits: {time_limit: 100}", "limits.time_limit"),
        ("limits: {compilation_time: 600}", "limits.compilation_time"),
        ("limits: 5", "limits"),
        ("name: [a]", "name"),
        ("constants: {a: {tex: 1}}", "constants.a"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_field(yaml: str, field: str) -> None:
    """Problem types of a later version, limits that cannot be honoured, words that mean nothing."""
    assert f"problem.yaml:{field}" in refused({"problem.yaml": yaml, **TESTS})


def test_a_number_that_is_none_is_shown() -> None:
    """`1e9` is a text to YAML 1.1, which nobody sees in the file."""
    found = refused({"problem.yaml": "limits: {compilation_time: 1e9}", **TESTS})

    assert found["problem.yaml:limits.compilation_time"] == "must be a number above 0, not '1e9'"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"problem.yaml": ""}, "data"),
        ({}, "problem.yaml"),
        ({"problem.yaml": "a: [", **TESTS}, "problem.yaml"),
        ({"problem.yaml": "- a", **TESTS}, "problem.yaml"),
        ({"problem.yaml": b"\xff", **TESTS}, "problem.yaml"),
        ({"problem.yaml": "#" * (1 << 20) + "x", **TESTS}, "problem.yaml"),
        ({"problem.yaml": LEGACY, **TESTS, "data/secret/x.in": ""}, "data/secret/x.in"),
        ({"problem.yaml": LEGACY, **TESTS, "data/secret/x.ans": ""}, "data/secret/x.ans"),
        ({"problem.yaml": LEGACY, **TESTS, "../x": ""}, "../x"),
        ({"problem.yaml": LEGACY, **TESTS, "/x": ""}, "/x"),
        ({"problem.yaml": "", **TESTS, ".timelimit": "soon"}, ".timelimit"),
        ({"problem.yaml": "", **TESTS, ".timelimit": "1000"}, ".timelimit"),
        (
            {"problem.yaml": LEGACY, **TESTS, "data/secret/testdata.yaml": "grading: custom"},
            "graders",
        ),
        (
            {
                "problem.yaml": LEGACY,
                **TESTS,
                "data/secret/testdata.yaml": "grader_flags: ignore_sample",
            },
            "data/secret/testdata.yaml:grader_flags",
        ),
        (
            {"problem.yaml": MODERN, **TESTS, "data/secret/test_group.yaml": "max_score: 5"},
            "data/secret/test_group.yaml:max_score",
        ),
        (
            {
                "problem.yaml": MODERN,
                **TESTS,
                "data/secret/test_group.yaml": TWICE,
            },
            "data/secret/test_group.yaml",
        ),
        (
            {
                "problem.yaml": MODERN,
                **TESTS,
                "data/secret/test_group.yaml": "static_validation_score: pass-fail",
            },
            "static_validator",
        ),
        ({"problem.yaml": MODERN, **TESTS, "output_validator/v.cob": ""}, "output_validator"),
        ({"problem.yaml": MODERN, **TESTS, f"include/c/{LONG}": ""}, f"include/c/{LONG}"),
        (
            {"problem.yaml": MODERN, **TESTS, "output_validator/a.py": "", "output_validator/b.py": ""},
            "output_validator",
        ),
        (
            {
                "problem.yaml": MODERN,
                **TESTS,
                "output_validator/a/v.py": "",
                "output_validator/b/v.py": "",
            },
            "output_validator",
        ),
    ],
)
def test_a_broken_package_is_refused_with_the_file(files: dict[str, str | bytes], path: str) -> None:
    """Everything that is wrong is named by the file it stands in."""
    assert path in refused(files)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """An author mends a package in one round."""
    found = refused({"problem.yaml": "type: sorting\nlimits: {memory: -1}", "data/secret/a.in": ""})

    assert {"problem.yaml:type", "problem.yaml:limits.memory", "data/secret/a.in"} <= found.keys()


def test_files_of_names_that_the_format_does_not_have_are_as_if_not_there() -> None:
    """What looks as if it was meant to be judged by is told."""
    odd = ["data/secret/a b.in", "data/secret/01.files/å", "include/c/a b.h", "output_validator/v.py~"]
    manifest, warnings = made(
        {
            "problem.yaml": MODERN,
            **TESTS,
            **dict.fromkeys([*odd, "statement/a b.md"], ""),
            **pairs("secret/c++"),
        }
    )

    assert [test.name for test in manifest.tests] == ["sample/1", "secret/01", "secret/c++"]
    assert not manifest.include
    assert not manifest.HasField("validator")
    assert [warning.partition(" was ")[0] for warning in warnings] == odd


def test_hidden_and_unknown_files_are_passed_over() -> None:
    """Files of other tools do not make a package invalid; what looks like lost test data is told."""
    manifest, warnings = made(
        {
            "problem.yaml": LEGACY + "colour: red\n",
            **TESTS,
            ".git/x": "",
            "data/secret/.hidden.in": "",
            "data/secret/a.inn": "",
        }
    )

    assert len(manifest.tests) == 2
    assert len(warnings) == 2
    assert "colour" in warnings[0]
    assert "data/secret/a.inn" in warnings[1]


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "problem_format_version",
        "type",
        "name",
        "limits",
        "validation",
        "validator_flags",
        "languages",
        "constants",
    ]
)


@given(
    st.dictionaries(KEYS, NODES, max_size=5),
    st.dictionaries(st.sampled_from(["args", "output_validator_flags", "grading", "full_feedback"]), NODES),
)
def test_any_yaml_is_a_manifest_or_a_refusal(head: dict[str, object], group: dict[str, object]) -> None:
    """Whatever stands in the configuration files, nothing but InvalidPackage comes out of it."""
    files = {
        "problem.yaml": yaml.safe_dump(head),
        "data/secret/test_group.yaml": yaml.safe_dump(group),
        **TESTS,
    }
    try:
        manifest, _ = made(dict(files))
    except InvalidPackage:
        return
    assert len(manifest.tests) == 2


@given(st.text(max_size=200))
def test_any_text_is_a_problem_yaml_or_a_refusal(text: str) -> None:
    """Also what is no YAML at all."""
    with contextlib.suppress(InvalidPackage):
        made({"problem.yaml": text.encode("utf-8", "surrogatepass"), **TESTS})
