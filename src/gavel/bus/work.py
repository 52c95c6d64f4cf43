"""Where work comes from: the port WorkSource, and the consumer group that is its default.

A source hands records to its taker one at a time, while the taker has room, and keeps the account of each
partition. The rules that it holds:

- While the taker is full it does not poll; after 1 s it reads ahead, so that the group goes on: the head of
  each partition, which is paused then. What was read ahead is nobody's yet. When there is room it goes first,
  the oldest before the others: librdkafka gives all that it has of one partition before it comes to the
  next, after a pause always in the same order, so that the last partition would wait as long as the others
  have any. Pausing at once would cost throughput: librdkafka takes 0.1 to 1 s to fetch again after a pause.
- Commits follow starts within 10 ms, and finishes, of which a successor would only do again what nobody
  then counts, with the next start or within 200 ms; all from the source's own thread.
- On assignment it reads what is committed before it takes anything.
- On revocation it commits once, synchronously, inside the callback, with every start released, and never
again
  for that partition: whoever no longer owns it could overwrite its successor's commit.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from gavel.bus import consumer, topics
from gavel.bus.offsets import Commit, PartitionOffsets
from gavel.telemetry.log import logger

COMMIT_INTERVAL_S = 0.01
"""A start is committed this soon: one that takes its worker down must have been counted."""
FINISH_INTERVAL_S = 0.2
"""A finish is committed this soon, unless a start takes it along."""
READ_AHEAD_AFTER_S = 1.0
_POLL_DIRTY_S = COMMIT_INTERVAL_S
_POLL_BUSY_S = 0.05
_POLL_IDLE_S = 0.5
_WAIT_FULL_S = 0.25
_COMMITTED_TIMEOUT_S = 10.0
_BEGIN_ANEW_S = 2.0
_NEVER = float("inf")
_LOG = logger("gavel.bus.work")


class Claim(Protocol):
    """The hold that a worker has on one record. Safe from any thread."""

    @property
    def held(self) -> bool:
        """False once the record belongs to another worker."""

    def start(self) -> bool:
        """The record starts; False when it is no longer held, so that it must not."""

    def finish(self) -> None:
        """The record is finished: its terminal event is acknowledged. Nothing when it is no longer held."""


@dataclass(frozen=True, slots=True)
class Work:
    """A record to do, the hold on it, and how many holders before were lost with it started."""

    record: consumer.Record
    claim: Claim
    lost: int


class Taker(Protocol):
    """Who gets the work. Called on the source's thread; must not block."""

    def room(self) -> bool:
        """Whether one more may come."""

    def take(self, work: Work) -> None:
        """Here is one more."""

    def let_go(self) -> None:
        """Some claims are no longer held: what has not started is to be dropped."""


class WorkSource(Protocol):
    """A queue of records that a worker takes from."""

    @property
    def failure(self) -> str:
        """Why nothing can be taken at the moment; empty when all is well."""

    def start(self) -> None:
        """Begins to take."""

    def wake(self) -> None:
        """There may be room again."""

    def drain(self) -> None:
        """Takes nothing more and lets go of everything as soon as nothing that was started is left."""

    def close(self, timeout_s: float) -> bool:
        """Lets go of everything now, with the starts given back, and ends; False when that takes longer."""


