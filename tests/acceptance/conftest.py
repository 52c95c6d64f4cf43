"""One whole mesh for all acceptance tests, and the ways to it: the client, plain stubs, the command."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from command_line import Command
from left_behind import is_settled
from span_collector import Collector, collecting

from conditions import until
from gavel.client import Client
from gavel.embedded import Mesh


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Receives the spans of every process of the mesh."""
    with collecting() as made:
        yield made


@pytest.fixture(scope="session")
def mesh(collector: Collector) -> Iterator[Mesh]:
    """The mesh, with every language of this machine tried out."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-acceptance-"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in collector.environment.items():
            patch.setenv(name, value)
        started = Mesh(folder)
        started.start()
    with Client(started.address) as made:
        until(lambda: _all_are_known(made), "every language is tried out", 90.0)
    yield started
    started.stop()
    shutil.rmtree(folder)


def _all_are_known(client: Client) -> bool:
    found = client.languages()
    return any(each.available for each in found) and not any(each.testing for each in found)


@pytest.fixture(scope="module")
def settled(mesh: Mesh) -> None:
    """Nothing is going on any more, for modules whose tests begin nothing."""
    until(lambda: is_settled(mesh), "all judged and stored", 90.0)


@pytest.fixture(scope="session")
def client(mesh: Mesh) -> Iterator[Client]:
    """The client of the SDK."""
    with Client(mesh.address) as made:
        yield made


@pytest.fixture(scope="session")
def channel(mesh: Mesh) -> Iterator[grpc.Channel]:
    """A plain channel to the ingress, without what the SDK adds."""
    with grpc.insecure_channel(mesh.address, options=[("grpc.max_send_message_length", -1)]) as made:
        yield made


@pytest.fixture(scope="session")
def command(mesh: Mesh) -> Command:
    """The command `gavel`, pointed at the mesh."""
    return Command(mesh.address)
