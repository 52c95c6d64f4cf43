"""What the mesh is made of, as data: clusters, their replicas, and the addresses of the proxy.

Everything else in this package is a pure function of a `Topology`.  The names of clusters and headers
are written here once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType

SUBMISSION = "submission"
WORKER = "worker"
CLEANUP = "cleanup"
RESULT = "result"
RESULT_STREAMS = "result-streams"
WORKER_PREFIX = "worker-"

SUBMISSION_HEADER = "x-gavel-submission"
"""Request metadata that keeps the watchers of one submission on one replica; a hint, never a duty."""

LANGUAGE_HEADER = "x-gavel-language"
"""Request metadata that sends RunProgram to the workers of one language."""

SERVICE_HEADER = "x-gavel-service"
"""Request metadata that sends a health call to the processes of one service, by its full name."""

IDENTITY_HEADERS = (
    "x-gavel-tenant",
    "x-gavel-subject",
    "x-gavel-user",
    "x-gavel-roles",
    "x-gavel-identity",
    "x-forwarded-client-cert",
)
"""Request metadata in which only the proxy itself may state who calls: removed from what comes in."""

HEALTH_SERVICES: Mapping[str, str] = MappingProxyType(
    {
        SUBMISSION: "gavel.submission.v1.SubmissionService",
        WORKER: "gavel.worker.v1.WorkerService",
        CLEANUP: "gavel.cleanup.v1.CleanupService",
        RESULT: "gavel.result.v1.ResultService",
    },
)
"""The name that the health check of a cluster asks for (`grpc.health.v1`)."""

GIBIBYTE = 1 << 30
_LANGUAGE = re.compile(r"[a-z0-9][a-z0-9+-]{0,30}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PORT_MOST = 65_535


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server process: its stable name (`result-0`), and the IP address and port it listens on.

    The ring hashes the name, not the address: a replica that comes back elsewhere keeps its place.
    Raises ValueError for a host that is no IP address, since Envoy's endpoint discovery resolves no names.
    """

    name: str
    host: str
    port: int

    def __post_init__(self) -> None:
        ip_address(self.host)
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"not a replica name: {self.name!r}")
        if not 0 < self.port <= _PORT_MOST:
            raise ValueError(f"not a port: {self.port}")


@dataclass(frozen=True, slots=True)
class Topology:
    """The mesh at one moment.

    `endpoints` maps a cluster to its replicas: `submission`, `worker`, `cleanup`, `result`, and
    `worker-<language>` for a language that has machines of its own.  A cluster that is left out is empty,
    and calls to it get UNAVAILABLE; `result-streams` always has the replicas of `result`.

    Raises ValueError for an unknown cluster and for replicas that share a name or an address: behind one
    shared port (SO_REUSEPORT) the few long-lived HTTP/2 connections gave all traffic to one process of
    four, so every process has a port of its own.
    """

    ingress_host: str
    ingress_port: int
    admin_port: int
    endpoints: Mapping[str, tuple[Endpoint, ...]] = field(default_factory=dict)
    elastic: bool = False
    """Replicas come and go under an autoscaler, three or more in a cluster: slow start for new ones and
    outlier detection.  With one or two replicas outlier detection can eject all there are."""
    heap_bytes: int = GIBIBYTE
    """Envoy's heap beyond which it refuses new requests (from 95 % on).  A stream costs it 24 KiB, an
    empty Envoy 66 MB: 1 GiB is some 35,000 streams and the buffers of those that move data."""

    def __post_init__(self) -> None:
        ip_address(self.ingress_host)
        for cluster, replicas in self.endpoints.items():
            if cluster not in HEALTH_SERVICES and not _is_language_cluster(cluster):
                raise ValueError(f"not a cluster that has endpoints: {cluster!r}")
            addresses = {(replica.host, replica.port) for replica in replicas}
            if len(addresses) != len(replicas) or len({replica.name for replica in replicas}) != len(
                replicas
            ):
                raise ValueError(f"two replicas of {cluster} share a name or an address")

    def languages(self) -> tuple[str, ...]:
        """The languages with workers of their own, sorted."""
        names = (
            name.removeprefix(WORKER_PREFIX) for name in self.endpoints if name.startswith(WORKER_PREFIX)
        )
        return tuple(sorted(names))

    def clusters(self) -> tuple[str, ...]:
        """All clusters in the order in which they are written."""
        workers = (WORKER, *(WORKER_PREFIX + language for language in self.languages()))
        return (SUBMISSION, *workers, RESULT, RESULT_STREAMS, CLEANUP)

    def replicas(self, cluster: str) -> tuple[Endpoint, ...]:
        """The replicas of a cluster, sorted by name; none if the topology gives none."""
        source = RESULT if cluster == RESULT_STREAMS else cluster
        return tuple(sorted(self.endpoints.get(source, ()), key=lambda replica: replica.name))


def health_service(cluster: str) -> str:
    """The health name that every replica of a cluster serves."""
    if cluster == RESULT_STREAMS:
        return HEALTH_SERVICES[RESULT]
    return HEALTH_SERVICES[WORKER] if _is_language_cluster(cluster) else HEALTH_SERVICES[cluster]


def _is_language_cluster(cluster: str) -> bool:
    language = cluster.removeprefix(WORKER_PREFIX)
    return language != cluster and _LANGUAGE.fullmatch(language) is not None
