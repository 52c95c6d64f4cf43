"""The door: many streams, large messages, unknown calls, headers, reflection and the access log."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from typing import Any

import grpc
import pytest
from envoy_admin import get
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from mesh_processes import Mesh, Start, edited, until

pytestmark = pytest.mark.integration

GET = "/gavel.submission.v1.SubmissionService/GetSubmission"
UPLOAD = "/gavel.submission.v1.FileService/UploadFile"
WATCH = "/gavel.result.v1.ResultService/WatchSubmission"
MIB = 1 << 20


async def test_more_streams_than_any_default_allows(mesh: Mesh) -> None:
    """1,300 watches over two channels are all open at once: neither 1,024 a cluster nor any other limit."""

    async def opened(channel: grpc.aio.Channel) -> tuple[Any, bytes]:
        stream = channel.unary_stream(WATCH)(b"", timeout=60)
        return stream, await stream.read()

    async with mesh.channel(label="1") as one, mesh.channel(label="2") as two:
        opens = await asyncio.gather(*(opened(channel) for channel in [one, two] * 650))
        assert not any(stream.done() for stream, _ in opens)
        assert mesh.stat("cluster.result-streams.upstream_rq_active") == 1300
        assert mesh.stat("http.ingress.downstream_cx_active") == 2

    names = [name for _, name in opens]
    assert names.count(b"a") > 400
    assert names.count(b"b") > 400


async def test_streams_of_one_channel_wait_beyond_a_thousand(mesh: Mesh) -> None:
    """The 1,001st stream of a channel waits, without an error, until another ends."""
    async with mesh.channel() as channel:
        streams = [channel.unary_stream(WATCH)(b"", timeout=60) for _ in range(1001)]
        await until(lambda: mesh.stat("cluster.result-streams.upstream_rq_active") == 1000)
        reads = [asyncio.ensure_future(stream.read()) for stream in streams]
        waiting = set(reads)
        async with asyncio.timeout(30):
            while len(waiting) > 1:
                _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert mesh.stat("http.ingress.downstream_rq_active") == 1000

        next(s for s, read in zip(streams, reads, strict=True) if read not in waiting).cancel()
        assert await waiting.pop() in {b"a", b"b"}


async def test_messages_up_to_4_mib_pass(mesh: Mesh) -> None:
    """Requests and answers as large as gRPC servers take by default go through whole."""
    message = b"echo" + bytes(4 * MIB - 4)
    async with mesh.channel() as channel:
        assert await channel.unary_unary(GET)(message, timeout=20) == message


async def test_upload_streams_through(mesh: Mesh) -> None:
    """An upload of many chunks arrives whole, though it is larger than every buffer on its way."""
    chunks = [bytes(MIB // 4)] * 64
    async with mesh.channel() as channel:
        answer = await channel.stream_unary(UPLOAD)(iter(chunks), timeout=30)

    assert json.loads(answer)["received"] == 16 * MIB


@pytest.mark.parametrize(
    "method",
    ["/gavel.submission.v1.SubmissionService/Nothing", "/gavel.nothing.v1.NothingService/Get", "/nothing"],
)
async def test_unknown_method_is_unimplemented(mesh: Mesh, method: str) -> None:
    """What no service has is refused by the proxy as gRPC says, with a message that helps."""
    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(method)(b"", timeout=10)

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "no such method" in refused.value.details()


async def test_browser_gets_plain_text(mesh: Mesh) -> None:
    """Plain HTTP gets 404 and a line of text."""
    connection = http.client.HTTPConnection("127.0.0.1", mesh.topology.ingress_port, timeout=10)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert (response.status, response.getheader("content-type")) == (404, "text/plain")
    assert b"no such method" in response.read()
    connection.close()


async def test_identity_headers_are_stripped(mesh: Mesh) -> None:
    """Nobody states an identity or steers the proxy from outside; what clients may say arrives."""
    sent = {
        "x-gavel-tenant": "somebody-else",
        "x-gavel-roles": "admin",
        "x-forwarded-client-cert": "forged",
        "x-envoy-upstream-alt-stat-name": "forged",
        "x-gavel-submission": "id",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    async with mesh.channel() as channel:
        answer = await channel.unary_unary(GET)(b"", metadata=tuple(sent.items()), timeout=10)

    arrived = set(json.loads(answer)["metadata"])
    assert arrived & set(sent) == {"x-gavel-submission", "traceparent"}


async def test_underscores_in_headers_are_rejected(mesh: Mesh) -> None:
    """`x_gavel_tenant` might be read as `x-gavel-tenant` further on."""
    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(GET)(b"", metadata=(("x_gavel_tenant", "forged"),), timeout=10)

    assert mesh.stat("cluster.submission.upstream_rq_total") == 0


async def test_health_and_reflection_pass(mesh: Mesh) -> None:
    """`grpcurl list` and health probes work against the ingress."""
    async with mesh.channel() as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service=""), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        ask = reflection_pb2.ServerReflectionRequest(list_services="")
        listed = await reflection.ServerReflectionInfo(iter([ask]), timeout=10).read()

    names = {service.name for service in listed.list_services_response.service}
    assert "gavel.submission.v1.SubmissionService" in names


async def test_failures_are_logged_and_successes_sampled(mesh: Mesh) -> None:
    """Each failed call is a JSON line that names the call, its status and its tries; of others 1 % are."""
    async with mesh.channel() as channel:
        for _ in range(300):
            await channel.unary_unary(GET)(b"", timeout=10)
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(GET)(b"", metadata=(("x-test-fail", "1"),), timeout=10)

    def logged() -> list[dict[str, Any]]:
        text = (mesh.folder / "access.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    await until(lambda: any(line["grpc_status"] == "Unavailable" for line in logged()))
    (failure,) = (line for line in logged() if line["grpc_status"] == "Unavailable")
    assert (failure["method"], failure["tries"], failure["cluster"]) == (GET, 3, "submission")
    assert len(logged()) < 50


async def test_connections_beyond_the_limit_are_refused(start: Start) -> None:
    """The third client is turned away when two are the most, and the admin page opens all the same."""
    fewer = edited(
        "bootstrap.yaml", "max_active_downstream_connections: 10000", "max_active_downstream_connections: 2"
    )
    async with start({"submission": ("a",)}, edit=fewer) as mesh:
        address = ("127.0.0.1", mesh.topology.ingress_port)
        with socket.create_connection(address, 10), socket.create_connection(address, 10):
            await until(lambda: mesh.stat("http.ingress.downstream_cx_active") == 2)
            with socket.create_connection(address, 10) as third:
                assert third.recv(1) == b""
            assert get(mesh.topology, "/ready").strip() == "LIVE"


async def test_full_heap_refuses_calls(start: Start) -> None:
    """Beyond its heap Envoy answers UNAVAILABLE and lives on."""
    smaller = edited("bootstrap.yaml", f"max_heap_size_bytes: {1 << 30}", f"max_heap_size_bytes: {MIB}")
    async with start({"submission": ("a",)}, edit=smaller) as mesh, mesh.channel() as channel:
        action = "overload.envoy.overload_actions.stop_accepting_requests.active"
        await until(lambda: mesh.stat(action) == 1)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(GET)(b"", timeout=10)

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
