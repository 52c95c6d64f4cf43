"""Events and records as workers and the submission service produce them, for tests of what reads them."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker.v1 import judgement_event_pb2 as events
from gavel.worker.v1.judgement_event_pb2 import Applied, Cancelled, Failed, Finished, JudgementEvent, Started

ACCEPTED = submission_pb2.VERDICT_ACCEPTED
WRONG = submission_pb2.VERDICT_WRONG_ANSWER


def new_id(time_ms: int | None = None) -> UUID:
    """A UUIDv7 of now."""
    milliseconds = time.time_ns() // 1_000_000 if time_ms is None else time_ms
    tail = 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return UUID(int=milliseconds << 80 | tail)


def at(seconds: float) -> Timestamp:
    """An instant, exact to the microsecond."""
    return Timestamp(seconds=int(seconds), nanos=round(seconds % 1 * 1_000_000) * 1000)


def result(
    number: int, verdict: submission_pb2.Verdict = ACCEPTED, **facts: Any
) -> submission_pb2.TestResult:
    """The facts of a test."""
    given = {"cpu_time_ms": 10 + number, "wall_time_ms": 20 + number, "memory_bytes": 1000 * number} | facts
    return submission_pb2.TestResult(
        number=number, test=f"secret/{number:02d}", verdict=verdict, exit_code=0, **given
    )


def stored_facts(key: str, content: bytes) -> events.TestResultsObject:
    """Names an object with the facts of all tests."""
    digest = hashlib.sha256(content).hexdigest()
    return events.TestResultsObject(key=key, sha256=digest, size_bytes=len(content))


@dataclass(slots=True)
class Attempt:
    """Makes the events of one attempt at a judgement."""

    submission: UUID = field(default_factory=new_id)
    judgement: int = 1
    tenant: str = "local"
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    worker: str = "worker-0"
    accepted_s: float = field(default_factory=time.time)

    def another(self, **changes: Any) -> "Attempt":
        """Another attempt at the same judgement."""
        same = {"accepted_s": self.accepted_s, "worker": "worker-1"} | changes
        return Attempt(self.submission, self.judgement, self.tenant, **same)

    def event(self, **kind: Any) -> JudgementEvent:
        """An event of this attempt, now."""
        return JudgementEvent(
            submission_id=str(self.submission),
            tenant=self.tenant,
            judgement=self.judgement,
            attempt=self.id,
            event_time=at(time.time()),
            **kind,
        )

    def started(self, test_count: int = 2) -> JudgementEvent:
        """The attempt began."""
        return self.event(
            started=Started(
                worker_id=self.worker,
                accept_time=at(self.accepted_s),
                test_count=test_count,
                language_version="Python 3.11.2",
            )
        )

    def compiled(self, verdict: submission_pb2.Verdict = ACCEPTED) -> JudgementEvent:
        """The compiler ended."""
        return self.event(compiled=self.compile_result(verdict))

    def compile_result(self, verdict: submission_pb2.Verdict = ACCEPTED) -> submission_pb2.CompileResult:
        """What the compiler did."""
        return submission_pb2.CompileResult(verdict=verdict, output="main.c: ok", cpu_time_ms=120)

    def test(self, number: int, verdict: submission_pb2.Verdict = ACCEPTED) -> JudgementEvent:
        """A test ended."""
        return self.event(test=result(number, verdict))

    def finished(
        self,
        tests: Sequence[submission_pb2.TestResult] = (),
        verdict: submission_pb2.Verdict = ACCEPTED,
        **more: Any,
    ) -> JudgementEvent:
        """Judged; `object=` instead of tests for facts that lie elsewhere."""
        if "object" not in more:
            more["inline"] = events.TestResults(tests=tests)
        return self.event(
            finished=Finished(
                verdict=verdict,
                cpu_time_ms=12,
                wall_time_ms=22,
                memory_bytes=2000,
                manifest_digest="ab" * 32,
                worker_id=self.worker,
                language_version="Python 3.11.2",
                test_count=max(len(tests), 2),
                start_time=at(self.accepted_s + 0.5),
                **more,
            )
        )

    def failed(self, message: str = "storage was away") -> JudgementEvent:
        """The platform gave up."""
        return self.event(failed=Failed(message=message, worker_id=self.worker))

    def cancelled(self) -> JudgementEvent:
        """Somebody asked for the end."""
        event = self.event(cancelled=Cancelled())
        event.attempt = ""
        return event

    def applied(self) -> JudgementEvent:
        """From here on it is the current judgement."""
        event = self.event(applied=Applied())
        event.attempt = ""
        return event

    def run(self, tests: int = 2, verdict: submission_pb2.Verdict = ACCEPTED) -> list[JudgementEvent]:
        """A whole attempt."""
        results = [result(number) for number in range(1, tests + 1)]
        return [
            self.started(tests),
            *(self.test(number) for number in range(1, tests + 1)),
            self.finished(results, verdict),
        ]


def record(submission: UUID | None = None, tenant: str = "local", **changes: Any) -> Any:
    """A record of `submissions.*` with its source inline."""
    sources = submission_record_pb2.SourceFiles(
        files=[submission_pb2.SourceFile(path="main.py", data=b"print(42)\n")]
    )
    given = {
        "submission_id": str(submission or new_id()),
        "tenant": tenant,
        "judgement": 1,
        "language": "python3",
        "inline": sources,
        "entry_point": "main.py",
        "lane": submission_pb2.LANE_INTERACTIVE,
        "labels": {"user": "ada"},
    } | changes
    return submission_record_pb2.SubmissionRecord(**given)
