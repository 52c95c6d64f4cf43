"""What `gavel demo` reads, and what it makes of the events of a watch."""

from __future__ import annotations

from pathlib import Path

import pytest

from gavel import client
from gavel.cli.demo_cases import BrokenCases, Case, load
from gavel.cli.demo_view import Row

EXAMPLES = Path(__file__).parents[3] / "examples"


def result(number: int, verdict: str, message: str = "") -> client.TestResult:
    return client.TestResult(number, f"t{number}", verdict, 5, 6, 7 << 20, 8, message=message)


def ended(verdict: str, *tests: client.TestResult, compile_output: str = "") -> client.Ended:
    compiled = (
        client.CompileResult("COMPILE_ERROR", compile_output, 1, 1, 1, cached=False)
        if compile_output
        else None
    )
    judgement = client.Judgement("x", "FINISHED", verdict, 5, 6, 7 << 20, len(tests), tests, compiled)
    return client.Ended(b"", None, judgement)


def test_the_examples_cover_what_a_demonstration_has_to_show() -> None:
    """Eight verdicts in Python, two programs each in four other languages, one problem judged five ways."""
    cases = load(EXAMPLES)
    alone = [case for case in cases.cases if not case.problem]

    assert {case.verdict for case in alone if case.code == "python3"} == {
        "ACCEPTED",
        "WRONG_ANSWER",
        "TIME_LIMIT_EXCEEDED",
        "WALL_TIME_LIMIT_EXCEEDED",
        "MEMORY_LIMIT_EXCEEDED",
        "OUTPUT_LIMIT_EXCEEDED",
        "COMPILE_ERROR",
        "RUN_TIME_ERROR",
    }
    for code in ("c", "cpp", "java", "javascript"):
        assert sorted(case.verdict == "ACCEPTED" for case in alone if case.code == code) == [False, True]
    assert {case.problem for case in cases.cases} - {""} == {folder.name for folder in cases.problems}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "problems: []",
        "problems: []\nsubmissions: [{language: c, verdict: ACCEPTED}]",
        "problems: []\nsubmissions: [{files: [a.c], language: c, verdict: RIGHT}]",
        "problems: []\nsubmissions: [{files: [a.c], language: c, verdict: ACCEPTED, colour: red}]",
        "problems: []\nsubmissions: [{files: [no.c], language: c, verdict: ACCEPTED}]",
        "problems: []\nsubmissions: [{files: [a.c], language: c, verdict: ACCEPTED, limits: {x: 1}}]",
        "a: [",
    ],
)
def test_a_broken_list_is_refused(tmp_path: Path, text: str) -> None:
    """Missing keys, unknown ones, words that are no verdicts, files that are not there."""
    (tmp_path / "demo.yaml").write_text(text)
    (tmp_path / "a.c").write_text("")

    with pytest.raises(BrokenCases):
        load(tmp_path)


def test_a_row_follows_a_watch_to_its_end() -> None:
    """Its words change with the events; only the expected verdict is right."""
    row = Row(Case("a.c", {}, "c", "WRONG_ANSWER"))
    seen = []
    for event in (
        client.Queued(b"", None, 3),
        client.Running(b"", None, "a", "w", 2, "gcc"),
        client.Compiled(b"", None, client.CompileResult("ACCEPTED", "", 1, 1, 1, cached=False)),
        client.Tested(b"", None, result(1, "ACCEPTED")),
        ended("WRONG_ANSWER", result(1, "ACCEPTED"), result(2, "WRONG_ANSWER", "it differs")),
    ):
        row.hear(event)
        seen.append(row.now)

    assert seen == ["queued", "running", "compiled", "test 1/2", "1/2 passed"]
    assert (row.right, row.message) == (True, "it differs")
    row.hear(ended("ACCEPTED", result(1, "ACCEPTED")))
    assert not row.right


def test_a_row_shows_the_compilers_error() -> None:
    """The line with the error, not the warning above it."""
    row = Row(Case("a.c", {}, "c", "COMPILE_ERROR"))

    row.hear(ended("COMPILE_ERROR", compile_output="a.c: In function main:\na.c:1:1: error: no\n"))

    assert row.message == "a.c:1:1: error: no"
