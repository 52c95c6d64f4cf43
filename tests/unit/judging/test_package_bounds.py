"""Packages that would take hours or gigabytes to be read are refused, in the time that their size allows."""

import time

import pytest
from package_in_memory import LEGACY, MODERN, TESTS, made, pairs, refused

from gavel.judging import package_metadata
from gavel.judging.outcome import BrokenProblem
from gavel.judging.package import InvalidPackage, build_manifest
from gavel.judging.package_yaml import BadYaml, load
from gavel.judging.task import check_size, with_constants
from gavel.submission.v1.problem_pb2 import FileReference

SLOW_S = 10.0
"""Far more than any of these takes, and far less than what each once took."""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x: !!bool maybe", "type that its tag"),
        ('x: !!int ""', "type that its tag"),
        ('x: !!float ""', "type that its tag"),
        ("x: !!timestamp soon", "type that its tag"),
        ("x: 1" + ":1" * 300 + ".5", "type that its tag"),
        ('x: "\\UFFFFFFFF"', "type that its tag"),
        ("x: 2001-99-99", "month"),
        ("[" * 10_000, "recursion"),
    ],
)
def test_a_value_that_is_none_is_told_as_such(text: str, fault: str) -> None:
    """PyYAML raises KeyError, IndexError, AttributeError, OverflowError for these."""
    with pytest.raises(BadYaml, match=fault):
        load(text)


def test_what_is_no_yaml_is_told_with_its_place() -> None:
    """In one line: it stands behind the file's name."""
    with pytest.raises(BadYaml) as caught:
        load("name: a\nlimits: {time_limit: [1, 2}\n")
    told = "is not valid YAML: line 2, column 27: while parsing a flow sequence, expected ',' or ']'"
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_merge_keys_repeat_no_mapping_without_end() -> None:
    """5,000 keys, merged four thousand times, were 20 million entries before anybody could count them."""
    keys = ", ".join(f"k{index}: 1" for index in range(5_000))
    began = time.monotonic()

    with pytest.raises(BadYaml, match="aliases"):
        load(f"a: &a {{{keys}}}\nb: {{<<: [{', '.join(['*a'] * 4_000)}]}}")

    assert time.monotonic() - began < SLOW_S
    merged = load("a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: [*a, *b], z: 4}\n")
    assert merged["b"] == {"x": 1, "y": 3}
    assert merged["c"] == {"x": 1, "y": 2, "z": 4}


def test_numbers_of_base_60_are_short() -> None:
    """PyYAML reads them in quadratic time: a megabyte took it a minute."""
    began = time.monotonic()

    with pytest.raises(BadYaml, match="letters"):
        load("x: 1" + ":1" * 200_000)

    assert time.monotonic() - began < SLOW_S
    assert load("x: 1:30\ny: 0x10\nz: 1.5e+3") == {"x": 90, "y": 16, "z": 1500.0}


def test_a_recursive_document_costs_no_more_than_its_size() -> None:
    """Eight bytes took two seconds, and a package may have 20,000 such files."""
    began = time.monotonic()

    for _ in range(100):
        with pytest.raises(BadYaml, match="aliases"):
            load("&a [*a]")

    assert time.monotonic() - began < SLOW_S


def test_configuration_is_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file may be there by a thousand names, and a constant may make each of them large."""
    monkeypatch.setattr(package_metadata.Room, "__init__", lambda self: setattr(self, "left", 2_000))
    large = {f"data/secret/{name}.yaml": f"hint: {'x' * 300}\n" for name in "abcdefgh"}
    tests = pairs(*(f"secret/{name}" for name in "abcdefgh"))

    assert set(refused({"problem.yaml": MODERN, **tests, **large})) == {
        f"data/secret/{name}.yaml" for name in "gh"
    }

    head = MODERN + f"constants: {{long: {'x' * 300}}}\n"
    small = {f"data/secret/{name}/test_group.yaml": "args: ['{{long}}']\n" for name in "abcdefgh"}
    inner = pairs(*(f"secret/{name}/1" for name in "abcdefgh"))
    found = refused({"problem.yaml": head, **inner, **small})
    assert "data/secret/a/test_group.yaml" not in found
    assert "in all" in found["data/secret/h/test_group.yaml"]


def test_a_long_word_of_arguments_is_refused_at_once() -> None:
    """Shlex takes quadratic time for it."""
    began = time.monotonic()

    found = refused({"problem.yaml": MODERN, "data/secret/01.args": "a" * 1_000_000, **TESTS})

    assert "letters" in found["data/secret/01.args"]
    assert time.monotonic() - began < SLOW_S


def test_many_folders_of_validators_are_read_in_one_go() -> None:
    """Each folder was looked for among all files: 20,000 of them took minutes."""
    files = {f"output_validators/f{index}/x.py": "" for index in range(9_999)}
    program = {"output_validators/a/b/c.py": "", "output_validators/d.py": "", "output_validators/e.h": ""}
    began = time.monotonic()

    manifest, _ = made({"problem.yaml": LEGACY + "validation: custom\n", **TESTS, **files, **program})

    assert time.monotonic() - began < SLOW_S
    assert [file.path for file in manifest.validator.files] == ["d.py", "e.h"]
    assert [file.path for file in manifest.further_validators[0].files] == ["c.py"]
    assert len(manifest.further_validators) == 10_000


def test_what_is_repeated_of_a_package_is_short() -> None:
    """A key may be a megabyte long, and an answer has no room for a hundred of them."""
    key = "k" * 100_000

    _, warnings = made({"problem.yaml": LEGACY + f"? {key}\n: 1\n", **TESTS})
    found = refused({"problem.yaml": LEGACY + f"type: {key}\n", **TESTS})

    assert max(map(len, warnings)) < 2_000
    assert len(found["problem.yaml:type"]) < 2_000


def test_arguments_are_counted_for_each_test_that_inherits_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 KiB for each of 10,000 tests made a manifest of 250 MB, before anybody asked for its size."""
    monkeypatch.setattr(package_metadata.Room, "__init__", lambda self: setattr(self, "left", 9_500))
    tests = pairs(*(f"secret/{index}" for index in range(9)))
    head = {"problem.yaml": MODERN, "data/secret/test_group.yaml": f"args: [{'x' * 900}]\n"}

    assert list(made({**head, **tests})[0].tests[8].argv) == ["x" * 900]
    assert set(refused({**head, **tests, **TESTS})) == {"data/secret/8"}


