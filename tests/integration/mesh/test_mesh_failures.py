"""What callers see when replicas are killed, refuse, or are silent."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import grpc
import pytest
from mesh_processes import Mesh, Metadata, Start, edited, until

from gavel.mesh.files import xds_files

pytestmark = pytest.mark.integration

CREATE = "/gavel.submission.v1.SubmissionService/CreateSubmission"
BATCH = "/gavel.submission.v1.SubmissionService/BatchCreateSubmissions"
GET = "/gavel.submission.v1.SubmissionService/GetSubmission"
CANCEL = "/gavel.submission.v1.SubmissionService/CancelSubmission"
UPLOAD = "/gavel.submission.v1.FileService/UploadFile"
WATCH = "/gavel.result.v1.ResultService/WatchSubmission"


@pytest.mark.parametrize("method", [CREATE, GET])
async def test_killed_replica_loses_no_call(mesh: Mesh, method: str) -> None:
    """Of 200 calls, 50 at a time, none fails when one of two replicas is killed among them."""
    done = 0
    gate = asyncio.Semaphore(50)
    victim, _ = mesh.replicas["a"]

    async def call() -> str:
        nonlocal done
        async with gate:
            answer = await channel.unary_unary(method)(b"", metadata=(("x-test-delay-ms", "20"),), timeout=10)
            done += 1
            if done == 60:
                os.kill(victim.pid, signal.SIGKILL)
        return str(json.loads(answer)["replica"])

    async with mesh.channel() as channel:
        answers = await asyncio.gather(*(call() for _ in range(200)))

    assert len(answers) == 200
    assert mesh.stat("cluster.submission.upstream_rq_retry") > 0


async def test_killed_replica_ends_its_watches_and_takes_no_new_ones(mesh: Mesh) -> None:
    """Open watches end with a code to resume on; of 100 new ones, before health says so, none fails."""
    async with mesh.channel() as channel:
        streams = [channel.unary_stream(WATCH)(b"", timeout=60) for _ in range(20)]
        names = [(await stream.read()).decode() for stream in streams]
        os.kill(mesh.replicas["a"][0].pid, signal.SIGKILL)
        again = [channel.unary_stream(WATCH)(b"", timeout=60) for _ in range(100)]
        assert {(await stream.read()).decode() for stream in again} == {"b"}

        ended = [await s.code() for s, name in zip(streams, names, strict=True) if name == "a"]
        assert ended
        assert set(ended) <= {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE}
        assert not any(s.done() for s, name in zip(streams, names, strict=True) if name == "b")


async def test_dead_replica_is_noticed_without_traffic(mesh: Mesh) -> None:
    """Health checks run every second also when nothing is called."""
    assert mesh.stat("cluster.cleanup.membership_healthy") == 1
    os.kill(mesh.replicas["a"][0].pid, signal.SIGKILL)

    await until(lambda: mesh.stat("cluster.cleanup.membership_healthy") == 0, 10)


async def test_stopped_replica_is_left_and_taken_back(start: Start) -> None:
    """A replica that hangs without a word gets no more calls, and loses its watches by the unanswered ping.

    The pings come every second here, 30 s in use.
    """
    faster = edited(
        "xds/cds.yaml", "interval: 30s\n            timeout: 10s", "interval: 1s\n            timeout: 2s"
    )
    clusters = {"submission": ("a", "b"), "result": ("a",)}
    async with start(clusters, edit=faster) as mesh, mesh.channel() as channel:
        stream = channel.unary_stream(WATCH)(b"", timeout=60)
        assert await stream.read() == b"a"
        os.kill(mesh.replicas["a"][0].pid, signal.SIGSTOP)
        await until(lambda: mesh.stat("cluster.submission.membership_healthy") == 1, 10)
        answers = [json.loads(await channel.unary_unary(GET)(b"", timeout=10)) for _ in range(50)]
        assert {answer["replica"] for answer in answers} == {"b"}
        assert await stream.code() in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE}

        os.kill(mesh.replicas["a"][0].pid, signal.SIGCONT)
        await until(lambda: mesh.stat("cluster.submission.membership_healthy") == 2, 10)


@pytest.mark.parametrize(
    ("method", "tries", "extra"),
    [
        (GET, 3, ()),
        (CREATE, 3, ()),
        (CANCEL, 1, ()),
        (CANCEL, 1, (("x-envoy-retry-on", "gateway-error,reset"), ("x-envoy-retry-grpc-on", "unavailable"))),
    ],
)
async def test_only_repeatable_calls_are_retried(
    mesh: Mesh, method: str, tries: int, extra: Metadata
) -> None:
    """UNAVAILABLE is tried again for reads and calls with a request_id, and no header changes that."""
    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(method)(b"", metadata=(("x-test-fail", "1"), *extra), timeout=10)

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert refused.value.details() == "as asked"
    assert mesh.stat("cluster.submission.upstream_rq_total") == tries


async def test_server_may_say_not_now(mesh: Mesh) -> None:
    """UNAVAILABLE with `x-envoy-ratelimited` in its metadata reaches the client at once, untried again."""
    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(GET)(b"", metadata=(("x-test-fail", "later"),), timeout=10)

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert mesh.stat("cluster.submission.upstream_rq_total") == 1


async def test_large_batch_is_retried(mesh: Mesh) -> None:
    """A request beyond Envoy's buffer of 1 MiB is kept for a second try all the same."""
    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(BATCH)(bytes(3 << 20), metadata=(("x-test-fail", "1"),), timeout=10)

    assert mesh.stat("cluster.submission.upstream_rq_retry") == 2


