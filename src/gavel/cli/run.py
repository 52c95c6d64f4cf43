"""`gavel run`: a program in the sandbox as if it ran here. Its input, output and exit status are this
command's.
"""

from __future__ import annotations

import concurrent.futures
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

from gavel.cli.files import program_files
from gavel.cli.options import ADDRESS, Address, Json, size_bytes, time_ms
from gavel.cli.output import EXIT_INTERRUPTED, connected
from gavel.cli.run_view import JsonView, PlainView, exit_status

if TYPE_CHECKING:
    from gavel.client import Program

_TYPING_MS: Final = 180_000
_READ_BYTES: Final = 65536
_ARGUMENTS: Final = "gavel.program_arguments"


class _Command(TyperCommand):
    """Keeps what stands behind `--` for the program: it must not be taken for a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own, dashes, theirs = args, False, []
        if "--" in args:
            place = args.index("--")
            own, dashes, theirs = args[:place], True, args[place + 1 :]
        ctx.meta[_ARGUMENTS] = theirs if dashes else []
        return super().parse_args(ctx, own)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(cls=_Command, options_metavar="[OPTIONS]", epilog="Behind -- stand the program's arguments.")(
        run
    )


def run(
    *,
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE... [-- ARGS]", help="The files of one program")
    ],
    language: Annotated[
        str,
        typer.Option("--language", "-l", help="Its code, such as python3 or cpp@20. Default: by the suffix"),
    ] = "",
    entry_point: Annotated[str, typer.Option(help="The file that is run first. Default: the first")] = "",
    cpu_time: Annotated[str, typer.Option(help="CPU time, such as 2s")] = "",
    wall_time: Annotated[str, typer.Option(help="Wall time, such as 5s. Default at a terminal: 180s")] = "",
    memory: Annotated[str, typer.Option(help="Memory, such as 256MiB")] = "",
    output: Annotated[str, typer.Option(help="Output, such as 8MiB")] = "",
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Run a program at once in the sandbox, without a record. Input, output and Ctrl-C are the program's.

    Exit status: the program's; 128 + n when signal n ended it, 137 when a limit did (a line on stderr says
    which), 1 when it does not compile, 2 when the request was bad, 3 when the platform failed.
    """
    limits = {
        "cpu_time_ms": time_ms(cpu_time, "--cpu-time") if cpu_time else 0,
        "wall_time_ms": time_ms(wall_time, "--wall-time") if wall_time else _patience_ms(),
        "memory_bytes": size_bytes(memory, "--memory") if memory else 0,
        "output_bytes": size_bytes(output, "--output") if output else 0,
    }
    sources = program_files(files, as_json=as_json)
    with connected(address, as_json=as_json) as client:
        from gavel.client import Limits, language_of

        try:
            program = client.run_program(
                sources,
                language=language or language_of(list(sources), client.languages()),
                argv=context.meta[_ARGUMENTS],
                entry_point=entry_point,
                limits=Limits(**limits),
            )
            with program:
                status = _passed_on(program, as_json=as_json)
        except KeyboardInterrupt:
            status = EXIT_INTERRUPTED
    raise typer.Exit(status)


def _patience_ms() -> int:
    """The wall time where none is asked for: somebody who types gets the longest that there is."""
    return _TYPING_MS if sys.stdin is not None and sys.stdin.isatty() else 0


def _passed_on(program: Program, *, as_json: bool) -> int:
    """Passes input and output on until the program ends; the exit status."""
    from gavel.client import ProgramCompiled, ProgramEnded, ProgramOutput

    view = JsonView() if as_json else PlainView()
    view.running(program.worker)
    threading.Thread(target=_feed, args=(program,), name="stdin", daemon=True).start()
    for event in program:
        match event:
            case ProgramOutput():
                view.output(event)
            case ProgramCompiled():
                view.compiled(event.compile)
            case ProgramEnded():
                view.ended(event.result)
                return exit_status(event.result)
    raise AssertionError("a program ended without its end")


def _feed(program: Program) -> None:
    """Passes standard input on, byte for byte as it comes. Ends with the process when nothing comes."""
    # The program, and with it the client's loop, may end at any moment.
    with suppress(RuntimeError, concurrent.futures.CancelledError):
        with suppress(OSError):  # its terminal is gone
            while sys.stdin is not None and (data := os.read(sys.stdin.fileno(), _READ_BYTES)):
                program.write(data)
        program.end_input()
