"""Each call has one route, to the cluster that serves it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gavel.mesh.methods import methods
from gavel.mesh.routes import route_configuration
from gavel.mesh.sample import sample

RUN = "/gavel.worker.v1.WorkerService/RunProgram"


def ordered_routes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = route_configuration(sample(), "ingress")["virtual_hosts"][0]["routes"]
    return found


def test_calls_go_to_the_cluster_of_their_service() -> None:
    """Watches of results go to the ring, the rest to its service, health and reflection to submission."""
    clusters = {method.path: method.cluster for method in methods()}

    assert clusters["/gavel.submission.v1.FileService/UploadFile"] == "submission"
    assert clusters["/gavel.submission.v1.SubmissionService/WatchQueues"] == "submission"
    assert clusters["/gavel.worker.v1.WorkerService/ListWorkers"] == "worker"
    assert clusters["/gavel.result.v1.ResultService/GetResult"] == "result"
    assert clusters["/gavel.result.v1.ResultService/WatchSubmissions"] == "result-streams"
    assert clusters["/gavel.cleanup.v1.CleanupService/RunCleanup"] == "cleanup"
    assert clusters["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] == "submission"
    assert clusters["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] == "submission"


def test_only_the_last_route_takes_what_is_not_listed() -> None:
    """There is no catch-all to a service, and the last route only refuses."""
    *listed, last = ordered_routes()

    assert all("path" in route["match"] and "grpc" in route["match"] for route in listed)
    assert last["match"] == {"prefix": "/"}
    assert last["direct_response"]["status"] == 404


@pytest.mark.parametrize(
    ("language", "cluster"),
    [
        ("cpp", "worker-cpp"),
        ("cpp@20", "worker-cpp"),
        ("python3", "worker-python3"),
        ("c", "worker"),
        (None, "worker"),
    ],
)
def test_run_program_is_routed_by_language(language: str | None, cluster: str) -> None:
    """The first route that fits is that of the language; any worker takes the rest."""

    def fits(route: dict[str, Any]) -> bool:
        if route["match"].get("path") != RUN:
            return False
        headers = route["match"].get("headers", [])
        patterns = [header["string_match"]["safe_regex"]["regex"] for header in headers]
        return all(language is not None and re.fullmatch(pattern, language) for pattern in patterns)

    assert next(filter(fits, ordered_routes()))["route"]["cluster"] == cluster


@pytest.mark.parametrize(
    ("service", "cluster"),
    [
        ("gavel.worker.v1.WorkerService", "worker"),
        ("gavel.result.v1.ResultService", "result"),
        ("gavel.cleanup.v1.CleanupService", "cleanup"),
        ("gavel.submission.v1.FileService", "submission"),
        ("gavelXresult.v1.ResultService", "submission"),
        ("", "submission"),
    ],
)
@pytest.mark.parametrize("call", ["Check", "List", "Watch"])
def test_health_is_routed_by_the_service_asked_about(call: str, service: str, cluster: str) -> None:
    """The metadata names whose health is asked for; without it, it is the submission service's."""

    def fits(route: dict[str, Any]) -> bool:
        if route["match"].get("path") != f"/grpc.health.v1.Health/{call}":
            return False
        headers = route["match"].get("headers", [])
        assert all(header["name"] == "x-gavel-service" for header in headers)
        patterns = [header["string_match"]["safe_regex"]["regex"] for header in headers]
        return all(re.fullmatch(pattern, service) for pattern in patterns)

    assert next(filter(fits, ordered_routes()))["route"]["cluster"] == cluster


def test_longer_upload_does_not_meet_a_deadline_of_the_proxy() -> None:
    """An upload ends when no byte moves for a minute, not when it takes long."""
    route = next(r for r in ordered_routes() if r["name"].endswith("/UploadFile"))["route"]

    assert route["idle_timeout"] == "60s"
    assert route["max_stream_duration"] == {"max_stream_duration": "3600s"}
