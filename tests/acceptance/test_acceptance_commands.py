"""The command's JSON and its exit statuses."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from command_line import Command

from gavel.embedded import Mesh
from gavel.judging.languages import LANGUAGES
from package_folder import PROBLEMS

pytestmark = pytest.mark.acceptance


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program that adds two numbers."""
    path = tmp_path / "sum.py"
    path.write_text("print(sum(map(int, input().split())))\n")
    return str(path)


def _expecting(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "in").write_text("2 3\n")
    (tmp_path / "out").write_text(text)
    return "--stdin", str(tmp_path / "in"), "--expected", str(tmp_path / "out")


def test_submits_and_follows(command: Command, program: str, tmp_path: Path) -> None:
    """Submit tells the accept, each event and the end, and ends with 0; watch and get tell the same again."""
    ran = command("submit", program, *_expecting(tmp_path, "5\n"), "--label", "user=ann", "--memory", "64MiB")
    assert ran.status == 0, ran.stderr
    kinds = [line["event"] for line in ran.lines]
    assert (kinds[0], kinds[-1]) == ("accepted", "ended")
    assert "test" in kinds
    accepted, ended = ran.lines[0], ran.lines[-1]
    name = accepted["submission"]
    assert str(UUID(name.removeprefix("submissions/"))) in name
    assert (accepted["labels"], accepted["limits"]["memory_bytes"]) == ({"user": "ann"}, 64 << 20)
    assert (ended["submission"], ended["verdict"], ended["state"]) == (name, "ACCEPTED", "FINISHED")
    watched = command("watch", name)
    assert (watched.status, watched.lines[-1]) == (0, ended)
    got = command("get", name.removeprefix("submissions/"), "--sources")
    assert (got.status, got.lines[0]["verdict"], got.lines[0]["tests"]) == (0, "ACCEPTED", ended["tests"])
    assert got.lines[0]["sources"] == {"sum.py": Path(program).read_text()}
    listed = command("list", "--label", "user=ann", "--most", "1")
    assert (listed.status, [line["submission"] for line in listed.lines]) == (0, [name])
    cancelled = command("cancel", name)
    assert (cancelled.status, cancelled.lines[-1]["reason"]) == (2, "ALREADY_ENDED")


def test_a_program_too_large_for_a_request(command: Command, program: str, tmp_path: Path) -> None:
    """It is uploaded on the way, judged and run like any other, and comes back byte for byte."""
    large = tmp_path / "large.py"
    large.write_text(
        f"table = {os.urandom(300_000).hex()!r}\nprint(len(table), sum(map(int, input().split())))\n"
    )
    ran = command("submit", str(large), *_expecting(tmp_path, "600000 5\n"))
    assert (ran.status, ran.lines[-1]["verdict"]) == (0, "ACCEPTED"), ran.stderr
    name = ran.lines[0]["submission"]
    digest = command("get", name, "--sources").lines[0]["sources"]["large.py"]
    assert digest == "sha256:" + sha256(large.read_bytes()).hexdigest()
    back = tmp_path / "back.py"
    read = command("get", name, "--source", "large.py", "--to", str(back))
    assert (read.status, back.read_bytes()) == (0, large.read_bytes())
    assert read.lines[-1]["size_bytes"] == large.stat().st_size
    none = command("get", name, "--source", "sum.py", "--to", str(back))
    assert (none.status, none.lines[-1]["reason"], back.read_bytes()) == (
        2,
        "FILE_NOT_FOUND",
        large.read_bytes(),
    )

    alone = command("run", str(large), stdin=b"3 4\n")
    assert (alone.status, alone.lines[-1]["verdict"]) == (0, "ACCEPTED"), alone.stderr

    large.write_bytes(b"#" * (16 << 20) + b"\n")
    refused = command("submit", str(large))
    assert (refused.status, refused.lines[-1]["event"]) == (2, "failed")


def test_ends_with_one_for_another_verdict(command: Command, program: str, tmp_path: Path) -> None:
    """A wrong answer ends submit, and the watch of it, with 1."""
    ran = command("submit", program, *_expecting(tmp_path, "6\n"))
    assert (ran.status, ran.lines[-1]["verdict"]) == (1, "WRONG_ANSWER")
    assert command("watch", ran.lines[0]["submission"]).status == 1


