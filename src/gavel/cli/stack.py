"""`gavel up`, `down`, `status` and `logs`: the mesh of this machine."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from gavel.embedded.events import Event, Listener
    from gavel.embedded.plan import Options

EXIT_BAD_REQUEST = 2
EXIT_FAILED = 3
DOWN_SECONDS_MAX = 90.0
FOLLOW_SECONDS = 0.2

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Everything the mesh keeps. Default: $XDG_DATA_HOME/gavel, ~/.local/share/gavel"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, and nothing else")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (up, down, status, logs):
        app.command()(command)


def up(
    *,
    data_dir: DataDir = None,
    ingress: Annotated[str, typer.Option(help="HOST:PORT that Envoy listens on")] = "127.0.0.1:8080",
    submission: Annotated[int, typer.Option(help="Replicas of the submission service")] = 2,
    result: Annotated[int, typer.Option(help="Replicas of the result service")] = 2,
    worker: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANGUAGE[,LANGUAGE..][=SLOTS]",
            help="A worker for these languages; may be repeated. Default: one with all of this machine's",
        ),
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready")] = False,
    as_json: Json = False,
) -> None:
    """Start the whole mesh on this machine and keep it running until Ctrl-C (or `gavel down`)."""
    options = _options(data_dir, ingress, submission, result, worker or [])
    _make_folder(options.data_dir)
    from gavel.cli.stack_view import Teller

    say = (
        _say_json if as_json else Teller(options.data_dir, detach=detach, option=_option_of(options.data_dir))
    )
    ok = _run_detached(options, say) if detach else _run_here(options, say)
    if not ok:
        raise typer.Exit(EXIT_FAILED)


def down(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Stop the mesh of a data folder; the data stays for the next `gavel up`."""
    from gavel.embedded import state
    from gavel.embedded.process import send_signal

    data = data_folder(data_dir)
    supervisor = state.holder(data)
    if supervisor is None:
        current = state.read(data)
        left = state.end_leftovers(current) if current else []
        text = f"no mesh runs on {data}" + (f"; ended what was left: {', '.join(left)}" if left else "")
        _answer(as_json, text, {"event": "down", "was_running": False, "ended": left})
        return
    if not as_json:
        print("stopping: running programs get up to 20 s to end ...", flush=True)
    send_signal(supervisor, signal.SIGTERM)
    if state.wait_gone([supervisor], DOWN_SECONDS_MAX):
        _fail(
            as_json,
            f"still stopping after {DOWN_SECONDS_MAX:.0f} s; to end it at once: kill -9 {supervisor.pid}",
        )
    _answer(as_json, f"stopped; the data stays in {data}", {"event": "down", "was_running": True})


