"""Sets up logs and traces once, at the start of a process."""

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gavel.telemetry.traces import current_trace_id


def setup(service: str, instance: str, level: str = "info") -> None:
    """Makes every log line of this process a JSON object on stdout, and its spans go where `OTEL_*` points.

    `service` is `submission`, `worker`, ..; `instance` the process's own name; `level` one of debug, info,
    warning, error. Lines of libraries that use `logging` come out the same way. Without
    `OTEL_EXPORTER_OTLP_ENDPOINT` (or its traces variant) no spans are kept; logs and errors still have a
    trace id.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_process(service, instance),
        _with_trace,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(default=str)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_with_library, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    # Libraries speak from warning on: their info lines are about themselves.
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    _setup_traces(service, instance)


def _setup_traces(service: str, instance: str) -> None:
    resource = Resource.create({"service.name": f"gavel-{service}", "service.instance.id": instance})
    if not _exports():
        # Ids alone, which logs and errors need, at a quarter of the price of spans that nobody will read.
        trace.set_tracer_provider(TracerProvider(resource=resource, sampler=ALWAYS_OFF))
        return
    # Imported late: the exporter pulls in its own channel machinery, which most processes never use.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _exports() -> bool:
    asked = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return asked and any(os.environ.get(endpoint) for endpoint in endpoints)


def _with_process(service: str, instance: str) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        event["instance"] = instance
        return event

    return add


def _with_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event


def _with_library(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if record is not None:
        event["module"] = record.name
    return event