def test_ends_with_two_for_a_bad_request(command: Command, program: str, tmp_path: Path) -> None:
    """What the server refuses and what the command line cannot mean end with 2 and one line that says why."""
    for words, reason in (
        (("submit", program, "--language", "cobol"), "UNKNOWN_LANGUAGE"),
        (("submit", program, "--problem", "nowhere"), "PROBLEM_NOT_FOUND"),
        (("submit", program, "--cpu-time", "1ms"), "INVALID_FIELD"),
        (("get", "00000000-0000-7000-8000-000000000000"), "SUBMISSION_NOT_FOUND"),
        (("watch", "nothing"), "INVALID_FIELD"),
        (("cancel", "nothing"), "INVALID_FIELD"),
        (("problem", "show", "nowhere"), "PROBLEM_NOT_FOUND"),
    ):
        ran = command(*words)
        assert (words, ran.status, ran.lines[-1]["reason"]) == (words, 2, reason)
        assert ran.stderr.count("\n") == 1
    for words in (("submit",), ("list", "--state", "ODD"), ("submit", str(tmp_path / "none.py"))):
        ran = command(*words)
        assert (words, ran.status, ran.lines[-1]["event"]) == (words, 2, "failed")


def test_ends_with_three_when_nothing_answers(program: str) -> None:
    """Without a mesh every command that needs one ends with 3."""
    nowhere = Command("127.0.0.1:1")
    for words in (("submit", program), ("list",), ("languages",), ("problem", "list")):
        ran = nowhere(*words)
        assert (words, ran.status, ran.lines[-1]["event"]) == (words, 3, "failed")


def test_submits_without_watching_and_cancels(command: Command, tmp_path: Path) -> None:
    """Submit --no-watch returns at the accept; cancel ends what runs, and watch then ends with 1."""
    sleeper = tmp_path / "sleep.py"
    sleeper.write_text("import time; time.sleep(60)")
    ran = command("submit", str(sleeper), "--no-watch")
    assert (ran.status, [line["event"] for line in ran.lines]) == (0, ["accepted"])
    name = ran.lines[0]["submission"]
    cancelled = command("cancel", name)
    assert (cancelled.status, cancelled.lines) == (0, [{"event": "cancel_requested", "submission": name}])
    watched = command("watch", name)
    assert (watched.status, watched.lines[-1]["state"]) == (1, "CANCELLED")


def test_adds_lists_and_shows_problems(command: Command) -> None:
    """Problem add, list and show tell the same problem."""
    added = command("problem", "add", str(PROBLEMS / "legacy_sum"), "--name", "by-command")
    assert (added.status, added.lines[-1]["problem"]) == (0, "problems/by-command")
    shown = command("problem", "show", "by-command")
    assert shown.status == 0
    listed = command("problem", "list")
    assert listed.status == 0
    digests = [line["manifest_digest"] for line in listed.lines if line["problem"] == "problems/by-command"]
    assert digests == [shown.lines[0]["manifest_digest"]] == [added.lines[-1]["manifest_digest"]]


def test_lists_languages(command: Command) -> None:
    """Languages tells every language, whether available and which version."""
    ran = command("languages")
    assert ran.status == 0
    found = {line["id"]: line for line in ran.lines}
    assert set(found) == set(LANGUAGES)
    assert found["python3"]["available"]
    assert all(line["version"] if line["available"] else line["reason"] for line in found.values())


def test_tells_the_state_of_the_mesh(command: Command, mesh: Mesh) -> None:
    """Status tells the mesh, each process with its pid, and each language."""
    ran = command("status", "--data-dir", str(mesh.data_dir))
    assert ran.status == 0
    processes = {line["name"]: line["pid"] for line in ran.lines if line["kind"] == "process"}
    assert processes == {part.name: part.pid for part in mesh.parts()}
    assert "python3" in {line["code"] for line in ran.lines if line["kind"] == "language"}


def test_writes_all_that_a_program_wrote(command: Command, tmp_path: Path) -> None:
    """An output beyond what a result shows comes whole, to a file; one that is shown whole comes from there.
    What is not there ends with 2 and says so.
    """
    path, to = tmp_path / "much.py", tmp_path / "much.out"
    path.write_text("n = sum(map(int, input().split()))\nprint('much ' * 200_000, n)\n")
    name = command("submit", str(path), *_expecting(tmp_path, "5\n")).lines[0]["submission"]

    ran = command("get", name, "--output", "1", "--to", str(to))

    whole = b"much " * 200_000 + b" 5\n"
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.lines == [{"event": "output", "test": "1", "file": str(to), "size_bytes": len(whole)}]
    assert to.read_bytes() == whole
    path.write_text("print('little')\n")
    name = command("submit", str(path), *_expecting(tmp_path, "5\n")).lines[0]["submission"]
    assert command("get", name, "--output", "1", "-o", str(to)).status == 0
    assert to.read_bytes() == b"little\n"
    for words in (("--output", "2", "--to", str(to)), ("--output", "1"), ("--to", str(to))):
        ran = command("get", name, *words)
        assert (words, ran.status, ran.lines[-1]["event"]) == (words, 2, "failed")
