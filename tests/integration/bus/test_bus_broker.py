"""Topics and the producer on a real broker."""

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from gavel.bus import topics
from gavel.bus.consumer import BEGINNING, DeadLetters, Reader, Record
from gavel.bus.producer import Delivery, Producer
from gavel.bus.registry import WorkerRegistry
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.worker.v1 import worker_pb2

pytestmark = pytest.mark.integration


def code() -> str:
    """A language code of this test alone."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def language(kafka_bootstrap: str) -> str:
    """A language whose topics exist."""
    made = code()
    topics.ensure(kafka_bootstrap, [made])
    return made


@pytest.fixture
def producer(kafka_bootstrap: str) -> Iterator[Producer]:
    """A producer that sends at once."""
    made = Producer(kafka_bootstrap)
    yield made
    assert made.close() == 0


def read_all(bootstrap: str, topic: str, count: int) -> list[Record]:
    """The first records of a topic."""
    reader = Reader(bootstrap, topic, BEGINNING)
    found: list[Record] = []
    deadline_s = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline_s:
        found += reader.read(0.2)
    reader.close()
    return found


def test_several_processes_may_make_the_topics_at_once(kafka_bootstrap: str) -> None:
    """Every caller returns with the topics there and led, whoever made them."""
    languages = [code(), code()]
    errors: list[Exception] = []

    def ensure() -> None:
        try:
            topics.ensure(kafka_bootstrap, languages)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    for language in languages:
        assert topics.partition_count(kafka_bootstrap, topics.submissions_topic(language)) == 4


def test_a_topic_has_its_settings(kafka_bootstrap: str, language: str) -> None:
    """What the plan says is what the broker holds."""
    resource = ConfigResource(ResourceType.TOPIC, topics.submissions_topic(language))
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    found = admin.describe_configs([resource])[resource].result(10)

    assert found["flush.messages"].value == "1"
    assert found["message.timestamp.type"].value == "LogAppendTime"
    assert found["retention.ms"].value == str(7 * 24 * 3600 * 1000)
    assert found["retention.bytes"].value == "-1"


async def test_the_accept_time_comes_back_from_the_broker(language: str, producer: Producer) -> None:
    """The delivery says what the record itself will say to whoever reads it."""
    topic = topics.submissions_topic(language)
    sent = await producer.send(topic, language, b"x", partition=3, headers=[("traceparent", b"00-a")])

    assert (sent.partition, sent.offset) == (3, 0)
    assert abs(sent.timestamp_ms - time.time() * 1000) < 5000
    bootstrap = producer._settings["bootstrap.servers"]
    record = (await asyncio.to_thread(read_all, bootstrap, topic, 1))[0]
    assert record.timestamp_ms == sent.timestamp_ms
    assert record.headers == (("traceparent", b"00-a"),)


async def test_ends_tell_the_offset_to_come(kafka_bootstrap: str, language: str, producer: Producer) -> None:
    """Partitions without records end at 0; topics that do not exist are left out."""
    topic = topics.submissions_topic(language)
    for _ in range(3):
        await producer.send(topic, None, b"x", partition=1)
    ends = await asyncio.to_thread(topics.end_offsets, kafka_bootstrap, [topic, "no-such-topic"])

    assert ends == {(topic, number): 3 if number == 1 else 0 for number in range(4)}


def test_a_topic_made_anew_has_another_id(kafka_bootstrap: str, language: str) -> None:
    """Positions in the old one mean nothing in the new one, and the id tells."""
    topic = topics.submissions_topic(language)
    before = topics.topic_id(kafka_bootstrap, topic)
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    admin.delete_topics([topic])[topic].result(10)
    deadline_s = time.monotonic() + 10
    while topics.partition_count(kafka_bootstrap, topic) and time.monotonic() < deadline_s:
        threading.Event().wait(0.05)
    topics.ensure(kafka_bootstrap, [language])

    assert topics.topic_id(kafka_bootstrap, topic) != before
    with pytest.raises(LookupError):
        topics.topic_id(kafka_bootstrap, "no-such-topic")


async def test_a_record_too_large_is_refused(language: str, producer: Producer) -> None:
    """At once, with its own reason: sending it again would not help."""
    with pytest.raises(GavelError) as caught:
        await producer.send(topics.submissions_topic(language), None, b"x" * 1_100_000)

    assert caught.value.reason == reasons.ERROR_REASON_MESSAGE_TOO_LARGE


async def test_a_full_producer_refuses_at_once() -> None:
    """Without a broker records are held up to the bound, then OVERLOADED."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        producer = Producer(f"127.0.0.1:{mute.getsockname()[1]}", records_most=10)
        outcomes: list[Delivery | GavelError] = []
        for _ in range(10):
            producer.send_soon("events", None, b"x", on_delivery=outcomes.append)
        with pytest.raises(GavelError) as caught:
            await producer.send("events", None, b"x")
        assert caught.value.reason == reasons.ERROR_REASON_OVERLOADED
        assert caught.value.retry_after_ms

        assert producer.close(0.1) == 10
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [
        reasons.ERROR_REASON_BROKER_UNAVAILABLE
    ] * 10


