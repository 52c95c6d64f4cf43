"""The server over real sockets: what a client sees of errors, limits, deadlines, health and reflection."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from gavel.result.v1 import result_service_pb2 as result
from gavel.result.v1 import result_service_pb2_grpc as result_grpc
from gavel.rpc import client, methods
from gavel.rpc.context import tenant_of, time_left_s
from gavel.rpc.errors import GavelError, from_rpc_error, invalid
from gavel.rpc.server import Server
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import file_service_pb2 as file
from gavel.submission.v1 import file_service_pb2_grpc as file_grpc
from gavel.submission.v1 import submission_service_pb2 as submission
from gavel.submission.v1 import submission_service_pb2_grpc as submission_grpc

SUBMISSIONS = "gavel.submission.v1.SubmissionService"
Behaviour = Callable[[Any, Any], Awaitable[Any]]


class Submissions(submission_grpc.SubmissionServiceServicer):
    """Each test says what ListLanguages does."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    async def ListLanguages(self, request: Message, context: Any) -> Any:  # noqa: N802 - gRPC's name
        return await self.behaviour(request, context)

    async def CreateSubmission(self, _request: Message, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        return submission.CreateSubmissionResponse()


class Results(result_grpc.ResultServiceServicer):
    """Streams a heartbeat, then waits until its client has gone."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def WatchSubmission(self, _request: Message, _context: Any) -> AsyncIterator[Message]:  # noqa: N802
        try:
            yield result.WatchSubmissionResponse(heartbeat=result.Heartbeat())
            await asyncio.Event().wait()
        finally:
            self.closed.set()


class Files(file_grpc.FileServiceServicer):
    """Counts what it was sent."""

    async def UploadFile(self, requests: AsyncIterator[Any], _context: Any) -> Any:  # noqa: N802 - gRPC's name
        size = 0
        async for request in requests:
            size += len(request.data)
        return file.UploadFileResponse(size_bytes=size)


async def nothing(_request: Any, _context: Any) -> Any:
    return submission.ListLanguagesResponse()


@asynccontextmanager
async def serving(
    behaviour: Behaviour = nothing, **limits: int
) -> AsyncIterator[tuple[Server, grpc.aio.Channel, Results]]:
    server = Server("127.0.0.1:0", [SUBMISSIONS], **limits)
    results = Results()
    submission_grpc.add_SubmissionServiceServicer_to_server(Submissions(behaviour), server.grpc)
    result_grpc.add_ResultServiceServicer_to_server(results, server.grpc)
    file_grpc.add_FileServiceServicer_to_server(Files(), server.grpc)
    port = await server.start()
    try:
        async with client.channel(f"127.0.0.1:{port}", asynchronous=True) as channel:
            yield server, channel, results
    finally:
        await server.stop(1)


async def refusal(call: Awaitable[Any]) -> GavelError:
    """The error of a call that must fail; also checks that it carries exactly one ErrorInfo."""
    with pytest.raises(grpc.RpcError) as caught:
        await call
    status = rpc_status.from_call(caught.value)
    assert status is not None, "no google.rpc.Status came along"
    infos = [detail for detail in status.details if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
    assert len(infos) == 1
    return from_rpc_error(caught.value)


def languages(channel: grpc.aio.Channel, **options: Any) -> Awaitable[Any]:
    return submission_grpc.SubmissionServiceStub(channel).ListLanguages(
        submission.ListLanguagesRequest(), **options
    )


async def test_an_error_arrives_with_code_reason_violations_and_metadata() -> None:
    """What a servicer raises is what the client reads back."""

    async def refuse(_request: Any, _context: Any) -> Any:
        raise invalid("limits.cpu_time_ms", "expected 10 to 60000")

    async with serving(refuse) as (_, channel, _results):
        error = await refusal(languages(channel))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason_name == "INVALID_FIELD"
    assert [(each.field, each.description) for each in error.violations] == [
        ("limits.cpu_time_ms", "expected 10 to 60000")
    ]
    assert error.metadata == {"field": "limits.cpu_time_ms"}
    assert error.retry_after_ms is None


async def test_an_unavailable_dependency_says_when_to_try_again() -> None:
    """UNAVAILABLE carries RetryInfo without the raiser asking for it."""

    async def refuse(_request: Any, _context: Any) -> Any:
        raise GavelError(reasons.ERROR_REASON_BROKER_UNAVAILABLE, "no acknowledgement")

    async with serving(refuse) as (_, channel, _results):
        error = await refusal(languages(channel))
    assert (error.code, error.retry_after_ms) == (grpc.StatusCode.UNAVAILABLE, 1000)


@pytest.mark.parametrize(
    ("reason", "retried"),
    [
        (reasons.ERROR_REASON_BROKER_UNAVAILABLE, False),
        (reasons.ERROR_REASON_DATABASE_UNAVAILABLE, False),
        (reasons.ERROR_REASON_DRAINING, True),
    ],
    ids=["broker", "database", "draining"],
)
async def test_the_proxy_is_told_when_another_replica_does_no_better(reason: Any, retried: bool) -> None:
    """What all replicas share is not tried again at once on each of them; a replica that drains is left."""

    async def refuse(_request: Any, _context: Any) -> Any:
        raise GavelError(reason, "away")

    async with serving(refuse) as (_, channel, _results):
        with pytest.raises(grpc.RpcError) as caught:
            await languages(channel)
    metadata = dict(caught.value.trailing_metadata())
    assert ("x-envoy-ratelimited" not in metadata) is retried
    assert from_rpc_error(caught.value).reason == reason


async def test_an_unforeseen_error_tells_nothing_of_itself() -> None:
    """The text of an exception stays in the log; the client gets a trace id."""

    async def break_down(_request: Any, _context: Any) -> Any:
        raise RuntimeError("the password is swordfish")

    async with serving(break_down) as (_, channel, _results):
        error = await refusal(languages(channel))
    assert error.code is grpc.StatusCode.INTERNAL
    assert "swordfish" not in error.message
    assert "trace_id" in error.metadata


async def test_a_call_without_a_deadline_gets_its_methods_own() -> None:
    """The servicer sees the default of service_config.json, and a caller's own deadline in place of it."""
    seen: list[float | None] = []

    async def look(_request: Any, _context: Any) -> Any:
        seen.append(time_left_s())
        return submission.ListLanguagesResponse()

    async with serving(look) as (server, _, _results), grpc.aio.insecure_channel(_address(server)) as bare:
        await languages(bare)
        await languages(bare, timeout=2)
    default = methods.default_deadlines()[f"/{SUBMISSIONS}/ListLanguages"]
    assert seen[0] is not None
    assert default - 1 < seen[0] <= default
    assert seen[1] is not None
    assert 1 < seen[1] <= 2.1


async def test_a_call_that_outlasts_its_default_deadline_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """DEADLINE_EXCEEDED comes from the server itself, with an ErrorInfo."""
    path = f"/{SUBMISSIONS}/ListLanguages"
    monkeypatch.setattr("gavel.rpc.interceptor.default_deadlines", lambda: {path: 0.05})

    async def hang(_request: Any, _context: Any) -> Any:
        await asyncio.Event().wait()

    async with serving(hang) as (server, _, _results), grpc.aio.insecure_channel(_address(server)) as bare:
        error = await refusal(languages(bare))
    assert error.reason_name == "DEADLINE_EXCEEDED"
    assert error.metadata == {"method": f"{SUBMISSIONS}/ListLanguages"}


async def test_a_message_above_4_mib_is_refused_with_its_limit() -> None:
    """Up to 16 MiB our own answer comes; what gRPC itself refuses reads the same through from_rpc_error."""
    async with serving() as (_, channel, _results):
        create = channel.unary_unary(f"/{SUBMISSIONS}/CreateSubmission")
        ours = await refusal(create(b"\x0a" + b"x" * (5 << 20)))
        with pytest.raises(grpc.RpcError) as caught:
            await create(b"\x0a" + b"x" * (17 << 20))
        theirs = from_rpc_error(caught.value)
    assert (ours.reason_name, ours.metadata) == ("MESSAGE_TOO_LARGE", {"limit_bytes": str(4 << 20)})
    assert (theirs.reason_name, theirs.code) == ("MESSAGE_TOO_LARGE", grpc.StatusCode.RESOURCE_EXHAUSTED)


async def test_a_garbled_message_is_an_invalid_argument() -> None:
    """Bytes that do not parse are the caller's fault, also inside an upload."""
    async with serving() as (_, channel, _results):
        unary = await refusal(channel.unary_unary(f"/{SUBMISSIONS}/CreateSubmission")(b"\xff\xff"))
        upload = channel.stream_unary("/gavel.submission.v1.FileService/UploadFile")
        streamed = await refusal(upload(iter([b"", b"\xff\xff"])))
    assert unary.reason_name == streamed.reason_name == "INVALID_FIELD"


@pytest.mark.parametrize(
    "path", ["/gavel.submission.v1.SubmissionService/Nothing", "/gavel.other.v1.Other/Call"]
)
async def test_an_unknown_method_is_unimplemented_with_an_error_info(path: str) -> None:
    """Also a method that no version has answers in our own words."""
    async with serving() as (_, channel, _results):
        error = await refusal(channel.unary_unary(path)(b""))
    assert (error.reason_name, error.metadata) == ("NOT_IMPLEMENTED", {"method": path[1:]})


async def test_streams_beyond_the_limit_are_refused_at_once() -> None:
    """The one too many gets OVERLOADED with a time to come back; one that ended makes room."""
    async with serving(max_streams=2) as (_, channel, results):
        stub = result_grpc.ResultServiceStub(channel)
        held = [stub.WatchSubmission(result.WatchSubmissionRequest()) for _ in range(2)]
        for stream in held:
            assert (await stream.read()).HasField("heartbeat")
        error = await refusal(stub.WatchSubmission(result.WatchSubmissionRequest()).read())
        assert (error.reason_name, error.metadata["limit"]) == ("OVERLOADED", "2")
        assert error.retry_after_ms == 1000
        held[0].cancel()
        await asyncio.wait_for(results.closed.wait(), 5)
        again = stub.WatchSubmission(result.WatchSubmissionRequest())
        assert (await again.read()).HasField("heartbeat")
        again.cancel()
        held[1].cancel()


async def test_calls_beyond_the_limit_are_refused_at_once() -> None:
    """The call that is one too many does not wait."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(_request: Any, _context: Any) -> Any:
        entered.set()
        await leave.wait()
        return submission.ListLanguagesResponse()

    async with serving(wait, max_calls=1) as (_, channel, _results):
        first = languages(channel)
        await asyncio.wait_for(entered.wait(), 5)
        error = await refusal(languages(channel))
        leave.set()
        await first
    assert (error.reason_name, error.metadata["what"]) == ("OVERLOADED", "calls")


async def test_draining_turns_health_and_refuses_new_streams() -> None:
    """While draining, health is NOT_SERVING by every name, calls go on, and a new stream is sent
    elsewhere.
    """
    async with serving() as (server, channel, _results):
        check = health_pb2_grpc.HealthStub(channel).Check
        for name in ("", SUBMISSIONS):
            answer = await check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        await server.drain()
        for name in ("", SUBMISSIONS):
            answer = await check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
        await languages(channel)
        stub = result_grpc.ResultServiceStub(channel)
        error = await refusal(stub.WatchSubmission(result.WatchSubmissionRequest()).read())
    assert error.reason_name == "DRAINING"


async def test_reflection_lists_the_whole_api() -> None:
    """Any process tells of every service, not only of its own."""
    async with serving() as (_, channel, _results):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        answer = await stub.ServerReflectionInfo(iter([asked])).read()
    names = {service.name for service in answer.list_services_response.service}
    assert set(methods.SERVICES) | {"grpc.health.v1.Health"} <= names


async def test_the_tenant_comes_from_the_ingress_metadata() -> None:
    """Without it the tenant is local; a name that could leave its folder is refused."""
    seen: list[str] = []

    async def look(_request: Any, context: Any) -> Any:
        seen.append(tenant_of(context))
        return submission.ListLanguagesResponse()

    async with serving(look) as (_, channel, _results):
        await languages(channel)
        await languages(channel, metadata=[("x-gavel-tenant", "acme")])
        error = await refusal(languages(channel, metadata=[("x-gavel-tenant", "../other")]))
    assert seen == ["local", "acme"]
    assert error.reason_name == "INVALID_FIELD"


async def test_many_streams_opened_at_once_are_all_served() -> None:
    """A burst of 3,000 streams loses none: gRPC's own limit of pending calls is out of the way."""
    async with serving() as (server, _, _results):
        channels = [client.channel(_address(server), asynchronous=True) for _ in range(4)]
        stubs = [result_grpc.ResultServiceStub(channel) for channel in channels]
        streams = [
            stubs[number % 4].WatchSubmission(result.WatchSubmissionRequest()) for number in range(3000)
        ]
        firsts = await asyncio.gather(*(stream.read() for stream in streams))
        assert all(first.HasField("heartbeat") for first in firsts)
        await asyncio.gather(*(channel.close() for channel in channels))


def test_every_unary_method_has_a_default_deadline() -> None:
    """service_config.json names methods that exist, and all unary ones of them."""
    config = json.loads(methods.service_config())
    named = {
        f"/{name['service']}/{name['method']}" for each in config["methodConfig"] for name in each["name"]
    }
    ours = {path for path in named if path.startswith("/gavel.")}
    streaming = {
        f"/{service}/{method}"
        for service, method in (
            ("gavel.submission.v1.SubmissionService", "WatchQueues"),
            ("gavel.submission.v1.FileService", "ReadFile"),
            ("gavel.worker.v1.WorkerService", "RunProgram"),
            ("gavel.result.v1.ResultService", "WatchSubmission"),
            ("gavel.result.v1.ResultService", "WatchSubmissions"),
            ("gavel.cleanup.v1.CleanupService", "RunCleanup"),
        )
    }
    assert ours == methods.METHODS - streaming


def _address(server: Server) -> str:
    return f"127.0.0.1:{server.port}"