def status(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show what runs: every process, every language with its queue, every limit that is not enforced.

    Exit status 3 when the mesh is not up.
    """
    from gavel.embedded import state

    data = data_folder(data_dir)
    supervisor = state.holder(data)
    if supervisor is None:
        _fail(as_json, f"no mesh runs on {data}; start one with: gavel up{_option_of(data)}")
    current = state.read(data)
    if current is None or current.supervisor != supervisor:
        _fail(as_json, f"the mesh on {data} has just begun to start (process {supervisor.pid})")
    from gavel.cli import stack_view

    languages = stack_view.languages(current.ingress) if current.up else []
    unenforced = stack_view.unenforced(current.ingress) if current.up else []
    if as_json:
        for line in stack_view.status_lines(data, current, languages, unenforced):
            print(json.dumps(line))
    else:
        stack_view.show(data, current, languages, unenforced)
    if not current.up:
        raise typer.Exit(EXIT_FAILED)


def logs(
    part: Annotated[
        str, typer.Argument(help="kafka, postgres, envoy, supervisor, submission-0, worker-0, ...")
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written from now on")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the log of one process."""
    folder = data_folder(data_dir) / "logs"
    log = folder / f"{part}.log"
    if Path(part).name != part or not log.exists():
        known = sorted(path.stem for path in folder.glob("*.log"))
        _fail(
            as_json,
            f"no log of {part!r} in {folder}; there are: {', '.join(known) or 'none'}",
            EXIT_BAD_REQUEST,
        )
    try:
        for line in _lines(log, follow):
            print(json.dumps({"part": part, "line": line}) if as_json else line, flush=follow)
    except KeyboardInterrupt:
        sys.stdout = None  # its reader was interrupted too: no flush at exit


def _options(data_dir: Path | None, ingress: str, submission: int, result: int, worker: list[str]) -> Options:
    from gavel.embedded.plan import Options, Worker

    host, port = ingress_of(ingress)
    try:
        workers = tuple(map(Worker.parse, worker)) or (Worker(),)
        return Options(data_folder(data_dir), host, port, submission, result, workers)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def ingress_of(text: str) -> tuple[str, int]:
    """The IP address and port of `--ingress`; BadParameter if it is something else."""
    host, colon, port = text.rpartition(":")
    address = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        ip_address(address)
        if colon and 0 < int(port) < 65_536:
            return address, int(port)
    except ValueError:
        pass
    raise typer.BadParameter("expected ADDRESS:PORT, such as 127.0.0.1:8080", param_hint="--ingress")


def data_folder(given: Path | None) -> Path:
    default = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "gavel"
    return (given or default).absolute()


def _option_of(data: Path) -> str:
    """The option that names this data folder to another command; empty for the default."""
    return "" if data == data_folder(None) else f" --data-dir {shlex.quote(str(data))}"


def _make_folder(data: Path) -> None:
    try:
        (data / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(
            f"{data} cannot be made: {error.strerror}", param_hint="--data-dir"
        ) from error


def _run_here(options: Options, say: Listener) -> bool:
    from gavel.embedded.supervisor import Supervisor

    supervisor = Supervisor(options, say)
    asked = False

    def stop(number: int, _: object) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            supervisor.kill()  # somebody who presses Ctrl-C twice does not want to wait
        asked = True
        supervisor.request_stop()

    _on_signals(stop)
    return supervisor.run()


def _run_detached(options: Options, say: Listener) -> bool:
    """Starts the supervisor as a process of its own; True when it says that all is up."""
    from gavel.embedded.arguments import arguments_of
    from gavel.embedded.events import Event, Kind

    log = options.data_dir / "logs" / "supervisor.log"
    argv = [sys.executable, "-P", "-m", "gavel.embedded", *arguments_of(options)]
    with log.open("ab") as errors:
        popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    _on_signals(lambda *_: popen.terminate())
    last = Kind.FAILED
    for line in popen.stdout or ():
        event = Event.from_json(line)
        say(event)
        last = event.kind
        if last is Kind.UP:
            return True
    if popen.wait() != 0 and last is not Kind.FAILED:
        say(Event(Kind.FAILED, f"the supervisor ended; see {log}"))
    return False


def _on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Handles the signals that ask for an end, unless they are ignored, as SIGHUP is under nohup."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _lines(log: Path, follow: bool) -> Iterator[str]:
    with log.open(errors="replace") as file:
        part = ""
        while True:
            part += file.readline()
            if part.endswith("\n"):
                yield part[:-1]
                part = ""
            elif not follow:
                if part:
                    yield part
                return
            else:
                if log.stat().st_size < file.tell():  # rotated: emptied in place
                    file.seek(0)
                time.sleep(FOLLOW_SECONDS)


def _say_json(event: Event) -> None:
    print(event.to_json(), flush=True)


def _answer(as_json: bool, text: str, facts: dict[str, object]) -> None:
    print(json.dumps(facts) if as_json else text)


def _fail(as_json: bool, text: str, code: int = EXIT_FAILED) -> NoReturn:
    print(
        json.dumps({"event": "failed", "message": text}) if as_json else text,
        file=sys.stdout if as_json else sys.stderr,
    )
    raise typer.Exit(code)
