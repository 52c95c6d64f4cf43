"""The submission service as a process: its parts, in the order in which they start and, backwards, stop."""

import asyncio
import os
from contextlib import AsyncExitStack, suppress
from functools import partial

from gavel import telemetry
from gavel.bus.producer import Producer
from gavel.bus.registry import WorkerRegistry
from gavel.db.pool import open_async_pool
from gavel.judging.languages import LANGUAGES
from gavel.projection.ends import LogEnds
from gavel.projection.presence import StoredPositions
from gavel.rpc.server import Server, run
from gavel.storage.objects import Objects
from gavel.submission.cancellation import Cancellation
from gavel.submission.destinations import Destinations, look_up
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
from gavel.submission.servicer import Parts, SubmissionServicer
from gavel.submission.settings import SERVICES, STOP_GRACE_S, Settings
from gavel.submission.v1 import (
    file_service_pb2_grpc,
    problem_service_pb2_grpc,
    submission_service_pb2_grpc,
)
from gavel.telemetry import log
from gavel.telemetry.metrics import serve_metrics


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop` is set, then lets calls end."""
    async with AsyncExitStack() as parts:
        parts.callback(serve_metrics(settings.metrics_listen).close)
        pool = await open_async_pool(settings.database_url, size_most=settings.database_connections)
        parts.push_async_callback(pool.close)
        objects = Objects(settings.storage_url)
        parts.callback(objects.close)
        producer = Producer(settings.kafka)
        parts.callback(producer.close, 3.0)
        registry = WorkerRegistry(settings.kafka)
        await asyncio.to_thread(registry.start)
        parts.callback(registry.close)
        destinations = Destinations(partial(look_up, settings.kafka))
        parts.push_async_callback(destinations.close)
        meter = QueueMeter(settings.kafka, LANGUAGES)
        parts.callback(meter.close)

        files = Files(
            objects,
            uploads_most=settings.uploads,
            upload_bytes_most=settings.upload_bytes,
            spool_folder=settings.spool_dir or None,
        )
        problems = Problems(objects, files)
        listing = Listing(pool, problems, objects)
        submission_log = SubmissionLog(settings.kafka, LANGUAGES)
        reading = Reading(pool, StoredPositions(pool), LogEnds(settings.kafka), objects)
        queues = QueueWatch(meter.measure, registry.workers)
        servicer = SubmissionServicer(
            Parts(
                intake=Intake(
                    producer, destinations, problems.resolve, in_flight_most=settings.accepts_in_flight
                ),
                reading=reading,
                cancellation=Cancellation(settings.kafka, producer, reading, submission_log),
                queues=queues,
                workers=registry.workers,
            )
        )

        server = Server(settings.listen, SERVICES)
        submission_service_pb2_grpc.add_SubmissionServiceServicer_to_server(servicer, server.grpc)
        problem_service_pb2_grpc.add_ProblemServiceServicer_to_server(
            ProblemServicer(problems, listing), server.grpc
        )
        file_service_pb2_grpc.add_FileServiceServicer_to_server(FileServicer(files), server.grpc)
        owed = asyncio.create_task(listing.run())
        port = await server.start()
        log.logger("gavel.submission").info("serving", port=port, **settings.shown())

        await stop.wait()
        await server.drain()
        queues.close()
        await server.stop(STOP_GRACE_S)
        owed.cancel()
        with suppress(asyncio.CancelledError):
            await owed


def main() -> None:
    """`python -m gavel.submission`."""
    settings = Settings.from_environment(os.environ)
    telemetry.setup("submission", settings.name, settings.log_level)
    run(partial(serve, settings))


if __name__ == "__main__":
    main()
