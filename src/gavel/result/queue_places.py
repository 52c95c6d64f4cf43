"""The place of a queued submission: how many of its partition its language's workers have not
committed before it.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from gavel.bus import topics
from gavel.result.hub import Hub
from gavel.telemetry.log import logger

INTERVAL_S: Final = 2.0
_TIMEOUT_S: Final = 2.0
_log: Final = logger(__name__)

Where = tuple[str, int]
"""Topic and partition."""


class QueuePlaces:
    """Looks every 2 s, and only while somebody waits in a queue; belongs to the event loop."""

    def __init__(self, bootstrap: str, hub: Hub) -> None:
        settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "error_cb": topics.report_error,
            "log_level": 0,
        }
        self._admin = AdminClient(settings)
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
        groups: dict[str, list[TopicPartition]] = {}
        for topic, partition in wanted:
            group = topic.replace("submissions.", "workers.", 1)
            groups.setdefault(group, []).append(TopicPartition(topic, partition))
        found: dict[Where, int] = {}
        for group, partitions in groups.items():
            asked = ConsumerGroupTopicPartitions(group, partitions)
            answers = self._admin.list_consumer_group_offsets([asked], request_timeout=_TIMEOUT_S)
            try:
                listed = answers[group].result(_TIMEOUT_S).topic_partitions
            except KafkaException as error:
                if error.args[0].name() != "GROUP_ID_NOT_FOUND":
                    raise
                listed = []
            found |= dict.fromkeys(((each.topic, each.partition) for each in partitions), 0)
            found |= {(each.topic, each.partition): max(0, each.offset) for each in listed}
        return found
