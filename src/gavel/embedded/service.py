"""A Gavel service as a process of the embedded mesh: `python -m gavel.<role>` and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from gavel.embedded import probes
from gavel.embedded.process import Command
from gavel.embedded.server import Progress, Server
from gavel.mesh.topology import HEALTH_SERVICES

_PYTHON = {
    "PYTHONUNBUFFERED": "1",  # a log is read while it is written
    "PYTHONFAULTHANDLER": "1",  # a crash in a C library leaves a traceback in the log
}


WORKER_NICE = 10
"""How far workers, and all that they run, let the other parts go first where CPUs are short: with both cores
judging, 99 of 100 accepts at 300/s took up to 120 ms instead of 520."""


class Service(Server):
    """One service process. It ends by itself within 20 s of SIGTERM; ready when its health says SERVING."""

    grace_seconds: ClassVar[float] = 22.0

    def __init__(self, name: str, role: str, address: str, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(name, log)
        self.role = role
        self.environment = dict(environment)
        self._address = address

    @property
    def address(self) -> str:
        return self._address

    def prepare(self, progress: Progress) -> None:  # noqa: ARG002 - as every server's
        if folder := self.environment.get("GAVEL_STATE_DIR"):
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self) -> Command:
        # -P: a file in the current folder is never imported in place of a package.
        argv = (sys.executable, "-P", "-m", f"gavel.{self.role}")
        nice = WORKER_NICE if self.role == "worker" else 0
        return Command(argv, log=self.log, env={**os.environ, **_PYTHON, **self.environment}, nice=nice)

    def ready(self) -> bool:
        return probes.grpc_serves(self._address, HEALTH_SERVICES[self.role])
