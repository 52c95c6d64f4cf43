"""The worker's process: killed, ended and refused, with the real engine and sandbox."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from worker_bench import Bench, TimedJudge, new_submission, record_of, until
from worker_processes import WorkerProcess, listed, running

from gavel.bus import topics
from gavel.bus.offsets import Commit, decode
from gavel.bus.registry import WorkerRegistry
from gavel.rpc.server import Server
from gavel.submission.v1 import submission_pb2
from gavel.worker.servicer import SERVICE, WorkerServicer
from gavel.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc

pytestmark = pytest.mark.integration

SLEEPS = b"import time\ntime.sleep(60)\n"


@pytest.fixture
def python(bench: Bench) -> Bench:
    """The queue of Python, which the tests of this module use one after the other."""
    bench.language = "python3"
    bench.ensure()
    return bench


class Fleet:
    """Makes worker processes and ends what is left of them."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._folder = folder
        self._made: list[WorkerProcess] = []

    def start(self, languages: str = "python3", prefix: tuple[str, ...] = ()) -> WorkerProcess:
        """One more."""
        name = f"p-{uuid.uuid4().hex[:8]}"
        made = WorkerProcess(self._bootstrap, self._folder, name, languages=languages, prefix=prefix)
        self._made.append(made)
        return made

    def close(self) -> None:
        """Ends them."""
        for made in self._made:
            made.close()


@pytest.fixture
def fleet(kafka_bootstrap: str, tmp_path: Path) -> Iterator[Fleet]:
    """Worker processes of this test."""
    made = Fleet(kafka_bootstrap, tmp_path)
    yield made
    made.close()


def put(bench: Bench, path: str, program: bytes) -> uuid.UUID:
    """Submits a program, in limits that let it sleep."""
    submission = new_submission()
    record = record_of(submission, "python3", path, program)
    record.limits.wall_time_ms = 60_000
    bench.put(record.SerializeToString(), topics.partition_for(submission, topics.Partitions().interactive))
    return submission


def test_a_killed_worker_is_replaced_and_a_record_that_kills_two_is_given_up(
    python: Bench, fleet: Fleet
) -> None:
    """Within 8 s another one starts what ran; no sandbox outlives its worker; the third start is FAILED."""
    path = f"sleeper_{uuid.uuid4().hex}.py"
    first, second = fleet.start(), fleet.start()
    for worker in (first, second):
        worker.wait_for("language_served")
    submission = put(python, path, SLEEPS)
    python.log.until(lambda: len(python.log.of(submission)) == 1)
    names = {worker.name: worker for worker in (first, second)}
    holder = names[python.log.of(submission)[0].started.worker_id]
    until(lambda: running(path) > 0)
    until(lambda: starts_committed(python) == 1)
    holder.kill()
    begin_s = time.monotonic()

    python.log.until(lambda: len(python.log.of(submission)) == 2)
    assert time.monotonic() - begin_s < 8
    until(lambda: running(path) <= 1, 5)

    other = second if holder is first else first
    assert python.log.of(submission)[1].started.worker_id == other.name
    # A start is committed some milliseconds after its event; a worker that dies in between has not counted.
    until(lambda: starts_committed(python) == 2)
    # Only then the third: had it come before, the record might have been handed to it, which is no loss.
    other.kill()
    fleet.start().wait_for("language_served")
    end = python.log.wait_for_end(submission)
    assert "its worker was lost 2 times" in end.failed.message
    until(lambda: running(path) == 0, 5)
    assert put_and_judge(python) == submission_pb2.VERDICT_ACCEPTED


def starts_committed(bench: Bench) -> int:
    """How often the record was started that the group's commits tell of; 0 if they tell of none."""
    commits = [Commit(offset, metadata) for offset, metadata in bench.committed().values()]
    return max((count.starts for commit in commits for count in decode(commit).starts.values()), default=0)


def put_and_judge(bench: Bench) -> submission_pb2.Verdict:
    """The verdict of a right program."""
    return bench.log.wait_for_end(put(bench, "a.py", b"print('hello')\n")).finished.verdict


def test_sigterm_lets_runs_end_and_leaves_nothing_behind(python: Bench, fleet: Fleet) -> None:
    """What runs is told and committed, the worker disappears from the registry, the exit status is 0."""
    worker = fleet.start()
    worker.wait_for("language_served")
    registry = WorkerRegistry(python.bootstrap)
    registry.start()
    until(lambda: listed(registry.workers(), worker.name))
    path = f"second_{uuid.uuid4().hex}.py"
    submission = put(python, path, b"import time\ntime.sleep(1)\nprint('hello')\n")
    until(lambda: running(path) > 0)
    worker.terminate()

    assert worker.wait(20) == 0, worker.log()
    assert python.log.wait_for_end(submission).finished.verdict == submission_pb2.VERDICT_ACCEPTED
    until(lambda: not listed(registry.workers(), worker.name), 3)
    registry.close()
    assert running(path) == 0
    assert worker.errors() == []


def test_a_cancel_kills_the_program(python: Bench, fleet: Fleet) -> None:
    """The sandboxed process is gone at once, not when its time is over."""
    fleet.start().wait_for("language_served")
    path = f"sleeper_{uuid.uuid4().hex}.py"
    submission = put(python, path, SLEEPS)
    until(lambda: running(path) > 0)
    python.cancel(submission)

    assert python.log.wait_for_end(submission, 5).HasField("cancelled")
    until(lambda: running(path) == 0, 2)


