"""Submissions with a problem, with inline tests, and with neither."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import Command

from gavel.client import Client, InlineTest, RequestError
from package_folder import PROBLEMS, submissions

pytestmark = pytest.mark.acceptance

PACKAGES = ("legacy_sum", "legacy_permutation", "greeting_2025")
"""Legacy with the default validator, legacy with one of its own in C++, 2025-09 with one in Python."""


@pytest.mark.parametrize("package", PACKAGES)
def test_judges_a_package_added_by_the_command(client: Client, command: Command, package: str) -> None:
    """Every submission of the package gets the verdict that its folder names."""
    added = command("problem", "add", str(PROBLEMS / package))
    assert (added.status, added.lines[-1]["problem"]) == (0, f"problems/{package}")
    handed = []
    for expected, path in submissions(PROBLEMS / package):
        language = {".py": "python3", ".cpp": "cpp"}[path.suffix]
        if language in {each.code for each in client.languages() if each.available}:
            accepted = client.submit({path.name: path.read_bytes()}, language=language, problem=package)
            handed.append((path.name, expected, accepted))
    assert handed
    for name, expected, accepted in handed:
        judgement = client.wait(accepted)
        assert (name, judgement.verdict) == (name, expected.upper())
        assert judgement.manifest_digest == added.lines[-1]["manifest_digest"]


def test_blames_the_judge_for_a_broken_validator(client: Client, command: Command, tmp_path: Path) -> None:
    """A validator that ends with neither 42 nor 43 is no fault of the program: JUDGE_ERROR."""
    folder = tmp_path / "broken_judge"
    shutil.copytree(PROBLEMS / "greeting_2025", folder)
    (folder / "output_validator" / "validate.py").write_text("raise SystemExit(1)\n")
    assert command("problem", "add", str(folder)).status == 0
    right = (folder / "submissions" / "accepted" / "greet.py").read_bytes()
    judgement = client.wait(client.submit({"greet.py": right}, language="python3", problem="broken_judge"))
    assert judgement.verdict == "JUDGE_ERROR"


def test_refuses_a_broken_package_by_its_file(command: Command, tmp_path: Path) -> None:
    """A package that is none is refused with the name of the file at fault, and makes no problem."""
    folder = tmp_path / "no_tests"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    shutil.rmtree(folder / "data")
    added = command("problem", "add", str(folder))
    assert (added.status, added.lines[-1]["reason"]) == (2, "INVALID_PROBLEM")
    assert added.lines[-1]["violations"]
    assert command("problem", "show", "no_tests").status == 2


def test_runs_a_program_without_a_task(client: Client) -> None:
    """Without a problem and tests a program is run once without input and its exit status decides."""
    right = client.submit({"main.py": b"import sys; assert not sys.stdin.read()"}, language="python3")
    wrong = client.submit({"main.py": b"raise SystemExit(4)"}, language="python3")
    assert client.wait(right).verdict == "ACCEPTED"
    assert client.wait(wrong).verdict == "RUN_TIME_ERROR"


def test_judges_inline_tests_by_their_arguments(client: Client) -> None:
    """Inline tests come with names, a tolerance, arguments of the program and several files."""
    files = {
        "main.py": b"import sys, helper; print(sys.argv[1:], helper.third(float(input())))",
        "helper.py": b"def third(x): return x / 3",
    }
    accepted = client.submit(
        files,
        language="python3",
        entry_point="main.py",
        argv=["a b"],
        tests=[InlineTest(b"1", b"['a b'] 0.3333", "third"), InlineTest(b"2", b"['a b'] 0.7", "off")],
        validator_arguments=["float_tolerance", "1e-3"],
        run_all=True,
    )
    found = client.wait(accepted)
    assert [(test.test, test.verdict) for test in found.tests] == [
        ("third", "ACCEPTED"),
        ("off", "WRONG_ANSWER"),
    ]
    assert found.verdict == "WRONG_ANSWER"


def test_stops_at_the_first_failure_unless_asked(client: Client) -> None:
    """Tests behind one that fails are SKIPPED; with run_all they are run."""
    tests = [InlineTest(b"", expected) for expected in (b"1", b"2", b"1")]

    def verdicts(*, run_all: bool) -> list[str]:
        accepted = client.submit({"main.py": b"print(1)"}, language="python3", tests=tests, run_all=run_all)
        return [test.verdict for test in client.wait(accepted).tests]

    assert verdicts(run_all=False) == ["ACCEPTED", "WRONG_ANSWER", "SKIPPED"]
    assert verdicts(run_all=True) == ["ACCEPTED", "WRONG_ANSWER", "ACCEPTED"]


def test_refuses_a_problem_that_is_not_there(client: Client) -> None:
    """A submission to an unknown problem is refused."""
    with pytest.raises(RequestError) as caught:
        client.submit({"main.py": b"print(1)"}, language="python3", problem="nowhere")
    assert caught.value.reason_name == "PROBLEM_NOT_FOUND"
