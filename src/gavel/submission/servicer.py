"""SubmissionService: messages in, the service's own nouns, messages out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

import grpc

from gavel.judging.languages import LANGUAGES
from gavel.projection.reads import LAST_ID
from gavel.rpc import names, pages
from gavel.rpc.errors import GavelError, invalid, to_status
from gavel.rpc.positions import ReadToken
from gavel.rpc.server import tenant_of, time_left_s
from gavel.submission import core
from gavel.submission.acknowledgement import MARGIN_S
from gavel.submission.admission import BATCH_REQUESTS
from gavel.submission.cancellation import Cancellation
from gavel.submission.intake import Intake
from gavel.submission.narrowing import check_codes, filter_of
from gavel.submission.queue_watch import QueueWatch
from gavel.submission.reading import Reading
from gavel.submission.v1 import (
    error_reason_pb2,
    submission_service_pb2,
    submission_service_pb2_grpc,
)
from gavel.telemetry import log
from gavel.worker.v1 import worker_pb2

_Context = grpc.aio.ServicerContext[Any, Any]
_UNBOUNDED_S = 60.0
_log = log.logger(__name__)


class SubmissionServicer(submission_service_pb2_grpc.SubmissionServiceServicer):
    """Serves SubmissionService; a call that is not defined here is answered UNIMPLEMENTED by the server."""

    def __init__(
        self,
        intake: Intake,
        reading: Reading,
        cancellation: Cancellation,
        queues: QueueWatch,
        workers: Callable[[], Sequence[worker_pb2.Worker]],
    ) -> None:
        self._intake = intake
        self._reading = reading
        self._cancellation = cancellation
        self._queues = queues
        self._workers = workers

    async def CreateSubmission(  # noqa: N802 - the contract's name
        self, request: submission_service_pb2.CreateSubmissionRequest, context: _Context
    ) -> submission_service_pb2.CreateSubmissionResponse:
        return await self._intake.accept(tenant_of(context), request, _left_s())

    async def BatchCreateSubmissions(  # noqa: N802
        self, request: submission_service_pb2.BatchCreateSubmissionsRequest, context: _Context
    ) -> submission_service_pb2.BatchCreateSubmissionsResponse:
        count = len(request.requests)
        if not 1 <= count <= BATCH_REQUESTS:
            raise invalid("requests", f"{count} requests; 1 to {BATCH_REQUESTS} are needed")
        tenant = tenant_of(context)
        results = await asyncio.gather(*[self._one_of_batch(tenant, each) for each in request.requests])
        return submission_service_pb2.BatchCreateSubmissionsResponse(results=results)

    async def WatchQueues(  # noqa: N802
        self,
        request: submission_service_pb2.WatchQueuesRequest,
        context: _Context,  # noqa: ARG002
    ) -> AsyncIterator[submission_service_pb2.WatchQueuesResponse]:
        check_codes(request.languages)
        async for queues in self._queues.watch(frozenset(request.languages)):
            yield submission_service_pb2.WatchQueuesResponse(queues=queues)

    async def GetSubmission(  # noqa: N802
        self, request: submission_service_pb2.GetSubmissionRequest, context: _Context
    ) -> submission_service_pb2.GetSubmissionResponse:
        submission_id = names.parse_submission(request.name)
        if request.view not in submission_service_pb2.View.values():
            raise invalid("view", f"no such view: {request.view}")
        # Half of what is kept back is for the last look at the rows.
        row, current = await self._reading.get(
            tenant_of(context), submission_id, _token(request.read_token), _left_s() - 2 * MARGIN_S
        )
        submission = core.stored_submission(row, current)
        if current is not None:
            submission.judgement.CopyFrom(await self._reading.shown(current))
        if request.view == submission_service_pb2.VIEW_FULL:
            submission.sources.extend(await self._reading.sources(row))
        return submission_service_pb2.GetSubmissionResponse(submission=submission)

    async def ListSubmissions(  # noqa: N802
        self, request: submission_service_pb2.ListSubmissionsRequest, context: _Context
    ) -> submission_service_pb2.ListSubmissionsResponse:
        tenant = tenant_of(context)
        narrowed = filter_of(request)
        size = pages.page_size(request.page_size)
        before = _before(pages.decode(request.page_token, request))
        # One more than the page tells whether there is another page.
        found = await self._reading.page(tenant, narrowed, before, size + 1)
        response = submission_service_pb2.ListSubmissionsResponse(
            submissions=[core.stored_submission(row, current) for row, current in found[:size]]
        )
        if len(found) > size:
            response.next_page_token = pages.encode({"id": str(found[size - 1][0].submission_id)}, request)
        return response

    async def CancelSubmission(  # noqa: N802
        self, request: submission_service_pb2.CancelSubmissionRequest, context: _Context
    ) -> submission_service_pb2.CancelSubmissionResponse:
        submission_id = names.parse_submission(request.name)
        if request.judgement < 0:
            raise invalid("judgement", "is negative")
        token = _token(request.read_token)
        await self._cancellation.cancel(
            tenant_of(context), submission_id, request.judgement, token, _left_s()
        )
        return submission_service_pb2.CancelSubmissionResponse()

    async def ListLanguages(  # noqa: N802
        self,
        request: submission_service_pb2.ListLanguagesRequest,  # noqa: ARG002
        context: _Context,  # noqa: ARG002
    ) -> submission_service_pb2.ListLanguagesResponse:
        languages = core.languages_of(LANGUAGES, self._workers())
        return submission_service_pb2.ListLanguagesResponse(languages=languages)

    async def _one_of_batch(
        self, tenant: str, request: submission_service_pb2.CreateSubmissionRequest
    ) -> submission_service_pb2.BatchCreateSubmissionsResult:
        """The answer to one request: whatever happens to it does not hold up the others."""
        try:
            accepted = await self._intake.accept(tenant, request, _left_s())
        except GavelError as error:
            refused = error
        except Exception:
            _log.exception("unforeseen error in a batch", request_id=request.request_id)
            refused = GavelError(error_reason_pb2.ERROR_REASON_INTERNAL, "unforeseen error")
        else:
            return submission_service_pb2.BatchCreateSubmissionsResult(accepted=accepted)
        return submission_service_pb2.BatchCreateSubmissionsResult(
            refused_status=to_status(refused).SerializeToString()
        )


def _left_s() -> float:
    """Seconds that the call has left."""
    left = time_left_s()
    return _UNBOUNDED_S if left is None else left


def _token(token: bytes) -> ReadToken | None:
    return ReadToken.decode(token, "read_token") if token else None


def _before(cursor: dict[str, str | int] | None) -> UUID:
    if cursor is None:
        return LAST_ID
    try:
        return UUID(str(cursor["id"]))
    except (KeyError, ValueError):
        raise invalid("page_token", "is not a token of this list") from None
