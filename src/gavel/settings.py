"""Reads a service's settings from its environment, so that all services do it alike.

A settings class is a frozen dataclass of strings, numbers, booleans and tuples of strings. The field
`metrics_listen` is the variable `GAVEL_METRICS_LISTEN`; a field without default must be set. Nothing else
reads the environment.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar, get_type_hints

PREFIX: Final = "GAVEL_"
_PASSWORD: Final = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")

_Settings = TypeVar("_Settings")


class SettingsError(Exception):
    """A variable is missing or malformed; the message names it and says what is expected."""


def read(kind: type[_Settings], environ: Mapping[str, str]) -> _Settings:
    """Makes a settings object; SettingsError for a variable that is missing or of the wrong type."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        variable = PREFIX + field.name.upper()
        text = environ.get(variable, "")
        if text:
            values[field.name] = _value(variable, text, hints[field.name])
        elif field.default is dataclasses.MISSING:
            raise SettingsError(f"{variable} is not set")
    return kind(**values)


def shown(settings: object) -> dict[str, Any]:
    """The settings for a log line, passwords in URLs masked."""
    return {
        name: _PASSWORD.sub(r"\1:***@", value) if isinstance(value, str) else value
        for name, value in dataclasses.asdict(settings).items()  # type: ignore[call-overload]
    }


def _value(variable: str, text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind is bool:
        if text not in {"true", "false"}:
            raise SettingsError(f"{variable}: expected true or false, found {text!r}")
        return text == "true"
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{variable}: expected a number, found {text!r}") from None
