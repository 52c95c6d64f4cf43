"""Routes (RDS): one per call, with its deadline, idle time, retries and hash.

There is no catch-all to a service: what is not listed gets UNIMPLEMENTED.
"""

from __future__ import annotations

import re
from typing import Any

from gavel.mesh.methods import HEALTH, RUN_PROGRAM, Kind, Method, methods
from gavel.mesh.topology import (
    HEALTH_SERVICES,
    LANGUAGE_HEADER,
    RESULT_STREAMS,
    SERVICE_HEADER,
    SUBMISSION_HEADER,
    WORKER_PREFIX,
    Topology,
)

TYPE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts"

NO_TIMEOUT = "0s"
"""Envoy's own route timeout of 15 s cuts every stream.  It is off everywhere: `max_stream_duration` bounds
the whole call instead, all tries together, and answers DEADLINE_EXCEEDED."""

UNARY_LONGEST = "120s"
"""The longest deadline that a caller may ask of a unary call.  Reads with a read token wait until the
caller's deadline, so callers may ask for more than the default, but not for ever."""

STREAM_LONGEST = "3600s"
"""Streams end after an hour and the client resumes: no connection outlives a rollout by more.  Servers end
theirs earlier, with a resume token."""

WATCH_IDLE = "90s"
"""Servers send a heartbeat every 20 s: after four that are missing the peer is gone.  (Envoy's default of
5 minutes would cut streams that send none.)"""

TRANSFER_IDLE = "60s"
"""An upload or download that moves no byte for a minute is dead."""

SESSION_IDLE = "300s"
"""A program may be silent for its longest wall time, 180 s, after 120 s of compiling."""

RETRIES = 2
"""One to leave a dead replica, one more for a rollout that takes a second one."""

RETRY_BODY_BYTES = 4 << 20
"""What is kept of a request to send it again: the largest message that servers take.  Envoy's default, the
connection's buffer of 1 MiB, would silently not retry a larger batch."""

RETRY_POLICY: dict[str, Any] = {
    # UNAVAILABLE and a connection that breaks before the answer begins; nothing else is worth a second try.
    # A killed replica shows as `reset`, which is safe only since these calls may be repeated.
    "retry_on": "connect-failure,refused-stream,reset,unavailable",
    "num_retries": RETRIES,
    # Without it half of the retries meet the same dead replica.
    "retry_host_predicate": [
        {
            "name": PREVIOUS_HOSTS,
            "typed_config": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
            },
        },
    ],
    # Tries to find another replica: on the ring the next points often belong to the same one.
    "host_selection_retry_max_attempts": 100,
    "retry_back_off": {"base_interval": "0.05s", "max_interval": "1s"},
}

UNKNOWN = "no such method: list them with `grpcurl -plaintext HOST:PORT list`"

_IDLE = {
    Kind.WATCH: WATCH_IDLE,
    Kind.DOWNLOAD: TRANSFER_IDLE,
    Kind.UPLOAD: TRANSFER_IDLE,
    Kind.SESSION: SESSION_IDLE,
}


def route_configuration(topology: Topology, name: str) -> dict[str, Any]:
    """All routes of the listener `name`."""
    routes = [route for method in methods() for route in _routes(topology, method)]
    return {
        "name": name,
        "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [*routes, _unknown()]}],
        # A route to a cluster that is not there yet answers UNAVAILABLE, as one without replicas does.
        "validate_clusters": False,
    }


def _routes(topology: Topology, method: Method) -> list[dict[str, Any]]:
    name = method.path.removeprefix("/")
    special: list[dict[str, Any]] = []
    if method.path == RUN_PROGRAM:
        # A language that has machines of its own goes there, also with a version (`cpp@20`); any other goes
        # to some worker, which tells what it does not serve.
        special = [
            _route(
                method,
                f"{name}#{language}",
                WORKER_PREFIX + language,
                _header(LANGUAGE_HEADER, re.escape(language) + "(@.*)?"),
            )
            for language in topology.languages()
        ]
    elif method.service == HEALTH:
        # The service asked about stands in the body, which no route reads.
        special = [
            _route(method, f"{name}#{cluster}", cluster, _header(SERVICE_HEADER, re.escape(service)))
            for cluster, service in HEALTH_SERVICES.items()
            if cluster != method.cluster
        ]
    return [*special, _route(method, name, method.cluster)]


def _header(name: str, pattern: str) -> dict[str, Any]:
    """Matches a request whose metadata `name` is the whole of the pattern."""
    return {"name": name, "string_match": {"safe_regex": {"regex": pattern}}}


def _route(method: Method, name: str, cluster: str, header: dict[str, Any] | None = None) -> dict[str, Any]:
    match: dict[str, Any] = {"path": method.path, "grpc": {}}
    if header is not None:
        match["headers"] = [header]
    action: dict[str, Any] = {"cluster": cluster, "timeout": NO_TIMEOUT, **_duration(method)}
    if cluster == RESULT_STREAMS:
        # Without the header there is no hash, and any replica is taken.
        action["hash_policy"] = [{"header": {"header_name": SUBMISSION_HEADER}}]
    if method.kind.is_retried:
        action["retry_policy"] = RETRY_POLICY
    body = {"request_body_buffer_limit": RETRY_BODY_BYTES} if method.kind is Kind.IDEMPOTENT else {}
    return {"name": name, "match": match, "route": action, **body}


def _duration(method: Method) -> dict[str, Any]:
    if method.kind.is_stream:
        return {
            "idle_timeout": _IDLE[method.kind],
            "max_stream_duration": {"max_stream_duration": STREAM_LONGEST},
        }
    # The caller's deadline counts if there is one, capped; else the default of the method.
    return {
        "idle_timeout": UNARY_LONGEST,
        "max_stream_duration": {
            "max_stream_duration": method.timeout,
            "grpc_timeout_header_max": UNARY_LONGEST,
        },
    }


def _unknown() -> dict[str, Any]:
    # For a gRPC call Envoy turns 404 into UNIMPLEMENTED and the text into its message.
    return {
        "name": "unknown",
        "match": {"prefix": "/"},
        "direct_response": {"status": 404, "body": {"inline_string": UNKNOWN}},
    }
