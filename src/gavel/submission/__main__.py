"""`python -m gavel.submission`: the parts of the process, in the order in which they start."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from gavel.bus.consumer import DeadLetters
from gavel.bus.producer import Producer
from gavel.bus.registry import WorkerRegistry
from gavel.db.pool import open_async_pool
from gavel.judging.deployment import Deployment
from gavel.judging.languages import LANGUAGES
from gavel.projection.ends import LogEnds
from gavel.projection.presence import StoredPositions
from gavel.rpc.server import Server, run
from gavel.settings import shown
from gavel.storage.objects import Objects
from gavel.submission.cancellation import Cancellation
from gavel.submission.destinations import Destinations, look_up
from gavel.submission.downloads import Downloads
from gavel.submission.file_servicer import FileServicer
from gavel.submission.files import Files
from gavel.submission.intake import Intake
from gavel.submission.listing import Listing
from gavel.submission.log_records import SubmissionLog
from gavel.submission.problem_servicer import ProblemServicer
from gavel.submission.problems import Problems
from gavel.submission.queue_watch import QueueWatch
from gavel.submission.queues import QueueMeter
from gavel.submission.reading import Reading
from gavel.submission.servicer import SubmissionServicer
from gavel.submission.settings import Settings
from gavel.submission.v1 import (
    file_service_pb2,
    file_service_pb2_grpc,
    problem_service_pb2,
    problem_service_pb2_grpc,
    submission_service_pb2,
    submission_service_pb2_grpc,
)
from gavel.telemetry import setup
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import serve_metrics

SERVICES: Final = (
    submission_service_pb2.DESCRIPTOR.services_by_name["SubmissionService"].full_name,
    problem_service_pb2.DESCRIPTOR.services_by_name["ProblemService"].full_name,
    file_service_pb2.DESCRIPTOR.services_by_name["FileService"].full_name,
)
THREADS: Final = 32
"""For what blocks: questions to the broker, writing uploads to disk."""
REGISTRY_START_S: Final = 2.0
"""How long a start waits for the heartbeats that there are; without a broker it goes on all the same."""
PRODUCER_FLUSH_S: Final = 3.0
"""How long an end waits for records that were sent and not acknowledged."""
_log: Final = logger(__name__)


async def main(stop: asyncio.Event) -> None:
    """Starts the parts, waits for the stop, and stops them in reverse."""
    settings = Settings.from_environment(os.environ)
    setup("submission", settings.name, settings.log_level)
    _log.info("starting", **shown(settings))
    Deployment(languages_file=settings.languages_file).open()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "blocking"))
    async with AsyncExitStack() as parts:
        metrics = serve_metrics(settings.metrics_listen)
        parts.callback(metrics.close)
        pool = await open_async_pool(settings.database_url, size_most=settings.database_connections)
        parts.push_async_callback(pool.close)
        objects = Objects(settings.storage_url)
        parts.callback(objects.close)
        producer = Producer(settings.kafka)
        parts.callback(producer.close, PRODUCER_FLUSH_S)
        registry = WorkerRegistry(settings.kafka, DeadLetters(producer))
        await asyncio.to_thread(registry.start, REGISTRY_START_S)
        parts.callback(registry.close)
        destinations = Destinations(partial(look_up, settings.kafka))
        parts.push_async_callback(destinations.close)
        meter = QueueMeter(settings.kafka, LANGUAGES)
        parts.callback(meter.close)
        queues = QueueWatch(meter.measure, registry.workers)

        files = Files(
            objects,
            uploads_most=settings.uploads,
            upload_bytes_most=settings.upload_bytes,
            spool_folder=settings.spool_dir or None,
        )
        problems = Problems(objects, files)
        listing = Listing(pool, problems, objects)
        listing.start()
        parts.push_async_callback(listing.stop)
        intake = Intake(
            producer,
            destinations,
            problems.resolve,
            files.source_sizes,
            in_flight_most=settings.accepts_in_flight,
        )
        reading = Reading(pool, StoredPositions(pool), LogEnds(settings.kafka), objects)
        downloads = Downloads(objects, files, reading, settings.downloads)
        cancellation = Cancellation(
            settings.kafka, producer, reading, SubmissionLog(settings.kafka, LANGUAGES)
        )

        server = Server(settings.listen, SERVICES)
        submission_service_pb2_grpc.add_SubmissionServiceServicer_to_server(
            SubmissionServicer(intake, reading, cancellation, queues, registry.workers), server.grpc
        )
        problem_service_pb2_grpc.add_ProblemServiceServicer_to_server(
            ProblemServicer(problems, listing), server.grpc
        )
        file_service_pb2_grpc.add_FileServiceServicer_to_server(FileServicer(files, downloads), server.grpc)
        port = await server.start()
        parts.push_async_callback(server.stop, settings.grace_s)
        _log.info("serving", port=port, metrics_port=metrics.port)
        await stop.wait()
        _log.info("stopping")
        await server.drain()
        queues.close()


if __name__ == "__main__":
    run(main)
