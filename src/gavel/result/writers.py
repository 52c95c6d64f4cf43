"""The writers of one process: one for events, one for submissions, and the partitions that their
rows need.
"""

import threading
from datetime import UTC, datetime
from typing import Final

from gavel.bus import topics
from gavel.bus.producer import Producer
from gavel.db.pool import Pool, session
from gavel.projection import partitions
from gavel.result.burial import Burial
from gavel.result.event_sink import EventSink
from gavel.result.submission_sink import SubmissionSink
from gavel.result.writer import Writer
from gavel.storage.objects import Objects
from gavel.telemetry.log import logger

_PARTITIONS_S: Final = 3600.0
_RETRY_S: Final = 1.0
_log: Final = logger(__name__)


class Writers:
    """Two threads that write, and one that sees to the days' partitions before they begin and once
    an hour.
    """

    def __init__(self, bootstrap: str, pool: Pool, objects: Objects, producer: Producer) -> None:
        burial = Burial(bootstrap, producer, pool)
        self._pool = pool
        self._writers = (
            Writer("writer-events", bootstrap, pool, EventSink(pool), burial, wanted=topics.EVENTS.__eq__),
            Writer(
                "writer-submissions",
                bootstrap,
                pool,
                SubmissionSink(pool, objects),
                burial,
                wanted=holds_submissions,
            ),
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writers", daemon=True)

    def start(self) -> None:
        """Begins, once the database has answered."""
        self._thread.start()

    def close(self) -> None:
        """Ends them after the batches in hand."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        began = False
        while not self._closing.is_set():
            made = self._make_partitions()
            if made and not began:
                began = True
                for writer in self._writers:
                    writer.start()
            self._closing.wait(_PARTITIONS_S if made else _RETRY_S)
        if began:
            for writer in self._writers:
                writer.stop()
            for writer in self._writers:
                writer.close()

    def _make_partitions(self) -> bool:
        try:
            with session(self._pool) as connection:
                made = partitions.ensure(connection, datetime.now(UTC).date())
        except Exception as error:
            _log.warning("partitions cannot be made", error=str(error))
            return False
        if made:
            _log.info("partitions made", count=len(made))
        return True


def holds_submissions(topic: str) -> bool:
    """Whether a topic holds accepted submissions."""
    return topic.startswith("submissions.") and topic != topics.DEAD
