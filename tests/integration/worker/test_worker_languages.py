"""A worker of a deployment with languages of its own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_bench import Bench, new_submission, record_of
from worker_processes import WorkerProcess

from gavel.bus import topics
from gavel.submission.v1 import submission_pb2

pytestmark = pytest.mark.integration

FILE = """
[shout]
suffixes = [".shout"]
programs = { bash = ["bash"] }
version = ["{bash}", "--version"]
run = ["{bash}", "-c", "echo hello", "{entry}"]
selftest = "hello"

[broken]
suffixes = [".broken"]
programs = { bash = ["bash"] }
version = ["{bash}", "--version"]
run = ["{bash}", "-c", "echo good morning", "{entry}"]
selftest = "hello"
"""


@pytest.fixture
def worker(kafka_bootstrap: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    """One that serves two languages of its deployment and one of Gavel's."""
    (tmp_path / "languages.toml").write_text(FILE)
    settings = {"GAVEL_LANGUAGES_FILE": str(tmp_path / "languages.toml")}
    name = f"p-{uuid.uuid4().hex[:8]}"
    made = WorkerProcess(kafka_bootstrap, tmp_path, name, languages="broken,shout,c", settings=settings)
    yield made
    made.close()


def test_a_deployments_language_is_served(bench: Bench, worker: WorkerProcess) -> None:
    """One whose hello program is judged wrong is not, with the reason, and harms no other."""
    bench.language = "shout"
    bench.ensure()
    submission = new_submission()
    record = record_of(submission, "shout", "a.shout", b"anything")

    bench.producer.send_soon(
        topics.submissions_topic("shout"), "shout", record.SerializeToString(), partition=0
    )

    assert bench.log.wait_for_end(submission).finished.verdict == submission_pb2.VERDICT_ACCEPTED
    worker.wait_for('"language": "broken"')
    assert "its hello program was judged VERDICT_WRONG_ANSWER" in worker.log()


@pytest.mark.parametrize(
    ("variable", "value"), [("GAVEL_ROOTS", "java=/nowhere"), ("GAVEL_LANGUAGES_FILE", "/nowhere")]
)
def test_a_wrong_setting_stops_the_start(
    kafka_bootstrap: str, tmp_path: Path, variable: str, value: str
) -> None:
    """With its name."""
    worker = WorkerProcess(kafka_bootstrap, tmp_path, "p-wrong", settings={variable: value})
    try:
        assert worker.wait(30) != 0
        assert f"{variable}: " in worker.log()
    finally:
        worker.close()
