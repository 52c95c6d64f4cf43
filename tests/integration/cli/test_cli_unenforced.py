"""A limit that is not enforced is seen by whoever looks at the mesh."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from gavel.cli import stack_view
from gavel.embedded.process import Identity
from gavel.embedded.state import MeshState
from gavel.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc

pytestmark = pytest.mark.integration
HELD = worker_pb2.Enforcement(limit="memory", enforced=True, mechanism="cgroup v1 memory")
NOT_HELD = worker_pb2.Enforcement(limit="swap", mechanism="swap is on [red]; allowed by configuration")
EXPECTED = {"worker": "w-1", "limit": "swap", "reason": "swap is on [red]; allowed by configuration"}


class Workers(worker_service_pb2_grpc.WorkerServiceServicer):
    """Two workers, of which one may use swap."""

    def ListWorkers(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        return worker_service_pb2.ListWorkersResponse(
            workers=[
                worker_pb2.Worker(name="workers/w-0", enforcements=[HELD]),
                worker_pb2.Worker(name="workers/w-1", enforcements=[HELD, NOT_HELD]),
            ]
        )


@pytest.fixture
def ingress() -> Iterator[str]:
    """The address of a server with those workers."""
    with ThreadPoolExecutor() as threads:
        server = grpc.server(threads)
        worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(Workers(), server)  # type: ignore[no-untyped-call]
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_the_limits_that_workers_do_not_enforce(ingress: str) -> None:
    """Those alone, with the worker's id and the reason."""
    assert stack_view.unenforced(ingress) == [EXPECTED]


def test_a_mesh_that_does_not_answer_has_nothing_to_tell() -> None:
    """Its state is told otherwise."""
    assert stack_view.unenforced("127.0.0.1:1") == []


def test_they_are_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """For people as a line of its own that cannot be overlooked, for programs as an object."""
    state = MeshState(Identity(1, 1, "boot"), "127.0.0.1:8080", up=True, parts=())

    stack_view.show(tmp_path, state, [], [EXPECTED])
    lines = [json.dumps(line) for line in stack_view.status_lines(tmp_path, state, [], [EXPECTED])]

    assert "NOT ENFORCED  w-1: swap: swap is on [red]; allowed by configuration\n" in capsys.readouterr().out
    assert json.loads(lines[-1]) == {"kind": "unenforced", **EXPECTED}
