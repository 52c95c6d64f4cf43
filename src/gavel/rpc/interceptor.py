"""The one interceptor of every server: admission, deadline, span, metrics, and errors as statuses.

It wraps each method of the API once and passes calls of other services (health, reflection) through.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from grpc_status import rpc_status
from opentelemetry import context as otel_context
from opentelemetry import trace

from gavel.rpc.admission import Gate
from gavel.rpc.context import deadline_s
from gavel.rpc.errors import GavelError, invalid, to_status, too_large, unimplemented
from gavel.rpc.methods import METHODS, default_deadlines
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import RPC_CALLS, RPC_DURATION, RPC_OPEN_STREAMS
from gavel.telemetry.traces import current_trace_id, extract, tracer

MESSAGE_BYTES_MOST: Final = 4 << 20
"""The largest request message in bytes."""

_SHARED: Final = frozenset({
    reasons.ERROR_REASON_BROKER_UNAVAILABLE,
    reasons.ERROR_REASON_DATABASE_UNAVAILABLE,
    reasons.ERROR_REASON_STORAGE_UNAVAILABLE,
    reasons.ERROR_REASON_NOT_YET_STORED,
})  # fmt: skip
"""What no other replica does better now."""
_NOBODY_CAN: Final = (("x-envoy-ratelimited", "true"),)
"""Envoy tries UNAVAILABLE on another replica, unless this says not to."""
_log: Final = logger(__name__)
_Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
if TYPE_CHECKING:
    _Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]
else:
    _Handler = grpc.RpcMethodHandler  # generic in the stubs only


@dataclass(slots=True)
class Gates:
    """What the process holds for all of its calls together."""

    calls: Gate
    streams: Gate
    request_bytes: Gate
    draining: bool = False

    def refuse_when_draining(self) -> None:
        """DRAINING once the process shuts down."""
        if self.draining:
            raise GavelError(reasons.ERROR_REASON_DRAINING, "this replica is shutting down")


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands for a request message that could not be taken: a deserializer may not raise a status itself."""

    error: GavelError


@dataclass(slots=True)
class _Call:
    """One call as it goes on: what its end is told with."""

    method: str
    span: trace.Span
    started: float = field(default_factory=time.perf_counter)


class Interceptor(grpc.aio.ServerInterceptor):
    """See the module."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self._handlers: dict[str, _Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler:
        path = handler_call_details.method
        wrapped = self._handlers.get(path)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        if handler is not None and path not in METHODS:
            return handler
        wrapped = _refusing(path) if handler is None else self._wrapped(path, handler)
        if path in METHODS:
            self._handlers[path] = wrapped
        return wrapped

    def _wrapped(self, path: str, handler: _Handler) -> _Handler:
        read = _reader(handler.request_deserializer)
        write = handler.response_serializer
        if handler.response_streaming:
            behaviour = handler.stream_stream if handler.request_streaming else handler.unary_stream
            if not _defined(path, behaviour, inspect.isasyncgenfunction):
                return _refusing(path)
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            return make(self._stream(path, behaviour), read, write)
        behaviour = handler.stream_unary if handler.request_streaming else handler.unary_unary
        if not _defined(path, behaviour, inspect.iscoroutinefunction):
            return _refusing(path)
        make = (
            grpc.stream_unary_rpc_method_handler
            if handler.request_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        return make(self._unary(path, behaviour), read, write)

    def _unary(self, path: str, behaviour: Any) -> Callable[[Any, _Context], Awaitable[Any]]:
        ok = RPC_CALLS.labels(path[1:], grpc.StatusCode.OK.name)
        duration = RPC_DURATION.labels(path[1:])
        default_s = default_deadlines().get(path)

        async def call(request: Any, context: _Context) -> Any:
            going = _began(path, context)
            scope = asyncio.timeout(_set_deadline(context, default_s))
            try:
                request = _taken(request)
                size = 0 if isinstance(request, AsyncIterator) else request.ByteSize()
                with self._gates.calls.hold(), self._gates.request_bytes.hold(size):
                    async with scope:
                        response = await behaviour(request, context)
            except BaseException as error:
                duration.observe(time.perf_counter() - going.started)
                await _fail(going, context, error, expired=scope.expired())
            duration.observe(time.perf_counter() - going.started)
            ok.inc()
            going.span.end()
            return response

        return call

    def _stream(self, path: str, behaviour: Any) -> Callable[[Any, _Context], AsyncIterator[Any]]:
        ok = RPC_CALLS.labels(path[1:], grpc.StatusCode.OK.name)
        open_streams = RPC_OPEN_STREAMS.labels(path[1:])

        async def call(request: Any, context: _Context) -> AsyncIterator[Any]:
            going = _began(path, context)
            _set_deadline(context, None)
            try:
                self._gates.refuse_when_draining()
                with self._gates.streams.hold(), open_streams.track_inprogress():
                    async with aclosing(behaviour(_taken(request), context)) as responses:
                        async for response in responses:
                            yield response
                            # The span tells how long opening took; the stream itself may live for hours.
                            if going.span.is_recording():
                                going.span.end()
            except BaseException as error:
                await _fail(going, context, error, expired=False)
            ok.inc()
            if going.span.is_recording():
                going.span.end()

        return call


def _began(path: str, context: _Context) -> _Call:
    # Each call is a task of its own, so what is attached here ends with it and is never detached.
    parent = extract(context.invocation_metadata())
    attributes = {"rpc.system.name": "grpc", "rpc.method": path[1:]}
    span = tracer().start_span(path[1:], parent, kind=trace.SpanKind.SERVER, attributes=attributes)
    otel_context.attach(trace.set_span_in_context(span, parent))
    return _Call(path[1:], span)


def _set_deadline(context: _Context, default_s: float | None) -> float | None:
    """Sets the call's deadline; returns the seconds until it where gRPC itself does not enforce it."""
    asked_s = context.time_remaining()
    left_s = default_s if asked_s is None else asked_s
    deadline_s.set(None if left_s is None else time.monotonic() + left_s)
    return default_s if asked_s is None else None


