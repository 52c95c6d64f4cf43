"""WorkerService: the workers as their heartbeats tell, and programs that are run at once."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc

from gavel.bus import topics
from gavel.bus.producer import Producer
from gavel.bus.registry import WorkerRegistry
from gavel.rpc import names, pages
from gavel.rpc.context import LOCAL_TENANT, tenant_of
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2, submission_record_pb2
from gavel.worker.programs import Programs
from gavel.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc

SERVICE = "gavel.worker.v1.WorkerService"
WORKER_KEY = "x-gavel-worker"
"""Response metadata of RunProgram: `workers/<id>`, when the program has a slot there."""


class WorkerServicer(worker_service_pb2_grpc.WorkerServiceServicer):
    """Any worker answers for all of them; programs it runs itself."""

    def __init__(
        self, registry: WorkerRegistry, programs: Programs, producer: Producer, *, worker: str
    ) -> None:
        """`worker` is this one's name, `workers/<id>`."""
        self._registry = registry
        self._producer = producer
        self._programs = programs
        self._worker = worker

    async def ListWorkers(  # noqa: N802 (the contract's name)
        self, request: worker_service_pb2.ListWorkersRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> worker_service_pb2.ListWorkersResponse:
        """The workers whose heartbeat is younger than 10 s, by name."""
        size = pages.page_size(request.page_size)
        cursor = pages.decode(request.page_token, request)
        after = "" if cursor is None else str(cursor["after"])
        found = [worker for worker in self._registry.workers() if worker.name > after]
        response = worker_service_pb2.ListWorkersResponse(workers=found[:size])
        if len(found) > size:
            response.next_page_token = pages.encode({"after": found[size - 1].name}, request)
        return response

    async def GetWorker(  # noqa: N802
        self, request: worker_service_pb2.GetWorkerRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> worker_service_pb2.GetWorkerResponse:
        """One worker."""
        return worker_service_pb2.GetWorkerResponse(worker=self._found(request.name))

    async def RunProgram(  # noqa: N802
        self,
        requests: AsyncIterator[worker_service_pb2.RunProgramRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[worker_service_pb2.RunProgramResponse]:
        """Runs a program. Once it has a slot its headers are sent, which name this worker; a caller that has
        not seen them may make the same call again.
        """

        async def began() -> None:
            await context.send_initial_metadata(((WORKER_KEY, self._worker),))

        responses = self._programs.responses(requests, tenant_of(context), began)
        async with aclosing(responses):
            async for response in responses:
                yield response

    async def DrainWorker(  # noqa: N802
        self, request: worker_service_pb2.DrainWorkerRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> worker_service_pb2.DrainWorkerResponse:
        """Asks a worker to end, which may be another one: the ingress cannot address one of them."""
        if tenant_of(context) != LOCAL_TENANT:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_FOREIGN_TENANT,
                "workers belong to the operator, not to a tenant",
            )
        worker = self._found(request.name)
        worker_id = names.parse_worker(worker.name)
        drain = submission_record_pb2.DrainWorker(worker_id=worker_id, start_time=worker.start_time)
        record = submission_record_pb2.ControlRecord(drain=drain)
        await self._producer.send(topics.CONTROL, worker_id, record.SerializeToString(), partition=0)
        return worker_service_pb2.DrainWorkerResponse()

    def _found(self, text: str) -> worker_pb2.Worker:
        name = names.worker_name(names.parse_worker(text))
        for worker in self._registry.workers():
            if worker.name == name:
                return worker
        raise GavelError(error_reason_pb2.ERROR_REASON_WORKER_NOT_FOUND, f"there is no {name}", worker=name)
