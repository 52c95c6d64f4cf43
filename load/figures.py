"""Figures: what was measured, the bar it is held to, and how both are shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `holds` is None where there is no bar; `against` says what it is held against."""

    name: str
    value: float
    unit: str
    bar: str
    holds: bool | None
    against: str


def at_most(name: str, value: float, unit: str, limit: float, against: str) -> Figure:
    """A figure that must not exceed its bar."""
    return Figure(name, round(value, 3), unit, f"<= {limit:g}", value <= limit, against)


def at_least(name: str, value: float, unit: str, limit: float, against: str) -> Figure:
    """A figure that must reach its bar."""
    return Figure(name, round(value, 3), unit, f">= {limit:g}", value >= limit, against)


def plain(name: str, value: float, unit: str, against: str) -> Figure:
    """A figure without a bar."""
    return Figure(name, round(value, 3), unit, "", None, against)


def show(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Prints lines of JSON, or a table for people."""
    if as_json:
        for figure in figures:
            print(json.dumps(asdict(figure)), flush=True)
        return
    table = Table(title="make bench")
    for column in ("figure", "value", "unit", "bar", "holds", "against"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for figure in figures:
        holds = "" if figure.holds is None else ("yes" if figure.holds else "NO")
        table.add_row(figure.name, f"{figure.value:g}", figure.unit, figure.bar, holds, figure.against)
    Console(width=150).print(table)
