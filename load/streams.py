"""Open streams: thousands of watchers of submissions that wait, the memory of each, and how soon it hears."""

import asyncio
import time

import grpc

from gavel.embedded import Mesh
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.submission.v1 import submission_service_pb2, submission_service_pb2_grpc
from load.figures import Figure, at_most, plain
from load.processes import resident_bytes
from load.traffic import Channels, fresh_labels, new_request, percentile

STREAMS = 5000
OPENING_AT_ONCE = 200
OPEN_S_MAX = 120.0
HEAR_COUNT = 500
HEAR_RATE = 50.0


async def open_streams(mesh: Mesh) -> list[Figure]:
    """Opens 5,000 streams over the result replicas, then cancels some submissions and times who hears."""
    mesh.stop_part("worker-0")
    channels = Channels(mesh.address, streams=STREAMS)
    try:
        return await _measured(mesh, channels)
    finally:
        await channels.close()
        mesh.start_part("worker-0")


async def _measured(mesh: Mesh, channels: Channels) -> list[Figure]:
    names = await _accept_many(channels, STREAMS)
    before = _memory_bytes(mesh)
    heard: dict[str, asyncio.Future[float]] = {}
    opened = asyncio.Semaphore(OPENING_AT_ONCE)
    errors: list[grpc.RpcError] = []
    ready = [asyncio.get_running_loop().create_future() for _ in names]
    start = time.monotonic()

    async def follow(name: str, token: bytes, first: asyncio.Future[None]) -> None:
        stub = result_service_pb2_grpc.ResultServiceStub(channels.pick())
        request = result_service_pb2.WatchSubmissionRequest(name=name, read_token=token)
        metadata = (("x-gavel-submission", name.removeprefix("submissions/")),)
        await opened.acquire()
        released = False
        try:
            async for event in stub.WatchSubmission(request, metadata=metadata):
                if not released:
                    released = True
                    opened.release()
                    first.set_result(None)
                if event.WhichOneof("event") == "ended":
                    heard[name].set_result(time.monotonic())
        except grpc.aio.AioRpcError as error:
            errors.append(error)
            if not first.done():
                first.set_result(None)
        finally:
            if not released:
                opened.release()

    for name, _ in names:
        heard[name] = asyncio.get_running_loop().create_future()
    tasks = [
        asyncio.create_task(follow(name, token, first))
        for (name, token), first in zip(names, ready, strict=True)
    ]
    _, late = await asyncio.wait(ready, timeout=OPEN_S_MAX)
    opening_s = time.monotonic() - start
    after = _memory_bytes(mesh)
    refused = len(errors) + len(late)
    delays = await _hear(channels, names, heard)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    open_count = max(1, STREAMS - refused)
    against = f"{STREAMS} streams over two replicas"
    return [
        at_most("streams.refused", refused, "count", 0, against),
        plain("streams.opening", opening_s, "s", against),
        at_most(
            "streams.replicas.memory",
            (after["result"] - before["result"]) / open_count / 1000,
            "KB",
            30,
            against,
        ),
        at_most(
            "streams.envoy.memory", (after["envoy"] - before["envoy"]) / open_count / 1000, "KB", 25, against
        ),
        at_most(
            "streams.heard.p99",
            percentile(delays, 0.99) * 1000,
            "ms",
            250,
            f"an end at {HEAR_RATE:g}/s to its subscriber, {STREAMS} open",
        ),
    ]


async def _accept_many(channels: Channels, count: int) -> list[tuple[str, bytes]]:
    stub = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    labels = fresh_labels()
    names: list[tuple[str, bytes]] = []
    for start in range(0, count, OPENING_AT_ONCE):
        calls = [
            stub.CreateSubmission(new_request(labels), timeout=10.0)
            for _ in range(start, min(count, start + OPENING_AT_ONCE))
        ]
        answers = await asyncio.gather(*calls)
        names += [(answer.submission.name, answer.read_token) for answer in answers]
    return names


async def _hear(
    channels: Channels, names: list[tuple[str, bytes]], heard: dict[str, asyncio.Future[float]]
) -> list[float]:
    """Cancels submissions at HEAR_RATE; seconds from the cancel's answer to the watcher's last message."""
    stub = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    delays: list[float] = []
    start = time.monotonic()

    async def one(name: str, token: bytes) -> None:
        request = submission_service_pb2.CancelSubmissionRequest(name=name, read_token=token)
        await stub.CancelSubmission(request, timeout=10.0)
        answered = time.monotonic()
        told = await asyncio.wait_for(heard[name], 30.0)
        delays.append(max(0.0, told - answered))

    tasks = []
    for number, (name, token) in enumerate(names[:HEAR_COUNT]):
        await asyncio.sleep(max(0.0, start + number / HEAR_RATE - time.monotonic()))
        tasks.append(asyncio.create_task(one(name, token)))
    await asyncio.gather(*tasks)
    return delays


def _memory_bytes(mesh: Mesh) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in mesh.parts():
        if part.pid:
            sums[part.role] = sums.get(part.role, 0) + resident_bytes(part.pid)
    return sums
