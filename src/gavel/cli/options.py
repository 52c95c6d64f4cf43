"""Options that several commands share, and how their text becomes a value."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer

ADDRESS: Final = "127.0.0.1:8080"

Address = Annotated[
    str, typer.Option("--address", envvar="GAVEL_ADDRESS", metavar="HOST:PORT", help="Where the mesh listens")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, and nothing else")]

_TIMES_MS: Final = {"ms": 1, "s": 1000, "min": 60_000, "m": 60_000}
_SIZES_BYTES: Final = {
    "b": 1,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
}
_QUANTITY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([a-zA-Z]+)")


def time_ms(text: str, option: str) -> int:
    """Milliseconds of `2s`, `1.5s`, `300ms`, `1min`; BadParameter names the option otherwise."""
    return _quantity(text, _TIMES_MS, option, "a time with its unit, such as 2s or 300ms")


def size_bytes(text: str, option: str) -> int:
    """Bytes of `256MiB`, `1GiB`, `64kB`, `4096B`; BadParameter names the option otherwise."""
    return _quantity(text, _SIZES_BYTES, option, "a size with its unit, such as 256MiB or 1GiB")


def constant(text: str) -> str:
    """`WRONG_ANSWER` of that, `wrong answer` or `wrong-answer`."""
    return re.sub(r"[\s-]+", "_", text.strip()).upper()


def labels_of(pairs: list[str] | None) -> dict[str, str]:
    """The labels of `key=value` texts; BadParameter otherwise."""
    labels: dict[str, str] = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"expected KEY=VALUE, found {pair!r}", param_hint="--label")
        if key in labels:
            raise typer.BadParameter(f"{key!r} is given twice", param_hint="--label")
        labels[key] = value
    return labels


def submission_name(text: str) -> str:
    """`submissions/<uuid>` of that or the uuid alone."""
    return text if text.startswith("submissions/") else f"submissions/{text.lower()}"


def _quantity(text: str, units: dict[str, int], option: str, expected: str) -> int:
    match = _QUANTITY.fullmatch(text.strip())
    factor = units.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise typer.BadParameter(f"expected {expected}, found {text!r}", param_hint=option)
    value = round(float(match[1]) * factor)
    if value == 0:  # to the API 0 is the default, which nobody means who writes it
        raise typer.BadParameter(f"expected more than 0, found {text!r}", param_hint=option)
    return value
