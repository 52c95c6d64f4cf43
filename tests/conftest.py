"""Servers that the tests share: one Kafka broker and one PostgreSQL server a session, each real.

A test makes topics of its own in the broker of `kafka_bootstrap`; `database_url` is a database of its own.
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
from hypothesis import HealthCheck, settings

from conditions import until
from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.postgres import Postgres

# A shell's background and nohup ignore these, and what is ignored is inherited: programs that tests start and
# interrupt would not hear of it. A handler of Python's is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


# Properties are about what comes out. How long an example takes says how busy the machine is.
settings.register_profile("gavel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gavel")


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
def postgres(servers_dir: Path) -> Iterator[Postgres]:
    """The session's PostgreSQL server. A test that stops or freezes it lets it run again."""
    server = Postgres(servers_dir / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """An empty database for one test, whose role may create others."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield postgres.url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        until(lambda: _dropped(connection, name), f"{name} is dropped")


def _dropped(connection: psycopg.Connection, name: str) -> bool:
    """False while the server's own vacuum is in it, which the tests' role may not end."""
    try:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