async def test_upload_is_not_retried(mesh: Mesh) -> None:
    """The client resumes an upload; the proxy never repeats one."""
    async with mesh.channel() as channel:
        upload = channel.stream_unary(UPLOAD)
        with pytest.raises(grpc.aio.AioRpcError):
            await upload(iter([b"chunk"]), metadata=(("x-test-fail", "1"),), timeout=10)

    assert mesh.stat("cluster.submission.upstream_rq_retry") == 0


async def test_deadline_is_the_callers_or_the_default(start: Start) -> None:
    """A caller without a deadline gets the method's; one that gives a longer one gets what it asked for."""
    shorter = edited("xds/rds.yaml", "max_stream_duration: 5s", "max_stream_duration: 0.5s")
    slow = (("x-test-delay-ms", "1500"),)
    async with start({"submission": ("a",)}, edit=shorter) as mesh, mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await channel.unary_unary(GET)(b"", metadata=slow)
        assert ended.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert await channel.unary_unary(GET)(b"", metadata=slow, timeout=10)


async def test_silent_watch_is_ended(start: Start) -> None:
    """A watch whose server sends no heartbeats ends when its idle time is over, with a code to resume on."""
    shorter = edited("xds/rds.yaml", "idle_timeout: 90s", "idle_timeout: 1s")
    async with start({"result": ("a",)}, edit=shorter) as mesh, mesh.channel() as channel:
        stream = channel.unary_stream(WATCH)(b"", timeout=20)
        assert await stream.read() == b"a"
        assert await stream.code() in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE}


@pytest.mark.parametrize("manner", ["patient", "strict"])
async def test_pings_cut_idle_streams_only_of_servers_without_the_options(start: Start, manner: str) -> None:
    """With the servers' options an idle stream outlives Envoy's pings; with grpcio's defaults it does not.

    The pings come every second here (30 s in use), so 6 s hold more than the 2 that grpcio bears.
    """
    faster = edited("xds/cds.yaml", "interval: 30s", "interval: 1s")
    async with start({"result": ("a",)}, manner=manner, edit=faster) as mesh, mesh.channel() as channel:
        stream = channel.unary_stream(WATCH)(b"", metadata=(("x-test-delay-ms", "6000"),), timeout=30)
        assert await stream.read() == b"a"
        if manner == "patient":
            assert await stream.read() == b"still here"
        else:
            with pytest.raises(grpc.aio.AioRpcError):
                await stream.read()


async def test_misspelt_field_is_rejected(mesh: Mesh) -> None:
    """A cluster file with a field that Envoy does not know is refused, and the old one stays in use."""
    text = dict(xds_files(mesh.topology, str(mesh.folder / "xds")))["cds.yaml"]
    wrong = mesh.folder / "xds" / "wrong.tmp"
    wrong.write_text(text.replace("connect_timeout: 1s", "conect_timeout: 1s"), encoding="utf-8")
    wrong.replace(mesh.folder / "xds" / "cds.yaml")

    await until(lambda: mesh.stat("cluster_manager.cds.update_rejected") == 1)
    async with mesh.channel() as channel:
        assert await channel.unary_unary(GET)(b"", timeout=10)
