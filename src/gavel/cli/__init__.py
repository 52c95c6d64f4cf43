"""The command `gavel`. Commands import what they work with when they run: a start takes a fraction of
gRPC's.
"""

import os
import sys
import traceback
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException

from gavel.cli import demo, doctor, languages, problems, run, stack, submissions
from gavel.cli.output import (
    EXIT_BAD_REQUEST,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NO_READER,
    quiet_end,
    told,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Judges programs: start a mesh, hand programs in, watch their verdicts.",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"gavel {version('gavel-mesh')}")
        raise typer.Exit


@app.callback()
def _gavel(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit")
    ] = False,
) -> None:
    pass


for _module in (stack, submissions, run, languages, problems, doctor, demo):
    _module.register(app)


def main() -> None:
    """Runs the command line; a call that is malformed ends with 2, an error that nobody foresaw with 3."""
    own = sys.argv[: sys.argv.index("--")] if "--" in sys.argv else sys.argv
    as_json = "--json" in own
    try:
        status = app(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()  # or a reader that has left would be told at the interpreter's end
    except typer.Abort:
        status = EXIT_INTERRUPTED
    except TyperException as error:
        status = _misused(error, as_json=as_json)
    except (BrokenPipeError, SystemExit) as error:
        # Typer makes an exit with 1 of the first.
        if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
            raise
        quiet_end()
        status = EXIT_NO_READER
    except Exception as error:
        status = _unforeseen(error, as_json=as_json)
    sys.exit(status)


def _unforeseen(error: Exception, *, as_json: bool) -> int:
    odd = next((each for each in sys.argv if _is_no_text(each)), None)
    if isinstance(error, UnicodeEncodeError) and odd is not None:
        message = f"{os.fsencode(odd)!r} is no UTF-8, as names and texts that are handed in have to be"
        return told(message, EXIT_BAD_REQUEST, as_json=as_json)
    traceback.print_exc()
    return told(f"unforeseen error, please report it: {error!r}", EXIT_FAILED, as_json=as_json)


def _is_no_text(argument: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in argument)


def _misused(error: TyperException, *, as_json: bool) -> int:
    message: str = getattr(error, "format_message", error.__str__)()
    if not message.strip() or "\n" in message:  # a call without arguments: its help is shown
        if message.strip():
            print(message, file=sys.stderr)
        return EXIT_BAD_REQUEST
    context: typer.Context | None = getattr(error, "ctx", None)
    where = "gavel" if context is None else context.command_path
    return told(f"{message.rstrip('.')}; see {where} --help", EXIT_BAD_REQUEST, as_json=as_json)
