"""What `gavel problem verify` shows: a table that changes while verdicts come in, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from gavel.cli.consoles import OutputConsole
from gavel.cli.events import indented
from gavel.cli.output import json_line, milliseconds, printable
from gavel.cli.verify_rows import row_facts, summary_facts

if TYPE_CHECKING:
    from gavel.cli.verify_package import Package
    from gavel.cli.verify_rows import Row, Summary
    from gavel.judging.time_limits import Timing

_COLUMNS: Final = ("file", "language", "expected", "got", "CPU", "first failing test")


class View(Protocol):
    """Shows what goes on."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def waits(self, what: str) -> None:
        """What all of it waits for; empty when each row says it for itself."""

    def ended(self, row: Row) -> None:
        """A row is done."""

    def end(self, found: Summary) -> None:
        """All are."""


class JsonView:
    """A line for each submission that is done, and one for the whole."""

    def __init__(self, package: Package) -> None:
        self._package = package
        for warning in package.warnings:
            json_line({"event": "warning", "message": warning})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def waits(self, what: str) -> None:
        """Only a person waits."""

    def ended(self, row: Row) -> None:
        json_line(row_facts(row, self._package))

    def end(self, found: Summary) -> None:
        json_line(summary_facts(found, self._package))


class TableView:
    """The table; on something else than a terminal a line for each row that is done, then the table."""

    def __init__(self, package: Package, rows: Sequence[Row]) -> None:
        self._package = package
        self._rows = rows
        self._what = ""
        width = None if sys.stdout.isatty() else 160
        self._console = OutputConsole(highlight=False, emoji=False, markup=False, width=width)
        self._live = Live(
            get_renderable=self._shown, console=self._console, refresh_per_second=8, transient=True
        )
        for warning in package.warnings:
            print(f"warning: {printable(warning)}", file=sys.stderr)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def waits(self, what: str) -> None:
        begins = what.partition(":")[0]
        if what and begins != self._what.partition(":")[0] and not self._console.is_terminal:
            self._console.print(begins)
        self._what = what

    def ended(self, row: Row) -> None:
        if not self._console.is_terminal:
            mark = "ok " if row.holds else "-  " if row.left_out else "BAD"
            self._console.print(f"{mark} {row.program.name}: {row.verdict or row.left_out or row.now}")

    def end(self, found: Summary) -> None:
        self._live.stop()
        self._console.print(self._table())
        for row in found.rows:
            for text in (*row.faults, row.left_out, row.failure):
                if text:
                    style = "dim" if row.left_out else "red"
                    self._console.print(Text(f"{row.program.name}: {printable(text)}", style))
            if row.faults and row.detail:
                self._console.print(Text(indented(row.detail), "dim"))
        for warning in found.warnings:
            print(f"warning: {printable(warning)}", file=sys.stderr)
        for fault in found.faults:
            self._console.print(Text(printable(fault), "red"))
        for line in _time_limit(found, self._package):
            self._console.print(line)
        self._console.print(Text(_end(found), "bold green" if found.status == 0 else "bold red"))

    def _shown(self) -> Table | Text:
        return Text(self._what, "dim") if self._what else self._table()

    def _table(self) -> Table:
        table = Table(box=None)
        for column in _COLUMNS:
            table.add_column(column, overflow="fold", justify="right" if column == "CPU" else "left")
        for row in self._rows:
            run = row.run
            style = "dim" if not row.done or row.left_out else "green" if row.holds else "bold red"
            table.add_row(
                Text(printable(row.program.name)),
                Text(row.language),
                Text(printable(row.program.words)),
                Text(row.verdict or row.now, style),
                Text(milliseconds(run.cpu_time_ms) if run else ""),
                Text(printable(run.first_failing) if run else ""),
            )
        return table


def view_of(package: Package, rows: Sequence[Row], *, as_json: bool) -> View:
    """The view that the options ask for."""
    return JsonView(package) if as_json else TableView(package, rows)


def _time_limit(found: Summary, package: Package) -> list[str]:
    """How the time limit stands to the times, in lines."""
    advice, rule = found.advice, package.multipliers
    lines = []
    for title, timing in (
        ("slowest in time", advice.slowest_in_time),
        ("fastest too slow", advice.fastest_too_slow),
    ):
        if timing is not None:
            lines.append(f"{f'{title}:':<22}{_worded(timing)}")
    limits = sorted({package.limit_ms(row.language) for row in found.judged})
    if limits:
        shown = " to ".join(milliseconds(each) for each in dict.fromkeys((limits[0], limits[-1])))
        lines.append(f"time limit:           {shown}")
    if advice.suggested_ms is not None:
        lines.append(
            f"suggested time limit: {milliseconds(advice.suggested_ms)}  (slowest in time times "
            f"{rule.ac_to_time_limit:g}, in steps of {milliseconds(round(rule.resolution_ms))}; what is too "
            f"slow has to need {rule.time_limit_to_tle:g} times the limit)"
        )
    return lines


def _worded(timing: Timing) -> str:
    more = "more than " if timing.cut else ""
    return f"{more}{milliseconds(timing.time_ms)}  {printable(timing.name)} ({timing.language})"


def _end(found: Summary) -> str:
    left_out = f", {len(found.left_out)} left out" if found.left_out else ""
    if found.failed:
        count = f"{len(found.failed)} of {len(found.rows)}"
        return f"{count} were not judged{left_out}: gavel status shows what runs"
    if found.wrong:
        count = f"{len(found.wrong)} of {len(found.rows) - len(found.left_out)}"
        return f"{count} did not get what is expected{left_out}"
    if found.faults:
        return f"{len(found.judged)} judged as expected{left_out}, but the package does not hold"
    if not found.judged:
        return f"nothing was judged{left_out}: gavel languages says what is missing"
    return f"all {len(found.judged)} judged got what is expected{left_out}"