async def _fail(going: _Call, context: _Context, error: BaseException, *, expired: bool) -> NoReturn:
    """Tells of the end of a call that did not succeed, and ends it."""
    if isinstance(error, GavelError):
        meant = error
    elif isinstance(error, TimeoutError) and expired:
        meant = GavelError(
            reasons.ERROR_REASON_DEADLINE_EXCEEDED, "the call did not end in time", method=going.method
        )
    elif isinstance(error, Exception):
        _log.exception("unforeseen error in a call", method=going.method)
        trace_id = current_trace_id()
        meant = GavelError(
            reasons.ERROR_REASON_INTERNAL, f"unforeseen error, trace {trace_id}", trace_id=trace_id
        )
    else:
        # The caller left or the server stops: nobody hears an answer.
        _ended(going, grpc.StatusCode.CANCELLED)
        raise error
    _ended(going, meant.code)
    status = rpc_status.to_status(to_status(meant))
    hints = _NOBODY_CAN if meant.reason in _SHARED else ()
    await context.abort(status.code, status.details, (*status.trailing_metadata, *hints))


def _ended(going: _Call, code: grpc.StatusCode) -> None:
    RPC_CALLS.labels(going.method, code.name).inc()
    if going.span.is_recording():
        going.span.set_attribute("rpc.status_code", code.name)
        going.span.end()


def _reader(deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any]:
    if deserialize is None:
        raise TypeError("a method of the API has no request type")

    def read(data: bytes) -> Any:
        if len(data) > MESSAGE_BYTES_MOST:
            return _Unreadable(too_large(MESSAGE_BYTES_MOST))
        try:
            return deserialize(data)
        except DecodeError:
            return _Unreadable(invalid("request", "the bytes are not a message of the method's request type"))

    return read


def _taken(request: Any) -> Any:
    if isinstance(request, _Unreadable):
        raise request.error
    return _readable(request) if hasattr(request, "__aiter__") else request


async def _readable(messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for message in messages:
        yield _taken(message)


def _defined(path: str, behaviour: Any, right: Callable[[Any], bool]) -> bool:
    """False for a method that a servicer inherits from generated code; TypeError for one written in the wrong
    form.
    """
    if behaviour.__module__.endswith("_pb2_grpc"):
        return False
    if not right(behaviour):
        raise TypeError(f"{path}: expected an async function, and for a response stream an async generator")
    return True


def _refusing(path: str) -> _Handler:
    async def refuse(_request: bytes, context: _Context) -> Any:
        error = unimplemented(path.removeprefix("/"))
        await context.abort_with_status(rpc_status.to_status(to_status(error)))

    return grpc.unary_unary_rpc_method_handler(refuse)
