"""What becomes of a record that cannot be handled: its judgement ends FAILED, and it goes to the dead
letters.

In that order, each acknowledged before the next: a crash between repeats both, and an ending more changes
nothing.
"""

import threading
from typing import Final

from gavel.bus import topics
from gavel.bus.consumer import DeadLetters, Record
from gavel.bus.producer import Outcome, Producer
from gavel.db.pool import Pool, session
from gavel.projection import writes
from gavel.result.batch import Identity, read_identity
from gavel.rpc.errors import GavelError
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import WRITER_DEAD_LETTERS
from gavel.worker.v1.judgement_event_pb2 import Failed, JudgementEvent

_ACKNOWLEDGED_S: Final = 10.0
_log: Final = logger(__name__)


class Burial:
    """Buries records; called on a writer's thread, and waits for the broker."""

    def __init__(self, bootstrap: str, producer: Producer, pool: Pool) -> None:
        self._bootstrap = bootstrap
        self._producer = producer
        self._dead_letters = DeadLetters(producer)
        self._pool = pool

    def bury(self, record: Record, error: Exception) -> None:
        """Returns when both are acknowledged. GavelError BROKER_UNAVAILABLE, DATABASE_UNAVAILABLE:
        try again.
        """
        reason = f"{type(error).__name__}: {error}"
        identity = self._identity(record)
        # The ending that a burial itself produced, should it be what cannot be stored, is not answered by
        # another.
        if identity is not None and not _is_failed_event(record):
            self._end(identity, record)
        waiting = _Acknowledgement()
        self._dead_letters.put(record, reason, waiting.settle)
        waiting.wait()
        WRITER_DEAD_LETTERS.inc()
        _log.error(
            "record buried",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            submission_id=None if identity is None else str(identity.submission_id),
            reason=reason,
        )

    def _identity(self, record: Record) -> Identity | None:
        key = record.key if record.topic == topics.EVENTS else None
        identity = read_identity(record.value or b"", key)
        if identity is None or identity.tenant:
            return identity
        with session(self._pool) as connection:
            tenant = writes.read_tenant(connection, identity.submission_id)
        return None if tenant is None else Identity(identity.submission_id, tenant, identity.judgement)

    def _end(self, identity: Identity, record: Record) -> None:
        event = JudgementEvent(
            submission_id=str(identity.submission_id),
            tenant=identity.tenant,
            judgement=identity.judgement,
            failed=Failed(message=f"a record of it could not be handled: {record.topic}"),
        )
        event.event_time.GetCurrentTime()
        count = topics.partition_count(self._bootstrap, topics.EVENTS)
        if count == 0:
            raise topics.unavailable(LookupError("no topic events"))
        waiting = _Acknowledgement()
        self._producer.send_soon(
            topics.EVENTS,
            event.submission_id,
            event.SerializeToString(),
            partition=topics.partition_for(identity.submission_id, count),
            headers=[header for header in record.headers if header[0] in ("traceparent", "tracestate")],
            on_delivery=waiting.settle,
        )
        waiting.wait()


class _Acknowledgement:
    """Waits on one thread for what the producer's thread tells."""

    def __init__(self) -> None:
        self._settled = threading.Event()
        self._outcome: Outcome | None = None

    def settle(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._settled.set()

    def wait(self) -> None:
        if not self._settled.wait(_ACKNOWLEDGED_S):
            raise topics.unavailable(TimeoutError("no acknowledgement"))
        if isinstance(self._outcome, GavelError):
            raise self._outcome


def _is_failed_event(record: Record) -> bool:
    if record.topic != topics.EVENTS:
        return False
    try:
        return JudgementEvent.FromString(record.value or b"").HasField("failed")
    except Exception:
        return False