async def test_a_caller_that_gave_up_disturbs_nobody(language: str, producer: Producer) -> None:
    """Its record may arrive; the others' answers are not touched."""
    topic = topics.submissions_topic(language)
    given_up = asyncio.ensure_future(producer.send(topic, None, b"a", partition=0))
    await asyncio.sleep(0)
    given_up.cancel()

    assert (await producer.send(topic, None, b"b", partition=0)).offset == 1


async def test_records_keep_the_order_of_their_sends(
    kafka_bootstrap: str, language: str, producer: Producer
) -> None:
    """Within a partition, with many in flight."""
    topic = topics.submissions_topic(language)
    await asyncio.gather(
        *(producer.send(topic, None, str(number).encode(), partition=2) for number in range(500))
    )
    found = await asyncio.to_thread(read_all, kafka_bootstrap, topic, 500)

    assert [int(record.value or b"") for record in found] == list(range(500))


def test_a_dead_letter_arrives_with_its_reason(
    kafka_bootstrap: str, language: str, producer: Producer
) -> None:
    """And keeps the bytes of the record."""
    arrived = threading.Event()
    record = Record(topics.submissions_topic(language), 0, 4, 0, None, b"\xffrubbish")
    DeadLetters(producer).put(record, "unreadable", lambda _outcome: arrived.set())
    assert arrived.wait(10)

    letters = [
        letter
        for letter in read_all(kafka_bootstrap, topics.DEAD, 10_000)
        if letter.key == f"{record.topic}/0/4".encode()
    ]
    assert [letter.value for letter in letters] == [b"\xffrubbish"]
    assert dict(letters[0].headers)["gavel-reason"] == b"unreadable"


def test_the_registry_shows_who_is_alive(kafka_bootstrap: str, producer: Producer) -> None:
    """A heartbeat makes a worker appear, also to a registry that starts later; a tombstone ends it."""
    name = f"w-{uuid.uuid4().hex}"
    topics.ensure(kafka_bootstrap, [])
    beat = worker_pb2.WorkerHeartbeat(worker=worker_pb2.Worker(name=f"workers/{name}", slot_count=3))
    producer.send_soon(topics.WORKERS, name, beat.SerializeToString())
    producer.flush(10)
    registry = WorkerRegistry(kafka_bootstrap)
    assert registry.start(10)

    assert [one.slot_count for one in registry.workers() if one.name == f"workers/{name}"] == [3]

    producer.send_soon(topics.WORKERS, name, None)
    deadline_s = time.monotonic() + 10
    while any(one.name == f"workers/{name}" for one in registry.workers()):
        assert time.monotonic() < deadline_s
        threading.Event().wait(0.02)
    registry.close()
