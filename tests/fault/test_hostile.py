"""Every program of the hostile corpus through the engine: held, told, over in time, nothing left behind."""

from __future__ import annotations

import dataclasses
import os
import threading
from pathlib import Path

import pytest
from hostile_corpus import Hostile, folder, parse
from hostile_ground import Ground, Timed, name_of

from gavel.judging.engine import Engine
from gavel.submission.v1.submission_pb2 import Limits

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

PROGRAMS = folder(
    "processes", "memory", "output", "files", "secrets", "network", "kernel", "compiling", "jvm", "node"
)
CHECKERS = folder("checkers")
INTERACTORS = folder("interactors")
TALKERS = folder("talkers")
(HONEST,) = (interactor for interactor in INTERACTORS if interactor.name.endswith("honest.py"))
(MEETS,) = folder("colluding")
(COMPILER,) = folder("compiler")
ECHO = parse("echo.py", "# verdicts: ACCEPTED\nprint(input(), flush=True)\n")
WORDY = parse("wordy.py", "# verdicts: ACCEPTED\nprint(input())\nprint('x' * 500_000)\n")


def _marked(programs: list[Hostile]) -> list[object]:
    return [
        pytest.param(program, id=program.name, marks=[pytest.mark.smoke] if program.quick else [])
        for program in programs
    ]


@pytest.mark.parametrize("program", _marked(PROGRAMS))
def test_a_hostile_program_is_held(ground: Ground, program: Hostile) -> None:
    """Its verdict is one of those it may get, in each of its runs; it ends within its limits and a second;
    and the judging process itself was not kept busy.
    """
    _available(ground, program)
    record = ground.record(program)

    with ground.unharmed():
        timed = ground.judge(record)

    verdicts = {name_of(test.verdict) for test in timed.judged.tests}
    assert {timed.verdict, *verdicts} <= program.verdicts, timed.told()
    assert timed.elapsed_s <= ground.allowed_s(record, timed), timed.told()
    assert timed.worker_cpu_s * 1_000 <= program.worker_cpu_ms, timed.told()


@pytest.mark.parametrize("checker", _marked(CHECKERS))
def test_a_hostile_checker_is_held(ground: Ground, checker: Hostile) -> None:
    """It is judged as broken, or says no more than yes; what it leaves is never followed."""
    _available(ground, checker)
    record = ground.against(ground.problem(checker, interactive=False), WORDY)

    with ground.unharmed():
        timed = ground.judge(record)

    assert timed.verdict in checker.verdicts, timed.told()
    _tells_nothing(timed)


@pytest.mark.parametrize("interactor", _marked(INTERACTORS))
def test_a_hostile_interactor_is_held(ground: Ground, interactor: Hostile) -> None:
    """The same, while it talks with a program that repeats what it is told."""
    _available(ground, interactor)
    problem = ground.problem(interactor, interactive=True, limits_=Limits(**interactor.limits))
    record = ground.against(problem, ECHO)

    with ground.unharmed():
        timed = ground.judge(record)

    assert timed.verdict in interactor.verdicts, timed.told()
    _tells_nothing(timed)


@pytest.mark.parametrize("program", _marked(TALKERS))
def test_a_hostile_program_is_held_while_it_talks(ground: Ground, program: Hostile) -> None:
    """With an honest interactor at the other end of its pipes."""
    _available(ground, program)
    record = ground.against(ground.problem(HONEST, interactive=True), program)

    with ground.unharmed():
        timed = ground.judge(record)

    assert timed.verdict in program.verdicts, timed.told()
    assert timed.worker_cpu_s * 1_000 <= program.worker_cpu_ms, timed.told()


@pytest.mark.smoke
def test_two_submissions_do_not_meet(ground: Ground) -> None:
    """Judged at the same time, neither finds a file, a name, a process or a message of the other's."""
    judged: list[Timed] = []
    record = ground.record(MEETS)

    with ground.unharmed():
        threads = [threading.Thread(target=lambda: judged.append(ground.judge(record))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [timed.verdict for timed in judged] == ["ACCEPTED"] * 2, [timed.told() for timed in judged]


@pytest.mark.smoke
@pytest.mark.parametrize("artefact", ["made", "made/program"])
def test_a_hostile_compiler_is_held(ground: Ground, tmp_path: Path, artefact: str) -> None:
    """What a compiler runs of a submission is held as the program is; nothing of it but its own files lasts
    until the program runs, of which none is followed, from the cache as well.
    """
    known = ground.engine.toolchains["c"]
    language = dataclasses.replace(
        known.language, compile=("/bin/sh", "{entry}"), artefact=artefact, run=("/work/made/program",)
    )
    toolchain = dataclasses.replace(known, language=language, available=True)
    engine = Engine(ground.sandbox, ground.objects, {"c": toolchain}, str(tmp_path))
    record = ground.record(COMPILER)

    with ground.unharmed():
        timed = [ground.judge(record, engine) for _ in range(2)]

    assert [one.verdict for one in timed] == ["ACCEPTED"] * 2, [one.told() for one in timed]


def _tells_nothing(timed: Timed) -> None:
    """No file of the box's system, no environment in what is shown."""
    assert "box:x:" not in str(timed.judged)
    assert "PATH=" not in str(timed.judged)


def _available(ground: Ground, program: Hostile) -> None:
    toolchain = ground.engine.toolchains[program.language]
    if not toolchain.available:
        pytest.skip(toolchain.reason)
    if program.machine and program.machine != os.uname().machine:
        pytest.skip(f"a program for {program.machine}")
