"""`python -m gavel.result`: the parts of the process, in the order in which they start."""

import asyncio
import os
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from gavel.bus.commits import GroupCommits
from gavel.bus.producer import Producer
from gavel.db.pool import open_async_pool, open_pool
from gavel.projection.ends import LogEnds
from gavel.projection.facts import Facts
from gavel.projection.presence import StoredPositions
from gavel.result.beginning import Beginning
from gavel.result.event_log import EventLog
from gavel.result.hub import Hub
from gavel.result.queue_places import QueuePlaces
from gavel.result.reading import Reading
from gavel.result.servicer import ResultServicer
from gavel.result.settings import Settings
from gavel.result.snapshots import Snapshots
from gavel.result.starts import Starts
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.result.watching import Watching
from gavel.result.window import Window
from gavel.result.writers import Writers
from gavel.rpc.server import Server, run
from gavel.settings import shown
from gavel.storage.objects import Objects
from gavel.telemetry import setup
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import serve_metrics

SERVICES: Final = (result_service_pb2.DESCRIPTOR.services_by_name["ResultService"].full_name,)
PRODUCER_FLUSH_S: Final = 3.0
_log: Final = logger(__name__)


async def main(stop: asyncio.Event) -> None:
    """Starts the parts, waits for the stop, and stops them in reverse."""
    settings = Settings.from_environment(os.environ)
    setup("result", settings.name, settings.log_level)
    _log.info("starting", **shown(settings))
    async with AsyncExitStack() as parts:
        metrics = serve_metrics(settings.metrics_listen)
        parts.callback(metrics.close)
        objects = Objects(settings.storage_url)
        parts.callback(objects.close)
        producer = Producer(settings.kafka)
        parts.callback(producer.close, PRODUCER_FLUSH_S)
        writer_pool = open_pool(settings.database_url, size_most=3)
        parts.callback(writer_pool.close)
        writers = Writers(settings.kafka, writer_pool, objects, producer)
        writers.start()
        parts.push_async_callback(asyncio.to_thread, writers.close)

        pool = await open_async_pool(settings.database_url, size_most=settings.database_connections)
        parts.push_async_callback(pool.close)
        window = partial(Window, bytes_most=settings.window_bytes, age_most_s=settings.window_age_s)
        hub = Hub(window())
        hub.start()
        parts.push_async_callback(hub.stop)
        commits = GroupCommits(settings.kafka)
        parts.push_async_callback(asyncio.to_thread, commits.close)
        starts = Starts(settings.kafka, commits, settings.window_age_s)
        event_log = EventLog(settings.kafka, hub, starts, window)
        event_log.start()
        parts.push_async_callback(asyncio.to_thread, event_log.close)
        places = QueuePlaces(commits, hub)
        places.start()
        parts.push_async_callback(places.stop)
        stored, ends, facts = StoredPositions(pool), LogEnds(settings.kafka), Facts(objects)
        snapshots = Snapshots(pool, settings.database_connections)
        watching = Watching(hub, Beginning(hub, snapshots, stored, ends), snapshots, facts)

        server = Server(settings.listen, SERVICES, max_streams=settings.streams)
        servicer = ResultServicer(watching, Reading(pool, stored, ends, facts))
        result_service_pb2_grpc.add_ResultServiceServicer_to_server(servicer, server.grpc)
        port = await server.start()
        parts.push_async_callback(server.stop, settings.grace_s)
        _log.info("serving", port=port, metrics_port=metrics.port)
        await stop.wait()
        _log.info("stopping")
        await server.drain()
        await hub.drain(settings.drain_s)


if __name__ == "__main__":
    run(main)
