"""`gavel submit`, `watch`, `get`, `cancel` and `list`."""

from __future__ import annotations

import base64
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gavel.cli.files import file_content, program_files
from gavel.cli.options import (
    ADDRESS,
    Address,
    Json,
    constant,
    labels_of,
    size_bytes,
    submission_name,
    time_ms,
)
from gavel.cli.output import (
    EXIT_INTERRUPTED,
    connected,
    console,
    json_line,
    mebibytes,
    milliseconds,
    printable,
)

if TYPE_CHECKING:
    from gavel.client import Accepted, Client, InlineTest, Submission

_JUDGED: Final = (
    "cpu_time_ms",
    "wall_time_ms",
    "memory_bytes",
    "test_count",
    "tests",
    "compile",
    "groups",
    "first_failed_test",
    "left_out_test_count",
    "failure",
    "language_version",
    "worker",
    "start_time",
    "end_time",
)
"""What a submission's JSON tells of its judgement, where that has begun and is told; a list does not."""

Id = Annotated[str, typer.Argument(metavar="ID", help="submissions/<uuid>, or the uuid alone")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (submit, watch, get, cancel):
        app.command()(command)
    app.command("list")(list_submissions)


def submit(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files of one program")],
    language: Annotated[
        str,
        typer.Option("--language", "-l", help="Its code, such as python3 or cpp@20. Default: by the suffix"),
    ] = "",
    problem: Annotated[str, typer.Option("--problem", "-p", help="The problem to judge it against")] = "",
    stdin: Annotated[
        Path | None, typer.Option(help="A file for standard input; - for this command's")
    ] = None,
    expected: Annotated[Path | None, typer.Option(help="A file with the expected output")] = None,
    cpu_time: Annotated[str, typer.Option(help="CPU time of a run, such as 2s")] = "",
    wall_time: Annotated[str, typer.Option(help="Wall time of a run, such as 5s")] = "",
    memory: Annotated[str, typer.Option(help="Memory of a run, such as 256MiB")] = "",
    argument: Annotated[
        list[str] | None, typer.Option("--arg", help="An argument of the program; may be repeated")
    ] = None,
    entry_point: Annotated[
        str, typer.Option(help="The file that is run first, or a main class. Default: the language's")
    ] = "",
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="May be repeated")
    ] = None,
    run_all: Annotated[
        bool, typer.Option("--run-all", help="Run every test, also behind one that fails")
    ] = False,
    watching: Annotated[bool, typer.Option("--watch/--no-watch", help="Stay until the verdict")] = True,
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Hand a program in and watch it being judged.

    Exit status: 0 accepted, 1 another verdict, 2 the request was bad, 3 the platform failed.
    """
    limits = {
        "cpu_time_ms": time_ms(cpu_time, "--cpu-time") if cpu_time else 0,
        "wall_time_ms": time_ms(wall_time, "--wall-time") if wall_time else 0,
        "memory_bytes": size_bytes(memory, "--memory") if memory else 0,
    }
    labels = labels_of(label)
    if str(stdin) == str(expected) == "-":
        raise typer.BadParameter("only one of the two can be -", param_hint="--stdin, --expected")
    sources = program_files(files, as_json=as_json)
    given = file_content(stdin, as_json=as_json) if stdin else None
    wanted = file_content(expected, as_json=as_json) if expected else None
    with connected(address, as_json=as_json) as client:
        from gavel.client import InlineTest, Limits, language_of

        tests: list[InlineTest] = []
        if given is not None or wanted is not None:
            tests = [InlineTest(given or b"", wanted)]
        accepted = client.submit(
            sources,
            language=language or language_of(list(sources), client.languages()),
            problem=problem,
            tests=tests,
            argv=argument or [],
            entry_point=entry_point,
            limits=Limits(**limits),
            run_all=run_all,
            labels=labels,
        )
        _accepted(accepted, as_json=as_json)
        if watching:
            raise typer.Exit(_follow(client, accepted, as_json=as_json))


def watch(submission: Id, address: Address = ADDRESS, as_json: Json = False) -> None:
    """Watch a submission to its end; what happened before is told first. Exit status as of submit."""
    with connected(address, as_json=as_json) as client:
        raise typer.Exit(_follow(client, submission_name(submission), as_json=as_json))


def get(
    submission: Id,
    *,
    sources: Annotated[bool, typer.Option("--sources", help="With the program itself")] = False,
    output: Annotated[
        str, typer.Option(metavar="TEST", help="All that it wrote for a test (name or number), and no more")
    ] = "",
    source: Annotated[
        str, typer.Option(metavar="PATH", help="One of its source files, byte for byte, and no more")
    ] = "",
    to: Annotated[
        Path | None, typer.Option("--to", "-o", metavar="FILE", help="Where that goes; default: here")
    ] = None,
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """Show a submission as it stands, one of its sources, or what it wrote for one of its tests."""
    if output and source:
        raise typer.BadParameter("goes without --output", param_hint="--source")
    if to is not None and not output and not source:
        raise typer.BadParameter("goes with --output TEST or --source PATH", param_hint="--to")
    if (output or source) and as_json and to is None:
        raise typer.BadParameter("with --output or --source it needs --to FILE", param_hint="--json")
    with connected(address, as_json=as_json) as client:
        if source:
            from gavel.cli.whole_files import write_source

            write_source(client, submission_name(submission), source, to, as_json=as_json)
            return
        found = client.get(submission_name(submission), sources=sources)
        if output:
            from gavel.cli.whole_files import write_output

            write_output(client, found, output, to, as_json=as_json)
            return
    if as_json:
        json_line(_facts(found))
    else:
        _show(found)


def cancel(submission: Id, address: Address = ADDRESS, as_json: Json = False) -> None:
    """End a submission that waits or runs. Whether that came before its verdict, `gavel watch` tells."""
    name = submission_name(submission)
    with connected(address, as_json=as_json) as client:
        client.cancel(name)
    if as_json:
        json_line({"event": "cancel_requested", "submission": name})
    else:
        print(f"asked for the end of {name}")


def list_submissions(
    *,
    problem: Annotated[str, typer.Option("--problem", "-p", help="Only this problem")] = "",
    language: Annotated[str, typer.Option("--language", "-l", help="Only this language")] = "",
    state: Annotated[str, typer.Option(help="Only this state, such as QUEUED")] = "",
    verdict: Annotated[str, typer.Option(help="Only this verdict, such as WRONG_ANSWER")] = "",
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="May be repeated")
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="How many; 0: all")] = 50,
    address: Address = ADDRESS,
    as_json: Json = False,
) -> None:
    """List submissions, newest first."""
    labels = labels_of(label)
    with connected(address, as_json=as_json) as client:
        found = client.list(
            problem=problem,
            language=language,
            state=constant(state),
            verdict=constant(verdict),
            labels=labels,
            most=most,
        )
        out = console()
        for each in found:
            if as_json:
                json_line(_facts(each))
            else:
                out.print(_line(each))


def _follow(client: Client, submission: str | Accepted, *, as_json: bool) -> int:
    from gavel.cli.events import exit_status, view_of
    from gavel.client import Ended

    name = submission if isinstance(submission, str) else submission.name
    try:
        with client.watch(submission) as events, view_of(as_json=as_json) as view:
            for event in events:
                view.show(event)
                if isinstance(event, Ended):
                    return exit_status(event.judgement)
    except KeyboardInterrupt:
        print(f"gavel: judging goes on; to come back: gavel watch {name}", file=sys.stderr)
        return EXIT_INTERRUPTED
    raise AssertionError("a watch ended without its end")


def _accepted(accepted: Accepted, *, as_json: bool) -> None:
    if as_json:
        facts = _facts(accepted.submission)
        json_line(
            {"event": "accepted", **facts, "read_token": base64.b64encode(accepted.read_token).decode()}
        )
    else:
        print(f"{accepted.name}  {accepted.submission.language}", flush=True)


def _facts(submission: Submission) -> dict[str, Any]:
    """A submission, and its judgement's facts beside its own."""
    facts = dataclasses.asdict(submission)
    judgement = facts.pop("judgement") or {}
    judged = {key: judgement[key] for key in _JUDGED if key in judgement}
    return {"submission": facts.pop("name"), **facts, **judged}


