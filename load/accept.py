"""An accept against an empty call through the same Envoy: 50 in flight, two replicas each, turn by turn.

The workers are stopped meanwhile, and the result replicas stand still (SIGSTOP), so that both sides have the
machine to themselves. The accept's own costs are all in: validation, identity, one replicated produce.
"""

import asyncio
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import grpc

from gavel.embedded import Mesh
from gavel.embedded.envoy import Envoy
from gavel.embedded.ports import choose
from gavel.mesh import Endpoint, Topology
from gavel.submission.v1 import submission_service_pb2_grpc
from load.figures import Figure, at_least, plain
from load.processes import family_cpu_s
from load.traffic import Channels, fresh_labels, new_request

IN_FLIGHT = 50
ROUNDS = 6
ROUND_S = 3.0


async def against_empty(mesh: Mesh, folder: Path) -> list[Figure]:
    """Calls a second on both sides, in turns, and the CPU time of an accept at saturation."""
    mesh.stop_part("worker-0")
    try:
        with _standing_still(mesh, "result"), _empty_servers() as endpoints:
            topology = Topology("127.0.0.1", choose(), choose(), {"submission": endpoints})
            envoy = Envoy(folder / "empty-envoy", topology, log=folder / "empty-envoy.log")
            envoy.start()
            try:
                return await _turns(mesh, envoy.address)
            finally:
                envoy.stop()
    finally:
        mesh.start_part("worker-0")


async def _turns(mesh: Mesh, empty_address: str) -> list[Figure]:
    accepts, empties = [], []
    used, count = 0.0, 0
    labels = fresh_labels()
    async with AsyncExitStack() as stack:
        ours, bare = Channels(mesh.address), Channels(empty_address)
        stack.push_async_callback(ours.close)
        stack.push_async_callback(bare.close)
        for channels in (ours, bare):
            await _saturate(channels, labels, 1.0)
        for _ in range(ROUNDS):
            empties.append(await _saturate(bare, labels, ROUND_S))
            before = _mesh_cpu_s(mesh)
            rate = await _saturate(ours, labels, ROUND_S)
            used += _mesh_cpu_s(mesh) - before
            count += int(rate * ROUND_S)
            accepts.append(rate)
    accept, empty = statistics.median(accepts), statistics.median(empties)
    ratio = statistics.median(a / e for a, e in zip(accepts, empties, strict=True))
    return [
        at_least(
            "accept.ratio", ratio, "ratio", 0.5, f"empty unary call through the same Envoy, {empty:.0f}/s"
        ),
        plain("accept.rate", accept, "1/s", f"{IN_FLIGHT} in flight, two replicas, client on the same cores"),
        plain("accept.cpu", used / count * 1000, "ms", "submission replicas, broker and Envoy, saturated"),
    ]


async def _saturate(channels: Channels, labels: dict[str, str], duration_s: float) -> float:
    """Calls a second with IN_FLIGHT calls at any time."""
    stubs = [submission_service_pb2_grpc.SubmissionServiceStub(channels.pick()) for _ in range(2)]
    end = time.monotonic() + duration_s
    done = 0

    async def caller(call: Callable[..., Awaitable[object]]) -> None:
        nonlocal done
        while time.monotonic() < end:
            await call(new_request(labels), timeout=10.0)
            done += 1

    start = time.monotonic()
    await asyncio.gather(*(caller(stubs[n % 2].CreateSubmission) for n in range(IN_FLIGHT)))
    return done / (time.monotonic() - start)


def _mesh_cpu_s(mesh: Mesh) -> float:
    roles = ("submission", "kafka", "envoy")
    return sum(family_cpu_s(part.pid) for part in mesh.parts() if part.role in roles and part.pid)


@contextmanager
def _standing_still(mesh: Mesh, role: str) -> Iterator[None]:
    names = [part.name for part in mesh.parts() if part.role == role]
    for name in names:
        mesh.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in names:
            mesh.kill(name, signal.SIGCONT)


@contextmanager
def _empty_servers() -> Iterator[tuple[Endpoint, ...]]:
    ports = [choose(), choose()]
    servers = [subprocess.Popen([sys.executable, "-m", "load.empty", str(port)]) for port in ports]
    try:
        for port in ports:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                grpc.channel_ready_future(channel).result(timeout=15.0)
        yield tuple(Endpoint(f"empty-{n}", "127.0.0.1", port) for n, port in enumerate(ports))
    finally:
        for server in servers:
            server.terminate()
            server.wait()
