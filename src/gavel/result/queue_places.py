"""The place of a queued submission: how many of its partition its language's workers have not
committed before it.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from gavel.bus.commits import GroupCommits, Where
from gavel.result.hub import Hub
from gavel.telemetry.log import logger

INTERVAL_S: Final = 2.0
_TIMEOUT_S: Final = 2.0
_log: Final = logger(__name__)


class QueuePlaces:
    """Looks every 2 s, and only while somebody waits in a queue; belongs to the event loop."""

    def __init__(self, commits: GroupCommits, hub: Hub) -> None:
        self._commits = commits
        self._hub = hub
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._run(), name="queue-places")

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            waiting = [stream for stream in self._hub.queued() if stream.record is not None]
            wanted = {stream.record[:2] for stream in waiting if stream.record is not None}
            if not wanted:
                continue
            try:
                committed = await asyncio.to_thread(self._committed, wanted)
            except Exception as error:
                _log.warning("places in the queues are unknown", error=str(error))
                continue
            now_s = time.monotonic()
            for stream in waiting:
                topic, partition, offset = stream.record or ("", 0, 0)
                before = committed.get((topic, partition))
                ahead = None if before is None else max(0, offset - before)
                if ahead is not None and ahead != stream.ahead and now_s - stream.sent_at >= INTERVAL_S:
                    stream.ahead = ahead
                    stream.wake()

    def _committed(self, wanted: Iterable[Where]) -> dict[Where, int]:
        """The workers' committed offset of each partition; 0 where they never committed."""
        groups: dict[str, list[Where]] = {}
        for where in wanted:
            groups.setdefault(where[0].replace("submissions.", "workers.", 1), []).append(where)
        return {
            where: max(0, commit.offset)
            for group, partitions in groups.items()
            for where, commit in self._commits.read(group, partitions, timeout_s=_TIMEOUT_S).items()
        }
