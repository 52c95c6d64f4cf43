"""What the mesh itself costs at 300 submissions a second, which no two cores could run programs for.

The submissions are answers to a problem whose submissions are the outputs themselves: everything happens that
happens to a program (accept, queue, judgement with the default validator, events, rows, streams), and no
program is run.
"""

import asyncio
import time
from pathlib import Path

from gavel.client import Client, uuid7
from gavel.embedded import Mesh
from gavel.submission.v1 import submission_pb2, submission_service_pb2
from load.figures import Figure, at_most, plain
from load.processes import mesh_cpu_s
from load.traffic import Channels, drain, fresh_labels, open_loop, percentile

RATE = 300.0
WARM_S = 10.0
TURN_S = 20.0
DRAIN_S_MAX = 120.0
_PROBLEM = """\
problem_format_version: 2025-09
name: Squares
uuid: 5ca6ba5b-9ad5-4a47-a2b3-0b4f46d1f6a1
type: [pass-fail, submit-answer]
"""


async def through_the_mesh(mesh: Mesh, folder: Path) -> list[Figure]:
    """CPU time of every part for one submission, without and with a watcher for each."""
    with Client(mesh.address) as client:
        client.add_problem(_package(folder))
    await _turn(mesh, WARM_S, watched=False)
    plain_ms, latencies_ms = await _turn(mesh, TURN_S, watched=False)
    watched_ms, _ = await _turn(mesh, TURN_S, watched=True)
    total = sum(plain_ms.values())
    against = f"{RATE:g}/s for {TURN_S:g} s, all processes of the mesh; no program is run"
    watcher = sum(watched_ms.values()) - total
    return [
        at_most("cpu.submission", total, "ms", 4, against),
        *(plain(f"cpu.submission.{role}", ms, "ms", against) for role, ms in sorted(plain_ms.items())),
        at_most("cpu.watcher", watcher, "ms", 2.5, "the same, each one watched, less unwatched"),
        plain("flow.accept.p50", percentile(latencies_ms, 0.5), "ms", against),
        plain("flow.accept.p99", percentile(latencies_ms, 0.99), "ms", against),
    ]


async def _turn(mesh: Mesh, duration_s: float, *, watched: bool) -> tuple[dict[str, float], list[float]]:
    """CPU time in ms of one submission by role, and the accepts' latencies in ms."""
    channels = Channels(mesh.address, streams=int(RATE * duration_s))
    labels = fresh_labels()
    before = mesh_cpu_s(mesh)
    start = time.monotonic()
    tally = await open_loop(channels, RATE, duration_s, labels, request=_answer, watched=watched)
    count = len(tally.accepted)
    _, left = await drain(channels, labels, count, DRAIN_S_MAX)
    # Turns last as long, so that what the mesh uses at rest is the same in all.
    await asyncio.sleep(max(0.0, start + duration_s + 3.0 - time.monotonic()))
    after = mesh_cpu_s(mesh)
    await channels.close()
    if left or tally.failed or tally.refused:
        raise RuntimeError(f"{left} of {count} without an end, {tally.errors}")
    costs_ms = {role: (cpu_s - before[role]) / count * 1000 for role, cpu_s in after.items()}
    return costs_ms, [accept_s * 1000 for accept_s in tally.accept_s]


def _package(folder: Path) -> Path:
    package = folder / "squares"
    secret = package / "data" / "secret"
    secret.mkdir(parents=True)
    (package / "problem.yaml").write_text(_PROBLEM)
    (secret / "1.in").write_text("3\n")
    (secret / "1.ans").write_text("9\n")
    return package


def _answer(labels: dict[str, str]) -> submission_service_pb2.CreateSubmissionRequest:
    return submission_service_pb2.CreateSubmissionRequest(
        request_id=str(uuid7()),
        language="python3",
        problem="problems/squares",
        sources=[submission_pb2.SourceFile(path="1.ans", data=b"9\n")],
        labels=labels,
    )
