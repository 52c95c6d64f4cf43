"""What a watch tells, one value for each event."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gavel.client.values import CompileResult, Judgement, TestResult, instant
from gavel.result.v1 import result_service_pb2


@dataclass(frozen=True, slots=True)
class _Event:
    resume_token: bytes
    """Hand it to a watch to go on behind this event."""
    event_time: datetime | None
    """By the clock of the process that it happened in."""


@dataclass(frozen=True, slots=True)
class Queued(_Event):
    """It waits."""

    ahead_count: int | None
    """Submissions before it in its partition; None when that is not known."""


@dataclass(frozen=True, slots=True)
class Running(_Event):
    """An attempt began."""

    attempt: str
    worker: str
    test_count: int
    language_version: str


@dataclass(frozen=True, slots=True)
class Restarted(Running):
    """The worker was lost and another attempt began: compiler and tests seen before no longer count."""


@dataclass(frozen=True, slots=True)
class Compiled(_Event):
    """The compiler ended."""

    compile: CompileResult


@dataclass(frozen=True, slots=True)
class Tested(_Event):
    """A test ended."""

    test: TestResult


@dataclass(frozen=True, slots=True)
class Ended(_Event):
    """The end: the judgement as it is stored."""

    judgement: Judgement


Event: TypeAlias = Queued | Running | Restarted | Compiled | Tested | Ended


def from_proto(response: result_service_pb2.WatchSubmissionResponse) -> Event | None:
    """The event of a message; None for a heartbeat, and for a kind that this release does not know."""
    token, time = response.resume_token, instant(response, "event_time")
    match response.WhichOneof("event"):
        case "queued":
            ahead = response.queued.ahead_count if response.queued.HasField("ahead_count") else None
            return Queued(token, time, ahead)
        case "running" | "restarted" as kind:
            begun: result_service_pb2.Running = getattr(response, kind)
            make = Running if kind == "running" else Restarted
            return make(token, time, begun.attempt, begun.worker, begun.test_count, begun.language_version)
        case "compiled":
            return Compiled(token, time, CompileResult.from_proto(response.compiled))
        case "test":
            return Tested(token, time, TestResult.from_proto(response.test))
        case "ended":
            return Ended(token, time, Judgement.from_proto(response.ended))
        case _:
            return None
