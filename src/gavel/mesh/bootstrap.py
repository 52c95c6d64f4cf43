"""Bootstraps: the one that runs (it points at the xDS files), and the same mesh flattened into one document.

`envoy --mode validate` does not read the xDS files, so only the flattened form can be validated.
"""

from __future__ import annotations

from typing import Any

from gavel.mesh.clusters import cluster
from gavel.mesh.endpoints import load_assignment
from gavel.mesh.listeners import NAME, listener
from gavel.mesh.routes import route_configuration
from gavel.mesh.topology import Topology

ADMIN_HOST = "127.0.0.1"
"""The admin page can stop the proxy and shows everything: never on another address."""

CLIENT_CONNECTIONS_MOST = 10_000
"""Connections of clients, all together.  Without a limit Envoy warns at its start, and a flood of
connections ends its file descriptors."""

SHRINK_HEAP_AT = 0.90
REFUSE_REQUESTS_AT = 0.95
"""Shares of the heap: first free memory is given back, then new calls get UNAVAILABLE instead of the
kernel's out-of-memory killer ending every stream."""


def bootstrap(topology: Topology, folder: str) -> dict[str, Any]:
    """What Envoy starts from; `folder` holds the xDS files."""
    return {
        **_common(topology),
        "dynamic_resources": {"cds_config": _file(folder, "cds"), "lds_config": _file(folder, "lds")},
    }


def static_bootstrap(topology: Topology, folder: str) -> dict[str, Any]:
    """The whole mesh in one document, with nothing discovered: for `envoy --mode validate`."""
    ingress = listener(topology, folder)
    manager = ingress["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["rds"]
    manager["route_config"] = {**route_configuration(topology, NAME), "validate_clusters": True}
    return {
        **_common(topology),
        "static_resources": {
            "listeners": [ingress],
            "clusters": [_static_cluster(topology, name, folder) for name in topology.clusters()],
        },
    }


def _common(topology: Topology) -> dict[str, Any]:
    return {
        "node": {"id": "edge", "cluster": "gavel"},
        "admin": {
            "address": {"socket_address": {"address": ADMIN_HOST, "port_value": topology.admin_port}},
            # The page must open when the limit is what is wrong.
            "ignore_global_conn_limit": True,
        },
        "overload_manager": _overload_manager(topology),
    }


def _overload_manager(topology: Topology) -> dict[str, Any]:
    heap = "envoy.resource_monitors.fixed_heap"
    extensions = "type.googleapis.com/envoy.extensions.resource_monitors"
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": heap,
                "typed_config": {
                    "@type": f"{extensions}.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": topology.heap_bytes,
                },
            },
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{extensions}.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": CLIENT_CONNECTIONS_MOST,
                },
            },
        ],
        "actions": [
            _action("shrink_heap", heap, SHRINK_HEAP_AT),
            _action("stop_accepting_requests", heap, REFUSE_REQUESTS_AT),
        ],
    }


def _action(name: str, monitor: str, share: float) -> dict[str, Any]:
    trigger = {"name": monitor, "threshold": {"value": share}}
    return {"name": f"envoy.overload_actions.{name}", "triggers": [trigger]}


def _file(folder: str, kind: str) -> dict[str, Any]:
    return {"resource_api_version": "V3", "path_config_source": {"path": f"{folder}/{kind}.yaml"}}


def _static_cluster(topology: Topology, name: str, folder: str) -> dict[str, Any]:
    found = cluster(topology, name, folder)
    del found["eds_cluster_config"]
    return {**found, "type": "STATIC", "load_assignment": load_assignment(topology, name)}
