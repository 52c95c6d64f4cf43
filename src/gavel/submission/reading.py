"""Reads of submissions: rows and, where a row may still be on its way, the wait for it."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from gavel.db.pool import AsyncPool, async_session
from gavel.projection import reads
from gavel.projection.ends import LogEnds
from gavel.projection.facts import Facts, without_tests
from gavel.projection.positions import LogPosition
from gavel.projection.presence import StoredPositions, not_yet_stored, read_stored
from gavel.projection.rows import StoredSubmission
from gavel.projection.state import JudgementState
from gavel.rpc.admission import Gate
from gavel.rpc.context import time_left_s
from gavel.rpc.errors import GavelError
from gavel.rpc.positions import ReadToken
from gavel.storage.objects import Objects
from gavel.submission.acknowledgement import MARGIN_S
from gavel.submission.v1 import error_reason_pb2, submission_pb2, submission_record_pb2

ANSWER_TIMEOUT_S = 2.5
"""Most that one question to the database may take, the wait for a connection included."""
QUESTIONS_MOST = 64
"""How many reads may ask the broker at one time how far the log reaches."""

Found = tuple[StoredSubmission, JudgementState | None]
"""A row and its current judgement; None while nothing has been heard of that: it is queued."""


class Reading:
    """Reads rows of the projection; belongs to one event loop."""

    def __init__(self, pool: AsyncPool, stored: StoredPositions, ends: LogEnds, objects: Objects) -> None:
        self._pool = pool
        self._stored = stored
        self._ends = ends
        self._objects = objects
        self._facts = Facts(objects)
        self._questions = Gate("reads that ask the broker", QUESTIONS_MOST)

    async def find(self, tenant: str, submission_id: UUID, most_s: float = ANSWER_TIMEOUT_S) -> Found | None:
        """The row as it is now, within `most_s` seconds. GavelError FOREIGN_TENANT, DATABASE_UNAVAILABLE."""
        async with async_session(self._pool, min(most_s, _within_s())) as connection:
            row = await reads.get_submission(connection, tenant, submission_id)
            if row is None:
                return None
            return row, await reads.get_judgement(connection, tenant, submission_id)

    async def judgement(self, tenant: str, submission_id: UUID, judgement: int) -> JudgementState | None:
        """One judgement, None while it is queued or where there is none. Errors as find()."""
        async with async_session(self._pool, _within_s()) as connection:
            return await reads.get_judgement(connection, tenant, submission_id, judgement)

    async def page(
        self, tenant: str, narrowed: reads.SubmissionFilter, before: UUID, size: int
    ) -> list[Found]:
        """Up to `size` rows with ids below `before`, newest first. GavelError DATABASE_UNAVAILABLE."""
        async with async_session(self._pool, _within_s()) as connection:
            return await reads.list_submissions(connection, tenant, narrowed, before, size)

    async def get(self, tenant: str, submission_id: UUID, token: ReadToken | None, timeout_s: float) -> Found:
        """The row, waiting for it up to `timeout_s` where it may have been accepted already.

        With a read token that is until the writers have passed its record. Without one, and without a row,
        it is until they have passed what the log holds now: only then it is known that there is none.
        Raises GavelError SUBMISSION_NOT_FOUND, NOT_YET_STORED, and as find().
        """

        async def wanted() -> Sequence[LogPosition]:
            if token is None:
                with self._questions.hold():
                    return await asyncio.to_thread(self._ends.of, submission_id)
            at = token.position
            return [LogPosition(at.topic_id, at.partition, at.offset + 1)]

        return await read_stored(
            lambda: self.find(tenant, submission_id), self._stored, wanted, timeout_s, submission_id
        )

    async def sources(self, row: StoredSubmission) -> list[submission_pb2.SourceFile]:
        """The sources of a row. GavelError OBJECT_DAMAGED, STORAGE_UNAVAILABLE."""
        place = row.source
        content = await self._objects.get_range_async(place.key, place.offset_bytes, place.length_bytes)
        return list(submission_record_pb2.SourceFiles.FromString(content).files)

    async def output(
        self, tenant: str, submission_id: UUID, judgement: int | None, test_number: int
    ) -> submission_pb2.OutputObject:
        """What the result of a test links to, of a judgement or of the current one.

        GavelError FILE_NOT_FOUND where there is no such judgement, test or link, NOT_YET_STORED before the
        judgement's end is stored, OBJECT_DAMAGED, STORAGE_UNAVAILABLE, and as get().
        """
        _, state = await self.get(tenant, submission_id, None, ANSWER_TIMEOUT_S)
        if judgement is not None and state is not None and judgement != state.judgement:
            state = await self.judgement(tenant, submission_id, judgement)
        elif state is None or state.end is None:
            raise not_yet_stored(submission_id)
        tests = [] if state is None else (await self._facts.whole(state)).tests
        for test in tests:
            if test.number == test_number and test.HasField("output"):
                return test.output
        raise GavelError(
            error_reason_pb2.ERROR_REASON_FILE_NOT_FOUND,
            f"the result of test {test_number} links to no output",
        )

    async def shown(self, state: JudgementState) -> submission_pb2.Judgement:
        """The judgement with its tests, as far as they fit into a message.

        Without them where their facts cannot be read: the verdict stands, and GetResult says what is wrong.
        """
        try:
            return await self._facts.judgement(state)
        except GavelError:
            return without_tests(state)


def _within_s() -> float:
    """How long the database may take: less than the call has left, so that the caller hears our error."""
    left_s = time_left_s()
    return ANSWER_TIMEOUT_S if left_s is None else max(0.0, min(ANSWER_TIMEOUT_S, left_s - MARGIN_S))
