"""How long the queues are: what each language's consumer group has not finished, asked of the broker alone.

A queue's length is its end offsets less the group's commits, less what their metadata says is finished above
them; its age is the time of the oldest record that is open. Runs and slots come from the workers' heartbeats.
"""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from gavel.bus import offsets, topics
from gavel.bus.commits import GroupCommits
from gavel.submission import core
from gavel.submission.v1 import submission_pb2, submission_service_pb2
from gavel.worker.v1 import worker_pb2

ANSWER_TIMEOUT_S = 3.0
"""Most that one question to the broker may take."""
OLDEST_TIMEOUT_S = 1.0
"""Most that one measurement waits for the oldest records; what has not come is told by the next one."""

LANES = (submission_pb2.LANE_INTERACTIVE, submission_pb2.LANE_BATCH)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits or runs in one queue."""

    waiting_count: int
    oldest_ms: int | None
    """Time since 1970 at which the oldest of them was accepted; None when none waits or it is not known
    yet.
    """


@dataclass(frozen=True, slots=True)
class PartitionBacklog:
    """One partition as the broker tells of it."""

    first_open: int
    """Offset of the oldest record that is not finished."""
    end: int
    finished_above: int
    """How many records behind `first_open` are finished already."""

    @property
    def waiting_count(self) -> int:
        return max(0, self.end - self.first_open - self.finished_above)


def backlog_of(partitions: Iterable[tuple[PartitionBacklog, int | None]]) -> Backlog:
    """Sums up partitions, each with the time of its oldest open record where that is known."""
    waiting_count = 0
    oldest_ms: int | None = None
    for partition, first_open_ms in partitions:
        waiting_count += partition.waiting_count
        if first_open_ms is not None and (oldest_ms is None or first_open_ms < oldest_ms):
            oldest_ms = first_open_ms
    return Backlog(waiting_count, oldest_ms if waiting_count else None)


def queues_of(
    backlogs: Mapping[tuple[str, submission_pb2.Lane], Backlog],
    workers: Sequence[worker_pb2.Worker],
    languages: frozenset[str],
    now_ms: int,
) -> list[submission_service_pb2.Queue]:
    """The answer for some languages (none: all), by language and lane."""
    queues = []
    for (language, lane), backlog in sorted(backlogs.items()):
        if languages and language not in languages:
            continue
        running, slots = core.running_and_slots(language, workers)
        queues.append(
            submission_service_pb2.Queue(
                language=language,
                lane=lane,
                waiting_count=backlog.waiting_count,
                oldest_age_ms=0 if backlog.oldest_ms is None else max(0, now_ms - backlog.oldest_ms),
                running_count=running,
                slot_count=slots,
            )
        )
    return queues


def partition_backlog(commit: offsets.Commit, beginning: int, end: int) -> PartitionBacklog:
    """What a group's commit leaves open of [beginning, end)."""
    first_open = max(commit.offset, beginning)
    above = sum(
        max(0, min(last, end) - max(first, first_open)) for first, last in offsets.decode(commit).finished
    )
    return PartitionBacklog(first_open, end, above)


def group_of(language: str, lane: submission_pb2.Lane) -> str:
    """The consumer group that serves a queue."""
    return f"workers.{language}.batch" if lane == submission_pb2.LANE_BATCH else f"workers.{language}"


Backlogs = Mapping[tuple[str, submission_pb2.Lane], Backlog]


