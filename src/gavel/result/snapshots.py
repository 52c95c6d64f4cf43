"""Snapshots of watched judgements: at most as many at once as there are connections, and none while the
database is known to be away.
"""

import asyncio
import time
from typing import Final
from uuid import UUID

from gavel.db.pool import AsyncPool, async_session
from gavel.projection import reads
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2

_WITHIN_S: Final = 2.0
_AWAY_S: Final = 1.0
"""After a failure the database is taken to be away for so long: thousands of watches do not wait for
it in turn.
"""


class Snapshots:
    """Belongs to the event loop."""

    def __init__(self, pool: AsyncPool, at_once: int) -> None:
        self._pool = pool
        self._free = asyncio.Semaphore(at_once)
        self._away_until = 0.0
        self._topic_ids: dict[int, str] = {}
        self._generations: dict[str, int] = {}

    async def take(
        self, submission_id: UUID, judgement: int, topic_id: str, partition: int
    ) -> reads.Snapshot:
        """As reads.snapshot(). GavelError DATABASE_UNAVAILABLE."""
        async with self._free:
            if time.monotonic() < self._away_until:
                raise GavelError(
                    error_reason_pb2.ERROR_REASON_DATABASE_UNAVAILABLE, "the database does not answer"
                )
            try:
                async with async_session(self._pool, _WITHIN_S) as connection:
                    taken = await reads.snapshot(connection, submission_id, judgement, topic_id, partition)
                    if taken.generation:
                        await self._learn(connection, topic_id)
            except GavelError:
                self._away_until = time.monotonic() + _AWAY_S
                raise
        return taken

    def topic_id(self, generation: int) -> str:
        """The id of `events` in an earlier generation; empty where that is not known."""
        return self._topic_ids.get(generation, "")

    def generation(self, topic_id: str) -> int | None:
        """The generation of an id of `events`; None where that is not known."""
        return self._generations.get(topic_id)

    async def _learn(self, connection: reads.Connection, topic_id: str) -> None:
        """The topic was made anew some time: places in its earlier generations need their ids."""
        if topic_id in self._generations:
            return
        known = await reads.topics_by_id(connection)
        topic, _ = known.get(topic_id, ("", 0))
        self._generations = {each: number for each, (name, number) in known.items() if name == topic}
        self._topic_ids = {number: each for each, number in self._generations.items()}
