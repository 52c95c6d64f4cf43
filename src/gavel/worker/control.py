"""The hints of the `control` topic. Losing one costs CPU time and nothing else: the log decides."""

from collections.abc import Callable

from google.protobuf.message import DecodeError

from gavel.bus import topics
from gavel.bus.consumer import BEGINNING, DeadLetters, Reader, ReaderThread, Record
from gavel.submission.v1 import submission_record_pb2
from gavel.telemetry import metrics
from gavel.worker.core import Key
from gavel.worker.desk import Desk


class Control:
    """Follows `control` from its beginning, a day ago, so that what was cancelled while it waits never
    runs.
    """

    def __init__(
        self,
        bootstrap: str,
        desk: Desk,
        dead_letters: DeadLetters,
        *,
        is_meant: Callable[[submission_record_pb2.DrainWorker], bool],
        drain: Callable[[], object],
    ) -> None:
        """`is_meant` tells whether a drain is for this process, `drain` begins it."""
        self._desk = desk
        self._is_meant = is_meant
        self._drain = drain
        self._dead_letters = dead_letters
        self._thread = ReaderThread(
            "control", lambda: Reader(bootstrap, topics.CONTROL, BEGINNING), self._take
        )

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def close(self) -> None:
        """Ends it."""
        self._thread.close()

    def _take(self, batch: list[Record]) -> None:
        for record in batch:
            try:
                message = submission_record_pb2.ControlRecord.FromString(record.value or b"")
            except DecodeError:
                metrics.WORKER_DEAD_LETTERS.labels(record.topic).inc()
                self._dead_letters.put_hint(record, "no ControlRecord")
                continue
            match message.WhichOneof("control"):
                case "cancel":
                    self._desk.cancel(Key(message.cancel.submission_id, message.cancel.judgement))
                case "drain" if self._is_meant(message.drain):
                    self._drain()
