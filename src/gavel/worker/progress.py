"""What a run tells while it goes on: STARTED at once, the rest a few milliseconds late and in company."""

import time

from gavel.bus import topics
from gavel.bus.producer import Headers, Producer
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import submission_pb2
from gavel.telemetry import metrics
from gavel.worker import core
from gavel.worker.v1 import judgement_event_pb2

LINGER_MS = 5
"""How long the producer of test events may wait for more of them."""


class EventProgress:
    """The engine's Progress as events. None of them is needed for the verdict: one that fails is counted.

    STARTED goes out through the producer of the terminal event, so that it always lies before that. The last
    test is not told: the terminal event, which holds all tests, follows at once.
    """

    def __init__(
        self,
        job: core.Job,
        attempt: str,
        *,
        worker: str,
        event_partitions: int,
        headers: Headers,
        prompt: Producer,
        lingering: Producer,
    ) -> None:
        self._job = job
        self._attempt = attempt
        self._worker = worker
        self._event_partitions = event_partitions
        self._headers = headers
        self._prompt = prompt
        self._lingering = lingering
        self._test_count = 0

    def started(self, test_count: int, language_version: str, /) -> None:
        """The attempt began."""
        self._test_count = test_count
        event = core.started(
            self._job,
            self._attempt,
            time.time_ns(),
            worker=self._worker,
            test_count=test_count,
            language_version=language_version,
        )
        self._send(self._prompt, event)

    def compiled(self, result: submission_pb2.CompileResult, /) -> None:
        """The compiler ended."""
        self._send(self._lingering, core.compiled(self._job, self._attempt, time.time_ns(), result))

    def test(self, result: submission_pb2.TestResult, /) -> None:
        """A test ended."""
        if result.number < self._test_count:
            self._send(self._lingering, core.tested(self._job, self._attempt, time.time_ns(), result))

    def _send(self, producer: Producer, event: judgement_event_pb2.JudgementEvent) -> None:
        key, partition = core.address(event, self._event_partitions)
        try:
            producer.send_soon(
                topics.EVENTS, key, event.SerializeToString(), partition=partition, headers=self._headers
            )
        except GavelError:
            metrics.WORKER_PROGRESS_DROPPED.inc()
