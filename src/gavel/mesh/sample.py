"""The mesh whose configuration lies in the repository's `envoy/` folder for reading."""

from __future__ import annotations

from collections.abc import Iterator

from gavel.mesh.bootstrap import bootstrap, static_bootstrap
from gavel.mesh.files import dump, xds_files
from gavel.mesh.topology import Endpoint, Topology

XDS_FOLDER = "/etc/gavel/envoy/xds"
"""Where a container would mount the xDS files."""

_PORTS = {
    "submission": (("submission-0", 7001), ("submission-1", 7002)),
    "worker": (("worker-0", 7011), ("worker-1", 7012)),
    "worker-cpp": (("worker-0", 7011),),
    "worker-python3": (("worker-1", 7012),),
    "result": (("result-0", 7021), ("result-1", 7022)),
    "cleanup": (("cleanup-0", 7031),),
}


def sample(*, elastic: bool = False) -> Topology:
    """Two replicas of what callers wait for, and two languages with workers of their own."""
    endpoints = {
        cluster: tuple(Endpoint(name, "127.0.0.1", port) for name, port in replicas)
        for cluster, replicas in _PORTS.items()
    }
    return Topology("127.0.0.1", 8080, 9901, endpoints, elastic=elastic)


def sample_files() -> Iterator[tuple[str, str]]:
    """Name, relative to `envoy/`, and text of every file."""
    topology = sample()
    yield "bootstrap/edge.yaml", dump(bootstrap(topology, XDS_FOLDER))
    for name, text in xds_files(topology, XDS_FOLDER):
        yield f"xds/{name}", text
    yield "static/mesh.yaml", dump(static_bootstrap(topology, XDS_FOLDER))
