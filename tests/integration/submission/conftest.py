"""One replica over real servers for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest
from submission_mesh import LANGUAGES, Calls, Replica, Writer, prepare

from gavel.bus import topics
from gavel.embedded.postgres import Postgres
from gavel.storage.objects import Objects


@pytest.fixture(scope="session")
def log_bootstrap(kafka_bootstrap: str) -> str:
    """The session's broker with the topics of two languages."""
    topics.ensure(kafka_bootstrap, LANGUAGES)
    return kafka_bootstrap


@pytest.fixture(scope="session")
def rows_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database with partitions for today."""
    server = Postgres(tmp_path_factory.mktemp("submission-rows"))
    server.start()
    prepare(server.url)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the object storage and of the replica's log."""
    return tmp_path_factory.mktemp("submission-storage")


@pytest.fixture(scope="session")
def replica(log_bootstrap: str, rows_url: str, storage: Path) -> Iterator[Replica]:
    """A running replica."""
    started = Replica(log_bootstrap, rows_url, storage)
    started.start()
    yield started
    assert started.stop() == 0
    assert '"level": "error"' not in started.log


@pytest.fixture
def objects(storage: Path) -> Objects:
    """The replica's object storage."""
    return Objects(f"file://{storage}/objects")


@pytest.fixture
async def calls(replica: Replica) -> AsyncIterator[Calls]:
    """Stubs that call the replica."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as opened:
        yield Calls(opened)


@pytest.fixture
def writer(log_bootstrap: str, rows_url: str, objects: Objects) -> Writer:
    """Stores rows where the replica reads them."""
    return Writer(log_bootstrap, rows_url, objects)
