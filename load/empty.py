"""A bare grpc.aio server whose CreateSubmission does nothing: what an accept is held against.

`python -m load.empty PORT` serves until it is ended.
"""

import asyncio
import sys
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

SERVICE = "gavel.submission.v1.SubmissionService"


async def _nothing(_request: bytes, _context: Any) -> bytes:
    return b""


async def main(port: int) -> None:
    """Serves on loopback."""
    server = grpc.aio.server()
    handlers = {"CreateSubmission": grpc.unary_unary_rpc_method_handler(_nothing)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    servicer = health.aio.HealthServicer()
    await servicer.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
