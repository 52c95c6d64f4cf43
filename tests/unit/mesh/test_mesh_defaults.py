"""The defaults of Envoy that break this mesh: each is a setting in what is generated.

The numbers in the names are those of the list in `docs/operating/envoy.md`.
"""

from __future__ import annotations

from typing import Any

import pytest

from gavel.mesh import command
from gavel.mesh.bootstrap import bootstrap, static_bootstrap
from gavel.mesh.clusters import HTTP_OPTIONS, cluster
from gavel.mesh.endpoints import load_assignment
from gavel.mesh.listeners import listener
from gavel.mesh.methods import Kind, methods
from gavel.mesh.routes import route_configuration
from gavel.mesh.sample import sample

ALL = sample().clusters()
SERVER_BEARS_PING_EVERY_S = 10


def routes() -> dict[str, dict[str, Any]]:
    configuration = route_configuration(sample(), "ingress")
    return {route["name"]: route for route in configuration["virtual_hosts"][0]["routes"]}


def actions(*kinds: Kind) -> list[dict[str, Any]]:
    found = routes()
    return [found[m.path[1:]]["route"] for m in methods() if m.kind in kinds]


def manager() -> dict[str, Any]:
    found: dict[str, Any] = listener(sample(), "/x")["filter_chains"][0]["filters"][0]["typed_config"]
    return found


@pytest.mark.parametrize("name", ALL)
def test_1_circuit_breakers_are_raised_in_every_cluster(name: str) -> None:
    """1,024 active requests would be the most, and streams count."""
    (threshold,) = cluster(sample(), name, "/x")["circuit_breakers"]["thresholds"]

    assert threshold["max_requests"] == threshold["max_pending_requests"] == 200_000
    assert threshold["max_connections"] == 4_096
    assert threshold["retry_budget"]["min_retry_concurrency"] == 100


def test_2_streams_of_a_connection_are_stated() -> None:
    """1,000 on both sides; what lies above hangs, so clients must know the number."""
    upstream = cluster(sample(), "result", "/x")["typed_extension_protocol_options"][HTTP_OPTIONS]

    assert manager()["http2_protocol_options"]["max_concurrent_streams"] == 1_000
    assert upstream["explicit_http_config"]["http2_protocol_options"]["max_concurrent_streams"] == 1_000


def test_3_no_route_has_the_timeout_of_15_s() -> None:
    """Watches may last an hour and be silent for 90 s; unary calls end by their deadline."""
    assert {action["timeout"] for action in actions(*Kind)} == {"0s"}
    for action in actions(Kind.WATCH):
        assert action["idle_timeout"] == "90s"
        assert action["max_stream_duration"] == {"max_stream_duration": "3600s"}
    for action in actions(Kind.READ):
        assert action["max_stream_duration"] == {
            "max_stream_duration": "5s",
            "grpc_timeout_header_max": "120s",
        }


def test_4_pings_come_no_more_often_than_servers_bear() -> None:
    """A grpcio server cuts every stream of a peer that pings more often than it allows."""
    upstream = cluster(sample(), "result", "/x")["typed_extension_protocol_options"][HTTP_OPTIONS]
    keepalive = upstream["explicit_http_config"]["http2_protocol_options"]["connection_keepalive"]

    assert float(keepalive["interval"].removesuffix("s")) > SERVER_BEARS_PING_EVERY_S


@pytest.mark.parametrize("name", ALL)
def test_6_health_is_asked_by_grpc_every_second(name: str) -> None:
    """TCP checks lie about grpcio, and an idle mesh must notice a dead replica as well."""
    (check,) = cluster(sample(), name, "/x")["health_checks"]

    assert check["grpc_health_check"]["service_name"].startswith("gavel.")
    assert check["interval"] == check["no_traffic_interval"] == check["timeout"] == "1s"
    assert "tcp_health_check" not in check


@pytest.mark.parametrize("name", ALL)
def test_7_removed_endpoints_are_dropped_at_once(name: str) -> None:
    """Otherwise a removed replica is used until its health check fails."""
    assert cluster(sample(), name, "/x")["ignore_health_on_host_removal"] is True


