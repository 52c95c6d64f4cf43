"""Every Prometheus metric of the project. Labels never hold an id of a submission, a tenant or a client.

`docs/reference/metrics.md` is written from this module: `python -m gavel.telemetry.metrics >
docs/reference/metrics.md`.
"""

from collections.abc import Iterator
from http.server import HTTPServer
from threading import Thread
from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics import MetricWrapperBase

_CALL_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

RPC_CALLS: Final = Counter("gavel_rpc_calls", "Calls and streams that ended.", ["method", "code"])
RPC_DURATION: Final = Histogram(
    "gavel_rpc_duration_seconds",
    "How long unary calls and uploads took.",
    ["method"],
    buckets=_CALL_BUCKETS,
)
RPC_OPEN_STREAMS: Final = Gauge("gavel_rpc_open_streams", "Response streams that are open.", ["method"])
PARTITION_CHECK_TIME: Final = Gauge(
    "gavel_partition_check_time_seconds", "Unix time at which the day partitions were last known to be there."
)


WORKER_RUNS: Final = Counter(
    "gavel_worker_runs", "Runs that ended, by verdict, or CANCELLED or FAILED.", ["language", "outcome"]
)
WORKER_RUN_DURATION: Final = Histogram(
    "gavel_worker_run_duration_seconds",
    "How long runs took, sources and test facts included.",
    ["language"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0),
)
WORKER_QUEUE_WAIT: Final = Histogram(
    "gavel_worker_queue_wait_seconds",
    "From the accept, by the broker's clock, to the start.",
    ["language"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
WORKER_FAILURES: Final = Counter(
    "gavel_worker_platform_failures", "Runs that the platform failed; up to three are tried.", ["language"]
)
WORKER_DEAD_LETTERS: Final = Counter(
    "gavel_worker_dead_letters", "Records that could not be handled.", ["topic"]
)
WORKER_PROGRESS_DROPPED: Final = Counter(
    "gavel_worker_progress_dropped", "Progress events that could not be queued; the verdict is not affected."
)
WORKER_SLOTS: Final = Gauge("gavel_worker_slots", "Runs that the worker does at once.")
WORKER_SLOTS_LENT: Final = Gauge(
    "gavel_worker_slots_lent", "Slots in which further tests of judgements that run are run."
)
WORKER_CASES: Final = Gauge(
    "gavel_worker_cases", "Judgements held, by phase: waiting, running, ending.", ["phase"]
)
WORKER_PROGRAMS: Final = Counter(
    "gavel_worker_programs",
    "Programs without a record that ended, by verdict, or CANCELLED or FAILED.",
    ["language", "outcome"],
)
WORKER_PROGRAM_DURATION: Final = Histogram(
    "gavel_worker_program_duration_seconds",
    "How long programs without a record held a slot, compiling included.",
    ["language"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0),
)
WORKER_PROGRAMS_RUNNING: Final = Gauge(
    "gavel_worker_programs_running", "Programs without a record that hold a slot."
)
SUBMISSION_ACCEPTS: Final = Counter(
    "gavel_submission_accepts", "Submissions that were accepted.", ["language"]
)
SUBMISSION_REFUSALS: Final = Counter(
    "gavel_submission_refusals", "Submissions that were not accepted, those of batches too.", ["reason"]
)
SUBMISSION_ACKNOWLEDGE_DURATION: Final = Histogram(
    "gavel_submission_acknowledge_duration_seconds",
    "How long the broker took to acknowledge an accepted record.",
    buckets=_CALL_BUCKETS,
)
SUBMISSION_UPLOAD_BYTES: Final = Counter("gavel_submission_upload_bytes", "Bytes of files that were stored.")
SUBMISSION_ROWS_OWED: Final = Gauge(
    "gavel_submission_rows_owed", "Problems that the list does not show yet, since the database is away."
)
WRITER_RECORDS: Final = Counter("gavel_writer_records", "Records of the log that were stored.", ["writer"])
WRITER_BATCH_DURATION: Final = Histogram(
    "gavel_writer_batch_duration_seconds",
    "How long batches took to store, waiting for the database included.",
    ["writer"],
    buckets=_CALL_BUCKETS,
)
WRITER_WAITS: Final = Counter(
    "gavel_writer_waits", "Times that a writer found the database or the object storage away.", ["writer"]
)
WRITER_DEAD_LETTERS: Final = Counter(
    "gavel_writer_dead_letters", "Records that could not be handled and went to submissions.dead."
)
HUB_WINDOW_BYTES: Final = Gauge("gavel_hub_window_bytes", "Memory that the window of recent events takes.")
HUB_EVENTS: Final = Counter("gavel_hub_events", "Events that came into the window.")
HUB_DELIVERY_DURATION: Final = Histogram(
    "gavel_hub_delivery_duration_seconds",
    "From the time in an event to the moment at which it was handed to its watchers.",
    buckets=_CALL_BUCKETS,
)
WATCH_SNAPSHOTS: Final = Counter(
    "gavel_watch_snapshots", "Watches that began, by what they began from.", ["source"]
)


class MetricsServer:
    """Serves the Prometheus text format at `/metrics`."""

    def __init__(self, server: HTTPServer, thread: Thread) -> None:
        self._server = server
        self._thread = thread

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stops listening; returns when its thread has ended."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve_metrics(listen: str) -> MetricsServer:
    """Serves this process's metrics on `host:port` (port 0: a free one) from a thread of its own."""
    host, _, port = listen.rpartition(":")
    server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=REGISTRY)
    return MetricsServer(server, thread)


def reference() -> str:
    """The page that lists every metric, as Markdown."""
    lines = ["# Metrics", "", "Every process serves them at `/metrics` on its `GAVEL_METRICS_LISTEN`.", ""]
    lines += ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for metric in _metrics():
        family = next(iter(metric.describe()))
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "-"  # noqa: SLF001 - no other way
        lines.append(f"| `{name}` | {family.type} | {labels} | {family.documentation} |")
    return "\n".join(lines) + "\n"


def _metrics() -> Iterator[MetricWrapperBase]:
    return (value for value in globals().values() if isinstance(value, MetricWrapperBase))


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - this is the command's output