class QueueMeter:
    """Measures queues from the broker; blocks. Threads wait for each other."""

    def __init__(self, bootstrap: str, languages: Iterable[str]) -> None:
        self._bootstrap = bootstrap
        self._languages = tuple(languages)
        self._times = OldestTimes(bootstrap)
        self._group_commits = GroupCommits(bootstrap)
        self._lock = threading.Lock()
        settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "error_cb": topics.report_error,
            "log_level": 0,
        }
        self._admin = AdminClient(settings)

    def measure(self) -> Backlogs:
        """Every queue that has a topic. GavelError BROKER_UNAVAILABLE."""
        with self._lock:
            return self._measure()

    def close(self) -> None:
        """Ends its consumers."""
        with self._lock:
            self._times.close()
            self._group_commits.close()

    def _measure(self) -> Backlogs:
        queues = {
            topics.submissions_topic(language, lane): (language, lane)
            for language in self._languages
            for lane in LANES
        }
        ends = topics.end_offsets(self._bootstrap, queues, timeout_s=ANSWER_TIMEOUT_S)
        by_topic: dict[str, dict[int, int]] = {}
        for (topic, partition), end in ends.items():
            by_topic.setdefault(topic, {})[partition] = end
        commits = {
            topic: self._commits(group_of(*queues[topic]), topic, partitions)
            for topic, partitions in by_topic.items()
        }
        beginnings = self._beginnings(
            TopicPartition(topic, partition)
            for topic, partitions in commits.items()
            for partition, commit in partitions.items()
            if commit.offset < 0 < ends[topic, partition]
        )
        open_partitions = {
            (topic, partition): partition_backlog(
                commits[topic][partition], beginnings.get((topic, partition), 0), end
            )
            for topic, partitions in by_topic.items()
            for partition, end in partitions.items()
        }
        waiting = {where: each.first_open for where, each in open_partitions.items() if each.waiting_count}
        times = self._times.of(waiting)
        return {
            queues[topic]: backlog_of(
                (open_partitions[topic, partition], times.get((topic, partition))) for partition in partitions
            )
            for topic, partitions in by_topic.items()
        }

    def _commits(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, offsets.Commit]:
        asked = [(topic, partition) for partition in partitions]
        found = self._group_commits.read(group, asked, timeout_s=ANSWER_TIMEOUT_S)
        return {partition: commit for (_, partition), commit in found.items()}

    def _beginnings(self, partitions: Iterable[TopicPartition]) -> dict[tuple[str, int], int]:
        """First offsets that the broker still has, for partitions of which nothing was committed yet."""
        asked = {where: OffsetSpec.earliest() for where in partitions}  # type: ignore[no-untyped-call]
        if not asked:
            return {}
        answers = self._admin.list_offsets(asked, request_timeout=ANSWER_TIMEOUT_S)
        try:
            return {
                (where.topic, where.partition): answer.result(ANSWER_TIMEOUT_S + 1).offset
                for where, answer in answers.items()
            }
        except (KafkaException, FutureTimeoutError) as error:
            raise topics.unavailable(error) from error


class OldestTimes:
    """When records were accepted: reads single records by their offset and remembers what it read."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "gavel-queues",  # the library wants a name; the broker never hears of it
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "queued.min.messages": 1,
                "fetch.message.max.bytes": 1024,  # one record each is enough; the broker sends at least that
                "fetch.queue.backoff.ms": 5,
                "error_cb": topics.report_error,
                "log_level": 0,
            }
        )
        self._known: dict[tuple[str, int], tuple[int, int]] = {}

    def of(self, wanted: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        """Times in milliseconds since 1970 of the records at some offsets; what did not come in 1 s is left
        out.
        """
        self._known = {where: held for where, held in self._known.items() if wanted.get(where) == held[0]}
        missing = {where: offset for where, offset in wanted.items() if where not in self._known}
        if missing:
            self._read(missing)
        return {where: time_ms for where, (_, time_ms) in self._known.items()}

    def close(self) -> None:
        """Ends the consumer."""
        self._consumer.close()

    def _read(self, missing: dict[tuple[str, int], int]) -> None:
        self._consumer.assign(
            [TopicPartition(topic, partition, offset) for (topic, partition), offset in missing.items()]
        )
        deadline = time.monotonic() + OLDEST_TIMEOUT_S
        while missing and (left := deadline - time.monotonic()) > 0:
            message = self._consumer.poll(left)
            if message is None or message.error() is not None:
                continue
            where = (message.topic() or "", message.partition() or 0)
            if where in missing:
                self._known[where] = (missing.pop(where), message.timestamp()[1])
        self._consumer.unassign()
