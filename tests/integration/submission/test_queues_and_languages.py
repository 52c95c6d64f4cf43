"""What clients see of languages and queues."""

import asyncio
import time
from collections.abc import Sequence

import grpc
import pytest
from confluent_kafka import Consumer, TopicPartition
from google.protobuf.timestamp_pb2 import Timestamp
from submission_mesh import Calls, Replica, refusal, request

from gavel.bus import offsets, topics
from gavel.bus.producer import Producer
from gavel.judging.languages import LANGUAGES
from gavel.rpc.positions import ReadToken
from gavel.submission.v1.submission_pb2 import LANE_BATCH, LANE_INTERACTIVE
from gavel.submission.v1.submission_service_pb2 import ListLanguagesRequest, Queue, WatchQueuesRequest
from gavel.worker.v1.worker_pb2 import Worker, WorkerHeartbeat, WorkerLanguage

pytestmark = pytest.mark.integration


async def heartbeat(kafka: str, worker: Worker) -> None:
    """Tells of a worker."""
    producer = Producer(kafka)
    try:
        now = Timestamp()
        now.GetCurrentTime()
        worker.heartbeat_time.CopyFrom(now)
        beat = WorkerHeartbeat(worker=worker).SerializeToString()
        await producer.send(topics.WORKERS, worker.name.removeprefix("workers/"), beat, partition=0)
    finally:
        await asyncio.to_thread(producer.close)


async def test_languages(calls: Calls, replica: Replica) -> None:
    """Every language Gavel knows is listed; one is available while a worker's heartbeat says so."""
    # Languages that no worker of another test on this broker serves.
    served = WorkerLanguage(code="pascal", available=True, version="3.2.2")
    broken = WorkerLanguage(code="haskell", reason="ghc does not answer")
    await heartbeat(replica.kafka, Worker(name="workers/w1", languages=[served, broken], slot_count=2))

    deadline = time.monotonic() + 10
    while True:
        answer = await calls.submissions.ListLanguages(ListLanguagesRequest())
        languages = {language.code: language for language in answer.languages}
        if languages["pascal"].available:
            break
        assert time.monotonic() < deadline, "the heartbeat is not seen"
        await asyncio.sleep(0.02)

    assert list(languages) == sorted(LANGUAGES)
    assert (languages["pascal"].version, languages["pascal"].slot_count) == ("3.2.2", 2)
    assert (languages["haskell"].available, languages["haskell"].reason) == (False, "ghc does not answer")
    assert "Install" in languages["kotlin"].reason


async def test_queues(calls: Calls, replica: Replica) -> None:
    """A watch tells at once how long the queues are, and again when they change by accepts and commits."""
    watch = calls.submissions.WatchQueues(WatchQueuesRequest(languages=["cpp"]))

    async def told(until: int | None) -> dict[int, Queue]:
        while True:
            answer = await asyncio.wait_for(watch.read(), 10)
            queues = {queue.lane: queue for queue in answer.queues}
            if until is None or queues[LANE_INTERACTIVE].waiting_count == until:
                return queues

    before = (await told(None))[LANE_INTERACTIVE].waiting_count
    responses = [await calls.submissions.CreateSubmission(request(language="cpp")) for _ in range(3)]
    after = await told(before + 3)
    last = ReadToken.decode(responses[-1].read_token, "read_token").position
    await asyncio.to_thread(finish_one, replica.kafka, last.partition, last.offset)
    one_less = await told(before + 2)
    await asyncio.to_thread(finish_all, replica.kafka)
    finished = await told(0)
    watch.cancel()

    assert set(after) == {LANE_INTERACTIVE, LANE_BATCH}
    assert after[LANE_INTERACTIVE].oldest_age_ms > 0
    assert one_less[LANE_INTERACTIVE].oldest_age_ms > 0
    assert (finished[LANE_INTERACTIVE].oldest_age_ms, finished[LANE_BATCH].waiting_count) == (0, 0)


def commit(kafka: str, commits: Sequence[TopicPartition]) -> None:
    """Commits for the workers of C++."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "workers.cpp", "enable.auto.commit": False})
    try:
        consumer.commit(offsets=list(commits), asynchronous=False)
    finally:
        consumer.close()


def finish_one(kafka: str, partition: int, offset: int) -> None:
    """Commits as a worker does that has finished one record, perhaps above others that are open."""
    account = offsets.PartitionOffsets(offsets.Commit(0))
    for each in range(offset + 1):
        account.take(each)
    account.finish(offset)
    state = account.state()
    commit(kafka, [TopicPartition("submissions.cpp", partition, state.offset, metadata=state.metadata)])


def finish_all(kafka: str) -> None:
    """Commits as workers do that have finished everything."""
    ends = topics.end_offsets(kafka, ["submissions.cpp"])
    commit(kafka, [TopicPartition("submissions.cpp", partition, end) for (_, partition), end in ends.items()])


async def test_queues_of_an_unknown_language(calls: Calls) -> None:
    """It is named."""
    watch = calls.submissions.WatchQueues(WatchQueuesRequest(languages=["cpp", "nope"]))

    error = await refusal(watch.read())

    assert (error.reason_name, error.violations[0].field) == ("UNKNOWN_LANGUAGE", "languages[1]")


async def test_a_replica_that_stops_ends_its_watches(replica: Replica, rows_url: str) -> None:
    """SIGTERM ends watches with UNAVAILABLE at once, and the process well before its grace is over."""
    second = Replica(replica.kafka, rows_url, replica.storage)
    second.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{second.port}") as opened:
        watch = Calls(opened).submissions.WatchQueues(WatchQueuesRequest())
        await watch.read()
        began = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(second.stop))

        async def to_the_end() -> None:
            while True:
                await watch.read()

        error = await refusal(asyncio.wait_for(to_the_end(), 10))

        assert error.code.name == "UNAVAILABLE"
        assert await stopping == 0
        assert time.monotonic() - began < 8
