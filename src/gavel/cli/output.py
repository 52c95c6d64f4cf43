"""What commands print: JSON lines or text for people, errors in one line, and the exit statuses."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gavel.client import Client, GavelError

EXIT_NOT_ACCEPTED: Final = 1
EXIT_BAD_REQUEST: Final = 2
EXIT_FAILED: Final = 3
EXIT_INTERRUPTED: Final = 130
EXIT_NO_READER: Final = 128 + signal.SIGPIPE
"""Of a shell's pipe: `gavel list | head -1`."""

_STEERING: Final = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Of what JSON leaves as it is: controls, line ends, directions of writing. They stand in texts alone."""
_CALL_S: Final = 20.0
_PATIENCE_S: Final = 60.0
_CONNECT_S: Final = 3.0
_START: Final = "start the mesh with: gavel up (or name another with --address)"
_ADVICE: Final[Mapping[str, str]] = {
    "UNKNOWN_LANGUAGE": "gavel languages lists the codes",
    "LANGUAGE_UNAVAILABLE": "gavel languages says what is missing",
    "SUBMISSION_NOT_FOUND": "gavel list shows what is there",
    "PROBLEM_NOT_FOUND": "gavel problem list shows what is there, gavel problem add DIR adds one",
    "SOURCE_TOO_LARGE": "send less",
    "REQUEST_ID_CLOCK": "set this machine's clock",
    "OVERLOADED": "try again in a moment",
    "BROKER_UNAVAILABLE": "try again; gavel status shows what runs",
    "DATABASE_UNAVAILABLE": "try again; gavel status shows what runs",
    "STORAGE_UNAVAILABLE": "try again; gavel status shows what runs",
    "NOT_YET_STORED": "it has been accepted; try again in a moment",
    "ALREADY_ENDED": "gavel get shows how",
    "INVALID_PROBLEM": "correct the package and add it again",
    "NOT_IMPLEMENTED": "leave it out",
    "INTERNAL": "gavel logs shows the trace",
}


@contextmanager
def connected(address: str, *, as_json: bool) -> Iterator[Client]:
    """A client for one command; an error that leaves the block is told in one line and becomes the exit
    status.
    """
    reach(address, as_json=as_json)
    # Imported late: gRPC takes longer than all the rest of a command's start.
    from gavel.client import Client, GavelError

    try:
        with Client(address, timeout_s=_CALL_S, patience_s=_PATIENCE_S) as client:
            yield client
    except GavelError as error:
        fail_with(error, as_json=as_json)
    except BrokenPipeError:
        raise  # nobody reads: the end of every command
    except OSError as error:
        fail(
            f"{error.strerror or error}: {error.filename or ''}".rstrip(": "),
            EXIT_BAD_REQUEST,
            as_json=as_json,
        )


def reach(address: str, *, as_json: bool) -> None:
    """Ends with what to do when nothing listens there."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        fail(f"--address {address}: expected HOST:PORT", EXIT_BAD_REQUEST, as_json=as_json)
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except OSError as error:
        reason = error.strerror or str(error)
        fail(f"nothing answers at {address} ({reason}); {_START}", EXIT_FAILED, as_json=as_json)


def fail_with(error: GavelError, *, as_json: bool) -> NoReturn:
    """Tells a client's error and ends."""
    from gavel.client import RequestError

    request = isinstance(error, RequestError)
    advice = _ADVICE.get(
        error.reason_name,
        "correct it and try again" if request else "try again; gavel status shows what runs",
    )
    details = {
        "reason": error.reason_name,
        "code": error.code.name,
        "violations": [dataclasses.asdict(violation) for violation in error.violations],
    }
    if len(error.violations) > 1 and not as_json:
        for violation in error.violations:
            print(f"  {printable(violation.field)}: {printable(violation.description)}", file=sys.stderr)
    status = EXIT_BAD_REQUEST if request else EXIT_FAILED
    fail(f"{error.message}; {advice}", status, as_json=as_json, **details)


def fail(message: str, status: int, /, *, as_json: bool, **details: Any) -> NoReturn:
    """Says what is wrong and what to do next, and ends with an exit status."""
    raise typer.Exit(told(message, status, as_json=as_json, **details))


def told(message: str, status: int, /, *, as_json: bool, **details: Any) -> int:
    """Says what is wrong and what to do next; returns the exit status."""
    if as_json:
        nothing = {"reason": "", "code": "", "violations": []}
        json_line({"event": "failed", "message": message, **nothing, **details})
    print(f"gavel: {printable(message)}", file=sys.stderr)
    return status


def json_line(value: Mapping[str, Any]) -> None:
    """One object on one line, at once; what could steer a terminal is escaped."""
    line = json.dumps(value, default=_plain, ensure_ascii=False)
    print(_STEERING.sub(lambda letter: f"\\u{ord(letter[0]):04x}", line), flush=True)


def console() -> Console:
    """Where text for people goes; colours and live parts only in a terminal."""
    from gavel.cli.consoles import OutputConsole

    return OutputConsole(highlight=False, emoji=False, markup=False, soft_wrap=True)


def printable(text: str) -> str:
    """The text without what could steer a terminal: it comes from programs that nobody trusts."""
    return "".join(
        each if each in "\n\t" or each.isprintable() else f"\\x{ord(each):02x}" for each in text
    ).rstrip("\n")


def milliseconds(value: int) -> str:
    """`12 ms`, `1.25 s`."""
    return f"{value} ms" if value < 1000 else f"{value / 1000:.2f} s"


def mebibytes(value: int) -> str:
    """`8.2 MiB`."""
    return f"{value / (1 << 20):.1f} MiB"


def quiet_end() -> None:
    """Nobody reads our output any more: nothing is flushed to it at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"{type(value).__name__} has no JSON form")
