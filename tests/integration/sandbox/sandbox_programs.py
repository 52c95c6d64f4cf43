"""Types of the fixtures of this folder, what runs below a process, and waiting for something to hold."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from gavel.sandbox import Box, Limits, Outcome

COUNT_PROCESSES = "import os; print(sum(name.isdigit() for name in os.listdir('/proc')))"
"""In Python and not in shell, whose pipes show more or fewer of themselves."""


class Ran(NamedTuple):
    """An outcome whose stdout is read and closed."""

    outcome: Outcome
    stdout: bytes


class MakeLimits(Protocol):
    """The default limits of a run, with changes."""

    def __call__(self, **changes: int) -> Limits: ...


class Run(Protocol):
    """Runs argv in a box with changed limits; stdin and keep as in Box.run."""

    def __call__(
        self, box: Box, *argv: str, stdin: int | bytes = b"", keep: bool = True, **changes: int
    ) -> Ran: ...


class RunPython(Protocol):
    """Runs a Python program, given as text, in a box."""

    def __call__(self, box: Box, program: str, *, stdin: int | bytes = b"", **changes: int) -> Ran: ...


class Compile(Protocol):
    """The executable of a C program, compiled in a box; each program once."""

    def __call__(self, source: str) -> bytes: ...


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, as the host sees it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Polls; fails with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