def test_flags_of_a_grader_are_counted_for_each_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those of problem.yaml are as few as a command's."""
    flags = {"data/testdata.yaml": f"grading: custom\ngrader_flags: {'x' * 900}\n", "graders/g.py": ""}
    groups = pairs(*(f"secret/{index}/1" for index in range(20)))

    assert made({"problem.yaml": LEGACY, **flags, **groups})[0].groups[20].grader_arguments == ["x" * 900]
    monkeypatch.setattr(package_metadata.Room, "__init__", lambda self: setattr(self, "left", 10_000))
    found = refused({"problem.yaml": LEGACY, **flags, **groups})
    assert "inherits" in found["data/secret/9:grader_flags"]
    many = refused({"problem.yaml": LEGACY + f"validator_flags: {'x ' * 2_000}\n", **TESTS})
    assert "arguments" in many["problem.yaml:validator_flags"]


def test_what_a_worker_holds_in_memory_is_bounded() -> None:
    """One file of a gibibyte, uploaded once, may be there by a thousand paths."""
    files = {"problem.yaml": MODERN, **TESTS}
    contents = {path: text.encode() for path, text in files.items()}
    references = [FileReference(path=path, size_bytes=len(data)) for path, data in contents.items()]
    large = [f"{folder}/{index}.py" for folder in ("include/default", "output_validator") for index in (1, 2)]
    references += [FileReference(path=path, size_bytes=33 << 20) for path in large]
    references.append(FileReference(path="output_validator/main.py", size_bytes=1))

    with pytest.raises(InvalidPackage) as caught:
        build_manifest(references, contents.__getitem__)

    assert [path for path, _ in caught.value.violations] == ["include/default", "output validator 1"]
    with pytest.raises(BrokenProblem, match="at most"):
        check_size(references, "it")


def test_what_is_put_into_a_box_is_bounded() -> None:
    """More files than a box has room for would fail in it, each time anew."""
    many = {
        f"{folder}/f{index}.py": ""
        for folder in ("include/default", "output_validator")
        for index in range(1001)
    }
    beside = {f"data/secret/1.files/{index}": "" for index in range(1001)}

    found = refused({"problem.yaml": MODERN, **TESTS, **pairs("secret/1"), **many, **beside})

    assert set(found) >= {"include/default", "output validator 1", "data/secret/1.files"}
    assert "1001 files" in found["data/secret/1.files"]


def test_constants_are_put_into_files_of_a_mebibyte() -> None:
    """Looking for them in a gibibyte of braces held the worker up for a minute."""
    assert with_constants(b"{{n}}" + b"x" * 1_000_000, {"n": "5"}) == b"5" + b"x" * 1_000_000
    large = b"{{n}}" + b"x" * 1_100_000
    assert with_constants(large, {"n": "5"}) == large


def test_languages_are_few() -> None:
    """Each accept looks at them."""
    head = f"problem_format_version: 2025-09\nname: x\nuuid: x\nlanguages: [python3, {'x' * 2_000}]\n"
    assert "letters" in refused({"problem.yaml": head, **TESTS})["problem.yaml:languages"]


@pytest.mark.parametrize("text", ["? [a]\n: b", "? {a: b}\n: c", "args: &a [*a]", "args: {? [a] : b}"])
def test_keys_that_are_no_texts(text: str) -> None:
    """They are refused like any other fault."""
    found = refused({"problem.yaml": MODERN, **TESTS, "data/secret/01.yaml": text})
    assert {"data/secret/01.yaml", "data/secret/01.yaml:args"} & set(found)
