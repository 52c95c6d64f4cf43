"""Servers that the tests share: one Kafka broker and one PostgreSQL server a session, each real.

A test makes topics and databases of its own; `kafka_bootstrap` and `database_url` say where.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.postgres import Postgres

# A shell's background and nohup ignore these, and what is ignored is inherited: programs that tests start and
# interrupt would not hear of it. A handler of Python's is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """A folder for the data of the session's servers."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-tests-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def kafka(servers_dir: Path) -> Iterator[KafkaBroker]:
    """The session's broker. A test that stops or kills it makes one of its own instead."""
    broker = KafkaBroker(servers_dir / "kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka: KafkaBroker) -> str:
    """The bootstrap servers of the session's broker."""
    return kafka.bootstrap


@pytest.fixture(scope="session")
def database_url(servers_dir: Path) -> Iterator[str]:
    """A database of the session's PostgreSQL server, whose role may create others."""
    server = Postgres(servers_dir / "postgres")
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def fresh_database_url(database_url: str) -> Iterator[str]:
    """An empty database for one test."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield database_url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