class GroupSource:
    """A member of a consumer group, on a thread of its own."""

    def __init__(self, bootstrap: str, topic: str, group: str, taker: Taker) -> None:
        """Opens nothing yet."""
        self._topic = topic
        self._settings = consumer.consumer_config(bootstrap, group, on_commit=self._on_commit)
        self._taker = taker
        self._lock = threading.Lock()
        self._held: dict[int, _Held] = {}
        self._changed = threading.Event()
        self._draining = False
        self._closing = False
        self._ahead: dict[int, list[consumer.Record]] = {}
        """What was read ahead, by partition; these are paused."""
        self._paused_partitions: set[int] = set()
        self._full_since_s: float | None = None
        self._told_s = 0.0
        self._due_s = _NEVER
        """When the next commit falls due."""
        self.failure = ""
        self._thread = threading.Thread(target=self._run, name=f"source-{topic}", daemon=True)

    def start(self) -> None:
        """Joins the group."""
        self._thread.start()

    def wake(self) -> None:
        """There may be room again, or something to commit."""
        self._changed.set()

    def drain(self) -> None:
        """Takes nothing more; leaves the group once nothing that was started is left."""
        self._draining = True
        self._changed.set()

    def close(self, timeout_s: float) -> bool:
        """Leaves the group, with the starts given back; with a mute broker that cannot be done in time."""
        self._closing = True
        self._changed.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._ending():
            try:
                self._member()
            except KafkaException as error:
                self.failure = f"the queue {self._topic} cannot be read: {error.args[0].str()}"
                topics.log_retry(self._thread.name, error)
                self._wait_to_begin_anew()

    def _wait_to_begin_anew(self) -> None:
        deadline_s = time.monotonic() + _BEGIN_ANEW_S
        while not self._closing and not self._draining and (left_s := deadline_s - time.monotonic()) > 0:
            self._changed.wait(left_s)
            self._changed.clear()

    def _member(self) -> None:
        """One membership, from joining to leaving."""
        member = confluent_kafka.Consumer(self._settings)
        self._full_since_s, self._paused_partitions, self._ahead = None, set(), {}
        try:
            member.subscribe(
                [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
            while not self._ending():
                self._step(member)
        finally:
            member.close()
            self._forget(list(self._held))

    def _ending(self) -> bool:
        if self._closing:
            return True
        with self._lock:
            return self._draining and not any(held.offsets.running_count for held in self._held.values())

    def _step(self, member: confluent_kafka.Consumer) -> None:
        self._tell(member)
        if not self._draining and self._taker.room():
            self._full_since_s = None
            record = self._oldest_ahead()
            self._resume_partitions(member)
            if record is None:
                record = self._read(member, self._poll_s())
            if record is not None and not self._draining:
                self._take(member, record)
            return
        now_s = time.monotonic()
        if self._full_since_s is None:
            self._full_since_s = now_s
        if now_s - self._full_since_s >= READ_AHEAD_AFTER_S:
            while (record := self._read(member, 0)) is not None:
                if record.partition in self._held:
                    self._ahead.setdefault(record.partition, []).append(record)
                    self._pause_partition(member, record.partition)
        self._changed.wait(max(0.0, min(_WAIT_FULL_S, self._due_s - time.monotonic())))
        self._changed.clear()

    def _poll_s(self) -> float:
        """Short while a commit may fall due: nothing but a message ends a poll."""
        with self._lock:
            due_s = self._due_s - time.monotonic()
            if due_s <= _POLL_DIRTY_S:
                return _POLL_DIRTY_S
            open_count = sum(held.offsets.open_count for held in self._held.values())
            running_count = sum(held.offsets.running_count for held in self._held.values())
        if open_count > running_count:
            return _POLL_DIRTY_S
        return min(due_s, _POLL_BUSY_S if open_count else _POLL_IDLE_S)

    def _read(self, member: confluent_kafka.Consumer, timeout_s: float) -> consumer.Record | None:
        """The next record, of whatever partition. Serves the group as well."""
        message = member.poll(timeout_s)
        if message is None:
            return None
        error = message.error()
        if error is None:
            return consumer.Record.of(message)
        if consumer.passing(error):
            return None
        raise KafkaException(error)

    def _oldest_ahead(self) -> consumer.Record | None:
        heads = [records[0] for records in self._ahead.values()]
        if not heads:
            return None
        oldest = min(heads, key=lambda record: record.timestamp_ms)
        records = self._ahead[oldest.partition]
        del records[0]
        if not records:
            del self._ahead[oldest.partition]
        return oldest

    def _take(self, member: confluent_kafka.Consumer, record: consumer.Record) -> None:
        with self._lock:
            held = self._held.get(record.partition)
            starts = None if held is None else held.offsets.take(record.offset)
            if held is None or starts is None:
                self._due(FINISH_INTERVAL_S)
                return
            full = held.offsets.full
        if full:
            self._pause_partition(member, record.partition)
        self._taker.take(Work(record, GroupClaim(self, held, record.offset), starts.lost))

    def _pause_partition(self, member: confluent_kafka.Consumer, number: int) -> None:
        member.pause([TopicPartition(self._topic, number)])
        self._paused_partitions.add(number)

    def _resume_partitions(self, member: confluent_kafka.Consumer) -> None:
        if not self._paused_partitions:
            return
        with self._lock:
            again = {
                number
                for number in self._paused_partitions
                if number not in self._ahead and number in self._held and not self._held[number].offsets.full
            }
        if again:
            member.resume([TopicPartition(self._topic, number) for number in again])
            self._paused_partitions -= again

    def _tell(self, member: confluent_kafka.Consumer) -> None:
        """Commits what changed, when it falls due."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._told_s = now_s
        with self._lock:
            self._due_s = _NEVER
            changed = [
                _position(self._topic, number, commit)
                for number, held in self._held.items()
                if (commit := held.offsets.commit()) is not None
            ]
        if changed:
            member.commit(offsets=changed, asynchronous=True)

    def _on_commit(self, error: KafkaError | None, partitions: Iterable[TopicPartition]) -> None:
        """Served by poll(). What did not arrive is told again with the next commit."""
        for where in partitions:
            problem = error or where.error
            if problem is None:
                continue
            topics.report_error(problem)
            with self._lock:
                held = self._held.get(where.partition)
                if held is not None:
                    held.offsets.failed()
                    self._due(COMMIT_INTERVAL_S)

    def _on_assign(self, member: confluent_kafka.Consumer, partitions: Sequence[TopicPartition]) -> None:
        self.failure = ""
        if not partitions:
            return
        committed = member.committed(list(partitions), timeout=_COMMITTED_TIMEOUT_S)
        starts = []
        with self._lock:
            for where in committed:
                if where.error is not None:
                    raise KafkaException(where.error)
                commit = Commit(where.offset, where.metadata or "") if where.offset >= 0 else Commit(-1)
                self._held[where.partition] = _Held(PartitionOffsets(commit))
                offset = commit.offset if commit.offset >= 0 else consumer.BEGINNING
                starts.append(TopicPartition(self._topic, where.partition, offset))
        member.incremental_assign(starts)
        member.resume(starts)  # an earlier tenure may have ended in a pause
        _LOG.info("assigned", topic=self._topic, partitions=sorted(where.partition for where in partitions))

    def _on_revoke(self, member: confluent_kafka.Consumer, partitions: Sequence[TopicPartition]) -> None:
        numbers = [where.partition for where in partitions]
        last = []
        with self._lock:
            for number in numbers:
                held = self._held.get(number)
                if held is None:
                    continue
                held.over = True
                held.offsets.release_all()
                commit = held.offsets.state()
                if commit.offset >= 0:
                    last.append(_position(self._topic, number, commit))
        if last:
            try:
                member.commit(offsets=last, asynchronous=False)
            except KafkaException as error:  # the successor then takes what ran for lost, and judges it again
                _LOG.warning("last_commit_failed", topic=self._topic, error=str(error))
        self._forget(numbers)
        member.incremental_unassign(list(partitions))
        _LOG.info("revoked", topic=self._topic, partitions=sorted(numbers))

    def _on_lost(self, member: confluent_kafka.Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._forget([where.partition for where in partitions])
        member.incremental_unassign(list(partitions))
        _LOG.warning("lost", topic=self._topic, partitions=sorted(where.partition for where in partitions))

    def _forget(self, numbers: Iterable[int]) -> None:
        with self._lock:
            for number in numbers:
                held = self._held.pop(number, None)
                if held is not None:
                    held.over = True
                self._paused_partitions.discard(number)
                self._ahead.pop(number, None)
        self._taker.let_go()

    def change(self, held: "_Held", action: Callable[[PartitionOffsets], Any], within_s: float) -> bool:
        """For its claims: changes an account that is still held, and commits it within `within_s` seconds."""
        with self._lock:
            if held.over:
                return False
            action(held.offsets)
            self._due(within_s)
        self._changed.set()
        return True

    def _due(self, within_s: float) -> None:
        at_s = max(time.monotonic() + within_s, self._told_s + COMMIT_INTERVAL_S)
        self._due_s = min(self._due_s, at_s)


@dataclass(slots=True)
class _Held:
    """One tenure of one partition."""

    offsets: PartitionOffsets
    over: bool = False


@dataclass(frozen=True, slots=True)
class GroupClaim:
    """The hold on one record of a partition that a group assigned."""

    source: GroupSource
    tenure: _Held
    offset: int

    @property
    def held(self) -> bool:
        """False once the partition was revoked or lost."""
        return not self.tenure.over

    def start(self) -> bool:
        """Counts the start; the commit follows within 10 ms."""
        return self.source.change(self.tenure, lambda offsets: offsets.start(self.offset), 0.0)

    def finish(self) -> None:
        """Marks the record finished; the commit follows within 200 ms."""
        self.source.change(self.tenure, lambda offsets: offsets.finish(self.offset), FINISH_INTERVAL_S)


def _position(topic: str, partition: int, commit: Commit) -> TopicPartition:
    return TopicPartition(topic, partition, commit.offset, metadata=commit.metadata)
