"""Keeps the day partitions of the projection ahead of the writers.

An id outside all partitions cannot be stored, so the days to come are made long before: a look each hour,
days ahead, leaves a week for somebody to notice that the looks fail. Any number of replicas may do it; the
projection's own lock keeps them apart.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

from gavel.cleanup.core import delay_s
from gavel.db.pool import Pool, session
from gavel.projection import partitions
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import PARTITION_CHECK_TIME

_WITHIN_S: Final = 60.0
"""Making a partition may wait for a long transaction on its parent."""
_log: Final = logger(__name__)


class PartitionKeeper:
    """Looks at once, then at each interval; after a failure sooner."""

    def __init__(self, pool: Pool, *, interval_s: float) -> None:
        self._pool = pool
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Ends; a look that is going on is finished first by its thread."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                made = await asyncio.to_thread(self._look)
            except Exception as error:
                failures += 1
                _log.warning("day partitions not made", failures=failures, error=str(error))
            else:
                failures = 0
                PARTITION_CHECK_TIME.set(time.time())
                if made:
                    _log.info("day partitions made", partitions=made)
            await asyncio.sleep(delay_s(failures, self._interval_s))

    def _look(self) -> list[str]:
        with session(self._pool, _WITHIN_S) as connection:
            return partitions.ensure(connection, datetime.now(UTC).date())