def _show(submission: Submission) -> None:
    from gavel.cli.events import ending, indented, style_of, test_line

    out = console()
    out.print(_line(submission))
    limits = submission.limits
    out.print(
        f"limits: {milliseconds(limits.cpu_time_ms)} CPU, {mebibytes(limits.memory_bytes)}", style="dim"
    )
    if submission.labels:
        out.print(
            "labels: " + ", ".join(f"{key}={printable(value)}" for key, value in submission.labels.items()),
            style="dim",
        )
    for path, content in submission.sources.items():
        if isinstance(content, str):
            text = f"{content}, too large to be shown: gavel get {submission.name} --source {printable(path)}"
        else:
            text = content.decode("utf-8", "replace")
        out.print(f"{printable(path)}:\n{indented(text)}")
    judgement = submission.judgement
    if judgement is None:
        return
    if judgement.compile is not None and judgement.compile.output:
        out.print(indented(judgement.compile.output), style="dim")
    for test in judgement.tests:
        if test.verdict != "SKIPPED":
            out.print(test_line(test), style=style_of(test.verdict))
    if judgement.end_time is not None:
        for line, style in ending(judgement):
            out.print(line, style=style)


def _line(submission: Submission) -> str:
    time = submission.create_time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if submission.create_time else ""
    task = submission.problem.removeprefix("problems/") or "-"
    end = submission.verdict.replace("_", " ") or submission.state
    if submission.score is not None:
        end += f" {submission.score:g}"
    return f"{submission.name}  {time:<19}  {submission.language:<10}  {task:<20}  {end}"
