"""The cleanup process as it is run: partitions, health, errors, metrics, SIGTERM."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gavel.cleanup.v1 import cleanup_service_pb2 as pb
from gavel.cleanup.v1 import cleanup_service_pb2_grpc
from gavel.db.migrate import migrate
from gavel.embedded.postgres import Postgres
from gavel.rpc.client import channel
from gavel.rpc.errors import from_rpc_error

pytestmark = pytest.mark.integration


class Process:
    """A running `python -m gavel.cleanup` and its log."""

    def __init__(self, url: str) -> None:
        environment = {**os.environ, "GAVEL_DATABASE_URL": url}
        self.running = subprocess.Popen(
            [sys.executable, "-m", "gavel.cleanup"], env=environment, stdout=subprocess.PIPE, text=True
        )
        self.lines: list[dict[str, Any]] = []

    def until(self, event: str) -> dict[str, Any]:
        assert self.running.stdout is not None
        for line in self.running.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"] == event:
                return self.lines[-1]
        raise AssertionError(f"ended without {event!r}: {self.lines}")

    def end(self) -> int:
        self.running.send_signal(signal.SIGTERM)
        code = self.running.wait(20)
        assert self.running.stdout is not None
        self.running.stdout.close()
        return code


@pytest.fixture
def url(database_url: str) -> str:
    migrate(database_url)
    return database_url


@pytest.fixture
def process(url: str) -> Iterator[Process]:
    started = Process(url)
    yield started
    if started.running.poll() is None:
        started.end()


def partition_count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_inherits JOIN pg_class ON oid = inhrelid AND relkind = 'r'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_it_makes_the_day_partitions_at_its_start(process: Process, url: str) -> None:
    """Days behind and ahead for every table, before the first hour has gone by."""
    before = partition_count(url)
    made = process.until("day partitions made")

    assert partition_count(url) - before == len(made["partitions"]) > 7


def test_it_serves_while_the_database_is_away_and_catches_up(postgres: Postgres, url: str) -> None:
    """The process starts without PostgreSQL, keeps trying, and makes the partitions once it is back."""
    postgres.stop()
    try:
        process = Process(url)
        process.until("serving")
        process.until("day partitions not made")
    finally:
        postgres.start()
    process.until("day partitions made")
    assert process.end() == 0


def test_its_calls_say_that_they_come_later_and_it_ends_in_time(process: Process) -> None:
    """UNIMPLEMENTED with an ErrorInfo for calls and streams, health, metrics, exit status 0 after SIGTERM."""
    serving = process.until("serving")
    with channel(f"127.0.0.1:{serving['port']}", asynchronous=False) as open_channel:
        stub = cleanup_service_pb2_grpc.CleanupServiceStub(open_channel)
        for call in (
            lambda: stub.GetRetentionPolicy(pb.GetRetentionPolicyRequest()),
            lambda: list(stub.RunCleanup(pb.RunCleanupRequest())),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call()
            error = from_rpc_error(caught.value)
            assert (error.code, error.reason_name) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
        health = health_pb2_grpc.HealthStub(open_channel)
        for name in ("", "gavel.cleanup.v1.CleanupService"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
    page_url = f"http://127.0.0.1:{serving['metrics_port']}/metrics"
    with urllib.request.urlopen(page_url, timeout=5) as page:
        assert b"gavel_partition_check_time_seconds" in page.read()
    began = time.monotonic()

    assert process.end() == 0
    assert time.monotonic() - began < 20


def test_a_missing_setting_is_one_line() -> None:
    """The variable is named, without a traceback."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GAVEL_")}
    ran = subprocess.run(
        [sys.executable, "-m", "gavel.cleanup"], env=environment, capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stderr) == (1, "gavel: GAVEL_DATABASE_URL is not set\n")
