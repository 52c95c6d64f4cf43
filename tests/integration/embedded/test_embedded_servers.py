"""The broker and the database as their users see them: data that outlives a kill, rights, versions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from gavel.embedded import jars
from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.postgres import UNPRIVILEGED_UID, Postgres
from gavel.embedded.process import identify

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server for the tests that leave it as it is."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server.url
    server.stop()


def make_topic(bootstrap: str, name: str) -> None:
    """Makes a topic of one partition that is flushed before every answer."""
    topic = NewTopic(name, 1, 1, config={"flush.messages": "1"})
    client = AdminClient({"bootstrap.servers": bootstrap})
    client.create_topics([topic])[name].result(20)


def produce(bootstrap: str, topic: str, count: int) -> None:
    """Produces numbered records and waits until all are acknowledged."""
    refused: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for number in range(count):
        producer.produce(
            topic, str(number), on_delivery=lambda error, _: refused.append(error) if error else None
        )
    assert producer.flush(30) == 0
    assert refused == []


def read_all(bootstrap: str, topic: str, count: int) -> list[int]:
    """Reads that many records from the beginning."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    try:
        messages = consumer.consume(count, timeout=30)
        return [int(message.value() or b"") for message in messages]
    finally:
        consumer.close()


def test_broker_keeps_acknowledged_records_over_a_kill(tmp_path: Path) -> None:
    """A broker killed with SIGKILL has every acknowledged record when it is back, at the same address."""
    broker = KafkaBroker(tmp_path)
    broker.start()
    try:
        make_topic(broker.bootstrap, "kept")
        produce(broker.bootstrap, "kept", 500)
        address = broker.bootstrap

        broker.kill()
        broker.start()

        assert broker.bootstrap == address
        assert read_all(broker.bootstrap, "kept", 500) == list(range(500))
    finally:
        broker.stop()


def test_broker_goes_on_with_its_data_on_another_port(tmp_path: Path) -> None:
    """The data folder outlives a change of both ports."""
    first = KafkaBroker(tmp_path)
    first.start()
    make_topic(first.bootstrap, "moved")
    produce(first.bootstrap, "moved", 3)
    first.stop()

    second = KafkaBroker(tmp_path)
    second.start()
    try:
        assert second.bootstrap != first.bootstrap
        assert read_all(second.bootstrap, "moved", 3) == [0, 1, 2]
    finally:
        second.stop()


def test_damaged_jar_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A jar in the cache that is not the locked one is fetched anew; the sound ones stay as they are."""
    cached = jars.fetch()
    folder = tmp_path / "gavel" / cached[0].parent.name
    folder.mkdir(parents=True)
    for path in cached:
        (folder / path.name).symlink_to(path)
    (damaged,) = folder.glob("jspecify-*.jar")
    damaged.unlink()
    damaged.write_bytes(b"not a jar")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said: list[str] = []

    fetched = jars.fetch(said.append)

    assert said == [f"fetching 1 of {len(cached)} jars of Kafka {jars.KAFKA_VERSION} (once)"]
    assert [path.name for path in fetched] == [path.name for path in cached]
    assert damaged.read_bytes() == next(p for p in cached if p.name == damaged.name).read_bytes()


def test_broker_refuses_unknown_topics(kafka_bootstrap: str) -> None:
    """A misspelt topic is an error, never a new topic."""
    errors: list[object] = []
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "message.timeout.ms": 5000, "log_level": 0})
    producer.produce("no-such-topic", b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(10)

    assert len(errors) == 1
    assert errors[0] is not None
    assert (
        "no-such-topic"
        not in AdminClient({"bootstrap.servers": kafka_bootstrap}).list_topics(timeout=10).topics
    )


def test_database_keeps_commits_over_a_kill(tmp_path: Path) -> None:
    """A server killed with SIGKILL has every committed row when it is back."""
    server = Postgres(tmp_path)
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")

        server.kill()
        server.start()

        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT sum(number) FROM kept").fetchone() == (500500,)
    finally:
        server.stop()


def test_database_starts_over_a_zombie(tmp_path: Path) -> None:
    """A killed server that nobody has reaped yet does not hold up the next."""
    script = (
        "import sys; from pathlib import Path; from gavel.embedded import Postgres\n"
        "server = Postgres(Path(sys.argv[1])); server.start(); print(server.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    argv = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        os.kill(pid, signal.SIGKILL)
        os.kill(pid, 0)  # its zombie is still there, as long as the holder does not ask for it

        second = Postgres(tmp_path)
        second.start()
        second.stop()
        holder.kill()


def test_database_never_runs_as_root(tmp_path: Path) -> None:
    """Started by root, the server has another uid and one right alone: to pass folders closed to it."""
    server = Postgres(tmp_path / "closed" / "deeper")
    (tmp_path / "closed").mkdir(mode=0o700)
    server.start()
    try:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{server.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        expected = UNPRIVILEGED_UID if os.geteuid() == 0 else os.geteuid()

        assert status["Uid"].split() == [str(expected)] * 4
        assert int(status["CapEff"], 16) & ~(1 << 2) == 0
    finally:
        server.stop()


def test_database_role_reads_no_files(server_url: str) -> None:
    """The role of the services is no superuser: the database does not read the machine's files for it."""
    with psycopg.connect(server_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT pg_read_file('/etc/passwd')")


def test_database_asks_for_the_password(server_url: str) -> None:
    """Another user of the machine who knows the port does not get in."""
    address = server_url.rsplit("@", 1)[1]
    for user in ("gavel", "postgres"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{user}:wrong@{address}", connect_timeout=5)


def test_stop_of_a_dead_server_is_no_error(tmp_path: Path) -> None:
    """A server that died meanwhile is stopped without a complaint, and another signal finds nobody."""
    server = Postgres(tmp_path)
    server.start()
    identity = identify(server.pid)
    assert identity is not None
    os.kill(server.pid, signal.SIGKILL)

    server.stop()

    assert not identity.alive()
