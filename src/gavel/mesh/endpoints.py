"""Endpoints (EDS): which replicas a cluster has right now.

One file per cluster: Envoy 1.40 refuses a file of several assignments ("Unexpected EDS resource length"),
since each cluster subscribes by itself.
"""

from __future__ import annotations

from typing import Any

from gavel.mesh.topology import Endpoint, Topology

TYPE = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"


def load_assignment(topology: Topology, cluster: str) -> dict[str, Any]:
    """The ClusterLoadAssignment of one cluster."""
    replicas = topology.replicas(cluster)
    localities = [{"lb_endpoints": [_lb_endpoint(replica) for replica in replicas]}] if replicas else []
    return {"cluster_name": cluster, "endpoints": localities}


def _lb_endpoint(replica: Endpoint) -> dict[str, Any]:
    return {
        "endpoint": {"address": {"socket_address": {"address": replica.host, "port_value": replica.port}}},
        # The ring hashes this name instead of the address, so a replica that moves reshuffles no keys.
        "metadata": {"filter_metadata": {"envoy.lb": {"hash_key": replica.name}}},
    }
