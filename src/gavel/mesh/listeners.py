"""Listeners (LDS): the one door to the mesh, and what is done to every call that comes in."""

from __future__ import annotations

from typing import Any

from gavel.mesh.clusters import (
    BUFFER_BYTES,
    CONNECTION_WINDOW_BYTES,
    KEEPALIVE_INTERVAL,
    KEEPALIVE_TIMEOUT,
    STREAM_WINDOW_BYTES,
)
from gavel.mesh.routes import UNARY_LONGEST
from gavel.mesh.topology import IDENTITY_HEADERS, SUBMISSION_HEADER, Topology

TYPE = "type.googleapis.com/envoy.config.listener.v3.Listener"
NAME = "ingress"
"""Name of the listener, its route configuration, its virtual host and its statistics."""

STREAMS_MOST = 1_000
"""Streams of one client connection, told to the client in SETTINGS.  The default is 1,024 since 1.36; in both
cases the next stream on the same channel waits in the client without an error, so a client with more
watches spreads them over channels (or watches many submissions in one stream)."""

HEADERS_TIMEOUT = "10s"
"""A client that takes longer to send its headers only holds a connection."""

SAMPLED_PERCENT = 1
"""Share of successful calls in the access log; every failure is logged."""

_ACCESS_LOG_FORMAT = {
    "time": "%START_TIME%",
    "event": "access",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "method": "%REQ(:PATH)%",
    "route": "%ROUTE_NAME%",
    "grpc_status": "%GRPC_STATUS%",
    "http_status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "duration_ms": "%DURATION%",
    "received_bytes": "%BYTES_RECEIVED%",
    "sent_bytes": "%BYTES_SENT%",
    "cluster": "%UPSTREAM_CLUSTER%",
    "replica": "%UPSTREAM_HOST%",
    "tries": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "submission": f"%REQ({SUBMISSION_HEADER.upper()})%",
    "traceparent": "%REQ(TRACEPARENT)%",
}


def listener(topology: Topology, folder: str) -> dict[str, Any]:
    """The listener that clients connect to; Envoy reads its routes from `<folder>/rds.yaml`."""
    address = {"address": topology.ingress_host, "port_value": topology.ingress_port}
    manager = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": _connection_manager(folder),
    }
    return {
        "name": NAME,
        "address": {"socket_address": address},
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"filters": [manager]}],
    }


def _connection_manager(folder: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/"
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": NAME,
        "codec_type": "AUTO",
        "rds": {
            "route_config_name": NAME,
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": {"path": f"{folder}/rds.yaml"},
            },
        },
        # Nothing that measures latencies to limit concurrency (adaptive_concurrency, admission_control):
        # they cannot tell an hour's stream from a slow call, and refuse.
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                },
            },
        ],
        # The address of the client is that of the connection, not what a header says.
        "use_remote_address": True,
        "forward_client_cert_details": "SANITIZE",
        "early_header_mutation_extensions": [_strip_headers()],
        # No header smuggles a second meaning past a server that reads `_` as `-`.
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "http2_protocol_options": {
            "max_concurrent_streams": STREAMS_MOST,
            "initial_stream_window_size": STREAM_WINDOW_BYTES,
            "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
            # Finds clients that vanished without a word, and with them their streams.
            "connection_keepalive": {"interval": KEEPALIVE_INTERVAL, "timeout": KEEPALIVE_TIMEOUT},
        },
        "request_headers_timeout": HEADERS_TIMEOUT,
        # Until a route is found; every route has its own.
        "stream_idle_timeout": UNARY_LONGEST,
        "access_log": [_access_log()],
    }


def _strip_headers() -> dict[str, Any]:
    removals: list[dict[str, Any]] = [{"remove": header} for header in IDENTITY_HEADERS]
    # `x-envoy-retry-on` and its like would let a caller repeat what must not be repeated.
    removals.append({"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}})
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/"
            "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": removals,
        },
    }


def _access_log() -> dict[str, Any]:
    # A client that goes away (CANCELED) is as ordinary as an answer.
    failed = {"grpc_status_filter": {"statuses": ["OK", "CANCELED"], "exclude": True}}
    sample = {
        "runtime_filter": {
            "runtime_key": "gavel.access_log.sampled",
            "percent_sampled": {"numerator": SAMPLED_PERCENT, "denominator": "HUNDRED"},
            "use_independent_randomness": True,
        },
    }
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {"or_filter": {"filters": [failed, sample]}},
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": _ACCESS_LOG_FORMAT},
        },
    }
