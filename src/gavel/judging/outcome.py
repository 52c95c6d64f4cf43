"""What the engine says while it judges and at the end, what it may ask, and how it fails."""

import dataclasses
from collections.abc import Callable
from typing import Protocol

from gavel.submission.v1.submission_pb2 import CompileResult, GroupResult, TestResult, Verdict


class EngineError(Exception):
    """The platform failed (sandbox, storage, a toolchain that is gone); the same judgement may be tried
    again.
    """


class MissingSource(EngineError):  # noqa: N818  (reads as what happened)
    """A source file that was named by its digest is not stored."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"the source file sha256:{sha256} is not stored")
        self.sha256 = sha256


class Cancelled(Exception):  # noqa: N818  (reads as what happened)
    """Somebody asked for the end, and everything that ran was killed."""


class BrokenProblem(Exception):  # noqa: N818  (as above)
    """The problem cannot be judged against: the verdict is JUDGE_ERROR. `detail` is for judges, never
    contestants.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class Cancellation(Protocol):
    """Asked between steps, and calls back at once from whatever thread cancels; a late callback is called
    now.
    """

    @property
    def cancelled(self) -> bool: ...

    def on_cancel(self, callback: Callable[[], None], /) -> None: ...


class FurtherSlots(Protocol):
    """What a worker has beyond the slot that a judgement runs in, lent for one test at a time; asked from any
    thread.
    """

    def lend_slot(self) -> bool:
        """Whether one is lent: there is a free one that nobody waits for. `return_slot` has to follow."""
        ...

    def return_slot(self) -> None:
        """The test is over."""
        ...


class NoFurtherSlots:
    """One test runs at a time."""

    def lend_slot(self) -> bool:
        """None is lent."""
        return False

    def return_slot(self) -> None:
        """Never asked."""


class Progress(Protocol):
    """Told, on the judging thread, how far a judgement is."""

    def started(self, test_count: int, language_version: str, /) -> None: ...

    def compiled(self, result: CompileResult, /) -> None: ...

    def test(self, result: TestResult, /) -> None: ...

    def output(self, name: str, data: bytes, /) -> str:
        """Keeps what a program wrote, in full; its key, or "" when it cannot be kept."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """A judgement that ended with a verdict."""

    verdict: Verdict
    score: float | None = None
    cpu_time_ms: int = 0
    """Of the slowest test."""
    wall_time_ms: int = 0
    memory_bytes: int = 0
    """The largest peak of a test."""
    compile: CompileResult | None = None
    """For compiled languages; for others only when the program is none."""
    tests: list[TestResult] = dataclasses.field(default_factory=list)
    """Those that were run, then those that were SKIPPED."""
    groups: list[GroupResult] = dataclasses.field(default_factory=list)
    """Of a problem that scores, the outer ones first."""
    test_count: int = 0
    language_version: str = ""
    manifest_digest: str = ""
    detail: str = ""
    """Behind a JUDGE_ERROR: what the output validator said, for the log and never for contestants."""
