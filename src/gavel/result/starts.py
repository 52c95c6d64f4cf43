"""Where a replica begins to read `events`: far enough back for what the writers have not stored, no
further.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from gavel.bus import topics
from gavel.bus.commits import GroupCommits
from gavel.result.writer import GROUP

RECENT_S: Final = 60
"""The window reaches back so far at least: watches of what was accepted since need no database."""
_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Offsets:
    """What the broker knows of a partition."""

    first: int
    end: int
    recent: int
    """Of the first event of the last minute; `end` without one."""
    aged: int
    """Of the first event that is younger than the window's greatest age; `end` without one."""
    committed: int
    """By the writers; -1 when they never did."""


def start_of(offsets: Offsets) -> int:
    """The offset to begin at: every event of the last minute lies at or behind it.

    Without a commit it is the log's start, never its end: nothing may be stored yet.
    """
    wanted = offsets.first
    if offsets.committed >= 0:
        wanted = max(min(offsets.recent, offsets.committed), min(offsets.aged, offsets.recent))
    return max(offsets.first, min(wanted, offsets.end))


@dataclass(frozen=True, slots=True)
class Log:
    """The topic as it stands."""

    topic_id: str
    recent_since_ms: int
    """The time of `Offsets.recent`."""
    partitions: Sequence[Offsets]


class Starts:
    """Asks the broker; for threads."""

    def __init__(self, bootstrap: str, commits: GroupCommits, age_most_s: float) -> None:
        settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "error_cb": topics.report_error,
            "log_level": 0,
        }
        self._admin = AdminClient(settings)
        self._bootstrap = bootstrap
        self._commits = commits
        self._age_most_s = age_most_s

    def read(self) -> Log:
        """GavelError BROKER_UNAVAILABLE; LookupError when there is no topic."""
        topic_id = topics.topic_id(self._bootstrap, topics.EVENTS, timeout_s=_TIMEOUT_S)
        count = topics.partition_count(self._bootstrap, topics.EVENTS, timeout_s=_TIMEOUT_S)
        now_ms = time.time_ns() // 1_000_000
        recent_ms, aged_ms = now_ms - RECENT_S * 1000, now_ms - int(self._age_most_s * 1000)
        try:
            first = self._list(count, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
            recent = self._list(count, OffsetSpec.for_timestamp(recent_ms))
            aged = self._list(count, OffsetSpec.for_timestamp(aged_ms))
            end = self._list(count, OffsetSpec.latest())  # type: ignore[no-untyped-call]
            committed = self._committed(count)
        except (KafkaException, TimeoutError) as error:
            raise topics.unavailable(error) from error
        offsets = [
            Offsets(
                first[each],
                end[each],
                end[each] if recent[each] < 0 else recent[each],
                end[each] if aged[each] < 0 else aged[each],
                committed.get(each, -1),
            )
            for each in range(count)
        ]
        return Log(topic_id, recent_ms, offsets)

    def _list(self, count: int, spec: OffsetSpec) -> list[int]:
        asked = {TopicPartition(topics.EVENTS, partition): spec for partition in range(count)}
        answers = self._admin.list_offsets(asked, request_timeout=_TIMEOUT_S)
        found = {where.partition: answer.result(_TIMEOUT_S).offset for where, answer in answers.items()}
        return [found[partition] for partition in range(count)]

    def _committed(self, count: int) -> dict[int, int]:
        asked = [(topics.EVENTS, partition) for partition in range(count)]
        commits = self._commits.read(GROUP, asked, timeout_s=_TIMEOUT_S)
        return {where[1]: commit.offset for where, commit in commits.items()}
