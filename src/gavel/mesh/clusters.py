"""Clusters (CDS): how Envoy reaches the replicas of one service.

Every number that differs from Envoy's default has its reason beside it; the defaults broke this system.
"""

from __future__ import annotations

from typing import Any

from gavel.mesh.topology import RESULT_STREAMS, Topology, health_service

TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

CONNECT_TIMEOUT = "1s"
"""A replica is on the same machine or network; the default of 5 s only delays the retry elsewhere."""

REQUESTS_MOST = 200_000
"""Active calls per cluster.  The default of 1,024 counts open streams: of 10,000 watchers 8,976 were
refused.  This fence is far above what memory allows (24 KiB a stream); admission is the servers' work,
which answer RESOURCE_EXHAUSTED with a delay."""

CONNECTIONS_MOST = 4_096
"""Connections per cluster.  10,000 streams need 11 per Envoy thread; the default of 1,024 is kept from
being the limit on machines with many threads and replicas."""

RETRY_BUDGET_PERCENT = 20
"""Retries may be a fifth of the calls in flight: an outage is not multiplied."""

RETRIES_AT_ONCE = 100
"""Retries that are always allowed.  The default of 3 lost calls: when one of two replicas is killed, half
of what is in flight is retried in the same moment."""

UPSTREAM_STREAMS_MOST = 1_000
"""Streams per connection to a replica; Envoy opens more connections by itself.  Stated, as the default
changed to 1,024 in 1.36."""

KEEPALIVE_INTERVAL = "30s"
KEEPALIVE_TIMEOUT = "10s"
"""Pings find a peer that vanished without a word.  grpcio answers pings on an idle stream that come more
often than every 5 minutes with GOAWAY "too_many_pings" and cuts every stream, unless the server is told
otherwise: the servers of Gavel set `grpc.http2.min_recv_ping_interval_without_data_ms` 10,000,
`grpc.http2.max_ping_strikes` 0 and `grpc.keepalive_permit_without_calls` 1.  The interval here must stay
above those 10 s."""

STREAM_WINDOW_BYTES = 1 << 20
CONNECTION_WINDOW_BYTES = 8 << 20
"""Flow control, both sides: a source of 3 MB should not wait for a round trip per 64 KiB.  Full windows
of slow peers are bounded by the heap limit of the overload manager."""

BUFFER_BYTES = 1 << 20
"""What Envoy holds of one connection or call before it pushes back."""

HEALTH_INTERVAL = "1s"
"""Also while no traffic flows: the default there is 60 s, and the first caller would meet a dead replica."""

HEALTH_TIMEOUT = "1s"
HEALTH_FAILURES = 2
"""One slow answer on a busy machine is no death."""

PANIC_PERCENT = 1
"""Below this share of healthy replicas Envoy ignores health.  The default of 50 % sends calls to the two
dead ones of three; with none healthy (a machine too busy to answer checks) trying still beats refusing."""

LEAST_REQUEST_CHOICES = 4
"""Replicas compared per call.  With few local processes the default of 2 often compares the busy ones."""

RING_SIZE = 1_024
"""Points on the ring; Envoy's own default, stated because the spread (a few percent) depends on it."""

BOUNDED_LOAD_PERCENT = 200
"""No replica takes more than twice its share of streams: of three or more, a submission that everybody
watches spills to the next on the ring, which serves it as well.  Less than 200 is a trap with two replicas:
when one is killed and not noticed yet, the other exceeds its bound, and every new stream and every retry is
forced onto the dead one (at 150, new watches failed until the health check saw it)."""

OUTLIER_DETECTION: dict[str, Any] = {
    "consecutive_gateway_failure": 5,
    # A gRPC error in a reply is an answer, not a sick replica: only failures of the transport eject.
    "enforcing_consecutive_gateway_failure": 100,
    "enforcing_consecutive_5xx": 0,
    "split_external_local_origin_errors": True,
    "max_ejection_percent": 34,
    "base_ejection_time": "10s",
}

SLOW_START = {"slow_start_window": "10s", "min_weight_percent": {"value": 20}}
"""A new replica warms up first.  Useless where all replicas are new, and it switches Envoy from comparing
choices to weights: only in an elastic topology."""


def cluster(topology: Topology, name: str, folder: str) -> dict[str, Any]:
    """The cluster `name`, whose endpoints Envoy reads from `<folder>/eds/<name>.yaml`."""
    return {
        "name": name,
        "type": "EDS",
        "eds_cluster_config": {
            "service_name": name,
            "eds_config": {
                "resource_api_version": "V3",
                "path_config_source": {"path": f"{folder}/eds/{name}.yaml"},
            },
        },
        "connect_timeout": CONNECT_TIMEOUT,
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        **_balancing(topology, name),
        "circuit_breakers": {"thresholds": [_threshold()]},
        "health_checks": [_health_check(name)],
        # With health checks Envoy keeps sending to a removed endpoint until the check fails: 1,014 of
        # 3,000 new streams went to a replica that was no longer listed.
        "ignore_health_on_host_removal": True,
        **({"outlier_detection": OUTLIER_DETECTION} if topology.elastic else {}),
        "typed_extension_protocol_options": {HTTP_OPTIONS: _http_options()},
    }


def _balancing(topology: Topology, name: str) -> dict[str, Any]:
    common: dict[str, Any] = {"healthy_panic_threshold": {"value": PANIC_PERCENT}}
    if name == RESULT_STREAMS:
        # Affinity, not ownership: streams that are open stay where they are when the ring changes (41 %
        # of ids move from two replicas to three), so any replica serves any submission.  Maglev moves twice
        # as many.
        common["consistent_hashing_lb_config"] = {"hash_balance_factor": BOUNDED_LOAD_PERCENT}
        ring = {"minimum_ring_size": RING_SIZE}
        return {"lb_policy": "RING_HASH", "ring_hash_lb_config": ring, "common_lb_config": common}
    least: dict[str, Any] = {"choice_count": LEAST_REQUEST_CHOICES}
    if topology.elastic:
        least["slow_start_config"] = SLOW_START
    return {"lb_policy": "LEAST_REQUEST", "least_request_lb_config": least, "common_lb_config": common}


def _threshold() -> dict[str, Any]:
    return {
        "max_connections": CONNECTIONS_MOST,
        "max_pending_requests": REQUESTS_MOST,
        "max_requests": REQUESTS_MOST,
        "retry_budget": {
            "budget_percent": {"value": RETRY_BUDGET_PERCENT},
            "min_retry_concurrency": RETRIES_AT_ONCE,
        },
        # The admin page then shows what is left of each.
        "track_remaining": True,
    }


def _health_check(name: str) -> dict[str, Any]:
    return {
        "timeout": HEALTH_TIMEOUT,
        "interval": HEALTH_INTERVAL,
        "no_traffic_interval": HEALTH_INTERVAL,
        "unhealthy_threshold": HEALTH_FAILURES,
        "healthy_threshold": 1,
        # A TCP check against grpcio reports false failures: the server closes the idle connection that the
        # check would reuse.  The gRPC check also sees NOT_SERVING, which a draining server says.
        "grpc_health_check": {"service_name": health_service(name)},
    }


def _http_options() -> dict[str, Any]:
    http2 = {
        "max_concurrent_streams": UPSTREAM_STREAMS_MOST,
        "initial_stream_window_size": STREAM_WINDOW_BYTES,
        "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
        "connection_keepalive": {"interval": KEEPALIVE_INTERVAL, "timeout": KEEPALIVE_TIMEOUT},
    }
    return {
        "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
        "explicit_http_config": {"http2_protocol_options": http2},
    }
