"""A judgement as the log has told of it so far: values without behaviour beyond their own shape.

A *position* is a place in the judgement's partition of `events`: the topic's generation times 2^48 plus the
offset (see `positions`), so that it grows even when the topic is made anew. A *place* adds an ordinal, the
order among what one event made visible. Times are microseconds since 1970, 0 where unknown.
"""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from gavel.submission.v1 import submission_pb2
from gavel.worker.v1 import judgement_event_pb2

ATTEMPT_ORDINAL = 0
COMPILED_ORDINAL = 1
END_ORDINAL = 2**31 - 1


class Place(NamedTuple):
    """Where something became visible; watchers go through a judgement in the order of places."""

    position: int
    ordinal: int = 0


NOWHERE = Place(-1)
"""Before everything: the place of a watcher that has seen nothing."""


def ordinal_of_test(number: int) -> int:
    """The ordinal of a test that a terminal event made visible."""
    return number + 1


@dataclass(frozen=True, slots=True)
class ShownCompile:
    """How the compiler did, and where that became visible."""

    place: Place
    time_us: int
    result: submission_pb2.CompileResult


@dataclass(frozen=True, slots=True)
class ShownTest:
    """A test that ended, and where that became visible."""

    place: Place
    time_us: int
    written: int
    """Position of the event that its facts come from; at or behind `place`."""
    result: submission_pb2.TestResult


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt that is shown: the last one started, or the one that ended the judgement."""

    id: str
    worker_id: str
    test_count: int
    language_version: str
    start_time_us: int
    place: Place
    compile: ShownCompile | None = None
    tests: tuple[ShownTest, ...] = ()
    """In the order of their places."""


@dataclass(frozen=True, slots=True)
class End:
    """What the first terminal event said."""

    place: Place
    time_us: int
    state: submission_pb2.State
    verdict: submission_pb2.Verdict = submission_pb2.VERDICT_UNSPECIFIED
    score: float | None = None
    cpu_time_ms: int = 0
    wall_time_ms: int = 0
    memory_bytes: int = 0
    manifest_digest: str = ""
    failure: str = ""
    tests_object: judgement_event_pb2.TestResultsObject | None = None
    """Where the facts of all tests lie, when they were too large for the event."""
    groups: tuple[submission_pb2.GroupResult, ...] = ()
    """Of a problem that scores, the outer ones first."""


@dataclass(frozen=True, slots=True)
class JudgementState:
    """A judgement; folding another event makes another value."""

    submission_id: UUID
    judgement: int
    tenant: str
    position: int
    """Of the last event that changed it."""
    first_place: Place | None = None
    """Where the first attempt became visible: a watcher behind it sees a later attempt as RESTARTED."""
    accept_time_us: int = 0
    """Instant of the accept by the broker's clock, as STARTED carries it."""
    applied_position: int | None = None
    """Of the last event that made it the submission's current judgement."""
    attempt: Attempt | None = None
    end: End | None = None

    @property
    def state(self) -> submission_pb2.State:
        """QUEUED until an attempt began."""
        if self.end is not None:
            return self.end.state
        return submission_pb2.STATE_QUEUED if self.attempt is None else submission_pb2.STATE_RUNNING
