"""A small real grpc.aio server that answers every call of the mesh with its own name.

    python replica.py NAME [patient|strict]

Prints its port.  `strict` leaves out the options that make grpcio bear Envoy's pings.  What a call does is
told in its metadata: `x-test-delay-ms` waits before the answer, `x-test-fail` refuses with UNAVAILABLE, and
with the value `later` says not to try again at once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]

SERVICES = (
    "gavel.submission.v1.SubmissionService",
    "gavel.worker.v1.WorkerService",
    "gavel.result.v1.ResultService",
    "gavel.cleanup.v1.CleanupService",
)
PATIENT = [
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.server.max_pending_requests", 10_000),
    ("grpc.server.max_pending_requests_hard_limit", 20_000),
]


class Calls(grpc.GenericRpcHandler):
    def __init__(self, name: str) -> None:
        self.name = name

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = details.method.rpartition("/")[2]
        if details.method.startswith("/grpc."):
            return None
        if method.startswith("Watch"):
            return grpc.unary_stream_rpc_method_handler(self.watch)
        if method == "UploadFile":
            return grpc.stream_unary_rpc_method_handler(self.upload)
        if method == "RunProgram":
            return grpc.stream_stream_rpc_method_handler(self.run)
        return grpc.unary_unary_rpc_method_handler(self.unary)

    async def unary(self, request: bytes, context: Context) -> bytes:
        metadata = dict(context.invocation_metadata())
        await self._obey(metadata, context)
        answer = {"replica": self.name, "received": len(request), "metadata": sorted(metadata)}
        return json.dumps(answer).encode() if request[:4] != b"echo" else request

    async def watch(self, _: bytes, context: Context) -> AsyncIterator[bytes]:
        """Says its name at once, and again after the delay that was asked for (else never)."""
        metadata = dict(context.invocation_metadata())
        yield self.name.encode()
        if "x-test-delay-ms" not in metadata:
            await asyncio.Event().wait()
        await self._obey(metadata, context)
        yield b"still here"

    async def upload(self, chunks: AsyncIterator[bytes], context: Context) -> bytes:
        await self._obey(dict(context.invocation_metadata()), context)
        received = 0
        async for chunk in chunks:
            received += len(chunk)
        return json.dumps({"replica": self.name, "received": received}).encode()

    async def run(self, requests: AsyncIterator[bytes], _: Context) -> AsyncIterator[bytes]:
        async for _ in requests:
            yield self.name.encode()

    @staticmethod
    async def _obey(metadata: dict[str, Any], context: Context) -> None:
        await asyncio.sleep(int(metadata.get("x-test-delay-ms", 0)) / 1000)
        if "x-test-fail" in metadata:
            later = (("x-envoy-ratelimited", "true"),) if metadata["x-test-fail"] == "later" else ()
            await context.abort(grpc.StatusCode.UNAVAILABLE, "as asked", trailing_metadata=later)


async def main(name: str, manner: str = "patient") -> None:
    server = grpc.aio.server(options=PATIENT if manner == "patient" else None)
    server.add_generic_rpc_handlers((Calls(name),))
    checks = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    for service in ("", *SERVICES):
        await checks.set(service, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201
    await server.wait_for_termination()


asyncio.run(main(*sys.argv[1:]))
