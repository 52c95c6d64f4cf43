"""Every verdict in every language, from the submit to the end of the watch."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

import pytest

from conditions import until
from gavel.client import Accepted, Client, InlineTest, Limits
from gavel.embedded import Mesh
from gavel.judging.deployment import Toolchains

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

PROGRAMS = Path(__file__).parents[1] / "data" / "programs"
LANGUAGES = ("python3", "c", "cpp", "java", "javascript", "go", "rust")
INPUTS = {
    "ACCEPTED": "sum 2 40",
    "WRONG_ANSWER": "sum 2 41",
    "TIME_LIMIT_EXCEEDED": "spin",
    "WALL_TIME_LIMIT_EXCEEDED": "sleep",
    "MEMORY_LIMIT_EXCEEDED": "memory",
    "OUTPUT_LIMIT_EXCEEDED": "output",
    "RUN_TIME_ERROR": "crash",
}
CPU_TIME_MS = {"java": 2000}
Handed = Mapping[tuple[str, str], Accepted]


@pytest.fixture(scope="module")
def available() -> frozenset[str]:
    """The languages of this machine."""
    return frozenset(Toolchains().available())


@pytest.fixture(scope="module")
def handed_in(mesh: Mesh, client: Client, available: frozenset[str]) -> Handed:
    """All programs, handed in at once; each test waits for its own."""
    handed: dict[tuple[str, str], Accepted] = {}
    for language in (each for each in LANGUAGES if each in available):
        for verdict, line in INPUTS.items():
            limits = Limits(
                cpu_time_ms=CPU_TIME_MS.get(language, 1000),
                wall_time_ms=1000 if verdict == "WALL_TIME_LIMIT_EXCEEDED" else 60_000,
                memory_bytes=256 << 20,
                output_bytes=1 << 20,
            )
            handed[language, verdict] = client.submit(
                _files(language, "main"),
                language=language,
                tests=[InlineTest(line.encode() + b"\n", b"42\n")],
                limits=limits,
            )
        handed[language, "COMPILE_ERROR"] = client.submit(_files(language, "broken"), language=language)
    return handed


@pytest.mark.parametrize("verdict", [*INPUTS, "COMPILE_ERROR"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_gives_each_verdict_in_each_language(
    client: Client, available: frozenset[str], handed_in: Handed, language: str, verdict: str
) -> None:
    """A program that does what a verdict is for gets that verdict, with the facts behind it."""
    if language not in available:
        pytest.skip(f"no toolchain for {language}")
    judgement = client.wait(handed_in[language, verdict])
    assert (judgement.state, judgement.verdict, judgement.failure) == ("FINISHED", verdict, "")
    if verdict == "COMPILE_ERROR":
        assert judgement.compile is not None
        assert judgement.compile.output
        assert {test.verdict for test in judgement.tests} <= {"SKIPPED"}
        return
    (test,) = judgement.tests
    assert test.verdict == verdict
    if verdict == "TIME_LIMIT_EXCEEDED":
        assert judgement.cpu_time_ms >= CPU_TIME_MS.get(language, 1000)
    if verdict == "RUN_TIME_ERROR":
        assert test.exit_code == 3
    if verdict == "ACCEPTED":
        assert test.stdout == "42\n"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="calls by the x32 numbers of x86-64")
@pytest.mark.parametrize("language", ["python3", "c"])
def test_gives_a_forbidden_system_call_its_verdict(
    client: Client, available: frozenset[str], language: str
) -> None:
    """A system call of another architecture ends the program with SIGSYS: SECURITY_VIOLATION."""
    if language not in available:
        pytest.skip(f"no toolchain for {language}")
    accepted = client.submit(_files(language, "main"), language=language, tests=[InlineTest(b"forbidden\n")])
    judgement = client.wait(accepted)
    assert judgement.verdict == "SECURITY_VIOLATION"
    assert judgement.tests[0].signal == 31


def test_serves_every_language_of_the_machine(client: Client, available: frozenset[str]) -> None:
    """Within a minute of the start every language with a toolchain says that it is available."""

    def served() -> bool:
        return {each.code for each in client.languages() if each.available} == available

    until(served, f"{sorted(available)} available", 60.0)
    assert all(each.available or each.reason for each in client.languages())


def _files(language: str, stem: str) -> dict[str, bytes]:
    (path,) = (each for each in (PROGRAMS / language).iterdir() if each.stem.lower() == stem)
    return {path.name: path.read_bytes()}
