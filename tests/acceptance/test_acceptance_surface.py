"""What the ingress offers: reflection, health, metrics, traces, and calls that come later."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from refusals import refusal
from span_collector import Collector

from conditions import until
from gavel.cleanup.v1 import cleanup_service_pb2
from gavel.client import Client, InlineTest
from gavel.embedded import Mesh
from gavel.result.v1 import result_service_pb2
from gavel.submission.v1 import (
    file_service_pb2,
    problem_service_pb2,
    submission_service_pb2,
)
from gavel.worker.v1 import worker_service_pb2

pytestmark = pytest.mark.acceptance

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SERVICES = {
    service.full_name: service
    for module in (
        submission_service_pb2,
        problem_service_pb2,
        file_service_pb2,
        worker_service_pb2,
        result_service_pb2,
        cleanup_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
}


def _later() -> list[str]:
    """`service/method` of every call that docs/reference/api.md says comes later as a whole."""
    found, service = [], ""
    for line in (REFERENCE / "api.md").read_text().splitlines():
        if line.startswith("## "):
            service = line[3:]
        row = re.fullmatch(r"\| (\w+)(?: \([\w ]+\))? \| [^|]+ \| `NOT_IMPLEMENTED` \|", line)
        if row:
            found.append(f"{service}/{row[1]}")
    return found


def test_lists_every_service_by_reflection(channel: grpc.Channel) -> None:
    """Reflection through the ingress names all services and gives their whole contract."""
    database = ProtoReflectionDescriptorDatabase(channel)
    assert set(SERVICES) <= set(database.get_services())
    pool = descriptor_pool.DescriptorPool(database)
    for name, service in SERVICES.items():
        assert [each.name for each in pool.FindServiceByName(name).methods] == [
            each.name for each in service.methods
        ]


def test_tells_its_health(channel: grpc.Channel) -> None:
    """The ingress as a whole is SERVING, and each service, asked for with the metadata that routes it."""
    health = health_pb2_grpc.HealthStub(channel)
    for name in ("", *SERVICES):
        request = health_pb2.HealthCheckRequest(service=name)
        answer = health.Check(request, metadata=(("x-gavel-service", name),), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_tells_each_process_of_its_health(mesh: Mesh) -> None:
    """Every service process says SERVING for each service that it serves."""
    of_role = {"submission": 3, "worker": 1, "result": 1, "cleanup": 1}
    for part in mesh.parts():
        if part.role in of_role:
            names = [name for name in SERVICES if name.startswith(f"gavel.{part.role}.")]
            assert len(names) == of_role[part.role]
            with grpc.insecure_channel(part.address) as direct:
                for name in ("", *names):
                    request = health_pb2.HealthCheckRequest(service=name)
                    answer = health_pb2_grpc.HealthStub(direct).Check(request, timeout=5)
                    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("call", _later())
def test_says_what_comes_later(channel: grpc.Channel, call: str) -> None:
    """A call of a later version answers UNIMPLEMENTED and names itself."""
    found = refusal(lambda: _empty_call(channel, call))
    assert (found.code, found.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
    assert found.metadata["method"] == call


def test_serves_all_else(channel: grpc.Channel) -> None:
    """Every other call of the contract does something: an empty request gets another answer than that."""
    later = set(_later())
    assert len(later) == 7
    for name, service in SERVICES.items():
        for method in service.methods:
            call = f"{name}/{method.name}"
            if call not in later:
                assert _code(channel, call) is not grpc.StatusCode.UNIMPLEMENTED, call


def test_makes_one_trace_from_accept_to_row(client: Client, mesh: Mesh, collector: Collector) -> None:
    """The spans of the accept, the run and the stored rows share the trace that the caller began."""
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    request = submission_service_pb2.CreateSubmissionRequest(language="python3")
    request.sources.add(path="main.py", data=b"print(1)")
    with grpc.insecure_channel(mesh.address) as channel:
        created = channel.unary_unary(
            "/gavel.submission.v1.SubmissionService/CreateSubmission",
            request_serializer=submission_service_pb2.CreateSubmissionRequest.SerializeToString,
            response_deserializer=submission_service_pb2.CreateSubmissionResponse.FromString,
        )(request, metadata=(("traceparent", f"00-{trace_id}-00f067aa0ba902b7-01"),), timeout=10)
    client.wait(created.submission.name, read_token=created.read_token)

    def services() -> bool:
        return {span.service for span in collector.spans(trace_id)} >= {
            "gavel-submission", "gavel-worker", "gavel-result",
        }  # fmt: skip

    until(services, "spans of all three services")
    until(
        lambda: sum(span.service == "gavel-result" for span in collector.spans(trace_id)) >= 2,
        f"the stored submission and the stored end, found {collector.spans(trace_id)}",
    )


def test_serves_every_metric(client: Client, mesh: Mesh) -> None:
    """Each metric of the reference is on the page of some process."""
    client.wait(client.submit({"main.py": b"print(1)"}, language="python3", tests=[InlineTest(b"", b"1")]))
    documented = set(re.findall(r"^\| `(gavel_\w+)`", (REFERENCE / "metrics.md").read_text(), re.MULTILINE))
    assert documented
    served: set[str] = set()
    for address in _metric_addresses(mesh):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as page:
            text = page.read().decode()
        families = re.findall(r"^# TYPE (gavel_\w+) \w+", text, re.MULTILINE)
        assert families, f"{address} has none"
        served |= set(families)
    assert documented <= served


def _metric_addresses(mesh: Mesh) -> list[str]:
    """As the processes' environments say."""
    found = []
    for part in mesh.parts():
        if part.role in ("submission", "worker", "result", "cleanup"):
            environment = Path(f"/proc/{part.pid}/environ").read_bytes().split(b"\0")
            line = next(each for each in environment if each.startswith(b"GAVEL_METRICS_LISTEN="))
            found.append(line.decode().partition("=")[2])
    return found


def _empty_call(channel: grpc.Channel, call: str) -> Any:
    service, _, name = call.partition("/")
    method = SERVICES[service].methods_by_name[name]
    kind = ("stream" if method.client_streaming else "unary") + (
        "_stream" if method.server_streaming else "_unary"
    )
    request = GetMessageClass(method.input_type)()
    invoke = getattr(channel, kind)(
        f"/{call}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    answer = invoke(iter([request]) if method.client_streaming else request, timeout=10)
    return next(answer) if method.server_streaming else answer


def _code(channel: grpc.Channel, call: str) -> grpc.StatusCode:
    try:
        _empty_call(channel, call)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
