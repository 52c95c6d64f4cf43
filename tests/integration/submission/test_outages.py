"""What works, and what is answered, while a part of the mesh is away."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psycopg
import pytest
from submission_mesh import (
    LANGUAGES,
    Calls,
    Replica,
    accepted_record,
    eventually,
    prepare,
    record_count,
    records_from,
    refusal,
    request,
)
from submission_packages import create

from gavel.bus import topics
from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.postgres import Postgres
from gavel.submission.v1.problem_service_pb2 import (
    DeleteProblemRequest,
    GetProblemRequest,
    ListProblemsRequest,
)
from gavel.submission.v1.submission_service_pb2 import (
    CancelSubmissionRequest,
    GetSubmissionRequest,
    ListLanguagesRequest,
    ListSubmissionsRequest,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Postgres]:
    """A database server that a test may stop."""
    server = Postgres(tmp_path / "rows")
    server.start()
    prepare(server.url)
    yield server
    server.stop()


@pytest.fixture
def own(log_bootstrap: str, rows: Postgres, tmp_path: Path) -> Iterator[Replica]:
    """A replica over that server."""
    started = Replica(log_bootstrap, rows.url, tmp_path)
    started.start()
    yield started
    assert started.stop() == 0


async def test_database_stopped(own: Replica, rows: Postgres) -> None:
    """Without PostgreSQL submissions and problems are accepted and cancelled; only what needs rows says so.

    The problem made meanwhile is in the list once the database is back, and the one removed no longer.
    """
    async with grpc.aio.insecure_channel(f"127.0.0.1:{own.port}") as opened:
        calls = Calls(opened)
        await create(calls, "problems/before")
        await create(calls, "problems/gone")
        rows.stop()

        await calls.problems.DeleteProblem(DeleteProblemRequest(name="problems/gone"))
        response = await calls.submissions.CreateSubmission(request(problem="problems/before"))
        made = await create(calls, "problems/during")
        await calls.submissions.CreateSubmission(request(problem="problems/during"))
        wanted = CancelSubmissionRequest(name=response.submission.name, read_token=response.read_token)
        await calls.submissions.CancelSubmission(wanted, timeout=20)
        got = await calls.problems.GetProblem(GetProblemRequest(name="problems/during"))
        get = GetSubmissionRequest(name=response.submission.name, read_token=response.read_token)
        refused = [
            await refusal(calls.submissions.GetSubmission(get, timeout=20)),
            await refusal(calls.submissions.ListSubmissions(ListSubmissionsRequest(), timeout=20)),
            await refusal(calls.problems.ListProblems(ListProblemsRequest(), timeout=20)),
        ]

        assert accepted_record(own.kafka, response).problem.problem == "problems/before"
        assert got.problem == made.problem
        assert len(made.warnings) == 1
        assert "database" in made.warnings[0]
        assert {(error.code.name, error.reason_name) for error in refused} == {
            ("UNAVAILABLE", "DATABASE_UNAVAILABLE")
        }

        rows.start()

        def listed() -> bool:
            with psycopg.connect(rows.url) as connection:
                found = connection.execute("SELECT name FROM problems ORDER BY name").fetchall()
                return found == [("before",), ("during",)]

        await eventually(listed, 30)


async def test_database_frozen(own: Replica, rows: Postgres) -> None:
    """A PostgreSQL that accepts connections and never answers holds up no accept, and reads end in time."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{own.port}") as opened:
        calls = Calls(opened)
        await calls.submissions.ListSubmissions(ListSubmissionsRequest())
        processes = _group(rows)
        for process in processes:
            _signal(process, signal.SIGSTOP)
        try:
            began = time.monotonic()
            error = await refusal(calls.submissions.ListSubmissions(ListSubmissionsRequest(), timeout=20))
            assert error.reason_name == "DATABASE_UNAVAILABLE"
            assert time.monotonic() - began < 15
            await calls.submissions.CreateSubmission(request(), timeout=2)
            made = await create(calls, "problems/frozen")
            assert len(made.warnings) == 1
        finally:
            for process in processes:
                _signal(process, signal.SIGCONT)

        await eventually_lists(calls)


