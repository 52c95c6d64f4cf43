"""`gavel demo`: the whole mesh judges the examples, and every verdict has to be the expected one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gavel.cli.served import ServedLanguages

if TYPE_CHECKING:
    from gavel.cli.demo_cases import Cases
    from gavel.cli.demo_view import Row, View
    from gavel.client import AsyncClient

EXIT_WRONG = 1
EXIT_BAD_REQUEST = 2
EXIT_FAILED = 3
JUDGING_SECONDS_MAX = 180.0


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def demo(
    address: Annotated[
        str, typer.Option(help="HOST:PORT of a mesh that runs already. Default: start one, and stop it again")
    ] = "",
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="What the mesh keeps. Default: $XDG_DATA_HOME/gavel-demo, ~/.local/share/gavel-demo"
        ),
    ] = None,
    examples: Annotated[Path | None, typer.Option(help="The folder that holds demo.yaml")] = None,
) -> None:
    """Judge the example programs on a whole mesh and compare every verdict with the expected one."""
    from gavel.cli.demo_cases import BrokenCases, load

    folder = examples or _examples()
    try:
        cases = load(folder)
    except BrokenCases as error:
        print(f"gavel demo: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_BAD_REQUEST) from error
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _judge_on(address, cases) if address else _own_mesh(data_dir, cases)
    except KeyboardInterrupt:
        print("gavel demo: interrupted", file=sys.stderr)
        code = EXIT_FAILED
    raise typer.Exit(code)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _examples() -> Path:
    """The folder in a checkout: here, or where the package lies in one."""
    here = Path("examples")
    return here if (here / "demo.yaml").exists() else Path(__file__).parents[3] / "examples"


def _own_mesh(data_dir: Path | None, cases: Cases) -> int:
    """Starts a mesh, judges, stops it."""
    from gavel.cli.demo_view import Starting, show_parts
    from gavel.embedded import Mesh, StartError

    share = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    data = data_dir or share / "gavel-demo"
    starting = Starting()
    try:
        with Mesh(data, listener=starting) as mesh:
            code = _judge_on(mesh.address, cases, own_mesh=True)
            show_parts(starting.console, mesh.address, mesh.parts())
            starting.console.print("Stopping.")
    except (StartError, TimeoutError) as error:
        print(f"gavel demo: {error}", file=sys.stderr)
        return EXIT_FAILED
    return code


def _judge_on(address: str, cases: Cases, *, own_mesh: bool = False) -> int:
    """Judges every case on a mesh; the exit status."""
    from gavel.cli.demo_view import Row, View, show_end
    from gavel.client import GavelError

    rows = [Row(case) for case in cases.cases]
    began = time.monotonic()
    try:
        with View(rows) as view:
            asyncio.run(_judge(address, cases, rows, view))
    except (GavelError, TimeoutError) as error:
        print(f"gavel demo: {error or 'the mesh did not judge in time'}", file=sys.stderr)
        return EXIT_FAILED
    show_end(view.console, rows, began, own_mesh=own_mesh)
    return 0 if all(row.right for row in rows) else EXIT_WRONG


async def _judge(address: str, cases: Cases, rows: Sequence[Row], view: View) -> None:
    from gavel.client import AsyncClient

    async with AsyncClient(address) as client, asyncio.timeout(JUDGING_SECONDS_MAX):
        for folder in cases.problems:
            await client.add_problem(folder)
        languages = ServedLanguages(client)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(languages.look(row.case.code for row in rows))
                for row in rows:
                    tasks.create_task(_judge_one(client, row, languages, view))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group


async def _judge_one(client: AsyncClient, row: Row, languages: ServedLanguages, view: View) -> None:
    """Waits for the language, submits, watches to the end."""
    case = row.case
    language = await languages.settled(case.code)
    if not language.available:
        row.left_out, row.now, row.message = True, "left out", language.reason
        view.ended(row)
        return
    accepted = await client.submit(
        case.files,
        language=case.language,
        problem=case.problem,
        tests=case.tests,
        limits=case.limits,
        labels={"demo": "examples"},
    )
    async with aclosing(client.watch(accepted)) as events:
        async for event in events:
            row.hear(event)
    view.ended(row)