def test_several_languages_share_the_slots(python: Bench, fleet: Fleet) -> None:
    """One process serves them all, and says what it lacks."""
    worker = fleet.start("python3,c,klingon")
    worker.wait_for("language_unavailable")
    assert put_and_judge(python) == submission_pb2.VERDICT_ACCEPTED

    submission = new_submission()
    record = record_of(submission, "c", "a.c", b'#include <stdio.h>\nint main(void) { puts("hello"); }\n')
    python.producer.send_soon(topics.submissions_topic("c"), "c", record.SerializeToString(), partition=0)
    end = python.log.wait_for_end(submission)
    assert end.finished.verdict == submission_pb2.VERDICT_ACCEPTED
    assert end.finished.compile.verdict == submission_pb2.VERDICT_ACCEPTED


def test_without_a_sandbox_nothing_runs(kafka_bootstrap: str, fleet: Fleet) -> None:
    """Exit status 3, and one line that says which limit cannot be held and what to do."""
    topics.ensure(kafka_bootstrap, [])
    worker = fleet.start(
        prefix=("unshare", "--mount", "sh", "-c", 'umount -l /sys/fs/cgroup; exec "$@"', "sh")
    )

    assert worker.wait(30) == 3, worker.log()
    assert "sandbox_unavailable" in worker.log()
    assert "remedy" in worker.log()
    assert "Traceback" not in worker.log()


async def test_the_service_tells_of_the_workers(python: Bench) -> None:
    """Listed by name in pages, read one by one, and what is not there yet says so."""
    registry = WorkerRegistry(python.bootstrap)
    registry.start()
    names = sorted(f"s-{uuid.uuid4().hex[:8]}" for _ in range(3))
    for name in names:
        beat = worker_pb2.WorkerHeartbeat(worker=worker_pb2.Worker(name=f"workers/{name}"))
        python.producer.send_soon(topics.WORKERS, name, beat.SerializeToString(), partition=0)
    until(lambda: all(listed(registry.workers(), name) for name in names))
    server = Server("127.0.0.1:0", [SERVICE])
    own = python.worker(TimedJudge())
    worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(
        WorkerServicer(registry, own.programs(never), own.producer, worker="workers/this"), server.grpc
    )
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
        found: list[str] = []
        request = worker_service_pb2.ListWorkersRequest(page_size=2)
        while True:
            page = await stub.ListWorkers(request)
            found += [worker.name for worker in page.workers]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        one = await stub.GetWorker(worker_service_pb2.GetWorkerRequest(name=f"workers/{names[0]}"))
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await stub.GetWorker(worker_service_pb2.GetWorkerRequest(name="workers/nobody"))
        drain = worker_service_pb2.DrainWorkerRequest(name=f"workers/{names[0]}")
        with pytest.raises(grpc.aio.AioRpcError) as foreign:
            await stub.DrainWorker(drain, metadata=(("x-gavel-tenant", "acme"),))
        await stub.DrainWorker(drain)
    await server.stop(0)
    registry.close()

    assert found == sorted(found)
    assert {f"workers/{name}" for name in names} <= set(found)
    assert one.worker.name == f"workers/{names[0]}"
    assert (missing.value.code(), reason(missing.value)) == (grpc.StatusCode.NOT_FOUND, "WORKER_NOT_FOUND")
    assert reason(foreign.value) == "FOREIGN_TENANT"
    assert not python.asked_to_drain.is_set()


def test_a_drained_worker_ends_and_the_one_that_follows_goes_on(python: Bench, tmp_path: Path) -> None:
    """Asked through another worker it takes nothing more, lets its run end, and exits with 0. A process that
    then has its id is not meant, though the record still lies on the topic.
    """
    asked = WorkerProcess(python.bootstrap, tmp_path, f"d-{uuid.uuid4().hex[:8]}")
    other = WorkerProcess(python.bootstrap, tmp_path, f"o-{uuid.uuid4().hex[:8]}", languages="c")
    again = None
    try:
        asked.wait_for("language_served")
        path = f"second_{uuid.uuid4().hex}.py"
        submission = put(python, path, b"import time\ntime.sleep(1)\nprint('hello')\n")
        until(lambda: running(path) > 0)
        drain(other.port(), asked.name)
        assert asked.wait(20) == 0, asked.log()
        assert python.log.wait_for_end(submission).finished.verdict == submission_pb2.VERDICT_ACCEPTED

        again = WorkerProcess(python.bootstrap, tmp_path, asked.name)
        again.wait_for("language_served")
        assert put_and_judge(python) == submission_pb2.VERDICT_ACCEPTED
        drain(again.port(), again.name)
        assert again.wait(20) == 0, again.log()
    finally:
        for worker in (asked, other, *([again] if again else [])):
            worker.close()


def drain(port: int, name: str) -> None:
    """Asks a worker to drain another one, once it has heard of it."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
        request = worker_service_pb2.ListWorkersRequest()
        until(lambda: listed(stub.ListWorkers(request, timeout=5).workers, name))
        stub.DrainWorker(worker_service_pb2.DrainWorkerRequest(name=f"workers/{name}"), timeout=5)


def never(*_: object, **__: object) -> NoReturn:
    """Runs no program."""
    raise AssertionError("nobody asked for one")


def reason(error: grpc.aio.AioRpcError) -> str:
    """The reason that the error's ErrorInfo names."""
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    assert status is not None
    assert status.details[0].Unpack(info)
    return info.reason
