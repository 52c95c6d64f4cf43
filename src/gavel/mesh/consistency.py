"""What must agree across the parts of the mesh; each function returns the contradictions it finds.

Pure: it is given the documents, and the descriptors of the contracts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from gavel.mesh.methods import Kind, Method, default_timeouts, seconds
from gavel.mesh.routes import UNARY_LONGEST

Document = Mapping[str, Any]


def names_agree(cds: Document, eds: Iterable[Document], lds: Document, rds: Document) -> Iterator[str]:
    """Clusters and assignments, listeners and route configurations, routes and clusters."""
    clusters = {cluster["name"] for cluster in cds["resources"]}
    wanted = {cluster["eds_cluster_config"]["service_name"] for cluster in cds["resources"]}
    assigned = {assignment["cluster_name"] for document in eds for assignment in document["resources"]}
    for name in sorted(wanted ^ assigned):
        yield f"cluster {name}: in only one of CDS and EDS"

    listened = {manager["rds"]["route_config_name"] for manager in _connection_managers(lds)}
    routed = {configuration["name"] for configuration in rds["resources"]}
    for name in sorted(listened ^ routed):
        yield f"route configuration {name}: in only one of LDS and RDS"

    for route in _routes(rds):
        target = route.get("route", {}).get("cluster")
        if target is not None and target not in clusters:
            yield f"route {route['name']}: no cluster {target}"


def methods_are_routed(methods: Iterable[Method], rds: Document) -> Iterator[str]:
    """Every call has exactly one route without a condition, bounded in time; unary ones by their deadline."""
    unconditional = [
        route for route in _routes(rds) if "path" in route["match"] and "headers" not in route["match"]
    ]
    count = Counter(route["match"]["path"] for route in unconditional)
    duration = {route["match"]["path"]: route["route"]["max_stream_duration"] for route in unconditional}
    listed = list(methods)
    for method in listed:
        if count[method.path] != 1:
            yield f"{method.path}: {count[method.path]} routes"
        elif method.kind.is_stream:
            if method.timeout is not None and method.kind is not Kind.UPLOAD:
                yield f"{method.path}: a stream with a deadline in service_config.json"
        elif method.timeout is None:
            yield f"{method.path}: no timeout in service_config.json"
        elif duration[method.path]["max_stream_duration"] != method.timeout:
            yield f"{method.path}: the route's timeout is not that of service_config.json"
        elif seconds(method.timeout) > seconds(UNARY_LONGEST):
            yield f"{method.path}: a default above the longest deadline, {UNARY_LONGEST}"
    for path in sorted(set(count) | set(default_timeouts())):
        if path not in {method.path for method in listed}:
            yield f"{path}: no such call"


def methods_match_contracts(
    methods: Iterable[Method], services: Iterable[ServiceDescriptor]
) -> Iterator[str]:
    """The calls listed are those of the contracts, and their kinds follow from them."""
    declared = {
        f"/{service.full_name}/{method.name}": method for service in services for method in service.methods
    }
    if not declared:
        yield "no contract found"
    listed = {method.path: method for method in methods if method.service.startswith("gavel.")}
    for path in sorted(set(declared) ^ set(listed)):
        yield f"{path}: in only one of the contracts and the mesh"
    for path in sorted(set(declared) & set(listed)):
        kinds = kinds_of(declared[path])
        if listed[path].kind not in kinds:
            expected = " or ".join(sorted(kind.name for kind in kinds))
            yield f"{path}: is {listed[path].kind.name}, its contract says {expected}"


def kinds_of(method: MethodDescriptor) -> set[Kind]:
    """The kinds that the contract of a call allows."""
    reads = method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    if method.client_streaming:
        return {Kind.SESSION} if method.server_streaming else {Kind.UPLOAD}
    if method.server_streaming:
        return {Kind.WATCH, Kind.DOWNLOAD} if reads else {Kind.SESSION}
    if reads:
        return {Kind.READ}
    return {Kind.IDEMPOTENT} if _has_request_id(method.input_type) else {Kind.WRITE}


def _has_request_id(message: Descriptor) -> bool:
    """Whether the request, or each of a batch of them, carries an id of its own."""
    batch = message.fields_by_name.get("requests")
    inner = batch.message_type if batch is not None else message
    return inner is not None and "request_id" in inner.fields_by_name


def _connection_managers(lds: Document) -> Iterator[Document]:
    for listener in lds["resources"]:
        for chain in listener["filter_chains"]:
            yield from (found["typed_config"] for found in chain["filters"])


def _routes(rds: Document) -> Iterator[Document]:
    for configuration in rds["resources"]:
        for host in configuration["virtual_hosts"]:
            yield from host["routes"]