def test_8_only_watches_of_results_use_the_ring() -> None:
    """The hash is of the header, the ring is of the replicas' names, and load is bounded."""
    streams = cluster(sample(), "result-streams", "/x")
    hashed = {name for name, route in routes().items() if "hash_policy" in route.get("route", {})}
    lb_endpoints = load_assignment(sample(), "result-streams")["endpoints"][0]["lb_endpoints"]

    assert streams["lb_policy"] == "RING_HASH"
    assert streams["ring_hash_lb_config"] == {"minimum_ring_size": 1_024}
    assert streams["common_lb_config"]["consistent_hashing_lb_config"] == {"hash_balance_factor": 200}
    assert hashed == {f"gavel.result.v1.ResultService/Watch{what}" for what in ("Submission", "Submissions")}
    names = [e["metadata"]["filter_metadata"]["envoy.lb"]["hash_key"] for e in lb_endpoints]
    assert names == ["result-0", "result-1"]


def test_9_10_11_retries_are_for_what_may_be_repeated() -> None:
    """Reads, watches and calls with a request_id, elsewhere than before; uploads and writes never."""
    for action in actions(Kind.READ, Kind.IDEMPOTENT, Kind.WATCH, Kind.DOWNLOAD):
        policy = action["retry_policy"]
        assert policy["retry_on"] == "connect-failure,refused-stream,reset,unavailable"
        assert [found["name"] for found in policy["retry_host_predicate"]] == [
            "envoy.retry_host_predicates.previous_hosts",
        ]
    for action in actions(Kind.WRITE, Kind.UPLOAD, Kind.SESSION):
        assert "retry_policy" not in action


@pytest.mark.parametrize("name", ALL)
def test_12_15_outlier_detection_and_slow_start_need_many_replicas(name: str) -> None:
    """With one or two they eject all there is, or change how load is compared."""
    few, many = (cluster(sample(elastic=elastic), name, "/x") for elastic in (False, True))

    assert "outlier_detection" not in few
    assert many["outlier_detection"]["max_ejection_percent"] == 34
    assert many["outlier_detection"]["enforcing_consecutive_5xx"] == 0
    if name != "result-streams":
        assert few["least_request_lb_config"] == {"choice_count": 4}
        assert "slow_start_config" in many["least_request_lb_config"]


def test_13_nothing_limits_concurrency_by_latency() -> None:
    """An hour's stream would look like a very slow call."""
    names = [found["name"] for found in manager()["http_filters"]]

    assert names == ["envoy.filters.http.router"]


def test_16_connections_and_heap_are_bounded() -> None:
    """A flood is refused before the kernel ends the proxy; the admin page still opens."""
    document = bootstrap(sample(), "/x")
    monitors = [found["typed_config"] for found in document["overload_manager"]["resource_monitors"]]

    assert [m.get("max_active_downstream_connections", m.get("max_heap_size_bytes")) for m in monitors] == [
        1 << 30,
        10_000,
    ]
    assert document["admin"]["ignore_global_conn_limit"] is True


def test_17_envoys_on_one_machine_do_not_meet() -> None:
    """Hot restart shares memory between processes; unknown fields are refused."""
    argv = command("/usr/bin/envoy", "/somewhere")

    assert argv[:3] == ["/usr/bin/envoy", "--config-path", "/somewhere/bootstrap.yaml"]
    assert {"--reject-unknown-dynamic-fields", "--disable-hot-restart"} < set(argv)


def test_admin_page_is_on_loopback_only() -> None:
    """It can stop the proxy, and no topology can move it."""
    assert bootstrap(sample(), "/x")["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"


def test_identity_and_steering_headers_are_removed_first() -> None:
    """Before routing or retries look at them."""
    (extension,) = manager()["early_header_mutation_extensions"]
    mutations = extension["typed_config"]["mutations"]

    assert {"remove": "x-gavel-tenant"} in mutations
    assert {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}} in mutations
    assert not any(m.get("remove") in {"x-gavel-submission", "x-gavel-language"} for m in mutations)


def test_edge_trusts_nothing_of_the_client() -> None:
    """Its address is that of the connection, and headers with underscores are refused."""
    assert manager()["use_remote_address"] is True
    assert manager()["common_http_protocol_options"] == {"headers_with_underscores_action": "REJECT_REQUEST"}


def test_static_form_discovers_nothing() -> None:
    """All that is discovered at run time stands in the one document that Envoy validates."""
    document = static_bootstrap(sample(), "/x")

    assert "path_config_source" not in str(document)
    assert [found["name"] for found in document["static_resources"]["clusters"]] == list(ALL)
    assert all(found["type"] == "STATIC" for found in document["static_resources"]["clusters"])
