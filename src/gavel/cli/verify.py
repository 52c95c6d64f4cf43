"""`gavel problem verify`: a package's own submissions are judged, and what they get is what it expects."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from gavel.cli.options import ADDRESS, Address, Json, time_ms
from gavel.cli.output import (
    EXIT_BAD_REQUEST,
    EXIT_INTERRUPTED,
    fail,
    fail_with,
    printable,
    reach,
)
from gavel.cli.served import ServedLanguages

if TYPE_CHECKING:
    from gavel.cli.verify_package import Package
    from gavel.cli.verify_rows import Row
    from gavel.cli.verify_view import View
    from gavel.client import AsyncClient, Language
    from gavel.judging.expectations import Program
    from gavel.judging.package_findings import InvalidPackage

AT_ONCE: Final = 8
"""Submissions on their way at one time: enough for the slots of one machine, few beside a contest."""
_TIDY_S: Final = 10.0
"""How long the end may take to remove what was made."""
_CALL_S: Final = 20.0
_PATIENCE_S: Final = 60.0


def verify(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a Kattis problem package")],
    language: Annotated[
        list[str] | None,
        typer.Option("--language", "-l", metavar="CODE", help="Only submissions in it; may be repeated"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Only these, such as accepted or 'wrong_answer/*.py'; may be repeated"
        ),
    ] = None,
    time_limit: Annotated[
        str, typer.Option(help="Judge by this time limit, such as 3s, in place of the package's")
    ] = "",
    all_tests: Annotated[
        bool,
        typer.Option(
            "--all-tests", help="Run what may be too slow on all tests too, not to its first failure"
        ),
    ] = False,
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Judge the package's own submissions: each has to get what the package expects of it.

    Exit status: 0 all do, 1 some do not, 2 the package or the request is bad, 3 the platform failed.
    """
    limit_ms = time_ms(time_limit, "--time-limit") if time_limit else 0
    from gavel.cli.verify_package import load
    from gavel.client import GavelError
    from gavel.judging.package_findings import InvalidPackage

    try:
        package = load(folder, time_limit_ms=limit_ms)
        programs = _chosen(package.programs, only or [])
    except InvalidPackage as error:
        _invalid(error, as_json=as_json)
    except GavelError as error:
        fail_with(error, as_json=as_json)
    except (OSError, ValueError) as error:
        fail(str(error), EXIT_BAD_REQUEST, as_json=as_json)
    if not programs:
        there = (
            ", ".join(sorted({program.name.partition("/")[0] for program in package.programs})) or "nothing"
        )
        fail(f"no submission to verify; submissions/ holds {there}", EXIT_BAD_REQUEST, as_json=as_json)
    reach(address, as_json=as_json)
    try:
        verifying = _verified(address, package, programs, language or [], thorough=all_tests, as_json=as_json)
        status = asyncio.run(verifying)
    except GavelError as error:
        fail_with(error, as_json=as_json)
    except KeyboardInterrupt:
        print("gavel: interrupted; what was handed in is ended", file=sys.stderr)
        status = EXIT_INTERRUPTED
    raise typer.Exit(status)


def _chosen(programs: Sequence[Program], patterns: Sequence[str]) -> list[Program]:
    from gavel.judging.path_globs import matches

    return [
        program
        for program in programs
        if not patterns or any(matches(pattern, program.name) for pattern in patterns)
    ]


def _invalid(error: InvalidPackage, *, as_json: bool) -> NoReturn:
    violations = [{"field": path, "description": description} for path, description in error.violations]
    if len(violations) > 1 and not as_json:
        for violation in violations:
            print(
                f"  {printable(violation['field'])}: {printable(violation['description'])}", file=sys.stderr
            )
    path, description = error.violations[0]
    fail(
        f"{path}: {description}; correct the package and verify it again",
        EXIT_BAD_REQUEST,
        as_json=as_json,
        reason="INVALID_PROBLEM",
        violations=violations,
    )


