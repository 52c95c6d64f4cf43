"""The consumer group as a source of work, on a real broker."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import confluent_kafka
import pytest
from confluent_kafka import TopicPartition

from gavel.bus import topics
from gavel.bus.consumer import consumer_config
from gavel.bus.producer import Producer
from gavel.bus.work import GroupSource, Work

pytestmark = pytest.mark.integration

Sources = Callable[["Table"], GroupSource]
Put = Callable[..., None]


@dataclass
class Table:
    """A taker with a bounded place for work."""

    places: int = 1000
    works: list[Work] = field(default_factory=list)
    let_go_count: int = 0

    def room(self) -> bool:
        """Whether a place is free."""
        return len(self.works) < self.places

    def take(self, work: Work) -> None:
        """Takes a place."""
        self.works.append(work)

    def let_go(self) -> None:
        """Counts."""
        self.let_go_count += 1

    def offsets(self) -> list[int]:
        """Of what was taken."""
        return [work.record.offset for work in self.works]


def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    """Waits for a condition."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come to that"
        threading.Event().wait(0.01)


@pytest.fixture
def topic(kafka_bootstrap: str) -> str:
    """A topic of two partitions, of this test alone."""
    language = f"t{uuid.uuid4().hex[:10]}"
    topics.ensure(kafka_bootstrap, [language], topics.Partitions(interactive=2))
    return topics.submissions_topic(language)


@pytest.fixture
def put(kafka_bootstrap: str, topic: str) -> Iterator[Put]:
    """Puts so many records on a partition of the topic, by default the first."""
    producer = Producer(kafka_bootstrap)

    def send(count: int, partition: int = 0) -> None:
        for number in range(count):
            producer.send_soon(topic, None, str(number).encode(), partition=partition)
        producer.flush(10)

    yield send
    producer.close()


@pytest.fixture
def member(kafka_bootstrap: str, topic: str) -> Iterator[Sources]:
    """Makes members of the topic's group, and closes them at the end."""
    made: list[GroupSource] = []

    def make(table: Table) -> GroupSource:
        source = GroupSource(kafka_bootstrap, topic, f"group.{topic}", table)
        made.append(source)
        source.start()
        return source

    yield make
    for source in made:
        assert source.close(10)


def committed(bootstrap: str, topic: str, partition: int = 0) -> tuple[int, str]:
    """What the broker holds for the group."""
    member = confluent_kafka.Consumer(consumer_config(bootstrap, f"group.{topic}"))
    found = member.committed([TopicPartition(topic, partition)], timeout=10)[0]
    member.close()
    return found.offset, found.metadata or ""


def test_commits_follow_starts_and_finishes(
    kafka_bootstrap: str, topic: str, put: Put, member: Sources
) -> None:
    """Without being asked the broker learns what runs and what is finished."""
    table = Table()
    put(3)
    source = member(table)
    until(lambda: len(table.works) == 3)
    for work in table.works:
        assert work.claim.start()
    table.works[1].claim.finish()

    until(lambda: committed(kafka_bootstrap, topic) == (0, "1;f=1;s=0x1,2x1"))

    table.works[0].claim.finish()
    table.works[2].claim.finish()
    until(lambda: committed(kafka_bootstrap, topic) == (3, ""))
    assert source.close(10)


def test_a_clean_end_gives_the_starts_back(
    kafka_bootstrap: str, topic: str, put: Put, member: Sources
) -> None:
    """The successor runs what ran, skips what is finished, and suspects nothing."""
    first, second = Table(), Table()
    put(4)
    source = member(first)
    until(lambda: len(first.works) == 4)
    assert first.works[0].claim.start()
    assert first.works[2].claim.start()
    first.works[2].claim.finish()
    assert source.close(10)

    assert committed(kafka_bootstrap, topic) == (0, "1;f=2;s=0x1r1")
    assert not first.works[0].claim.held
    assert not first.works[1].claim.start()

    member(second)
    until(lambda: len(second.works) == 3)
    assert second.offsets() == [0, 1, 3]
    assert [work.lost for work in second.works] == [0, 0, 0]


def test_who_let_go_never_commits_again(kafka_bootstrap: str, topic: str, put: Put, member: Sources) -> None:
    """What ends after the hand-over changes nothing: the partition is its successor's."""
    first, second = Table(), Table()
    put(2, 0)
    put(2, 1)
    member(first)
    until(lambda: len(first.works) == 4)
    for work in first.works:
        assert work.claim.start()
    member(second)
    until(lambda: len(second.works) == 2)
    moved = second.works[0].record.partition
    assert {work.claim.held for work in first.works if work.record.partition == moved} == {False}
    assert committed(kafka_bootstrap, topic, moved) == (0, "1;s=0x1r1,1x1r1")

    for work in first.works:
        work.claim.finish()

    until(lambda: committed(kafka_bootstrap, topic, 1 - moved) == (2, ""))
    assert committed(kafka_bootstrap, topic, moved) == (0, "1;s=0x1r1,1x1r1")
    assert first.let_go_count > 0


