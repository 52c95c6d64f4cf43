"""`python -m gavel.cleanup`: the parts of the process, in the order in which they start."""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Final

from gavel.cleanup.partitions import PartitionKeeper
from gavel.cleanup.servicer import CleanupServicer
from gavel.cleanup.settings import Settings
from gavel.cleanup.v1 import cleanup_service_pb2, cleanup_service_pb2_grpc
from gavel.db.pool import open_pool
from gavel.rpc.server import Server, run
from gavel.settings import shown
from gavel.telemetry import setup
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import serve_metrics

SERVICES: Final = (cleanup_service_pb2.DESCRIPTOR.services_by_name["CleanupService"].full_name,)
_log: Final = logger(__name__)


async def main(stop: asyncio.Event) -> None:
    """Starts the parts, waits for the stop, and stops them in reverse."""
    settings = Settings.from_environment(os.environ)
    setup("cleanup", settings.name, settings.log_level)
    _log.info("starting", **shown(settings))
    async with AsyncExitStack() as parts:
        metrics = serve_metrics(settings.metrics_listen)
        parts.callback(metrics.close)
        pool = open_pool(settings.database_url, size_most=2)
        parts.callback(pool.close)
        keeper = PartitionKeeper(pool, interval_s=settings.partition_interval_s)
        keeper.start()
        parts.push_async_callback(keeper.stop)
        server = Server(settings.listen, SERVICES)
        cleanup_service_pb2_grpc.add_CleanupServiceServicer_to_server(CleanupServicer(), server.grpc)
        port = await server.start()
        parts.push_async_callback(server.stop, settings.grace_s)
        _log.info("serving", port=port, metrics_port=metrics.port)
        await stop.wait()
        _log.info("stopping")


if __name__ == "__main__":
    run(main)
