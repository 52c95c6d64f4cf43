"""A topology is checked when it is made."""

from __future__ import annotations

import pytest

from gavel.mesh import Endpoint, Topology
from gavel.mesh.topology import health_service


def mesh_of(**endpoints: tuple[Endpoint, ...]) -> Topology:
    return Topology("127.0.0.1", 8080, 9901, endpoints)


@pytest.mark.parametrize(
    ("name", "host", "port"),
    [
        ("a", "localhost", 1),
        ("a", "127.0.0.1", 0),
        ("a", "127.0.0.1", 65_536),
        ("", "127.0.0.1", 1),
        ("a b", "::1", 1),
    ],
)
def test_endpoint_refuses_what_envoy_cannot_use(name: str, host: str, port: int) -> None:
    """A host must be an address, since endpoint discovery resolves no names."""
    with pytest.raises(ValueError, match=r".+"):
        Endpoint(name, host, port)


def test_replicas_have_ports_of_their_own() -> None:
    """Processes behind one shared port would leave all traffic to one of them (default 5)."""
    with pytest.raises(ValueError, match="share a name or an address"):
        mesh_of(submission=(Endpoint("a", "127.0.0.1", 7001), Endpoint("b", "127.0.0.1", 7001)))


def test_replicas_have_names_of_their_own() -> None:
    """Two replicas of one name would be one point on the ring."""
    with pytest.raises(ValueError, match="share a name or an address"):
        mesh_of(result=(Endpoint("a", "127.0.0.1", 7001), Endpoint("a", "127.0.0.1", 7002)))


@pytest.mark.parametrize("cluster", ["results", "result-streams", "worker-", "worker-C++", "worker-../x"])
def test_unknown_cluster_is_refused(cluster: str) -> None:
    """A misspelt cluster would silently have no replicas; its name becomes a file's name."""
    with pytest.raises(ValueError, match="not a cluster"):
        Topology("127.0.0.1", 8080, 9901, {cluster: ()})


def test_streams_have_the_replicas_of_result() -> None:
    """`result-streams` is another way to balance the same processes."""
    topology = mesh_of(result=(Endpoint("b", "127.0.0.1", 2), Endpoint("a", "127.0.0.1", 1)))

    assert [replica.name for replica in topology.replicas("result-streams")] == ["a", "b"]
    assert topology.replicas("result-streams") == topology.replicas("result")


def test_clusters_do_not_depend_on_the_order_of_endpoints() -> None:
    """The same mesh gives the same files, however its description was put together."""
    one = Topology("127.0.0.1", 8080, 9901, {"worker-python3": (), "worker-cpp": ()})
    two = Topology("127.0.0.1", 8080, 9901, {"worker-cpp": (), "worker-python3": ()})

    expected = ("submission", "worker", "worker-cpp", "worker-python3", "result", "result-streams", "cleanup")
    assert one.clusters() == two.clusters() == expected


@pytest.mark.parametrize(
    ("cluster", "service"),
    [
        ("submission", "gavel.submission.v1.SubmissionService"),
        ("worker-cpp", "gavel.worker.v1.WorkerService"),
        ("result-streams", "gavel.result.v1.ResultService"),
    ],
)
def test_health_is_asked_by_service(cluster: str, service: str) -> None:
    """A replica may be unfit for one service and say so."""
    assert health_service(cluster) == service