def test_a_full_taker_stops_the_polling_and_goes_on_after_a_pause(
    topic: str, put: Put, member: Sources
) -> None:
    """Not one record more than there is room for, and the group keeps the member meanwhile."""
    table = Table(places=2)
    put(6)
    source = member(table)
    until(lambda: len(table.works) == 2)
    begin_s = time.monotonic()
    until(lambda: bool(source._ahead))

    assert time.monotonic() - begin_s < 3
    assert table.offsets() == [0, 1]
    assert [record.offset for record in source._ahead[0]] == [2]

    table.places = 6
    source.wake()
    until(lambda: len(table.works) == 6)
    assert table.offsets() == [0, 1, 2, 3, 4, 5]
    assert all(work.claim.held for work in table.works)


def test_no_partition_waits_for_the_end_of_another(
    topic: str, put: Put, member: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there is more than a taker can do, what came first goes first."""
    monkeypatch.setattr("gavel.bus.work.READ_AHEAD_AFTER_S", 0.05)
    for _ in range(6):
        put(1, 0)
        put(1, 1)
    table = Table(places=0)
    source = member(table)

    for places in range(1, 9):
        until(lambda: len(source._ahead) == 2)
        table.places = places
        source.wake()
        until(lambda: not table.room())

    partitions = [work.record.partition for work in table.works]
    assert partitions == [0, 1] * 4
    assert table.offsets() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_what_was_read_ahead_belongs_to_the_successor(
    kafka_bootstrap: str, topic: str, put: Put, member: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it was taken; and a partition that comes back is no longer paused."""
    monkeypatch.setattr("gavel.bus.work.READ_AHEAD_AFTER_S", 0.05)
    first, second = Table(places=0), Table()
    put(3, 0)
    put(3, 1)
    source = member(first)
    until(lambda: len(source._ahead) == 2)
    successor = member(second)
    until(lambda: len(second.works) == 3)
    moved = second.works[0].record.partition
    assert second.offsets() == [0, 1, 2]
    assert list(source._ahead) == [1 - moved]

    assert successor.close(10)
    until(lambda: len(source._ahead) == 2)
    first.places = 6
    source.wake()
    until(lambda: len(first.works) == 6)
    assert sorted(first.offsets()) == [0, 0, 1, 1, 2, 2]
    assert {work.lost for work in first.works} == {0}


def test_a_source_that_drains_waits_for_what_was_started(
    kafka_bootstrap: str, topic: str, put: Put, member: Sources
) -> None:
    """It takes nothing more, commits what ends, and leaves the group by itself."""
    table = Table()
    put(2)
    source = member(table)
    until(lambda: len(table.works) == 2)
    assert table.works[0].claim.start()
    source.drain()
    put(2)
    assert table.works[0].claim.held

    table.works[0].claim.finish()
    until(lambda: not source._thread.is_alive())
    assert len(table.works) == 2
    assert committed(kafka_bootstrap, topic) == (1, "")


def test_what_comes_to_a_source_that_drains_is_left(
    kafka_bootstrap: str, topic: str, put: Put, member: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it was waiting for just that when it was told to take nothing more."""
    monkeypatch.setattr("gavel.bus.work._POLL_IDLE_S", 10)
    table = Table()
    put(1)
    source = member(table)
    until(lambda: len(table.works) == 1)
    assert table.works[0].claim.start()
    table.works[0].claim.finish()
    until(lambda: committed(kafka_bootstrap, topic) == (1, ""))

    source.drain()
    put(1)
    until(lambda: not source._thread.is_alive())

    assert table.offsets() == [0]


def test_an_offset_that_is_gone_stops_the_source(
    kafka_bootstrap: str, topic: str, put: Put, member: Sources
) -> None:
    """It says so, and skips nothing, until somebody has set the offset right."""
    put(2)
    operator = confluent_kafka.Consumer(consumer_config(kafka_bootstrap, f"group.{topic}"))
    operator.commit(offsets=[TopicPartition(topic, 0, 1000)], asynchronous=False)
    table = Table()
    source = member(table)
    until(lambda: bool(source.failure))

    assert topic in source.failure
    assert table.works == []

    source.drain()
    until(lambda: not source._thread.is_alive())
    operator.commit(offsets=[TopicPartition(topic, 0, 0)], asynchronous=False)
    operator.close()
    again = member(table)
    until(lambda: len(table.works) == 2)
    assert again.failure == ""
