"""Watching the queues: one task measures for all watchers, once a second, while there are any."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from gavel.rpc.errors import GavelError
from gavel.submission.queues import Backlogs, queues_of
from gavel.submission.v1 import error_reason_pb2, submission_service_pb2
from gavel.telemetry import log
from gavel.worker.v1 import worker_pb2

INTERVAL_S = 1.0
"""The queues are measured this often, and told of at most this often."""
SILENCE_S = 20.0
"""An unchanged queue is told of again after this: the ingress ends streams that are silent for 90 s."""


class QueueWatch:
    """Measures for all watchers together, while there are any; belongs to one event loop."""

    def __init__(
        self, measure: Callable[[], Backlogs], workers: Callable[[], Sequence[worker_pb2.Worker]]
    ) -> None:
        self._measure = measure
        self._workers = workers
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None
        self._measured: Backlogs | GavelError | None = None
        self._news = asyncio.Event()
        self._log = log.logger("gavel.submission.queue_watch")

    def close(self) -> None:
        """Ends every watch with DRAINING."""
        if self._task is not None:
            self._task.cancel()
        self._measured = GavelError(error_reason_pb2.ERROR_REASON_DRAINING, "this replica is shutting down")
        self._news.set()

    async def watch(self, languages: frozenset[str]) -> AsyncIterator[list[submission_service_pb2.Queue]]:
        """The queues of some languages (none: all), at once and then whenever they changed, at most once a
        second.

        Ends with GavelError BROKER_UNAVAILABLE when they cannot be measured.
        """
        self._join()
        try:
            told: list[submission_service_pb2.Queue] | None = None
            told_s = 0.0
            while True:
                news = self._news
                if isinstance(self._measured, GavelError):
                    raise self._measured
                if self._measured is not None:
                    now_ms = time.time_ns() // 1_000_000
                    queues = queues_of(self._measured, self._workers(), languages, now_ms)
                    if queues != told or time.monotonic() - told_s >= SILENCE_S:
                        yield queues
                        told, told_s = queues, time.monotonic()
                await news.wait()
        finally:
            self._leave()

    def _join(self) -> None:
        self._watchers += 1
        if self._task is None:
            self._measured = None
            self._task = asyncio.get_running_loop().create_task(self._run())

    def _leave(self) -> None:
        self._watchers -= 1
        if self._watchers == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            began_s = time.monotonic()
            try:
                self._measured = await asyncio.to_thread(self._measure)
            except GavelError as error:
                self._measured = error
            except Exception:
                # Watchers would wait for ever for a task that died.
                self._log.exception("queues_not_measured")
                self._measured = GavelError(
                    error_reason_pb2.ERROR_REASON_INTERNAL, "the queues could not be measured"
                )
            news, self._news = self._news, asyncio.Event()
            news.set()
            await asyncio.sleep(max(0.0, INTERVAL_S - (time.monotonic() - began_s)))
