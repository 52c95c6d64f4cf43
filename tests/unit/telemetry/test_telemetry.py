"""Log lines, trace context and the reference of metrics."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from gavel.telemetry import metrics, traces

ROOT = Path(__file__).parents[3]
SPEAK = """
import logging, structlog
from gavel.telemetry import setup
from gavel.telemetry.log import logger
from gavel.telemetry.traces import tracer
setup("worker", "worker-3", "info")
log = logger("gavel.test")
log.debug("not shown")
with tracer().start_as_current_span("x"), structlog.contextvars.bound_contextvars(submission_id="s1"):
    log.info("judged", tests=3, path=object)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
logging.getLogger("some.library").warning("slow %s", "disk")
"""


def test_every_line_is_a_json_object_on_stdout() -> None:
    """Ours and those of libraries, with process, level, ids where bound, and tracebacks inside."""
    ran = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True)
    first, second, third = (json.loads(line) for line in ran.stdout.splitlines())

    assert ran.stderr == ""
    assert (first["event"], first["tests"], first["level"]) == ("judged", 3, "info")
    assert (first["service"], first["instance"], first["module"]) == ("worker", "worker-3", "gavel.test")
    assert first["submission_id"] == "s1"
    assert len(first["trace_id"]) == 32
    assert "submission_id" not in second
    assert "ZeroDivisionError" in second["exception"]
    assert (third["event"], third["module"], third["level"]) == ("slow disk", "some.library", "warning")


def test_the_trace_context_travels_in_headers() -> None:
    """A consumer that extracts what a producer injected is in the same trace."""
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("produce") as span:
        headers = traces.inject()
        assert traces.current_trace_id() == trace.format_trace_id(span.get_span_context().trace_id)
    context = traces.extract([("other", b"x"), *headers])
    found = trace.get_current_span(context).get_span_context()

    assert found.trace_id == span.get_span_context().trace_id
    assert found.span_id == span.get_span_context().span_id
    assert traces.current_trace_id() == ""


def test_headers_without_a_trace_are_no_error() -> None:
    """Missing, malformed and undecodable headers give an empty context."""
    for headers in (
        None,
        [],
        [("traceparent", b"\xff\xfe")],
        [("traceparent", "00-zz-1-01")],
        [("traceparent", None)],
    ):
        assert not trace.get_current_span(traces.extract(headers)).get_span_context().is_valid


def test_the_reference_lists_every_metric() -> None:
    """docs/reference/metrics.md is what the module says; write it with python -m gavel.telemetry.metrics."""
    page = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")

    assert page == metrics.reference()


def test_metrics_are_served_as_text() -> None:
    """The page holds what was counted, and its port is free again afterwards."""
    metrics.RPC_CALLS.labels("gavel.test/Call", "OK").inc(3)
    for _ in range(2):
        server = metrics.serve_metrics("127.0.0.1:0")
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=5) as answer:
            page = answer.read().decode()
        server.close()
        assert 'gavel_rpc_calls_total{code="OK",method="gavel.test/Call"} 3.0' in page
