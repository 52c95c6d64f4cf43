"""A broker whose topics each test begins anew, a database with its tables, and a log to write to."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from gavel.bus import topics
from gavel.bus.producer import Producer
from gavel.db.migrate import migrate
from gavel.db.pool import Pool, open_pool
from gavel.embedded.kafka import KafkaBroker
from gavel.projection import partitions
from gavel.rpc.errors import GavelError
from gavel.storage.objects import Objects
from gavel.submission.v1.submission_record_pb2 import SubmissionRecord
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent

LANGUAGES = ("python3", "c")
PARTITIONS = topics.Partitions(interactive=2, batch=1, events=4)


def eventually(condition: Callable[[], bool], what: str, within_s: float = 20.0) -> None:
    """Waits for a condition; fails when it has not come within so many seconds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.02)


@dataclass
class Log:
    """Writes records as workers and the submission service do."""

    bootstrap: str
    producer: Producer

    def events(self, *events: JudgementEvent, trace: Sequence[tuple[str, bytes]] = ()) -> None:
        """Puts events into the partitions of their submissions."""
        for event in events:
            partition = topics.partition_for(UUID(event.submission_id), PARTITIONS.events)
            self.producer.send_soon(
                topics.EVENTS,
                event.submission_id,
                event.SerializeToString(),
                partition=partition,
                headers=trace,
            )
        assert self.producer.flush(10) == 0

    def records(self, *records: SubmissionRecord, trace: Sequence[tuple[str, bytes]] = ()) -> None:
        """Puts submissions into the topics of their languages and lanes."""
        for record in records:
            topic = topics.submissions_topic(record.language, record.lane)
            count = topics.partition_count(self.bootstrap, topic)
            partition = topics.partition_for(UUID(record.submission_id), count)
            self.raw(topic, record.language, record.SerializeToString(), partition, trace)
        assert self.producer.flush(10) == 0

    def raw(
        self, topic: str, key: str, value: bytes, partition: int, trace: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Puts any bytes anywhere."""
        self.producer.send_soon(topic, key, value, partition=partition, headers=trace)
        assert self.producer.flush(10) == 0


@pytest.fixture(scope="session")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker for the tests of this folder alone: the topics' names are fixed."""
    broker = KafkaBroker(Path(tmp_path_factory.mktemp("kafka-result")))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def bootstrap(own_broker: KafkaBroker) -> str:
    """The broker with empty topics."""
    admin = AdminClient({"bootstrap.servers": own_broker.bootstrap})
    names = [name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")]
    if names:
        for answer in admin.delete_topics(names).values():
            answer.result(10)
        eventually(lambda: not set(names) & set(admin.list_topics(timeout=10).topics), "topics deleted")
    deadline = time.monotonic() + 10
    while True:
        try:
            topics.ensure(own_broker.bootstrap, LANGUAGES, PARTITIONS)
            topics.end_offsets(own_broker.bootstrap, [topics.EVENTS])
        except GavelError:  # a leader that has only just been chosen refuses at first
            assert time.monotonic() < deadline
        else:
            return own_broker.bootstrap


@pytest.fixture
def log(bootstrap: str) -> Iterator[Log]:
    """Writes to the log."""
    producer = Producer(bootstrap)
    yield Log(bootstrap, producer)
    producer.close()


@pytest.fixture
def tables(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with the tables."""
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        partitions.ensure(connection, datetime.now(UTC).date())
        yield connection


@pytest.fixture
def pool(database_url: str, tables: psycopg.Connection[Any]) -> Iterator[Pool]:
    """Connections for writers."""
    opened = open_pool(database_url, size_most=4)
    yield opened
    opened.close()


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[Objects]:
    """Object storage in a folder."""
    opened = Objects(f"file://{tmp_path / secrets.token_hex(4)}")
    yield opened
    opened.close()
