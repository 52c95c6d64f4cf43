"""A writer: one thread that reads topics as a member of the group `writers` and stores what it reads.

Where it reads from is what the database says (`log_positions`), never Kafka's commit, which only tells others
how far the writers are. While the database or the object storage is away it holds one batch, pauses its
partitions and keeps polling: it stays in its group, its memory does not grow, and it goes on by itself.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from gavel.bus import topics
from gavel.bus.consumer import Record, consumer_config, passing
from gavel.db.pool import Pool, session
from gavel.projection import writes
from gavel.result.batch import Fetched, store_halving
from gavel.result.burial import Burial
from gavel.result.sink import AT_FAULT, Sink
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import WRITER_BATCH_DURATION, WRITER_RECORDS, WRITER_WAITS

GROUP: Final = "writers"
BATCH_RECORDS: Final = 2000
BATCH_S: Final = 0.02
_IDLE_POLL_S: Final = 0.25
_RETRY_FIRST_S, _RETRY_MOST_S = 0.1, 2.0
_TOPICS_S: Final = 2.0
"""Between two looks for new topics."""
_COMMIT_S: Final = 1.0
_BROKER_S: Final = 5.0
_log: Final = logger(__name__)

Where = tuple[str, int]
"""Topic and partition."""


class Writer:
    """See the module. start() begins; close() ends it after the batch in hand."""

    def __init__(
        self,
        name: str,
        bootstrap: str,
        pool: Pool,
        sink: Sink,
        burial: Burial,
        *,
        wanted: Callable[[str], bool],
    ) -> None:
        """`wanted` tells of a topic's name whether this writer reads it; new topics are found within 2 s."""
        self._bootstrap = bootstrap
        self._pool = pool
        self._sink = sink
        self._burial = burial
        self._wanted = wanted
        self._closing = threading.Event()
        self._unplaced: set[Where] = set()
        self._place_at = 0.0
        self._placed: dict[Where, tuple[str, int]] = {}
        self._early: list[Message] = []
        self._uncommitted: dict[Where, int] = {}
        self._committed_at = 0.0
        self._subscribed: list[str] = []
        self._looked_at = -_TOPICS_S
        self._records = WRITER_RECORDS.labels(name)
        self._duration = WRITER_BATCH_DURATION.labels(name)
        self._waits = WRITER_WAITS.labels(name)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Joins the group."""
        self._thread.start()

    def stop(self) -> None:
        """Asks it to end, without waiting."""
        self._closing.set()

    def close(self) -> None:
        """Ends it; returns once it has left the group, in the worst case after what one batch waits for."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._membership()
            except Exception as error:
                topics.log_retry(self._thread.name, error)
                self._closing.wait(_RETRY_MOST_S)

    def _membership(self) -> None:
        """From joining the group to leaving it."""
        member = confluent_kafka.Consumer(consumer_config(self._bootstrap, GROUP, **_FETCH))
        self._subscribed, self._looked_at = [], -_TOPICS_S
        try:
            while not self._closing.is_set():
                self._step(member)
            self._commit(member, last=True)
        finally:
            self._forget(list(self._placed))
            self._unplaced.clear()
            member.close()

    def _step(self, member: confluent_kafka.Consumer) -> None:
        self._look_for_topics(member)
        if not self._subscribed:
            self._closing.wait(_TOPICS_S)
            return
        batch = self._collect(member)
        if batch:
            self._store(member, batch)
        self._commit(member)
        if self._unplaced and time.monotonic() >= self._place_at:
            self._try_to_place(member)

    def _look_for_topics(self, member: confluent_kafka.Consumer) -> None:
        if time.monotonic() - self._looked_at < _TOPICS_S:
            return
        self._looked_at = time.monotonic()
        try:
            listed = member.list_topics(timeout=_BROKER_S).topics
        except KafkaException as error:
            topics.log_retry(self._thread.name, error)
            return
        found = sorted(name for name in listed if self._wanted(name))
        if found and found != self._subscribed:
            member.subscribe(
                found, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
            )
            self._subscribed = found
            _log.info("subscribed", writer=self._thread.name, topics=found)

    def _collect(self, member: confluent_kafka.Consumer) -> list[Fetched]:
        """What comes within 20 ms of the first record, at most 2,000 records."""
        messages, self._early = self._early, []
        if not messages:
            first = member.poll(_IDLE_POLL_S)
            if first is None:
                return []
            messages = [first]
        messages += member.consume(BATCH_RECORDS - len(messages), BATCH_S)
        return self._fetched(messages)

    def _fetched(self, messages: Sequence[Message]) -> list[Fetched]:
        """The records that are this writer's to store: of partitions that it holds and has placed."""
        batch = []
        for message in messages:
            error = message.error()
            if error is not None:
                self._on_error(message, error)
                continue
            record = Record.of(message)
            placed = self._placed.get((record.topic, record.partition))
            if placed is not None:
                batch.append(Fetched(record, *placed))
        return batch

    def _on_error(self, message: Message, error: KafkaError) -> None:
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the library's name
            # Records were deleted before they were stored, or the topic was made anew: look again at where it
            # stands.
            _log.error("position is gone", topic=message.topic(), partition=message.partition())
            where = message.topic() or "", message.partition() or 0
            if self._placed.pop(where, None) is not None:
                self._unplaced.add(where)
        elif not passing(error):
            raise KafkaException(error)

    def _store(self, member: confluent_kafka.Consumer, batch: list[Fetched]) -> None:
        """Stores a batch, however long the platform takes; partitions that are revoked meanwhile
        drop out of it.
        """
        started = time.perf_counter()

        def store() -> None:
            mine = [fetched for fetched in batch if self._holds(fetched)]
            if mine:
                store_halving(mine, self._sink.store, self._bury, AT_FAULT)

        if not self._patiently(member, store):
            return
        self._duration.observe(time.perf_counter() - started)
        self._records.inc(len(batch))
        for fetched in batch:
            if self._holds(fetched):
                record = fetched.record
                self._uncommitted[record.topic, record.partition] = record.offset + 1

    def _holds(self, fetched: Fetched) -> bool:
        placed = self._placed.get((fetched.record.topic, fetched.record.partition))
        return placed == (fetched.topic_id, fetched.generation)

    def _bury(self, fetched: Fetched, error: Exception) -> None:
        self._burial.bury(fetched.record, error)
        self._sink.skip([fetched])

    def _patiently(self, member: confluent_kafka.Consumer, store: Callable[[], None]) -> bool:
        """Tries until it succeeds, with the partitions paused in between; False when the writer
        closes first.
        """
        delay_s, paused = _RETRY_FIRST_S, False
        while True:
            try:
                store()
            except Exception as error:
                self._waits.inc()
                _log.warning("writer waits", writer=self._thread.name, error=str(error))
                if not paused:
                    member.pause(member.assignment())
                    paused = True
                if not self._wait(member, delay_s):
                    return False
                delay_s = min(delay_s * 2, _RETRY_MOST_S)
            else:
                break
        if paused:
            member.resume([TopicPartition(*where) for where in self._placed])
        return True

    def _wait(self, member: confluent_kafka.Consumer, seconds: float) -> bool:
        """Serves the group for a while; False when the writer closes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._closing.is_set():
                return False
            message = member.poll(min(left, 0.1))
            if message is not None:  # fetched before the pause
                self._early.append(message)
            member.pause(member.assignment())  # also what was assigned meanwhile
        return not self._closing.is_set()

    def _on_assign(self, member: confluent_kafka.Consumer, partitions: Sequence[TopicPartition]) -> None:
        """Takes partitions over, paused until the database has told where they stand."""
        assigned = [
            TopicPartition(each.topic, each.partition, confluent_kafka.OFFSET_BEGINNING)
            for each in partitions
        ]
        member.incremental_assign(assigned)
        member.pause(assigned)
        self._unplaced |= {(each.topic, each.partition) for each in partitions}

    def _on_revoke(self, member: confluent_kafka.Consumer, partitions: Sequence[TopicPartition]) -> None:
        """Lets partitions go. What of them is in hand is dropped: the next writer reads it again."""
        where = [(each.topic, each.partition) for each in partitions]
        self._forget(where)
        self._unplaced -= set(where)
        member.incremental_unassign(list(partitions))

    def _forget(self, partitions: Sequence[Where]) -> None:
        for where in partitions:
            placed = self._placed.pop(where, None)
            self._uncommitted.pop(where, None)
            if placed is not None:
                self._sink.forget(placed[0], where[1])

    def _try_to_place(self, member: confluent_kafka.Consumer) -> None:
        try:
            self._place(member)
        except Exception as error:
            self._waits.inc()
            _log.warning("writer cannot begin", writer=self._thread.name, error=str(error))
        self._place_at = time.monotonic() + (_RETRY_FIRST_S if not self._unplaced else _RETRY_MOST_S)

    def _place(self, member: confluent_kafka.Consumer) -> None:
        """Begins each new partition where the database says that the one before ended."""
        unplaced = sorted(self._unplaced)
        ids = {topic: topics.topic_id(self._bootstrap, topic, timeout_s=_BROKER_S) for topic, _ in unplaced}
        with session(self._pool) as connection:
            generations = {topic: writes.register_topic(connection, topic, ids[topic]) for topic in ids}
            stored = writes.read_positions(connection, ids.values())
        # Not by the member, one by one: on its connection each question waits behind a fetch, up to 0.5 s.
        first = topics.first_offsets(self._bootstrap, ids, timeout_s=_BROKER_S)
        end = topics.end_offsets(self._bootstrap, ids, timeout_s=_BROKER_S)
        for where in unplaced:
            start = _start_of(where, stored.get((ids[where[0]], where[1]), 0), first[where], end[where])
            if start is None:
                continue
            member.incremental_unassign([start])
            member.incremental_assign([start])
            member.resume([start])  # the pause outlives the assignment
            self._placed[where] = ids[where[0]], generations[where[0]]
            self._unplaced.discard(where)
        _log.info("placed", writer=self._thread.name, partitions=len(unplaced) - len(self._unplaced))

    def _commit(self, member: confluent_kafka.Consumer, *, last: bool = False) -> None:
        """Tells Kafka how far the rows are, for lag displays; nothing reads on from it."""
        if not self._uncommitted or (not last and time.monotonic() - self._committed_at < _COMMIT_S):
            return
        self._committed_at = time.monotonic()
        offsets = [TopicPartition(*where, offset) for where, offset in self._uncommitted.items()]
        self._uncommitted.clear()
        try:
            if last:
                member.commit(offsets=offsets, asynchronous=False)
            else:
                member.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            topics.report_error(error.args[0])


def _start_of(where: Where, next_offset: int, first: int, end: int) -> TopicPartition | None:
    """Where a partition is read from; None while that would skip what is to come."""
    if next_offset < first:
        _log.error(
            "records are gone unread", topic=where[0], partition=where[1], first=first, next=next_offset
        )
    if next_offset > end:
        # The log lost its tail. What comes at those offsets is other than what is stored: a person has to
        # look.
        _log.error("log ends before what is stored", topic=where[0], partition=where[1], end=end)
        return None
    return TopicPartition(*where, max(next_offset, first))


_FETCH: Final[dict[str, Any]] = {
    "queued.min.messages": 4 * BATCH_RECORDS,
    "queued.max.messages.kbytes": 16 * 1024,
    # Nobody waits for a row: watchers hear the log. One fetch and one transaction for what 100 ms bring.
    "fetch.min.bytes": 64 * 1024,
    "fetch.wait.max.ms": 100,
}
