"""Where calls go: spread, affinity, languages, and replicas that come and go."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable

import grpc
import pytest
from envoy_admin import unapplied
from mesh_processes import Mesh, Metadata, Start, until

from gavel.mesh import Topology, write_endpoints

pytestmark = pytest.mark.integration

GET = "/gavel.submission.v1.SubmissionService/GetSubmission"
GET_RESULT = "/gavel.result.v1.ResultService/GetResult"
WATCH = "/gavel.result.v1.ResultService/WatchSubmission"
WATCH_MANY = "/gavel.result.v1.ResultService/WatchSubmissions"
RUN = "/gavel.worker.v1.WorkerService/RunProgram"


async def served_by(channel: grpc.aio.Channel, method: str, metadata: Metadata = ()) -> str:
    answer = await channel.unary_unary(method)(b"", metadata=metadata, timeout=10)
    return str(json.loads(answer)["replica"])


async def opened(
    channel: grpc.aio.Channel, metadata: Metadata = (), method: str = WATCH
) -> tuple[grpc.aio.UnaryStreamCall[bytes, bytes], str]:
    """An open watch, and the replica that serves it."""
    stream = channel.unary_stream(method)(b"", metadata=metadata, timeout=60)
    return stream, (await stream.read()).decode()


async def many(count: int, call: Callable[[], Awaitable[str]], at_once: int = 16) -> list[str]:
    """The results of `count` calls, `at_once` of them in flight."""
    gate = asyncio.Semaphore(at_once)

    async def one() -> str:
        async with gate:
            return await call()

    return await asyncio.gather(*(one() for _ in range(count)))


@pytest.mark.parametrize("method", [GET, GET_RESULT])
async def test_unary_calls_spread_over_replicas(mesh: Mesh, method: str) -> None:
    """Both replicas, each on a port of its own, take a fair part of the calls of one connection."""
    async with mesh.channel() as channel:
        count = Counter(await many(400, lambda: served_by(channel, method)))

    assert set(count) == {"a", "b"}
    assert min(count.values()) > 100


async def test_watchers_of_a_submission_share_a_replica(mesh: Mesh) -> None:
    """The ring keeps an id on one replica, and different ids use both."""
    async with mesh.channel() as channel:
        home = {}
        for submission in range(30):
            found: set[str] = set()
            for _ in range(3):
                stream, name = await opened(channel, (("x-gavel-submission", f"id-{submission}"),))
                found.add(name)
                stream.cancel()
                await until_idle(mesh)
            assert len(found) == 1
            home[submission] = found.pop()

    assert Counter(home.values()).keys() == {"a", "b"}


async def until_idle(mesh: Mesh) -> None:
    """Waits until Envoy has forgotten the streams that were cancelled: they count as load."""
    await until(lambda: mesh.stat("cluster.result-streams.upstream_rq_active") == 0)


async def test_watch_without_header_is_served(mesh: Mesh) -> None:
    """Neither a watch without the header nor one over many submissions needs a hash."""
    async with mesh.channel() as channel:
        names = [(await opened(channel, method=method))[1] for method in [WATCH, WATCH_MANY] * 20]

    assert set(names) == {"a", "b"}


async def test_popular_submission_spills_to_the_next_replica(start: Start) -> None:
    """Bounded load: a submission that everybody watches does not fill one replica of three alone."""
    async with start({"result": ("a", "b", "c")}) as mesh, mesh.channel() as channel:
        metadata = (("x-gavel-submission", "popular"),)
        opens = [await opened(channel, metadata) for _ in range(100)]

    count = Counter(name for _, name in opens)
    assert len(count) > 1
    assert max(count.values()) <= 75


async def test_run_program_goes_to_the_language(mesh: Mesh) -> None:
    """A language with workers of its own goes there, with a version too; others go to any worker."""
    found: dict[str | None, str] = {}
    async with mesh.channel() as channel:
        for language in ["python3", "python3@3.11", "python", "java", None]:
            metadata = () if language is None else (("x-gavel-language", language),)
            stream = channel.stream_stream(RUN)(iter([b""]), metadata=metadata, timeout=10)
            found[language] = (await stream.read()).decode()

    assert found == {"python3": "b", "python3@3.11": "b", "python": "a", "java": "a", None: "a"}


async def test_removed_endpoint_gets_no_new_call(mesh: Mesh) -> None:
    """A change of the endpoint files takes effect at once, and open streams stay where they are."""
    a, b = mesh.replicas["a"][1], mesh.replicas["b"][1]
    only_b = mesh.changed(submission=(b,), result=(b,))
    async with mesh.channel() as channel:
        streams = [await opened(channel) for _ in range(10)]
        stream = next(stream for stream, name in streams if name == "a")
        write_endpoints(only_b, mesh.folder)
        await until_applied(only_b)
        calls = await many(100, lambda: served_by(channel, GET))
        watches = [(await opened(channel))[1] for _ in range(50)]

        assert set(calls) == set(watches) == {"b"}
        assert not stream.done()

        both = mesh.changed(submission=(a, b))
        write_endpoints(both, mesh.folder)
        await until_applied(both)
        await until_served_by_both(channel)


async def until_applied(topology: Topology) -> None:
    await until(lambda: unapplied(topology) == ())


async def until_served_by_both(channel: grpc.aio.Channel) -> None:
    """The replica that came back is used as soon as its first health check passed."""
    seen: set[str] = set()
    async with asyncio.timeout(10):
        while seen != {"a", "b"}:
            seen.add(await served_by(channel, GET))


async def test_cluster_without_replicas_answers_unavailable(mesh: Mesh) -> None:
    """A service of which nothing runs is UNAVAILABLE, not unknown."""
    empty = mesh.changed(cleanup=())
    write_endpoints(empty, mesh.folder)
    await until_applied(empty)
    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served_by(channel, "/gavel.cleanup.v1.CleanupService/ListCleanupRuns")

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
