"""One started sandbox for the tests of this folder, and a short way to run a program in a box."""

import os
from collections.abc import Iterator

import pytest
from sandbox_programs import Compile, MakeLimits, Ran, Run, RunPython

from gavel.sandbox import Box, Command, Limits, Sandbox

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Started once: every test takes boxes of its own."""
    with Sandbox(str(tmp_path_factory.mktemp("sandbox"))) as started:
        yield started


@pytest.fixture
def box(sandbox: Sandbox) -> Iterator[Box]:
    """A fresh box."""
    with sandbox.box() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def limits() -> MakeLimits:
    """The default limits of a run, with changes."""

    def make(**changes: int) -> Limits:
        values = {
            "cpu_time_ms": 2000,
            "wall_time_ms": 10_000,
            "memory_bytes": 256 << 20,
            "stack_bytes": 0,
            "processes": 64,
            "output_bytes": 8 << 20,
            "files_bytes": 64 << 20,
            "files_count": 4096,
        }
        return Limits(**(values | changes))

    return make


@pytest.fixture(scope="session")
def run(limits: MakeLimits) -> Run:
    """Runs argv in a box with changed limits; stdin and keep as in Box.run."""

    def do(box: Box, *argv: str, stdin: int | bytes = b"", keep: bool = True, **changes: int) -> Ran:
        with box.run(Command(argv, ENV, stdin), limits(**changes), keep=keep) as outcome:
            data = b""
            while part := os.read(outcome.stdout, 1 << 20):
                data += part
            return Ran(outcome, data)

    return do


@pytest.fixture(scope="session")
def python(run: Run) -> RunPython:
    """Runs a Python program, given as text, in a box."""

    def do(box: Box, program: str, *, stdin: int | bytes = b"", **changes: int) -> Ran:
        return run(box, "/usr/bin/python3", "-c", program, stdin=stdin, **changes)

    return do


@pytest.fixture(scope="session")
def compiled(sandbox: Sandbox, run: Run) -> Compile:
    """The executable of a C program, compiled in a box; each program once."""
    known: dict[str, bytes] = {}

    def do(source: str) -> bytes:
        if source not in known:
            with sandbox.box() as box:
                box.put("program.c", source.encode())
                options = {"cpu_time_ms": 20_000, "wall_time_ms": 60_000, "memory_bytes": 1 << 30}
                ran = run(box, "gcc", "-O1", "-pthread", "program.c", "-o", "program", **options)
                assert ran.outcome.exit_code == 0, ran.outcome.stderr
                known[source] = box.get("program", 1 << 24) or b""
        return known[source]

    return do
