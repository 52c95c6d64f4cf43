"""Reads of judgements: from the rows, waiting for the writers where what is asked for may not be
stored yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from gavel.db.pool import AsyncPool, async_session
from gavel.projection import reads
from gavel.projection.ends import LogEnds
from gavel.projection.facts import Facts
from gavel.projection.positions import LogPosition
from gavel.projection.presence import StoredPositions, read_stored
from gavel.projection.shown import to_judgement
from gavel.rpc.names import judgement_name
from gavel.submission.v1 import submission_pb2

_WAIT_MOST_S: Final = 2.0
_MARGIN_S: Final = 0.5
_Found = TypeVar("_Found")


class Reading:
    """Belongs to the event loop."""

    def __init__(self, pool: AsyncPool, stored: StoredPositions, ends: LogEnds, facts: Facts) -> None:
        self._pool = pool
        self._stored = stored
        self._ends = ends
        self._facts = facts

    async def judgement(
        self, tenant: str, submission_id: UUID, judgement: int, left_s: float
    ) -> submission_pb2.Judgement:
        """A judgement with its tests (0: the current one), QUEUED while nothing has been heard of the first.

        GavelError SUBMISSION_NOT_FOUND, NOT_YET_STORED, FOREIGN_TENANT, DATABASE_UNAVAILABLE, OBJECT_DAMAGED.
        """

        async def read() -> submission_pb2.Judgement | None:
            async with async_session(self._pool) as connection:
                state = await reads.get_judgement(connection, tenant, submission_id, judgement)
                if state is None and judgement <= 1:
                    return await _queued(connection, tenant, submission_id)
            return None if state is None else await self._facts.judgement(state)

        return await self._read(read, submission_id, left_s)

    async def page(
        self, tenant: str, submission_id: UUID, after: int, size: int, left_s: float
    ) -> list[submission_pb2.Judgement]:
        """Up to `size` judgements with numbers above `after`, without tests. Errors as judgement()."""

        async def read() -> list[submission_pb2.Judgement] | None:
            async with async_session(self._pool) as connection:
                states = await reads.list_judgements(connection, tenant, submission_id, after, size)
                if states or after:
                    return [to_judgement(state) for state in states]
                queued = await _queued(connection, tenant, submission_id)
            return None if queued is None else [queued]

        return await self._read(read, submission_id, left_s)

    async def _read(
        self, read: Callable[[], Awaitable[_Found | None]], submission_id: UUID, left_s: float
    ) -> _Found:
        async def ends() -> Sequence[LogPosition]:
            return await asyncio.to_thread(self._ends.of, submission_id)

        timeout_s = max(0.0, min(_WAIT_MOST_S, left_s - _MARGIN_S))
        return await read_stored(read, self._stored, ends, timeout_s, submission_id)


async def _queued(
    connection: reads.Connection, tenant: str, submission_id: UUID
) -> submission_pb2.Judgement | None:
    """The first judgement of a submission that nothing was heard of; None where that is not stored either."""
    if await reads.get_submission(connection, tenant, submission_id) is None:
        return None
    return submission_pb2.Judgement(name=judgement_name(submission_id, 1), state=submission_pb2.STATE_QUEUED)
