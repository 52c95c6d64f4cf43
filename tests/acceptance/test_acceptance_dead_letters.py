"""Damaged records: set aside with their reason, and the next submission is judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conditions import until
from gavel.bus import topics
from gavel.bus.consumer import Record
from gavel.bus.producer import Producer
from gavel.client import Client, NotFoundError, uuid7
from gavel.embedded import Mesh
from gavel.submission.v1.submission_record_pb2 import SubmissionRecord
from topic_reader import read_topic

pytestmark = pytest.mark.acceptance


@pytest.fixture
def producer(mesh: Mesh) -> Iterator[Producer]:
    """Puts records into the mesh's topics."""
    made = Producer(mesh.kafka)
    yield made
    made.close()


@pytest.mark.parametrize("topic", ["submissions.python3", topics.EVENTS, topics.CONTROL, topics.WORKERS])
def test_sets_a_damaged_record_aside(mesh: Mesh, client: Client, producer: Producer, topic: str) -> None:
    """Bytes that are no record go to submissions.dead with where they were and why, and all is served."""
    garbage = b"\xff\xffdamaged " + uuid7().bytes
    producer.send_soon(topic, "nobody", garbage, partition=0)
    letter = until(lambda: _letter(mesh, garbage), "it is set aside")
    headers = dict(letter.headers)
    assert (headers["gavel-topic"], headers["gavel-partition"]) == (topic.encode(), b"0")
    assert letter.key == b"%s/0/%s" % (topic.encode(), headers["gavel-offset"])
    assert headers["gavel-reason"]
    _judges(client)
    assert any(language.available for language in client.languages())


def test_ends_a_judgement_whose_record_is_damaged(mesh: Mesh, client: Client, producer: Producer) -> None:
    """A record that still says whose it is ends FAILED, is set aside, and harms nobody else."""
    submission_id = str(uuid7())
    record = SubmissionRecord(submission_id=submission_id, tenant="local", judgement=1, language="python3")
    damaged = record.SerializeToString() + b"\xff\xff"
    producer.send_soon("submissions.python3", "python3", damaged, partition=1)
    until(lambda: _letter(mesh, damaged), "it is set aside")

    def failed() -> bool:
        try:
            return client.result(f"submissions/{submission_id}").state == "FAILED"
        except NotFoundError:
            return False

    until(failed, "its judgement ended FAILED")
    _judges(client)


def _letter(mesh: Mesh, value: bytes) -> Record | None:
    return next((each for each in read_topic(mesh.kafka, topics.DEAD) if each.value == value), None)


def _judges(client: Client) -> None:
    assert client.wait(client.submit({"main.py": b"print(1)"}, language="python3")).verdict == "ACCEPTED"
