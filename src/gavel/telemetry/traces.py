"""Traces: one tracer, and the W3C trace context as it travels in Kafka headers and gRPC metadata."""

from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
# Asking the SDK for a tracer costs as much as a span; this one finds the provider once that is set.
_TRACER = trace.get_tracer("gavel")
_TRACE_KEYS = frozenset({"traceparent", "tracestate"})


def tracer() -> trace.Tracer:
    """The project's tracer; spans go nowhere until `telemetry.setup` has run."""
    return _TRACER


def inject() -> list[tuple[str, bytes]]:
    """The current trace context as Kafka record headers; empty outside of a span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return [(key, value.encode()) for key, value in carrier.items()]


def extract(headers: Iterable[tuple[str, str | bytes | None]] | None) -> Context:
    """The trace context of Kafka record headers or gRPC metadata; an empty one when there is none or it is
    malformed.
    """
    carrier: dict[str, str | list[str]] = {}
    for key, value in headers or ():
        if key in _TRACE_KEYS and value is not None:
            carrier[key] = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    if not carrier:
        return Context()
    return _PROPAGATOR.extract(carrier, context=Context())


def current_trace_id() -> str:
    """The current trace's id in hexadecimal; empty outside of a span."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""
