"""Cancelling: one event in the log, which decides by its place whether it came before the verdict."""

import asyncio
import time
from uuid import UUID

from gavel.bus import topics
from gavel.bus.producer import Producer
from gavel.projection.rows import StoredSubmission
from gavel.projection.state import JudgementState
from gavel.rpc import names
from gavel.rpc.admission import Gate
from gavel.rpc.errors import GavelError, invalid
from gavel.rpc.positions import ReadToken
from gavel.submission.acknowledgement import acknowledged, deadline_of
from gavel.submission.core import FIRST_JUDGEMENT, cancel_event
from gavel.submission.log_records import SubmissionLog
from gavel.submission.reading import Reading
from gavel.submission.v1 import error_reason_pb2, submission_pb2, submission_record_pb2
from gavel.telemetry import log, traces

ROW_TIMEOUT_S = 1.0
"""How long the row may take where a read token can stand in for it."""
RECORD_READS = 8
"""How many records of the log are read at one time, each by a consumer of its own."""


class Cancellation:
    """Cancels judgements; belongs to one event loop."""

    def __init__(
        self, bootstrap: str, producer: Producer, reading: Reading, submission_log: SubmissionLog
    ) -> None:
        self._bootstrap = bootstrap
        self._producer = producer
        self._reading = reading
        self._submission_log = submission_log
        self._record_reads = Gate("records read at one time", RECORD_READS)
        self._partitions = 0
        self._log = log.logger("gavel.submission.cancellation")

    async def cancel(
        self, tenant: str, submission_id: UUID, judgement: int, token: ReadToken | None, timeout_s: float
    ) -> None:
        """Puts the wish to end a judgement (0: the current one) into the log; returns when it is there.

        Raises GavelError: SUBMISSION_NOT_FOUND, FOREIGN_TENANT, ALREADY_ENDED, NOT_YET_STORED,
        DATABASE_UNAVAILABLE, BROKER_UNAVAILABLE, INVALID_FIELD (a read token of another submission).
        """
        deadline = deadline_of(timeout_s)
        number = await self._authorised(tenant, submission_id, judgement, token, timeout_s)
        partitions = await self._events_partitions()
        key = str(submission_id)
        event = cancel_event(tenant, submission_id, number, time.time_ns() // 1_000_000)
        await acknowledged(
            deadline,
            self._producer.send(
                topics.EVENTS,
                key,
                event.SerializeToString(),
                partition=topics.partition_for(submission_id, partitions),
                headers=traces.inject(),
            ),
        )
        hint = submission_record_pb2.CancelJudgement(submission_id=key, judgement=number)
        record = submission_record_pb2.ControlRecord(cancel=hint)
        try:
            self._producer.send_soon(topics.CONTROL, key, record.SerializeToString(), partition=0)
        except GavelError as error:  # only saves the worker's time
            self._log.warning("hint_not_sent", submission_id=key, error=str(error))
        self._log.info("cancelled", submission_id=key, tenant=tenant, judgement=number)

    async def _authorised(
        self, tenant: str, submission_id: UUID, judgement: int, token: ReadToken | None, timeout_s: float
    ) -> int:
        """The number of the judgement, once the row or the record that the token names says whose it is."""
        if token is None:
            row, current = await self._reading.get(tenant, submission_id, None, timeout_s / 2)
            return await self._open(tenant, row, current, judgement)
        try:
            found = await self._reading.find(tenant, submission_id, ROW_TIMEOUT_S)
        except GavelError as error:
            if error.reason != error_reason_pb2.ERROR_REASON_DATABASE_UNAVAILABLE:
                raise
            found = None
        if found is not None:
            return await self._open(tenant, *found, judgement)
        with self._record_reads.hold():
            record = await asyncio.to_thread(self._submission_log.record, token)
        check_record(record, tenant, submission_id)
        if judgement not in (0, FIRST_JUDGEMENT):
            raise not_found(submission_id, judgement)
        return FIRST_JUDGEMENT

    async def _open(
        self, tenant: str, row: StoredSubmission, current: JudgementState | None, judgement: int
    ) -> int:
        """The number of the judgement asked for, when it has not ended as far as the rows know."""
        current_number = FIRST_JUDGEMENT if current is None else current.judgement
        number = judgement or current_number
        state = current
        if number != current_number:
            state = await self._reading.judgement(tenant, row.submission_id, number)
            if state is None and number != FIRST_JUDGEMENT:
                raise not_found(row.submission_id, number)
        if state is not None and state.end is not None:
            name = submission_pb2.State.Name(state.state).removeprefix("STATE_")
            raise GavelError(
                error_reason_pb2.ERROR_REASON_ALREADY_ENDED,
                f"the judgement has ended already: {name}",
                submission=names.submission_name(row.submission_id),
                judgement=str(number),
                state=name,
            )
        return number

    async def _events_partitions(self) -> int:
        """How many partitions `events` has: fixed when it was made, so it is asked once."""
        if self._partitions == 0:
            self._partitions = await asyncio.to_thread(
                topics.partition_count, self._bootstrap, topics.EVENTS, timeout_s=3.0
            )
        if self._partitions == 0:
            raise topics.unavailable(LookupError("there is no topic events"))
        return self._partitions


def check_record(
    record: submission_record_pb2.SubmissionRecord | None, tenant: str, submission_id: UUID
) -> None:
    """Raises GavelError unless the record, found by a read token, is this submission of this tenant."""
    if record is None or record.submission_id != str(submission_id):
        raise invalid("read_token", "is not the token of this submission")
    if record.tenant != tenant:
        raise GavelError(
            error_reason_pb2.ERROR_REASON_FOREIGN_TENANT, "this submission belongs to another tenant"
        )


def not_found(submission_id: UUID, judgement: int) -> GavelError:
    """NOT_FOUND for a judgement that nobody asked for yet."""
    return GavelError(
        error_reason_pb2.ERROR_REASON_SUBMISSION_NOT_FOUND,
        f"the submission has no judgement {judgement}",
        submission=names.submission_name(submission_id),
        judgement=str(judgement),
    )
