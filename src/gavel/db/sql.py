"""Loads SQL from `.sql` files: blocks headed `-- name: <name>`, then comment lines that describe them."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, LiteralString

_HEADER: Final = re.compile(r"^-- name: *(\S+) *$", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


@cache
def load(package: str, resource: str = "queries.sql") -> Mapping[str, LiteralString]:
    """The statements of a file of a package by name, without their comment lines; read once for each process.

    ValueError names the block that is malformed: no description, no statement, or a name that came before.
    """
    text = files(package).joinpath(resource).read_text(encoding="utf-8")
    return MappingProxyType(parse(text, f"{package}/{resource}"))


def parse(text: str, source: str) -> dict[str, LiteralString]:
    """The statements of one file's text; `source` names it in errors.

    They count as literal: the text comes from the installed package.
    """
    preamble, *parts = _HEADER.split(text)
    if any(line.strip() and not line.startswith("--") for line in preamble.splitlines()):
        raise ValueError(f"{source}: a statement stands before the first -- name:")
    statements: dict[str, LiteralString] = {}
    for name, block in zip(parts[::2], parts[1::2], strict=True):
        lines = block.strip().splitlines()
        comments = [line for line in lines if line.startswith("--")]
        statement = (
            "\n".join(line for line in lines if not line.startswith("--")).strip().rstrip(";").rstrip()
        )
        if not _NAME.fullmatch(name) or name in statements:
            raise ValueError(f"{source}: the name {name} is malformed or comes twice")
        if not comments or not statement:
            raise ValueError(f"{source}: {name} has no description or no statement")
        statements[name] = statement
    return statements
