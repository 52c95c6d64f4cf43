"""The calls of the mesh: what kind each one is, which cluster serves it, and its default deadline.

The kind decides route, retries and idle time.  The deadlines stand once, in
`gavel/rpc/service_config.json`, which servers and clients read as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from gavel.mesh.topology import CLEANUP, RESULT, RESULT_STREAMS, SUBMISSION, WORKER


class Kind(Enum):
    """What a call is like; the check compares it with the proto."""

    READ = auto()
    """Unary without side effects: retried."""
    IDEMPOTENT = auto()
    """Unary with a request_id, so that sending it again changes nothing: retried."""
    WRITE = auto()
    """Unary, and sending it again might do it twice: never retried."""
    WATCH = auto()
    """Server stream that says something at least every 20 s: retried until the first message."""
    DOWNLOAD = auto()
    """Server stream of bytes: retried until the first message."""
    UPLOAD = auto()
    """Client stream of bytes: never retried, since Envoy gives up on bodies beyond its buffer; the client
    resumes."""
    SESSION = auto()
    """Stream that may be silent while it works: never retried."""

    @property
    def is_stream(self) -> bool:
        """Whether one call carries many messages."""
        return self in {Kind.WATCH, Kind.DOWNLOAD, Kind.UPLOAD, Kind.SESSION}

    @property
    def is_retried(self) -> bool:
        """Whether the proxy may send the call to a second replica."""
        return self in {Kind.READ, Kind.IDEMPOTENT, Kind.WATCH, Kind.DOWNLOAD}


@dataclass(frozen=True, slots=True)
class Method:
    """One call, as it is routed."""

    service: str
    name: str
    kind: Kind
    cluster: str

    @property
    def path(self) -> str:
        """The HTTP/2 path of the call."""
        return f"/{self.service}/{self.name}"

    @property
    def timeout(self) -> str | None:
        """The deadline of a caller that gives none, such as `5s`; None for streams that need none."""
        return default_timeouts().get(self.path)


RUN_PROGRAM = "/gavel.worker.v1.WorkerService/RunProgram"
HEALTH = "grpc.health.v1.Health"

_SERVICES: Mapping[str, tuple[str, Mapping[str, Kind]]] = {
    "gavel.submission.v1.SubmissionService": (
        SUBMISSION,
        {
            "CreateSubmission": Kind.IDEMPOTENT,
            "BatchCreateSubmissions": Kind.IDEMPOTENT,
            "WatchQueues": Kind.WATCH,
            "GetSubmission": Kind.READ,
            "ListSubmissions": Kind.READ,
            "CancelSubmission": Kind.WRITE,
            "RejudgeSubmissions": Kind.WRITE,
            "ListLanguages": Kind.READ,
        },
    ),
    "gavel.submission.v1.ProblemService": (
        SUBMISSION,
        {
            "CreateProblem": Kind.WRITE,
            "GetProblem": Kind.READ,
            "ListProblems": Kind.READ,
            "DeleteProblem": Kind.WRITE,
        },
    ),
    "gavel.submission.v1.FileService": (
        SUBMISSION,
        {
            "FindMissingFiles": Kind.READ,
            "CreateUpload": Kind.WRITE,
            "UploadFile": Kind.UPLOAD,
            "ReadFile": Kind.DOWNLOAD,
        },
    ),
    "gavel.worker.v1.WorkerService": (
        WORKER,
        {
            "RunProgram": Kind.SESSION,
            "ListWorkers": Kind.READ,
            "GetWorker": Kind.READ,
            "DrainWorker": Kind.WRITE,
        },
    ),
    "gavel.result.v1.ResultService": (
        RESULT,
        {
            "WatchSubmission": Kind.WATCH,
            "WatchSubmissions": Kind.WATCH,
            "GetResult": Kind.READ,
            "ListResults": Kind.READ,
        },
    ),
    "gavel.cleanup.v1.CleanupService": (
        CLEANUP,
        {
            "RunCleanup": Kind.SESSION,
            "GetRetentionPolicy": Kind.READ,
            "UpdateRetentionPolicy": Kind.WRITE,
            "ListCleanupRuns": Kind.READ,
        },
    ),
    # Every server offers reflection of the whole API, so one of them answers for the mesh. Health is each
    # server's own; the routes look at whose is asked for.
    HEALTH: (SUBMISSION, {"Check": Kind.READ, "List": Kind.READ, "Watch": Kind.SESSION}),
    "grpc.reflection.v1.ServerReflection": (SUBMISSION, {"ServerReflectionInfo": Kind.SESSION}),
    "grpc.reflection.v1alpha.ServerReflection": (SUBMISSION, {"ServerReflectionInfo": Kind.SESSION}),
}


def methods() -> Iterator[Method]:
    """Every call that passes the proxy, in a stable order."""
    for service, (cluster, kinds) in _SERVICES.items():
        for name, kind in kinds.items():
            watches_results = cluster == RESULT and kind is Kind.WATCH
            yield Method(service, name, kind, RESULT_STREAMS if watches_results else cluster)


@cache
def default_timeouts() -> Mapping[str, str]:
    """Path of a call -> its default deadline in the notation of Protobuf's JSON (`5s`)."""
    text = files("gavel").joinpath("rpc/service_config.json").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            f"/{name['service']}/{name['method']}": entry["timeout"]
            for entry in json.loads(text)["methodConfig"]
            if "timeout" in entry
            for name in entry["name"]
        },
    )


def seconds(duration: str) -> Decimal:
    """The seconds in a duration such as `0.5s`."""
    return Decimal(duration.removesuffix("s"))
