"""What the API answers, as frozen values. Enumerations are the names of the contract without their prefix,
such as `ACCEPTED` or `FINISHED`; an empty string where nothing is set. Values may be added to the contract at
any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from google.protobuf.timestamp_pb2 import Timestamp

from gavel.submission.v1 import problem_pb2, submission_pb2, submission_service_pb2


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a run; 0 means the problem's, else the language's, else the platform's default."""

    cpu_time_ms: int = 0
    wall_time_ms: int = 0
    memory_bytes: int = 0
    stack_bytes: int = 0
    processes: int = 0
    output_bytes: int = 0
    files_bytes: int = 0

    @classmethod
    def from_proto(cls, proto: submission_pb2.Limits) -> Self:
        return cls(**{name: getattr(proto, name) for name in cls.__slots__})

    def to_proto(self) -> submission_pb2.Limits:
        return submission_pb2.Limits(**{name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class InlineTest:
    """A test that travels with a submission."""

    input: bytes = b""
    """Standard input."""
    expected: bytes | None = None
    """What standard output is compared with; None: the exit status alone decides."""
    name: str = ""
    """Its name in results; empty: its number."""


@dataclass(frozen=True, slots=True)
class CompileResult:
    """How the compiler did."""

    verdict: str
    output: str
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    cached: bool

    @classmethod
    def from_proto(cls, proto: submission_pb2.CompileResult) -> Self:
        return cls(
            verdict=verdict_name(proto.verdict),
            output=proto.output,
            cpu_time_ms=proto.cpu_time_ms,
            wall_time_ms=proto.wall_time_ms,
            memory_bytes=proto.memory_bytes,
            cached=proto.cached,
        )


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test of a judgement: its verdict and the raw facts behind it."""

    number: int
    test: str
    verdict: str
    cpu_time_ms: int
    wall_time_ms: int
    memory_bytes: int
    output_bytes: int
    exit_code: int | None = None
    signal: int | None = None
    score: float | None = None
    message: str = ""
    feedback: str = ""
    stdout: str = ""
    stderr: str = ""
    input: str = ""
    """Heads of its input and of the expected answer, where they may be seen and it was not accepted."""
    expected: str = ""
    pass_count: int = 0
    """How often the program was run, for multi-pass problems; else 0."""
    kept_output_bytes: int = 0
    """Size of its standard output where that is kept in full, to be read by `output`; 0 where it is not, as
    when `stdout` shows all of it.
    """

    @classmethod
    def from_proto(cls, proto: submission_pb2.TestResult) -> Self:
        return cls(
            number=proto.number,
            test=proto.test,
            verdict=verdict_name(proto.verdict),
            cpu_time_ms=proto.cpu_time_ms,
            wall_time_ms=proto.wall_time_ms,
            memory_bytes=proto.memory_bytes,
            output_bytes=proto.output_bytes,
            exit_code=_optional(proto, "exit_code"),
            signal=_optional(proto, "signal"),
            score=_optional(proto, "score"),
            message=proto.message,
            feedback=proto.feedback,
            stdout=proto.stdout,
            stderr=proto.stderr,
            input=proto.input,
            expected=proto.expected,
            pass_count=proto.pass_count,
            kept_output_bytes=proto.output.size_bytes,
        )


@dataclass(frozen=True, slots=True)
class GroupResult:
    """What a group of tests came to, for problems that score."""

    name: str
    """Its path in the package, such as `secret/group1`."""
    verdict: str
    score: float | None = None

    @classmethod
    def from_proto(cls, proto: submission_pb2.GroupResult) -> Self:
        return cls(name=proto.name, verdict=verdict_name(proto.verdict), score=_optional(proto, "score"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One run of the judging engine over a submission."""

    name: str
    state: str
    verdict: str
    cpu_time_ms: int
    """Of its slowest test."""
    wall_time_ms: int
    memory_bytes: int
    """The largest peak among its tests."""
    test_count: int
    """How many tests there are, run or not; 0 until that is known."""
    tests: tuple[TestResult, ...] = ()
    """Those that have ended."""
    compile: CompileResult | None = None
    score: float | None = None
    groups: tuple[GroupResult, ...] = ()
    """Of a problem that scores, the outer ones first."""
    first_failed_test: int = 0
    """The number of the first test that was run and not accepted; 0: none."""
    left_out_test_count: int = 0
    """How many tests that have ended `tests` lacks: too large for a message, or their facts are lost."""
    failure: str = ""
    """What went wrong when `state` is FAILED."""
    language_version: str = ""
    manifest_digest: str = ""
    worker: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None

    @property
    def submission(self) -> str:
        """`submissions/<uuid>`."""
        return self.name.partition("/judgements/")[0]

    @classmethod
    def from_proto(cls, proto: submission_pb2.Judgement) -> Self:
        return cls(
            name=proto.name,
            state=state_name(proto.state),
            verdict=verdict_name(proto.verdict),
            cpu_time_ms=proto.cpu_time_ms,
            wall_time_ms=proto.wall_time_ms,
            memory_bytes=proto.memory_bytes,
            test_count=proto.test_count,
            tests=tuple(map(TestResult.from_proto, proto.tests)),
            compile=CompileResult.from_proto(proto.compile) if proto.HasField("compile") else None,
            score=_optional(proto, "score"),
            groups=tuple(map(GroupResult.from_proto, proto.groups)),
            first_failed_test=proto.first_failed_test,
            left_out_test_count=proto.left_out_test_count,
            failure=proto.failure,
            language_version=proto.language_version,
            manifest_digest=proto.manifest_digest,
            worker=proto.worker,
            start_time=instant(proto, "start_time"),
            end_time=instant(proto, "end_time"),
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """A program that was handed in, and where its judging stands."""

    name: str
    language: str
    problem: str
    state: str
    verdict: str
    current_judgement: int
    lane: str
    labels: Mapping[str, str]
    limits: Limits
    create_time: datetime | None = None
    score: float | None = None
    """Points, for problems that score, once it is FINISHED."""
    judgement: Judgement | None = None
    """The current one; in answers of `get` once judging has begun."""
    sources: Mapping[str, bytes | str] = field(default_factory=dict)
    """Path to content, or to the digest of a file that was uploaded; in answers of `get` with sources."""

    @classmethod
    def from_proto(cls, proto: submission_pb2.Submission) -> Self:
        return cls(
            name=proto.name,
            language=proto.language,
            problem=proto.problem,
            state=state_name(proto.state),
            verdict=verdict_name(proto.verdict),
            current_judgement=proto.current_judgement,
            lane=lane_name(proto.lane),
            labels=dict(proto.labels),
            limits=Limits.from_proto(proto.limits),
            create_time=instant(proto, "create_time"),
            score=_optional(proto, "score"),
            judgement=Judgement.from_proto(proto.judgement) if proto.HasField("judgement") else None,
            sources={each.path: each.digest or each.data for each in proto.sources},
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a submit. It is accepted for good: the broker has it on disk."""

    name: str
    """`submissions/<uuid>`."""
    submission: Submission
    read_token: bytes
    """With it a read waits for this submission instead of not finding it yet."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and whether a worker serves it."""

    code: str
    display_name: str
    available: bool
    version: str
    reason: str
    """Why it is not available, and what to install."""
    suffixes: tuple[str, ...]
    slot_count: int
    compiled: bool
    testing: bool = False
    """True while it is not available because a worker still tries it out."""

    @classmethod
    def from_proto(cls, proto: submission_service_pb2.Language) -> Self:
        return cls(
            code=proto.code,
            display_name=proto.display_name,
            available=proto.available,
            version=proto.version,
            reason=proto.reason,
            suffixes=tuple(proto.suffixes),
            slot_count=proto.slot_count,
            compiled=proto.compiled,
            testing=proto.testing,
        )


@dataclass(frozen=True, slots=True)
class Queue:
    """One language and lane as it stands."""

    language: str
    lane: str
    waiting_count: int
    oldest_age_ms: int
    running_count: int
    slot_count: int

    @classmethod
    def from_proto(cls, proto: submission_service_pb2.Queue) -> Self:
        return cls(
            language=proto.language,
            lane=lane_name(proto.lane),
            waiting_count=proto.waiting_count,
            oldest_age_ms=proto.oldest_age_ms,
            running_count=proto.running_count,
            slot_count=proto.slot_count,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A name that points at an immutable manifest."""

    name: str
    display_name: str
    manifest_digest: str
    limits: Limits
    test_count: int
    update_time: datetime | None = None
    warnings: tuple[str, ...] = ()
    """Parts of the package that were passed over; in the answer of `add_problem`."""

    @classmethod
    def from_proto(cls, proto: problem_pb2.Problem, warnings: tuple[str, ...] = ()) -> Self:
        return cls(
            name=proto.name,
            display_name=proto.display_name,
            manifest_digest=proto.manifest_digest,
            limits=Limits.from_proto(proto.limits),
            test_count=proto.test_count,
            update_time=instant(proto, "update_time"),
            warnings=warnings,
        )


def state_name(value: int) -> str:
    """`QUEUED`, `RUNNING`, `FINISHED`, `CANCELLED`, `FAILED`."""
    return _name(submission_pb2.State, value, "STATE_")


def verdict_name(value: int) -> str:
    """`ACCEPTED`, `WRONG_ANSWER`, ..; empty while there is none."""
    return _name(submission_pb2.Verdict, value, "VERDICT_")


def lane_name(value: int) -> str:
    """`INTERACTIVE` or `BATCH`."""
    return _name(submission_pb2.Lane, value, "LANE_")


def instant(message: Any, name: str) -> datetime | None:
    """A timestamp field in UTC; None when it is unset."""
    if not message.HasField(name):
        return None
    stamp: Timestamp = getattr(message, name)
    return stamp.ToDatetime(tzinfo=UTC)


def _name(kind: Any, value: int, prefix: str) -> str:
    if value == 0:
        return ""
    # A value that this release does not know yet is shown as its number.
    return str(kind.Name(value)).removeprefix(prefix) if value in kind.values() else str(value)


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None
