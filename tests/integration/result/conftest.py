"""A broker whose topics each test begins anew, a database with its tables, and a log to write to."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import grpc
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from gavel.bus import topics
from gavel.bus.producer import Producer
from gavel.db.migrate import migrate
from gavel.db.pool import Pool, open_pool
from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.ports import choose
from gavel.projection import partitions
from gavel.result.v1 import result_service_pb2_grpc
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


@dataclass
class Replica:
    """A result process."""

    process: subprocess.Popen[bytes]
    address: str
    output: Path

    def settle(self) -> Self:
        """Returns when both of its writers have their partitions, which may take a group's first seconds."""
        eventually(lambda: self.output.read_bytes().count(b'"placed"') >= 2, "writers placed")
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signals it and returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(25)


@pytest.fixture
def start_replica(
    bootstrap: str, tables: psycopg.Connection[Any], database_url: str, tmp_path: Path
) -> Iterator[Callable[..., Replica]]:
    """Starts result processes with settings as keywords; they end with the test."""
    replicas: list[Replica] = []

    def start(**settings: object) -> Replica:
        name = f"result-{len(replicas)}"
        address = f"127.0.0.1:{choose()}"
        given: dict[str, object] = {
            "name": name,
            "listen": address,
            "kafka": bootstrap,
            "database_url": database_url,
            "storage_url": f"file://{tmp_path / 'objects'}",
            "drain_s": 0.5,
        } | settings
        variables = {f"GAVEL_{key.upper()}": str(value) for key, value in given.items()}
        output = tmp_path / f"{name}.log"
        with output.open("wb") as log_file:
            process = subprocess.Popen(
                [sys.executable, "-m", "gavel.result"],
                env=os.environ | variables,
                stdout=log_file,
                stderr=log_file,
            )
        replica = Replica(process, address, output)
        replicas.append(replica)
        eventually(lambda: b'"serving"' in output.read_bytes() or process.poll() is not None, "serving")
        assert process.poll() is None, output.read_text()
        return replica

    yield start
    crashed = [replica for replica in replicas if replica.process.poll() not in (None, 0)]
    for replica in replicas:
        if replica.process.poll() is None:
            replica.process.kill()
            replica.process.wait()
    assert not crashed, crashed[0].output.read_text()


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[Replica], Awaitable[Any]]]:
    """Makes stubs of replicas."""
    async with AsyncExitStack() as channels:

        async def made(replica: Replica) -> Any:
            channel = await channels.enter_async_context(grpc.aio.insecure_channel(replica.address))
            return result_service_pb2_grpc.ResultServiceStub(channel)

        yield made
