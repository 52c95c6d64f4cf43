"""Spans of the writers: they continue the trace that a record carries, so a trace ends at the stored row."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from gavel.bus.consumer import Record
from gavel.telemetry.traces import extract, tracer


@contextmanager
def stored_span(name: str, record: Record) -> Iterator[None]:
    """A span as long as the block; none for a record that carries no sampled trace."""
    parent = extract(record.headers) if record.headers else None
    if parent is None or not trace.get_current_span(parent).get_span_context().trace_flags.sampled:
        yield
        return
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
    }
    with tracer().start_as_current_span(name, parent, kind=trace.SpanKind.CONSUMER, attributes=attributes):
        yield
