"""ResultService: messages in, the service's own nouns, messages out."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import grpc

from gavel.result.reading import Reading
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.result.watching import Watching
from gavel.rpc import names, pages
from gavel.rpc.server import tenant_of, time_left_s

_Context = grpc.aio.ServicerContext[Any, Any]
_UNBOUNDED_S: Final = 60.0


class ResultServicer(result_service_pb2_grpc.ResultServiceServicer):
    """Serves ResultService; a call that is not defined here is answered UNIMPLEMENTED by the server."""

    def __init__(self, watching: Watching, reading: Reading) -> None:
        self._watching = watching
        self._reading = reading

    async def WatchSubmission(  # noqa: N802 - the contract's name
        self, request: result_service_pb2.WatchSubmissionRequest, context: _Context
    ) -> AsyncGenerator[result_service_pb2.WatchSubmissionResponse, None]:
        watch = await self._watching.open(tenant_of(context), request)
        try:
            while (event := await watch.next()) is not None:
                yield event
        finally:
            watch.close()

    async def GetResult(  # noqa: N802
        self, request: result_service_pb2.GetResultRequest, context: _Context
    ) -> result_service_pb2.GetResultResponse:
        submission_id, judgement = names.parse_judgement(request.name)
        found = await self._reading.judgement(tenant_of(context), submission_id, judgement or 0, _left_s())
        return result_service_pb2.GetResultResponse(judgement=found)

    async def ListResults(  # noqa: N802
        self, request: result_service_pb2.ListResultsRequest, context: _Context
    ) -> result_service_pb2.ListResultsResponse:
        submission_id = names.parse_submission(request.parent, field="parent")
        size = pages.page_size(request.page_size)
        cursor = pages.decode(request.page_token, request) or {}
        after = int(cursor.get("after", 0))
        found = await self._reading.page(tenant_of(context), submission_id, after, size + 1, _left_s())
        response = result_service_pb2.ListResultsResponse(judgements=found[:size])
        if len(found) > size:
            last = int(found[size - 1].name.rpartition("/")[2])
            response.next_page_token = pages.encode({"after": last}, request)
        return response


def _left_s() -> float:
    left_s = time_left_s()
    return _UNBOUNDED_S if left_s is None else left_s
