"""Whether something that is not in the tables was never accepted, or is only not stored yet.

With a read token a read waits for the token's record; without one, for the end offsets that the log has at
the call. Only when the writers have passed those is what is still missing NOT_FOUND; before, it is
UNAVAILABLE.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from gavel.db.pool import AsyncPool, async_session
from gavel.projection import reads
from gavel.projection.positions import LogPosition
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2

POLL_S: Final = 0.01
"""Between two looks at the positions while somebody waits: a writer's batch takes 20 ms."""
WAITING_MOST: Final = 10_000

_Row = TypeVar("_Row")


class StoredPositions:
    """Waits until the writers have stored partitions up to somewhere; all who wait share one poll."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._waiting: dict[asyncio.Future[None], Sequence[LogPosition]] = {}
        self._poll: asyncio.Task[None] | None = None

    async def wait(self, wanted: Sequence[LogPosition], timeout_s: float) -> bool:
        """True once everything below each `next_offset` is stored, False when that takes longer.

        GavelError DATABASE_UNAVAILABLE; OVERLOADED when 10,000 wait already.
        """
        if len(self._waiting) >= WAITING_MOST:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_OVERLOADED,
                f"{WAITING_MOST} calls wait for something to be stored",
                limit=str(WAITING_MOST),
                what="calls that wait for something to be stored",
            )
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = wanted
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._serve(), name="stored-positions")
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(future, None)
        return True

    async def _serve(self) -> None:
        while self._waiting:
            topic_ids = {each.topic_id for wanted in self._waiting.values() for each in wanted}
            try:
                async with async_session(self._pool) as connection:
                    stored = await reads.positions(connection, topic_ids)
            except Exception as error:
                for future in self._waiting:
                    if not future.done():
                        future.set_exception(error)
                return
            for future, wanted in self._waiting.items():
                if not future.done() and _passed(stored, wanted):
                    future.set_result(None)
            await asyncio.sleep(POLL_S)


async def read_stored(
    read: Callable[[], Awaitable[_Row | None]],
    stored: StoredPositions,
    wanted: Callable[[], Awaitable[Sequence[LogPosition]]],
    timeout_s: float,
    submission_id: UUID,
) -> _Row:
    """What `read` finds; waits up to `timeout_s` for the writers where it finds nothing.

    `wanted` names what must be stored before "nothing" is an answer: the record of a read token, else the
    ends of the log (`ends`); it is asked only then. NOT_FOUND, or UNAVAILABLE while that is not stored.
    """
    row = await read()
    if row is not None:
        return row
    passed = await stored.wait(await wanted(), timeout_s)
    row = await read()
    if row is not None:
        return row
    raise not_found(submission_id) if passed else not_yet_stored(submission_id)


def not_found(submission_id: UUID) -> GavelError:
    """NOT_FOUND: the log holds no such submission."""
    name = f"submissions/{submission_id}"
    return GavelError(
        error_reason_pb2.ERROR_REASON_SUBMISSION_NOT_FOUND, f"there is no {name}", submission=name
    )


def not_yet_stored(submission_id: UUID) -> GavelError:
    """UNAVAILABLE: the writers have not come far enough to tell."""
    name = f"submissions/{submission_id}"
    return GavelError(
        error_reason_pb2.ERROR_REASON_NOT_YET_STORED, f"{name} may not be stored yet", submission=name
    )


def _passed(stored: Mapping[tuple[str, int], int], wanted: Sequence[LogPosition]) -> bool:
    return all(stored.get((each.topic_id, each.partition), 0) >= each.next_offset for each in wanted)