async def eventually_lists(calls: Calls) -> None:
    """Waits until lists are answered again."""
    deadline = time.monotonic() + 20
    while True:
        try:
            await calls.submissions.ListSubmissions(ListSubmissionsRequest(), timeout=10)
        except Exception:
            assert time.monotonic() < deadline, "lists are not answered again"
            await asyncio.sleep(0.1)
        else:
            return


def _group(server: Postgres) -> list[int]:
    """The server's process and its children."""
    main = int((Path(server.log).parent / "data" / "postmaster.pid").read_text().splitlines()[0])
    tasks = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [main, *map(int, tasks)]


def _signal(process: int, number: signal.Signals) -> None:
    import os

    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


async def test_broker_stopped(rows_url: str, tmp_path: Path) -> None:
    """Without the broker an accept is UNAVAILABLE within its deadline; the same request later is accepted.

    Its id is the one that it would have had, and what was not sent while the broker was away is not there.
    """
    broker = KafkaBroker(tmp_path / "kafka")
    broker.start()
    topics.ensure(broker.bootstrap, LANGUAGES)
    replica = Replica(broker.bootstrap, rows_url, tmp_path)
    replica.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as opened:
            calls = Calls(opened)
            first = await calls.submissions.CreateSubmission(request())
            broker.stop()
            made = request()
            began = time.monotonic()

            error = await refusal(calls.submissions.CreateSubmission(made, timeout=3))

            took_s = time.monotonic() - began
            assert (error.code.name, error.reason_name) == ("UNAVAILABLE", "BROKER_UNAVAILABLE")
            assert error.retry_after_ms
            assert took_s < 3
            languages = await calls.submissions.ListLanguages(ListLanguagesRequest())
            assert len(languages.languages) > 1

            await asyncio.to_thread(broker.start)
            again = await calls.submissions.CreateSubmission(made, timeout=20)
            once_more = await calls.submissions.CreateSubmission(made)

            assert again.submission.name == once_more.submission.name != first.submission.name
            record = accepted_record(broker.bootstrap, again)
            assert record.submission_id == again.submission.name.removeprefix("submissions/")
            held = record_count(broker.bootstrap)
            starts = dict.fromkeys(range(topics.Partitions().interactive), 0)
            messages = records_from(broker.bootstrap, "submissions.python3", starts, held)
            assert {record_id(message.value()) for message in messages} == {
                first.submission.name,
                again.submission.name,
            }
    finally:
        code = replica.stop()
        broker.stop()
    assert code == 0


def record_id(value: bytes) -> str:
    """The name of a record's submission."""
    from gavel.submission.v1.submission_record_pb2 import SubmissionRecord

    return f"submissions/{SubmissionRecord.FromString(value).submission_id}"


async def test_broker_away_at_the_start(rows_url: str, tmp_path: Path) -> None:
    """A replica that starts without the broker says UNAVAILABLE, and accepts once the broker is there."""
    broker = KafkaBroker(tmp_path / "kafka")
    replica = Replica(broker.bootstrap, rows_url, tmp_path)
    replica.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as opened:
            calls = Calls(opened)
            error = await refusal(calls.submissions.CreateSubmission(request(), timeout=6))
            assert error.reason_name == "BROKER_UNAVAILABLE"

            await asyncio.to_thread(broker.start)
            await asyncio.to_thread(topics.ensure, broker.bootstrap, LANGUAGES)
            deadline = time.monotonic() + 20
            while True:
                try:
                    await calls.submissions.CreateSubmission(request(), timeout=5)
                except Exception:
                    assert time.monotonic() < deadline, "not accepted again"
                    await asyncio.sleep(0.1)
                else:
                    break
    finally:
        code = replica.stop()
        broker.stop()
    assert code == 0
