"""What a result tells of a test beyond its verdict, as far as the problem lets contestants see it."""

import hashlib
import os

from gavel.judging import feedback
from gavel.judging.outcome import Progress
from gavel.judging.report import HEAD_BYTES, test_result, text
from gavel.judging.running import Ran
from gavel.judging.scoring import Result
from gavel.judging.store import Store
from gavel.judging.task import Content, Task, Test
from gavel.submission.v1 import problem_pb2, submission_pb2
from gavel.submission.v1.submission_pb2 import OutputObject, TestResult, Verdict

OUTPUTS_BYTES_MOST = 64 * 1024 * 1024
"""Of all outputs that a judgement keeps in full; those behind it are shown by their heads alone."""

_ACCEPTED = submission_pb2.VERDICT_ACCEPTED
_JUDGE_ERROR = submission_pb2.VERDICT_JUDGE_ERROR


class Showing:
    """Decides and fills in, test by test in the order judged."""

    def __init__(self, task: Task, store: Store, tenant: str, progress: Progress) -> None:
        self._shown = task.manifest.shown
        self._scoring = task.manifest.type == problem_pb2.PROBLEM_TYPE_SCORING
        self._store = store
        self._tenant = tenant
        self._progress = progress
        self._failed = False
        self._room_bytes = OUTPUTS_BYTES_MOST

    @property
    def tests(self) -> bool:
        """Whether anything of the tests may be seen, be it their verdicts."""
        return self._shown != problem_pb2.SHOWN_VERDICT_ONLY

    def _may_see(self, test: Test, verdict: Verdict) -> bool:
        """Whether the test's data, the output and what the checker said may be seen; asked once a test."""
        first_failing = verdict != _ACCEPTED and not self._failed
        self._failed = self._failed or verdict != _ACCEPTED
        match self._shown:
            case problem_pb2.SHOWN_EVERYTHING:
                return True
            case problem_pb2.SHOWN_FIRST_FAILING:
                return test.sample or first_failing
            case _:
                return test.sample

    def result(self, test: Test, ran: Ran, counted: Result) -> TestResult:
        """The whole result; `counted` is what the test counts. Raises EngineError, BrokenProblem."""
        message = counted.fault or ran.checked.message
        result = test_result(test.number, test.name, counted.verdict, message, ran.facts)
        result.pass_count = ran.pass_count
        if self._scoring and counted.verdict != _JUDGE_ERROR:
            result.score = counted.score
        if self._may_see(test, counted.verdict) and counted.verdict != _JUDGE_ERROR and self.tests:
            self._show(result, test, ran)
        return result

    def _show(self, result: TestResult, test: Test, ran: Ran) -> None:
        said = ran.checked.feedback
        if self._shown == problem_pb2.SHOWN_EVERYTHING:
            said = feedback.messages(ran.checked.left) or said
        result.feedback = text(said.encode())
        if ran.facts is not None:
            result.stderr = text(ran.facts.stderr)
        if ran.output is not None:
            result.stdout = text(os.pread(ran.output, HEAD_BYTES, 0))
            if result.verdict != _ACCEPTED or test.expected is None:
                self._keep(result, ran.output)
        if result.verdict != _ACCEPTED:
            result.input = self._head(test.input)
            result.expected = self._head(test.expected or Content())

    def _head(self, content: Content) -> str:
        with self._store.opened(self._tenant, content) as opened:
            head = opened[:HEAD_BYTES] if isinstance(opened, bytes) else os.pread(opened, HEAD_BYTES, 0)
        return text(head)

    def _keep(self, result: TestResult, output: int) -> None:
        """Stores an output of which the head does not show all."""
        size_bytes = os.fstat(output).st_size
        if not HEAD_BYTES < size_bytes <= self._room_bytes:
            return
        data = os.pread(output, size_bytes, 0)
        key = self._progress.output(f"{result.number}.out", data)
        if key:
            self._room_bytes -= size_bytes
            sha256 = hashlib.sha256(data).hexdigest()
            result.output.CopyFrom(OutputObject(key=key, sha256=sha256, size_bytes=size_bytes))