async def _verified(
    address: str,
    package: Package,
    programs: Sequence[Program],
    codes: Sequence[str],
    *,
    thorough: bool,
    as_json: bool,
) -> int:
    """Judges them; the exit status."""
    from gavel.cli.verify_rows import Row, summary
    from gavel.cli.verify_view import view_of
    from gavel.client import AsyncClient

    # A polite end is the same as Ctrl-C: what was made is removed.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    async with AsyncClient(address, timeout_s=_CALL_S, patience_s=_PATIENCE_S) as client:
        known = await client.languages()
        rows = [Row(program) for program in programs]
        for row in rows:
            _find_language(row, package, known)
        there = sorted({row.language.partition("@")[0] for row in rows} - {""})
        rows = [row for row in rows if not codes or row.language.partition("@")[0] in codes]
        if not rows:
            wanted, others = " or ".join(codes), ", ".join(there)
            fail(
                f"no submission is in {wanted}; there are some in {others}", EXIT_BAD_REQUEST, as_json=as_json
            )
        name = package.throw_away_name()
        with view_of(package, rows, as_json=as_json) as view:
            await _Judging(client, package, name, view, thorough=thorough).all(rows)
            found = summary(package, rows)
            view.end(found)
    return found.status


def _find_language(row: Row, package: Package, known: Sequence[Language]) -> None:
    from gavel.cli.verify_language import Unknown, language_of

    if package.manifest.submit_answer:
        row.language = next((each.code for each in known if each.available), "python3")
        return  # nothing is compiled or run: it only says in whose queue the answers wait
    try:
        row.language = language_of(row.program, known, lambda path: (package.folder / path).read_bytes())
    except Unknown as unknown:
        if unknown.package_is_at_fault:
            row.refuse(str(unknown))
        else:
            row.leave_out(str(unknown))


class _Judging:
    """Judges the rows through the mesh, several at once, under a throw-away name."""

    def __init__(
        self, client: AsyncClient, package: Package, name: str, view: View, *, thorough: bool
    ) -> None:
        self._thorough = thorough
        self._client = client
        self._package = package
        self._name = name
        self._view = view
        self._languages = ServedLanguages(client)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._going_on: set[str] = set()

    async def all(self, rows: Sequence[Row]) -> None:
        """Makes the problem, judges every row, and removes the problem again."""
        for row in rows:
            if row.done:
                self._view.ended(row)
        waiting = [row for row in rows if not row.done]
        if not waiting:
            return
        try:
            self._view.waits("sends the package")
            await self._client.add_problem(
                self._package.folder,
                name=self._name,
                uploaded=lambda sent, of: self._view.waits(f"sends the package: {sent} of {of} files"),
                replaced=self._package.replaced,
            )
            self._view.waits("")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._languages.look(row.language.partition("@")[0] for row in waiting))
                for row in waiting:
                    tasks.create_task(self._one(row))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            await self._tidy()

    async def _one(self, row: Row) -> None:
        row.now = "waits for its language"
        language = await self._languages.settled(row.language.partition("@")[0])
        if language.available:
            row.now = "waits for its turn"
            async with self._gate:
                await self._judge(row)
                if row.again:
                    await self._judge(row)
        else:
            row.leave_out(f"{language.display_name} is not available: {language.reason}")
        self._view.ended(row)

    async def _judge(self, row: Row) -> None:
        from gavel.client import Limits, RequestError
        from gavel.judging.outcome import BrokenProblem

        row.now = "is handed in"
        cpu_time_ms, wall_time_ms = row.limits_ms(self._package)
        try:
            accepted = await self._client.submit(
                self._package.source(row.program),
                language=row.language,
                problem=self._name,
                entry_point=self._package.entry_point(row.program),
                limits=Limits(cpu_time_ms=cpu_time_ms, wall_time_ms=wall_time_ms),
                run_all=row.program.needs_all_tests(thorough=self._thorough),
                labels={"verify": self._name},
            )
        except RequestError as error:
            row.refuse(error.message)
            return
        except BrokenProblem as error:
            row.refuse(str(error))
            return
        row.submission = accepted.name
        self._going_on.add(accepted.name)
        async with aclosing(self._client.watch(accepted)) as events:
            async for event in events:
                row.hear(event, self._package)
        self._going_on.discard(accepted.name)

    async def _tidy(self) -> None:
        """Ends what goes on still, and takes the name away; what cannot be reached now stays behind."""
        from gavel.client import GavelError

        with suppress(TimeoutError, GavelError):
            async with asyncio.timeout(_TIDY_S):
                cancels = [self._client.cancel(name) for name in self._going_on]
                await asyncio.gather(*cancels, return_exceptions=True)
                await self._client.delete_problem(self._name)
