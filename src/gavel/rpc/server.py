"""The gRPC server of every process: options, interceptor, health, reflection of the whole API, drain and
stop.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from gavel import open_files
from gavel.rpc.admission import Gate
from gavel.rpc.context import tenant_of, time_left_s
from gavel.rpc.errors import unimplemented
from gavel.rpc.interceptor import Gates, Interceptor
from gavel.rpc.methods import SERVICES
from gavel.settings import SettingsError

__all__ = ["Server", "run", "tenant_of", "time_left_s", "unimplemented"]

_MIB: Final = 1 << 20
_OPTIONS: Final[Sequence[tuple[str, Any]]] = (
    # Above the interceptor's own 4 MiB, so that it answers with an ErrorInfo; beyond this gRPC refuses by
    # itself.
    ("grpc.max_receive_message_length", 16 * _MIB),
    # Envoy's pings on idle streams would otherwise end the connection with "too many pings" after seconds.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    # Two processes on one port would hide from the load balancer: one of them gets everything.
    ("grpc.so_reuseport", 0),
    # Beyond the default 1,000 not yet picked up, gRPC drops calls at random; admission is the interceptor's.
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 100_000),
)
_SERVING: Final = health_pb2.HealthCheckResponse.SERVING


class Server:
    """A `grpc.aio` server; make it inside the running loop. `port` is set by `start`.

    Args:
        listen: `host:port`, port 0 for a free one.
        services: full names of the services that this process serves, for its health.
        max_streams: response streams open at once.
        max_calls: unary calls and uploads going on at once.
        max_request_bytes: size of their requests together, in bytes.

    """

    def __init__(
        self,
        listen: str,
        services: Sequence[str],
        *,
        max_streams: int = 20_000,
        max_calls: int = 4_000,
        max_request_bytes: int = 256 * _MIB,
    ) -> None:
        self.port = 0
        self._listen = listen
        self._services = tuple(services)
        self._gates = Gates(
            Gate("calls", max_calls), Gate("streams", max_streams), Gate("request bytes", max_request_bytes)
        )
        self._health = health.aio.HealthServicer()
        self._grpc = grpc.aio.server(interceptors=[Interceptor(self._gates)], options=_OPTIONS)

    @property
    def grpc(self) -> grpc.aio.Server:
        """Add servicers to it before `start`. Response streams are async generators; a method that a servicer
        does not define is answered UNIMPLEMENTED with an ErrorInfo.
        """
        return self._grpc

    async def start(self) -> int:
        """Listens and serves; returns the port. RuntimeError when the port is taken."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._grpc)
        self.port = self._grpc.add_insecure_port(self._listen)
        for name in ("", *self._services):
            await self._health.set(name, _SERVING)
        await self._grpc.start()
        return self.port

    async def drain(self) -> None:
        """Turns every health name to NOT_SERVING and refuses new streams with DRAINING; calls are still
        served.
        """
        self._gates.draining = True
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_s: float) -> None:
        """Drains, takes nothing new and returns when all calls have ended, at the latest after `grace_s`
        seconds.
        """
        await self.drain()
        await self._grpc.stop(grace_s)


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs an async main whose stop event SIGTERM and SIGINT set; a second signal changes nothing.

    A setting that is missing or malformed ends the process with one line on stderr and exit status 1.
    """

    async def supervised() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await main(stop)

    open_files.allow()
    try:
        asyncio.run(supervised())
    except SettingsError as error:
        sys.exit(f"gavel: {error}")
