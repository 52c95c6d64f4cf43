"""What the API consists of, and the default deadline of each of its methods from `service_config.json`."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from google.protobuf.descriptor import FileDescriptor

from gavel.cleanup.v1 import cleanup_service_pb2
from gavel.result.v1 import result_service_pb2
from gavel.submission.v1 import file_service_pb2, problem_service_pb2, submission_service_pb2
from gavel.worker.v1 import worker_service_pb2

_FILES: Final[tuple[FileDescriptor, ...]] = (
    submission_service_pb2.DESCRIPTOR,
    problem_service_pb2.DESCRIPTOR,
    file_service_pb2.DESCRIPTOR,
    worker_service_pb2.DESCRIPTOR,
    result_service_pb2.DESCRIPTOR,
    cleanup_service_pb2.DESCRIPTOR,
)

SERVICES: Final = tuple(service.full_name for file in _FILES for service in file.services_by_name.values())
"""Full names of every service of the API, whichever process serves it."""

METHODS: Final = frozenset(
    f"/{service.full_name}/{method.name}"
    for file in _FILES
    for service in file.services_by_name.values()
    for method in service.methods
)
"""Paths of every method of the API, as gRPC spells them: `/package.Service/Method`."""


@cache
def service_config() -> str:
    """The gRPC service config as JSON: the deadline of each method that has one."""
    return files("gavel.rpc").joinpath("service_config.json").read_text(encoding="utf-8")


@cache
def default_deadlines() -> Mapping[str, float]:
    """The default deadline in seconds for each path of a method that has one; streams have none."""
    return {
        f"/{name['service']}/{name['method']}": float(entry["timeout"].removesuffix("s"))
        for entry in json.loads(service_config())["methodConfig"]
        if "timeout" in entry
        for name in entry["name"]
    }
