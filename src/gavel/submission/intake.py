"""The path of an accept: admit, find where it goes, derive who it is, produce one record, answer when it is
acknowledged.

The database is not on this path. What is refused has produced nothing and stored nothing.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Protocol

from gavel.bus import topics
from gavel.bus.producer import Delivery, Headers
from gavel.judging.admission import check_uploaded, uploaded_sha256s
from gavel.rpc.admission import Gate
from gavel.rpc.errors import GavelError
from gavel.rpc.positions import Position, ReadToken
from gavel.storage.keys import day_of
from gavel.submission import core, identity
from gavel.submission.acknowledgement import acknowledged, deadline_of
from gavel.submission.admission import admit, limits_under
from gavel.submission.destinations import Destinations
from gavel.submission.problems import ProblemFacts
from gavel.submission.v1 import submission_service_pb2
from gavel.telemetry import log, traces
from gavel.telemetry.metrics import (
    SUBMISSION_ACCEPTS,
    SUBMISSION_ACKNOWLEDGE_DURATION,
    SUBMISSION_REFUSALS,
)

Resolve = Callable[[str, str], Awaitable[ProblemFacts]]
"""Finds a problem by tenant and bare name. GavelError PROBLEM_NOT_FOUND, STORAGE_UNAVAILABLE."""

SourceSizes = Callable[[str, date, Sequence[str]], Awaitable[dict[str, int | None]]]
"""How many bytes each uploaded source has; see `Files.source_sizes`."""


class Sender(Protocol):
    """What is needed of the producer."""

    async def send(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        *,
        partition: int | None,
        headers: Headers,
    ) -> Delivery: ...


class Intake:
    """Accepts submissions; belongs to one event loop."""

    def __init__(
        self,
        sender: Sender,
        destinations: Destinations,
        resolve: Resolve,
        source_sizes: SourceSizes,
        *,
        in_flight_most: int,
    ) -> None:
        self._sender = sender
        self._destinations = destinations
        self._resolve = resolve
        self._source_sizes = source_sizes
        self._gate = Gate("accepts that wait for the broker", in_flight_most)
        self._log = log.logger("gavel.submission.intake")

    async def accept(
        self,
        tenant: str,
        request: submission_service_pb2.CreateSubmissionRequest,
        timeout_s: float,
    ) -> submission_service_pb2.CreateSubmissionResponse:
        """Accepts one submission within `timeout_s` seconds, or raises GavelError as CreateSubmission
        documents.
        """
        try:
            return await self._accept(tenant, request, deadline_of(timeout_s))
        except GavelError as error:
            SUBMISSION_REFUSALS.labels(error.reason_name).inc()
            raise

    async def _accept(
        self,
        tenant: str,
        request: submission_service_pb2.CreateSubmissionRequest,
        deadline: float,
    ) -> submission_service_pb2.CreateSubmissionResponse:
        admitted = admit(request, time.time_ns() // 1_000_000)
        language = admitted.language.code
        destination = self._destinations.known(language) or await self._destinations.of(language)
        facts = await self._resolve(tenant, admitted.problem) if admitted.problem else None
        sizes_bytes: dict[str, int | None] = {}
        if sha256s := uploaded_sha256s(request.sources):
            sizes_bytes = await self._source_sizes(tenant, day_of(admitted.request_id), sha256s)
        sources_bytes = check_uploaded(request.sources, sizes_bytes)
        limits = limits_under(request, admitted.language, facts.rules if facts else None, sources_bytes)
        submission_id = identity.submission_id(tenant, admitted.request_id, request)
        record = core.record_of(
            tenant,
            submission_id,
            request,
            admitted,
            manifest_digest=facts.manifest_digest if facts else "",
            limits=limits,
        )
        partition = topics.partition_for(submission_id, destination.partitions)
        began = time.monotonic()
        with self._gate.hold():
            delivery = await acknowledged(
                deadline,
                self._sender.send(
                    destination.topic,
                    language,
                    record.SerializeToString(),
                    partition=partition,
                    headers=traces.inject(),
                ),
            )
        SUBMISSION_ACKNOWLEDGE_DURATION.observe(time.monotonic() - began)
        SUBMISSION_ACCEPTS.labels(language).inc()
        self._log.info(
            "accepted",
            submission_id=str(submission_id),
            tenant=tenant,
            language=language,
            partition=delivery.partition,
            offset=delivery.offset,
        )
        position = Position(destination.topic_id, delivery.partition, delivery.offset)
        return submission_service_pb2.CreateSubmissionResponse(
            submission=core.submission_of(submission_id, request, limits, delivery.timestamp_ms),
            read_token=ReadToken(destination.topic, position, delivery.timestamp_ms).encode(),
        )
