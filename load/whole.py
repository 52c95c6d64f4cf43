"""The whole path: how long a verdict takes when nothing else waits, and what 300 submissions a second do."""

import statistics
import time

from gavel.embedded import Mesh
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.submission.v1 import submission_service_pb2_grpc
from load.figures import Figure, at_most, plain
from load.processes import mesh_cpu_s
from load.traffic import Channels, drain, fresh_labels, new_request, open_loop, percentile

LATENCY_COUNT = 200
LATENCY_WARM = 20
RATE = 300.0
OPEN_LOOP_S = 20.0
DRAIN_S_MAX = 900.0


async def verdict_latency(mesh: Mesh) -> list[Figure]:
    """Submit to verdict streamed, one after the other, less what compiler and program took themselves."""
    channels = Channels(mesh.address)
    submissions = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    results = result_service_pb2_grpc.ResultServiceStub(channels.pick())
    labels = fresh_labels()
    overheads, totals = [], []
    for number in range(LATENCY_WARM + LATENCY_COUNT):
        start = time.monotonic()
        answer = await submissions.CreateSubmission(new_request(labels), timeout=10.0)
        name = answer.submission.name
        request = result_service_pb2.WatchSubmissionRequest(name=name, read_token=answer.read_token)
        metadata = (("x-gavel-submission", name.removeprefix("submissions/")),)
        judgement = None
        async for event in results.WatchSubmission(request, metadata=metadata, timeout=30.0):
            if event.WhichOneof("event") == "ended":
                judgement = event.ended
                took_ms = (time.monotonic() - start) * 1000
        if judgement is None:
            raise RuntimeError(f"{name} has no end")
        if number >= LATENCY_WARM:
            own_ms = sum(test.wall_time_ms for test in judgement.tests)
            own_ms += 0 if judgement.compile.cached else judgement.compile.wall_time_ms
            overheads.append(took_ms - own_ms)
            totals.append(took_ms)
    await channels.close()
    against = "idle mesh; less the wall time of compiler and program"
    return [
        at_most("verdict.overhead.p50", statistics.median(overheads), "ms", 15, against),
        at_most("verdict.overhead.p99", percentile(overheads, 0.99), "ms", 50, against),
        plain("verdict.total.p50", statistics.median(totals), "ms", "idle mesh, python3, one run"),
    ]


async def open_loop_of_300(mesh: Mesh) -> list[Figure]:
    """300 submissions a second for 20 s with judging behind them."""
    channels = Channels(mesh.address, streams=int(RATE * OPEN_LOOP_S))
    labels = fresh_labels()
    before = sum(mesh_cpu_s(mesh).values())
    tally = await open_loop(channels, RATE, OPEN_LOOP_S, labels)
    count = len(tally.accepted)
    took_s, left = await drain(channels, labels, count, DRAIN_S_MAX)
    cost_ms = (sum(mesh_cpu_s(mesh).values()) - before) / max(1, count) * 1000
    await channels.close()
    against = f"{RATE:g}/s for {OPEN_LOOP_S:g} s, the machine judging meanwhile"
    return [
        at_most("open_loop.accept.p99", percentile(tally.accept_s, 0.99) * 1000, "ms", 50, against),
        plain("open_loop.accept.p50", percentile(tally.accept_s, 0.5) * 1000, "ms", against),
        at_most("open_loop.refused", tally.refused, "count", 0, against),
        at_most("open_loop.failed", tally.failed, "count", 0, against),
        at_most("open_loop.lost", left, "count", 0, "accepted, and without an end when the queue is empty"),
        plain("open_loop.drain", took_s, "s", f"{count} submissions on two cores"),
        plain("open_loop.cpu", cost_ms, "ms", f"all processes of the mesh, sandbox excluded; {against}"),
    ]
