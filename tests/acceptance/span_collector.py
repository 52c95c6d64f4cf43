"""An OTLP receiver: the spans that the processes of the mesh export, kept by trace."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


@dataclass(frozen=True)
class Span:
    """One span of one process."""

    service: str
    name: str


class Collector(trace_service_pb2_grpc.TraceServiceServicer):  # type: ignore[misc]
    """The receiver; `environment` makes a process export to it."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self._lock = threading.Lock()
        self._spans: dict[str, list[Span]] = defaultdict(list)

    def spans(self, trace_id: str) -> list[Span]:
        """The spans of a trace, whose id is hexadecimal, that have come so far."""
        with self._lock:
            return list(self._spans[trace_id])

    def Export(self, request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802 (the contract's name)
        with self._lock:
            for resource in request.resource_spans:
                names = {each.key: each.value.string_value for each in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        kept = Span(names.get("service.name", ""), span.name)
                        self._spans[span.trace_id.hex()].append(kept)
        return trace_service_pb2.ExportTraceServiceResponse()


@contextmanager
def collecting() -> Iterator[Collector]:
    """Receives for as long as the block."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    collector.environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_BSP_SCHEDULE_DELAY": "500",
    }
    server.start()
    yield collector
    server.stop(None).wait()
