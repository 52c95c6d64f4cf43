"""How judging is shown: as JSON lines, or as lines for people with a live state below them in a terminal."""

from __future__ import annotations

import dataclasses
from types import TracebackType
from typing import Any, Protocol, Self

from gavel.cli.output import (
    EXIT_FAILED,
    EXIT_NOT_ACCEPTED,
    console,
    json_line,
    mebibytes,
    milliseconds,
    printable,
)
from gavel.client import Compiled, Ended, Event, Judgement, Queued, Restarted, Running, Tested, TestResult


class View(Protocol):
    """Shows events as they come."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, event: Event) -> None: ...


def exit_status(judgement: Judgement) -> int:
    """0 accepted, 1 another verdict or cancelled, 3 the platform failed."""
    if judgement.state == "FAILED":
        return EXIT_FAILED
    return 0 if judgement.verdict == "ACCEPTED" else EXIT_NOT_ACCEPTED


def judgement_facts(judgement: Judgement) -> dict[str, Any]:
    """A judgement as the last JSON line tells it."""
    facts = dataclasses.asdict(judgement)
    facts["judgement"] = facts.pop("name")
    return {"submission": judgement.submission, **facts}


class JsonView:
    """One line for each event; the last one holds the whole judgement."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, event: Event) -> None:
        facts: dict[str, Any] = {"time": event.event_time}
        match event:
            case Queued():
                facts |= {"event": "queued", "ahead_count": event.ahead_count}
            case Running():
                facts |= {
                    "event": "restarted" if isinstance(event, Restarted) else "running",
                    "attempt": event.attempt,
                    "worker": event.worker,
                    "test_count": event.test_count,
                    "language_version": event.language_version,
                }
            case Compiled():
                facts |= {"event": "compiled", **dataclasses.asdict(event.compile)}
            case Tested():
                facts |= {"event": "test", **dataclasses.asdict(event.test)}
            case Ended():
                facts |= {"event": "ended", **judgement_facts(event.judgement)}
        json_line(facts)


class TextView:
    """Lines for people; in a terminal the state moves below them."""

    def __init__(self) -> None:
        self._console = console()
        self._status = self._console.status("waiting") if self._console.is_terminal else None
        self._test_count = 0
        self._shown = 0

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, event: Event) -> None:
        match event:
            case Queued():
                ahead = "" if event.ahead_count is None else f", {event.ahead_count} ahead"
                self._state(f"queued{ahead}")
            case Running():
                self._test_count, self._shown = event.test_count, 0
                if isinstance(event, Restarted):
                    self._console.print("the worker was lost; begun anew", style="yellow")
                version = f", {printable(event.language_version)}" if event.language_version else ""
                self._state(f"running on {printable(event.worker.removeprefix('workers/'))}{version}")
            case Compiled():
                self._compiled(event)
            case Tested():
                self._shown += 1
                # What was not run is counted at the end: a line for each would push what matters out of
                # sight.
                if event.test.verdict != "SKIPPED":
                    self._console.print(test_line(event.test), style=style_of(event.test.verdict))
                self._below(f"running, {self._shown} of {self._test_count} tests")
            case Ended():
                self._ended(event.judgement)

    def _compiled(self, event: Compiled) -> None:
        compiled = event.compile
        how = "before, in the cache" if compiled.cached else f"in {milliseconds(compiled.wall_time_ms)}"
        self._state(f"compiled {how}" if compiled.verdict == "ACCEPTED" else "the compiler refused it")
        if compiled.output:
            self._console.print(indented(compiled.output), style="dim")

    def _ended(self, judgement: Judgement) -> None:
        if self._status is not None:
            self._status.stop()
        for line, style in ending(judgement):
            self._console.print(line, style=style)

    def _state(self, text: str) -> None:
        """A state that is worth a line where nothing moves, and else only the moving line."""
        if self._status is None:
            self._console.print(text)
        self._below(text)

    def _below(self, text: str) -> None:
        if self._status is not None:
            self._status.update(text)


def view_of(*, as_json: bool) -> View:
    """The view that the options ask for."""
    return JsonView() if as_json else TextView()


def test_line(test: TestResult) -> str:
    """`  3  secret/01-small     WRONG ANSWER     12 ms    8.2 MiB`."""
    name = printable(test.test) or f"test {test.number}"
    figures = f"{milliseconds(test.cpu_time_ms):>9}  {mebibytes(test.memory_bytes):>10}"
    return f"{test.number:>4}  {name:<28} {words(test.verdict):<26} {figures}"


def ending(judgement: Judgement) -> list[tuple[str, str]]:
    """The lines that end a judgement, with their styles: what went wrong first, then the verdict."""
    lines: list[tuple[str, str]] = []
    skipped = sum(test.verdict == "SKIPPED" for test in judgement.tests)
    if skipped:
        lines.append((f"      {skipped} test{'' if skipped == 1 else 's'} not run", "dim"))
    if judgement.left_out_test_count:
        lines.append((f"      {judgement.left_out_test_count} more tests are not shown", "dim"))
    decisive = next((test for test in judgement.tests if test.verdict not in {"ACCEPTED", "SKIPPED"}), None)
    only = judgement.tests[0] if judgement.test_count == 1 and len(judgement.tests) == 1 else None
    for test in (decisive or only,):
        if test is not None:
            lines += [(line, "dim") for line in _facts(test)]
    for group in judgement.groups:
        points = "" if group.score is None else f"{group.score:g} points"
        lines.append((f"      {printable(group.name):<28} {words(group.verdict):<26} {points}".rstrip(), ""))
    if judgement.failure:
        lines.append((indented(judgement.failure), "dim"))
    if judgement.state == "FINISHED":
        lines.append(
            (f"{words(judgement.verdict)}{_figures(judgement)}", f"bold {style_of(judgement.verdict)}")
        )
    elif judgement.state == "FAILED":
        lines.append(("FAILED  (the platform's fault; hand it in again)", "bold red"))
    else:
        lines.append((judgement.state, "bold yellow"))
    return lines


def _figures(judgement: Judgement) -> str:
    if not judgement.tests:
        return ""
    score = "" if judgement.score is None else f", score {judgement.score:g}"
    count = f"{judgement.test_count} test{'' if judgement.test_count == 1 else 's'}"
    return f"  ({count}, {milliseconds(judgement.cpu_time_ms)}, {mebibytes(judgement.memory_bytes)}{score})"


def words(name: str) -> str:
    """`WRONG ANSWER` of `WRONG_ANSWER`."""
    return name.replace("_", " ")


def style_of(verdict: str) -> str:
    """The colour of a verdict."""
    return {"ACCEPTED": "green", "SKIPPED": "dim", "PARTIAL": "yellow"}.get(verdict, "red")


def indented(text: str) -> str:
    """The text set in by four columns, without what could steer a terminal."""
    return "\n".join(f"    {line}" for line in printable(text).splitlines())


def _facts(test: TestResult) -> list[str]:
    name = printable(test.test) or f"test {test.number}"
    lines = [f"{name}: {printable(test.message)}"] if test.message else []
    shown = (
        ("checker", test.feedback),
        ("input", test.input),
        ("expected", test.expected),
        ("stdout", test.stdout),
        ("stderr", test.stderr),
    )
    for title, text in shown:
        if text.strip():
            lines += [f"  {title}:", indented(text)]
    return lines
