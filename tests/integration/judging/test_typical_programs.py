"""What people hand in at contests: fast input and output, deep recursion, memory near the limit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from conftest import Judge  # type: ignore[attr-defined]
from gavel.judging.languages import LANGUAGES, language_of
from gavel.submission.v1 import submission_pb2 as s

PROGRAMS = sorted((Path(__file__).parents[2] / "data" / "typical").glob("*/*"))
NUMBERS = [random.Random(1).randint(-(10**10), 10**10) for _ in range(50_000)]
TESTS = {
    "sum": s.InlineTest(
        input=f"{len(NUMBERS)}\n{' '.join(map(str, NUMBERS))}\n".encode(),
        expected=f"{sum(NUMBERS)}\n".encode(),
    ),
    "deep": s.InlineTest(expected=b"deep\n"),
    "large": s.InlineTest(expected=b"large\n"),
}


def _language(judge: Judge, path: Path, code: str = "") -> str:
    language = LANGUAGES[code] if code else language_of([path.name])
    assert language is not None
    if not judge.engine.toolchains[language.code].available:
        pytest.skip(judge.engine.toolchains[language.code].reason)
    return language.code


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_typical_program_is_accepted(judge: Judge, path: Path) -> None:
    """Under the default memory limit, whatever the file is called."""
    judged = judge.judge(
        _language(judge, path),
        {path.name: path.read_bytes()},
        tests=[TESTS[path.parent.name]],
        limits=s.Limits(cpu_time_ms=4_000),
    )

    assert judged.verdict == s.VERDICT_ACCEPTED, (judged.compile, judged.tests)


@pytest.mark.parametrize(
    "path",
    [path for path in PROGRAMS if path.suffix == ".py" and path.parent.name != "large"],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_pypy_takes_the_same_programs(judge: Judge, path: Path) -> None:
    """As `pypy3`, which no suffix tells."""
    judged = judge.judge(
        _language(judge, path, "pypy3"),
        {path.name: path.read_bytes()},
        tests=[TESTS[path.parent.name]],
        limits=s.Limits(cpu_time_ms=4_000),
    )

    assert judged.verdict == s.VERDICT_ACCEPTED, judged.tests
