"""Where a language's submissions go: its topic as the broker has it, known without asking at every accept.

A topic once seen is looked up again in the background every `REFRESH_S`; until the answer is there, and for
as long as the broker is away, the old one holds. That a topic does not exist is remembered for `ABSENT_S`
alone.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from gavel.bus import topics
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2
from gavel.telemetry import log

REFRESH_S = 30.0
ABSENT_S = 1.0
LOOKUP_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Destination:
    """The topic of a language's interactive lane."""

    topic: str
    topic_id: str
    partitions: int


@dataclass(slots=True)
class _Known:
    destination: Destination | None
    looked_up_s: float


def look_up(bootstrap: str, language: str) -> Destination | None:
    """Asks the broker, blocking; None when there is no such topic. GavelError BROKER_UNAVAILABLE."""
    topic = topics.submissions_topic(language)
    count = topics.partition_count(bootstrap, topic, timeout_s=LOOKUP_TIMEOUT_S)
    if not count:
        return None
    try:
        return Destination(topic, topics.topic_id(bootstrap, topic, timeout_s=LOOKUP_TIMEOUT_S), count)
    except LookupError:
        return None


class Destinations:
    """The destinations of all languages asked for so far; belongs to one event loop."""

    def __init__(
        self,
        look_up: Callable[[str], Destination | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._running: dict[str, asyncio.Task[Destination | None]] = {}
        self._log = log.logger("gavel.submission.destinations")

    def known(self, language: str) -> Destination | None:
        """What is known at once; starts a look in the background when that is old."""
        known = self._known.get(language)
        if known is None or known.destination is None:
            return None
        if self._clock() - known.looked_up_s > REFRESH_S:
            known.looked_up_s = self._clock()
            self._start(language)
        return known.destination

    async def of(self, language: str) -> Destination:
        """The destination of a language that Gavel knows.

        Raises GavelError: LANGUAGE_UNAVAILABLE when the mesh has no topic for it, BROKER_UNAVAILABLE when it
        is not known and the broker does not answer.
        """
        found = self.known(language)
        if found is None:
            known = self._known.get(language)
            if known is None or self._clock() - known.looked_up_s > ABSENT_S:
                found = await asyncio.shield(self._start(language))
        if found is None:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_LANGUAGE_UNAVAILABLE,
                f"this mesh does not serve {language}",
                language=language,
            )
        return found

    async def close(self) -> None:
        """Waits for the looks that are under way; each is bounded by its time-out."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _start(self, language: str) -> asyncio.Task[Destination | None]:
        """One look at a time for each language, whoever asks."""
        running = self._running.get(language)
        if running is None:
            running = asyncio.get_running_loop().create_task(self._refresh(language))
            self._running[language] = running
            running.add_done_callback(lambda task: self._ended(language, task))
        return running

    async def _refresh(self, language: str) -> Destination | None:
        found = await asyncio.to_thread(self._look_up, language)
        self._known[language] = _Known(found, self._clock())
        return found

    def _ended(self, language: str, task: asyncio.Task[Destination | None]) -> None:
        del self._running[language]
        # Reading the exception also tells asyncio that somebody has seen it.
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.warning("destination_unknown", language=language, error=str(error))
