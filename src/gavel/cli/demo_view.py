"""What `gavel demo` shows: a table that changes while verdicts stream in, and what to try next."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gavel.client import Compiled, Ended, Event, Queued, Restarted, Running, Tested

if TYPE_CHECKING:
    from gavel.cli.demo_cases import Case
    from gavel.embedded.events import Event as MeshEvent
    from gavel.embedded.state import PartState


_COLUMNS = {"program": 20, "language": 10, "progress": 12, "verdict": 24, "CPU": 7, "memory": 8, "": 0}


@dataclasses.dataclass(slots=True)
class Row:
    """One case as it stands."""

    case: Case
    now: str = "waits for its language"
    verdict: str = ""
    cpu_time_ms: int = 0
    memory_bytes: int = 0
    message: str = ""
    left_out: bool = False
    test_count: int = 0

    @property
    def right(self) -> bool:
        """True when the verdict is the expected one, or the machine lacks the language."""
        return self.left_out or self.verdict == self.case.verdict

    def hear(self, event: Event) -> None:
        """Takes in what a watch told."""
        match event:
            case Queued():
                self.now = "queued"
            case Running() | Restarted():
                self.test_count = event.test_count
                self.now = "running"
            case Compiled():
                self.now = "compiled"
            case Tested():
                self.now = f"test {event.test.number}/{self.test_count}"
            case Ended():
                judgement = event.judgement
                self.verdict = judgement.verdict or judgement.state
                self.cpu_time_ms, self.memory_bytes = judgement.cpu_time_ms, judgement.memory_bytes
                failing = next((test for test in judgement.tests if test.verdict != "ACCEPTED"), None)
                passed = sum(test.verdict == "ACCEPTED" for test in judgement.tests)
                self.now = f"{passed}/{judgement.test_count} passed"
                if failing is not None:
                    self.message = failing.message
                elif judgement.compile is not None and judgement.compile.verdict != "ACCEPTED":
                    lines = judgement.compile.output.strip().splitlines()
                    self.message = next((line for line in lines if re.search("rror: ", line)), "")
                self.message = self.message or judgement.failure


def _console() -> Console:
    """One that keeps lines whole where no terminal gives a width."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 130)


class Starting:
    """Tells what comes up, until all is."""

    def __init__(self) -> None:
        self.console = _console()
        self._began = time.monotonic()

    def __call__(self, event: MeshEvent) -> None:
        from gavel.embedded.events import Kind

        since = f"{time.monotonic() - self._began:6.1f} s  "
        if event.kind is Kind.PROGRESS:
            self.console.print(since + event.message, markup=False)
        elif event.kind is Kind.READY:
            self.console.print(f"{since}{event.part} ready at {event.address}", markup=False)


class View:
    """The table; on something else than a terminal a line for each verdict instead. A context manager."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.console = _console()
        self._live = Live(
            get_renderable=self._table, console=self.console, refresh_per_second=8, transient=True
        )

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        self.console.print(self._table())

    def ended(self, row: Row) -> None:
        """Tells of a verdict where no table changes."""
        if not self.console.is_terminal:
            mark = "ok  " if row.right else "BAD "
            words = row.verdict or row.now
            self.console.print(f"{mark} {row.case.language:10} {row.case.name:25} {words}", markup=False)

    def _table(self) -> Table:
        table = Table(box=None)
        for column, width in _COLUMNS.items():
            table.add_column(column, no_wrap=True, min_width=width)
        for row in self._rows:
            colour = "dim" if not row.verdict else "green" if row.right else "bold red"
            verdict = (
                row.verdict if row.right or not row.verdict else f"{row.verdict}, not {row.case.verdict}"
            )
            table.add_row(
                row.case.name,
                row.case.language,
                row.now,
                f"[{colour}]{verdict}[/]",
                f"{row.cpu_time_ms} ms" if row.cpu_time_ms else "",
                f"{row.memory_bytes / 2**20:.1f} MiB" if row.memory_bytes else "",
                escape(row.message),
            )
        return table


def show_parts(console: Console, address: str, parts: Sequence[PartState]) -> None:
    """Tells where everything listens."""
    console.print(f"The ingress is {address} (gRPC); behind it listen:", markup=False)
    for part in parts:
        console.print(f"  {part.name:14} {part.address}", markup=False)


def show_end(console: Console, rows: Sequence[Row], began: float, *, own_mesh: bool) -> None:
    """The sum of it all, and what to try next."""
    wrong = sum(not row.right for row in rows)
    judged = sum(not row.left_out for row in rows)
    left_out = len(rows) - judged
    words = "every verdict as expected" if not wrong else f"{wrong} not as expected"
    more = f"; {left_out} left out for want of a toolchain (gavel languages)" if left_out else ""
    console.print(
        f"{judged} submissions judged in {time.monotonic() - began:.1f} s, {words}{more}.", markup=False
    )
    if own_mesh and not wrong:
        gavel = "gavel" if shutil.which("gavel") else sys.argv[0]  # as in a checkout: .venv/bin/gavel
        then = ("up --detach", "submit examples/programs/python3/accepted.py", "list")
        console.print("Try next: " + "; ".join(f"{gavel} {each}" for each in then), markup=False)
