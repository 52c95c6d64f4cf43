"""The supervisor's command line: options to words and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from gavel.embedded.plan import Options, Worker


def parse(arguments: list[str]) -> tuple[Options, bool]:
    """The options, and whether commands come from stdin."""
    parser = argparse.ArgumentParser(prog="python -m gavel.embedded", description="The supervisor of a mesh.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--ingress-host", default="127.0.0.1")
    parser.add_argument("--ingress-port", type=int, default=8080)
    parser.add_argument("--submission", type=int, default=2)
    parser.add_argument("--result", type=int, default=2)
    parser.add_argument("--worker", action="append", type=Worker.parse, default=[])
    parser.add_argument("--control", action="store_true")
    given = parser.parse_args(arguments)
    workers = tuple(given.worker) or (Worker(),)
    options = Options(
        given.data_dir.absolute(),
        given.ingress_host,
        given.ingress_port,
        given.submission,
        given.result,
        workers,
    )
    return options, given.control


def arguments_of(options: Options) -> list[str]:
    """The inverse of `parse`."""
    workers = [word for worker in options.workers if worker.languages for word in ("--worker", str(worker))]
    return [
        *("--data-dir", str(options.data_dir)),
        *("--ingress-host", options.ingress_host, "--ingress-port", str(options.ingress_port)),
        *("--submission", str(options.submission), "--result", str(options.result)),
        *workers,
    ]
