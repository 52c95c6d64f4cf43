"""`gavel languages`."""

from __future__ import annotations

import dataclasses

import typer

from gavel.cli.options import ADDRESS, Address, Json
from gavel.cli.output import connected, console, json_line, printable


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(languages)


def languages(address: Address = ADDRESS, as_json: Json = False) -> None:
    """List every language: whether it is available, its version, and what is missing otherwise."""
    with connected(address, as_json=as_json) as client:
        found = client.languages()
    out = console()
    for each in found:
        if as_json:
            facts = dataclasses.asdict(each)
            json_line({"id": facts.pop("code"), **facts})
        elif each.available:
            out.print(f"{each.code:<12} {each.display_name:<12} {printable(each.version)}")
        else:
            out.print(
                f"{each.code:<12} {each.display_name:<12} not available: {printable(each.reason)}",
                style="dim",
            )
