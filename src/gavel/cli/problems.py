"""`gavel problem add`, `verify`, `list`, `show` and `delete`."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gavel.cli.options import ADDRESS, Address, Json
from gavel.cli.output import connected, console, json_line, mebibytes, milliseconds, printable
from gavel.cli.verify import verify

if TYPE_CHECKING:
    from gavel.client import Problem


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    problem = typer.Typer(no_args_is_help=True, help="Add, verify, list, show and delete problems.")
    problem.command()(add)
    problem.command()(verify)
    problem.command("list")(list_problems)
    problem.command()(show)
    problem.command()(delete)
    app.add_typer(problem, name="problem")


def add(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a Kattis problem package")],
    name: Annotated[str, typer.Option(help="What to call it. Default: the folder's name")] = "",
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Make a problem of a package, or replace one. Only files that are not there yet are sent."""
    out = console()

    def uploaded(sent: int, all_of_them: int) -> None:
        if as_json:
            json_line({"event": "uploaded", "sent": sent, "total": all_of_them})
        elif out.is_terminal:
            print(f"\rsent {sent} of {all_of_them} files", end="" if sent < all_of_them else "\n", flush=True)

    with connected(address, as_json=as_json) as client:
        problem = client.add_problem(folder, name=name, uploaded=uploaded)
    if as_json:
        json_line(_facts(problem))
        return
    for warning in problem.warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)
    out.print(_line(problem))


def list_problems(address: Address = ADDRESS, as_json: Json = False) -> None:
    """List the problems by name."""
    out = console()
    with connected(address, as_json=as_json) as client:
        for each in client.problems():
            if as_json:
                json_line(_facts(each))
            else:
                out.print(_line(each))


def show(
    problem: Annotated[str, typer.Argument(metavar="NAME", help="problems/<name>, or the name alone")],
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Show a problem."""
    with connected(address, as_json=as_json) as client:
        found = client.problem(problem)
    if as_json:
        json_line(_facts(found))
        return
    out = console()
    out.print(_line(found))
    out.print(f"manifest: {found.manifest_digest}", style="dim")
    if found.update_time is not None:
        out.print(f"changed: {found.update_time.astimezone():%Y-%m-%d %H:%M:%S}", style="dim")


def delete(
    problem: Annotated[str, typer.Argument(metavar="NAME", help="problems/<name>, or the name alone")],
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Remove a problem's name. What was handed in for it is judged all the same."""
    name = f"problems/{problem.removeprefix('problems/')}"
    with connected(address, as_json=as_json) as client:
        client.delete_problem(name)
    if as_json:
        json_line({"event": "deleted", "problem": name})
    else:
        print(f"deleted {name}")


def _facts(problem: Problem) -> dict[str, Any]:
    facts = dataclasses.asdict(problem)
    return {"problem": facts.pop("name"), **facts}


def _line(problem: Problem) -> str:
    limits = problem.limits
    figures = f"{milliseconds(limits.cpu_time_ms)} CPU, {mebibytes(limits.memory_bytes)}"
    return (
        f"{problem.name:<32} {problem.test_count:>5} tests  {figures:<24} {printable(problem.display_name)}"
    )
