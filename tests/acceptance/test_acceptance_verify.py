"""`gavel problem verify` through the whole mesh."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import Command

from gavel.client import Client
from package_folder import PROBLEMS, submissions

pytestmark = pytest.mark.acceptance

PACKAGES = ("legacy_sum", "legacy_permutation", "greeting_2025")


def problems(client: Client) -> set[str]:
    """The names of all problems."""
    return {each.name for each in client.problems()}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_that_is_right_holds(client: Client, command: Command, package: str) -> None:
    """Every submission in a language of this mesh gets what is expected; the copy that was judged is gone."""
    before = problems(client)

    ran = command("problem", "verify", str(PROBLEMS / package))

    available = {each.code for each in client.languages() if each.available}
    *told, last = [line for line in ran.lines if line["event"] != "warning"]
    assert (ran.status, last["event"], last["holds"]) == (0, "summary", True)
    assert {line["file"] for line in told} == {
        f"{folder}/{path.name}" for folder, path in submissions(PROBLEMS / package)
    }
    for line in told:
        assert line["event"] == "submission"
        assert line["holds"] is (line["language"] in available), line
        assert bool(line["left_out"]) is not line["holds"]
    judged = [line for line in told if line["holds"]]
    assert {line["verdict"] for line in judged} >= {"ACCEPTED", "WRONG_ANSWER"}
    assert {client.get(line["submission"]).labels["verify"][:7] for line in judged} == {"verify-"}
    assert last["slowest_in_time"]["cpu_time_ms"] <= last["time_limit_ms"]
    assert last["suggested_time_limit_ms"] >= 1000
    assert problems(client) == before


def test_a_submission_in_the_wrong_folder_does_not_hold(command: Command, tmp_path: Path) -> None:
    """Exit status 1; the line says what it got, at which test, and what was expected. A live problem of the
    folder's name is not touched.
    """
    folder = tmp_path / "legacy_sum"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    (folder / "submissions" / "wrong_answer" / "off_by_one.py").rename(
        folder / "submissions" / "accepted" / "off_by_one.py"
    )
    live = command("problem", "add", str(PROBLEMS / "legacy_sum"))
    (folder / "problem.yaml").write_text("name: Another\nlimits: {time_limit: 5}\n")

    ran = command("problem", "verify", str(folder), "--only", "accepted/*.py", "--language", "python3")

    told = {line["file"]: line for line in ran.lines if line["event"] == "submission"}
    assert ran.status == 1
    assert {name: line["holds"] for name, line in told.items()} == {
        "accepted/sum.py": True,
        "accepted/off_by_one.py": False,
    }
    wrong = told["accepted/off_by_one.py"]
    assert (wrong["expected"], wrong["verdict"]) == ("ACCEPTED", "WRONG_ANSWER")
    assert wrong["first_failing_test"] in wrong["faults"][0]
    assert ran.lines[-1]["wrong"] == ["accepted/off_by_one.py"]
    shown = command("problem", "show", "legacy_sum").lines[-1]
    assert shown["manifest_digest"] == live.lines[-1]["manifest_digest"]


def test_submissions_yaml_is_held_to_each_test(command: Command, tmp_path: Path) -> None:
    """Groups, messages of the validator for tests that contestants do not see, and the entry point."""
    folder = tmp_path / "greeting"
    shutil.copytree(PROBLEMS / "greeting_2025", folder)
    several = folder / "submissions" / "wrong_answer" / "several"
    several.mkdir()
    (several / "start.py").write_text("from polite import *\n")
    (several / "polite.py").write_text((folder / "submissions" / "wrong_answer" / "deaf.py").read_text())
    (folder / "data" / "secret" / "test_group.yaml").unlink()  # asks the validator to be quiet
    settings = folder / "submissions" / "submissions.yaml"
    settings.write_text(
        """
        wrong_answer/several: {language: python3, entrypoint: start.py}
        wrong_answer/{deaf.py,several}:
          sample: {permitted: [AC]}
          secret/files: {permitted: [WA], required: [WA], message: "expected ['Hello'"}
        """
    )
    right = command("problem", "verify", str(folder), "--language", "python3")
    settings.write_text(
        """
        wrong_answer/deaf.py:
          sample: {permitted: [WA]}
          secret/files: {message: "no such words"}
        """
    )
    wrong = command("problem", "verify", str(folder), "--only", "wrong_answer/deaf.py")

    assert right.status == 0, [line.get("faults") for line in right.lines]
    assert {line["file"] for line in right.lines if line.get("holds") and "file" in line} == {
        "accepted/greet.py",
        "wrong_answer/deaf.py",
        "wrong_answer/several",
    }
    assert wrong.status == 1
    (told,) = [line for line in wrong.lines if line["event"] == "submission"]
    assert [fault.split(" (")[0] for fault in told["faults"]] == [
        "sample/1 got ACCEPTED, permitted is WA",
        "the validator said 'no such words' of no test",
    ]


def test_submissions_may_be_larger_than_a_request(command: Command, tmp_path: Path) -> None:
    """Answers of a submit-answer problem often are; they are uploaded on the way."""
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "problem.yaml").write_text(
        "problem_format_version: 2025-09\nname: Large\ntype: submit-answer\n"
        "uuid: 2f1d8a52-36a6-4f4e-8f0d-5c3c2a5a9a11\n"
    )
    numbers = {name: "".join(f"{name}{n}\n" for n in range(20_000)) for name in ("1", "2")}
    for place, texts in {
        "data/secret": {f"{name}.in": f"{name}\n" for name in numbers},
        "data/secret/": {f"{name}.ans": text for name, text in numbers.items()},
        "submissions/accepted/right": {f"{name}.out": text for name, text in numbers.items()},
        "submissions/wrong_answer/swapped": {"1.out": numbers["1"], "2.out": numbers["2"][:-2] + "0\n"},
    }.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / place / name).write_text(text)

    ran = command("problem", "verify", str(folder))

    told = {line["file"]: line["verdict"] for line in ran.lines if line["event"] == "submission"}
    assert told == {"accepted/right": "ACCEPTED", "wrong_answer/swapped": "WRONG_ANSWER"}, ran.stderr
    assert ran.status == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--only", "nothing/*"], 2),
        (["--language", "no-such"], 2),
        (["--time-limit", "soon"], 2),
        (["--address", "127.0.0.1:1"], 3),
    ],
)
def test_what_cannot_be_verified_says_why(command: Command, words: list[str], status: int) -> None:
    """Nothing to judge, bad options, no mesh."""
    ran = command("problem", "verify", str(PROBLEMS / "legacy_sum"), *words)
    assert ran.status == status
    assert ran.stderr.startswith("gavel: ")


def test_a_broken_package_is_refused_before_anything_is_sent(command: Command, tmp_path: Path) -> None:
    """With every fault by its file, as `problem add` does."""
    folder = tmp_path / "broken"
    shutil.copytree(PROBLEMS / "legacy_sum", folder)
    (folder / "submissions" / "accepted" / "sum.py").write_text("# @EXPECTED_RESULTS@: SPLENDID\n")
    ran = command("problem", "verify", str(folder))
    assert (ran.status, ran.lines[-1]["reason"]) == (2, "INVALID_PROBLEM")
    assert ran.lines[-1]["violations"][0]["field"] == "submissions/accepted/sum.py"


def test_a_problem_can_be_deleted(client: Client, command: Command) -> None:
    """By its name, once."""
    assert command("problem", "add", str(PROBLEMS / "legacy_sum"), "--name", "short-lived").status == 0
    assert command("problem", "delete", "short-lived").lines == [
        {"event": "deleted", "problem": "problems/short-lived"}
    ]
    assert "problems/short-lived" not in problems(client)
    again = command("problem", "delete", "problems/short-lived")
    assert (again.status, again.lines[-1]["reason"]) == (2, "PROBLEM_NOT_FOUND")
