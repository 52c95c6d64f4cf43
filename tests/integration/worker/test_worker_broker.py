"""The worker while its broker is away or mute; each test has a broker of its own."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_bench import Bench, Log, TimedJudge, until
from worker_processes import WorkerProcess

from gavel.bus.producer import Producer
from gavel.embedded.kafka import KafkaBroker

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """A broker that the test may hurt."""
    made = KafkaBroker(tmp_path / "kafka")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def alone(broker: KafkaBroker, tmp_path: Path) -> Iterator[Bench]:
    """A queue on that broker."""
    made = Bench(broker.bootstrap, tmp_path, Log(broker.bootstrap), Producer(broker.bootstrap))
    yield made
    made.close()


def test_an_end_is_told_when_the_broker_is_back(alone: Bench, broker: KafkaBroker) -> None:
    """The broker is killed while a record runs and comes back after the run: the verdict is there, once."""
    judge = TimedJudge(1.0)
    alone.worker(judge)
    submission = alone.submit()
    until(lambda: len(judge.calls) == 1)
    broker.kill()
    until(lambda: len(judge.busy_s) == 1)
    broker.start()

    assert alone.log.wait_for_end(submission, 60).HasField("finished")
    until(alone.all_finished, 60)
    assert alone.log.wait_for_end(alone.submit(), 60).HasField("finished")


def test_a_mute_broker_does_not_hold_the_end(broker: KafkaBroker, tmp_path: Path) -> None:
    """SIGTERM ends the worker within 20 s, although nobody hears that it lets go."""
    worker = WorkerProcess(broker.bootstrap, tmp_path, "alone")
    try:
        worker.wait_for("language_served")
        worker.wait_for("assigned")
        os.kill(broker.pid, signal.SIGSTOP)
        begin_s = time.monotonic()
        worker.terminate()

        assert worker.wait(20) == 0
        assert time.monotonic() - begin_s < 20
    finally:
        os.kill(broker.pid, signal.SIGCONT)
        worker.close()
