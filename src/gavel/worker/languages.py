"""The languages that a worker serves: each tested at start, each with a queue of its own, none harming
another.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gavel.bus import topics
from gavel.bus.work import GroupSource, WorkSource
from gavel.telemetry.log import logger
from gavel.worker.desk import Desk, Queue
from gavel.worker.v1 import worker_pb2

TESTING = "it is being tested"
_TEST_AGAIN_S = 10.0
_LOG = logger("gavel.worker.languages")


@dataclass(frozen=True, slots=True)
class Found:
    """What the machine has for a language: the toolchain's version, or why it cannot be served."""

    version: str
    reason: str = ""
    testing: bool = False
    """True until it was tried out for the first time."""


class Languages:
    """Brings up one language after the other on a thread of its own; `status` is what heartbeats tell."""

    def __init__(
        self,
        codes: Sequence[str],
        *,
        bootstrap: str,
        desk: Desk,
        test: Callable[[str], Found],
        changed: threading.Event,
    ) -> None:
        """`test` tries a language out, `changed` is set when one has come up or not."""
        self._codes = tuple(dict.fromkeys(codes))
        self._bootstrap = bootstrap
        self._desk = desk
        self._test = test
        self._changed = changed
        self._found = dict.fromkeys(self._codes, Found("", TESTING, testing=True))
        self._sources: dict[str, WorkSource] = {}
        self._draining = threading.Event()
        self._thread = threading.Thread(target=self._run, name="languages", daemon=True)

    def start(self) -> None:
        """Begins to test and to serve."""
        self._thread.start()

    def status(self) -> list[worker_pb2.WorkerLanguage]:
        """How each language stands."""
        found, sources = dict(self._found), dict(self._sources)
        return [
            worker_pb2.WorkerLanguage(
                code=code,
                version=found[code].version,
                available=not (reason := found[code].reason or _failure(sources.get(code))),
                reason=reason,
                testing=found[code].testing,
            )
            for code in self._codes
        ]

    def found(self, code: str) -> Found | None:
        """How a language stands; None for one that is none of this worker's."""
        return self._found.get(code)

    def drain(self) -> None:
        """Takes nothing more of any language."""
        self._draining.set()
        for source in list(self._sources.values()):
            source.drain()

    def close(self, timeout_s: float) -> bool:
        """Lets go of every queue, with the last commits made; False when that takes longer."""
        self.drain()
        deadline_s = time.monotonic() + timeout_s
        self._thread.join(timeout_s)
        sources = list(self._sources.values())
        for source in sources:
            source.close(0.0)  # so that all of them begin at once
        return all(source.close(max(0.0, deadline_s - time.monotonic())) for source in sources)

    def _run(self) -> None:
        untested = list(self._codes)
        while untested:
            untested = [code for code in untested if not self._draining.is_set() and not self._try(code)]
            if untested:
                self._draining.wait(_TEST_AGAIN_S)

    def _try(self, code: str) -> bool:
        """Tests a language and serves it; False when the test itself failed, so that it is to come again."""
        try:
            found = self._test(code)
        except Exception as error:  # whatever is wrong with one language must not harm another
            _LOG.exception("language_test_failed", language=code)
            self._tell(code, Found("", f"its test failed: {error}"))
            return False
        self._tell(code, found)
        if found.reason:
            _LOG.warning("language_unavailable", language=code, reason=found.reason)
        elif not self._draining.is_set():
            self._serve(code)
        return True

    def _tell(self, code: str, found: Found) -> None:
        self._found = {**self._found, code: found}
        self._changed.set()

    def _serve(self, code: str) -> None:
        topic = topics.submissions_topic(code)
        source = GroupSource(self._bootstrap, topic, f"workers.{code}", Queue(self._desk, topic, code))
        self._desk.attach(topic, source)
        self._sources = {**self._sources, code: source}
        source.start()
        _LOG.info("language_served", language=code, version=self._found[code].version)


def _failure(source: WorkSource | None) -> str:
    return "" if source is None else source.failure
