"""The check finds what is wrong: each kind of mistake, made on purpose."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gavel.mesh.check import (
    committed_problems,
    contract_services,
    envoy_problems,
    problems,
    schema_problems,
)
from gavel.mesh.consistency import methods_are_routed, methods_match_contracts, names_agree
from gavel.mesh.methods import Kind, Method, methods
from gavel.mesh.sample import sample_files

COMMITTED = Path(__file__).parents[3] / "envoy"
TEXTS = dict(sample_files())


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXTS[name])
    return found


def test_committed_mesh_has_no_problem() -> None:
    """Types, names, contracts, Envoy's own validation, and the copy in the repository."""
    assert list(problems(COMMITTED)) == []


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("xds/cds.yaml", "connect_timeout", "conect_timeout"),
        ("xds/lds.yaml", "use_remote_address", "use_remote_adress"),
        ("xds/rds.yaml", "host_selection_retry_max_attempts", "host_selection_max_attempts"),
        ("xds/eds/result.yaml", "lb_endpoints", "endpoints"),
        ("bootstrap/edge.yaml", "max_heap_size_bytes", "max_heap_bytes"),
        ("static/mesh.yaml", "RING_HASH", "RINGHASH"),
    ],
)
def test_misspelt_field_is_found(name: str, right: str, wrong: str) -> None:
    """Also deep inside a typed_config."""
    assert list(schema_problems(document(name))) == []
    assert right in TEXTS[name]
    assert list(schema_problems(yaml.safe_load(TEXTS[name].replace(right, wrong)))) != []


def parts() -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    eds = [document(name) for name in TEXTS if name.startswith("xds/eds/")]
    return document("xds/cds.yaml"), eds, document("xds/lds.yaml"), document("xds/rds.yaml")


def test_missing_parts_are_found() -> None:
    """A cluster without assignment, a route configuration that nobody uses, a route to nowhere."""
    cds, eds, lds, rds = parts()
    assert list(names_agree(cds, eds, lds, rds)) == []

    assert list(names_agree(cds, eds[1:], lds, rds)) == ["cluster submission: in only one of CDS and EDS"]
    other = copy.deepcopy(rds)
    other["resources"][0]["name"] = "other"
    assert len(list(names_agree(cds, eds, lds, other))) == 2
    fewer = {"resources": [found for found in cds["resources"] if found["name"] != "cleanup"]}
    assert any("no cluster cleanup" in problem for problem in names_agree(fewer, eds, lds, rds))


def edited(index: int | None) -> dict[str, Any]:
    """The routes, without the first or with the first one twice."""
    rds = document("xds/rds.yaml")
    routes = rds["resources"][0]["virtual_hosts"][0]["routes"]
    routes[:1] = [] if index is None else [routes[0], routes[0]]
    return rds


@pytest.mark.parametrize(("index", "count"), [(None, 0), (0, 2)])
def test_every_call_has_exactly_one_route(index: int | None, count: int) -> None:
    """None is as wrong as two."""
    assert list(methods_are_routed(methods(), document("xds/rds.yaml"))) == []

    path = "/gavel.submission.v1.SubmissionService/CreateSubmission"
    assert f"{path}: {count} routes" in list(methods_are_routed(methods(), edited(index)))


def test_unary_call_needs_a_timeout() -> None:
    """A call that service_config.json does not list is found."""
    added = Method("gavel.submission.v1.SubmissionService", "Nothing", Kind.READ, "submission")
    rds = document("xds/rds.yaml")
    routes = rds["resources"][0]["virtual_hosts"][0]["routes"]
    routes.insert(0, {"match": {"path": added.path}, "route": {"max_stream_duration": {}}})

    assert list(methods_are_routed([*methods(), added], rds)) == [
        f"{added.path}: no timeout in service_config.json"
    ]


def without(path: str) -> Iterator[Method]:
    return (method for method in methods() if method.path != path)


def test_calls_are_those_of_the_contracts() -> None:
    """A call that only one side knows is found, and so is one whose kind its contract contradicts."""
    services = list(contract_services())
    assert list(methods_match_contracts(methods(), services)) == []

    path = "/gavel.submission.v1.SubmissionService/CancelSubmission"
    assert list(methods_match_contracts(without(path), services)) == [
        f"{path}: in only one of the contracts and the mesh",
    ]
    retried = Method(
        "gavel.submission.v1.SubmissionService", "CancelSubmission", Kind.IDEMPOTENT, "submission"
    )
    assert list(methods_match_contracts([*without(path), retried], services)) == [
        f"{path}: is IDEMPOTENT, its contract says WRITE",
    ]
    assert "no contract found" in list(methods_match_contracts(methods(), []))


def test_envoy_refuses_a_route_to_nowhere() -> None:
    """What the types allow and Envoy does not is found by Envoy itself."""
    wrong = TEXTS["static/mesh.yaml"].replace("cluster: cleanup", "cluster: nowhere")

    assert any("nowhere" in problem for problem in envoy_problems(wrong))


def test_committed_files_are_compared(tmp_path: Path) -> None:
    """A file that is missing, edited or left over is named."""
    for name, text in TEXTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(committed_problems(tmp_path, TEXTS)) == []

    (tmp_path / "xds" / "cds.yaml").unlink()
    (tmp_path / "xds" / "rds.yaml").write_text("edited", encoding="utf-8")
    (tmp_path / "xds" / "old.yaml").write_text("old", encoding="utf-8")
    assert len(list(committed_problems(tmp_path, TEXTS))) == 3
