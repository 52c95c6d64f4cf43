"""Watches of real result processes: each event once, in order, to the end, whatever goes away meanwhile."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from conftest import PARTITIONS, Log, Replica, eventually
from gavel.bus import topics
from gavel.embedded.postgres import Postgres
from gavel.projection import writes
from gavel.result.v1 import result_service_pb2
from gavel.rpc.errors import GavelError, from_rpc_error
from gavel.rpc.positions import Position, ReadToken
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1.judgement_event_pb2 import TestResults as Results
from judgement_log import WRONG, Attempt, new_id, record, result, stored_facts

pytestmark = pytest.mark.integration

Start = Callable[..., Replica]
Connect = Callable[[Replica], Awaitable[Any]]
Message = result_service_pb2.WatchSubmissionResponse
FINISHED = submission_pb2.STATE_FINISHED


def request(attempt: Attempt, **more: Any) -> result_service_pb2.WatchSubmissionRequest:
    """A request to watch the submission of an attempt."""
    return result_service_pb2.WatchSubmissionRequest(name=f"submissions/{attempt.submission}", **more)


async def watched(call: Any, count: int | None = None) -> list[Message]:
    """The messages of a stream, heartbeats left out: all, or so many of them."""
    messages: list[Message] = []
    async with asyncio.timeout(30):
        async for message in call:
            if not message.HasField("heartbeat"):
                messages.append(message)
            if len(messages) == count:
                break
    return messages


async def failure(awaited: Awaitable[Any]) -> GavelError:
    """The error that a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaited
    return from_rpc_error(caught.value)


def kinds(messages: list[Message]) -> list[str | None]:
    """What happened in each message."""
    return [message.WhichOneof("event") for message in messages]


def is_stored(tables: psycopg.Connection[Any], attempt: Attempt) -> Callable[[], bool]:
    """Whether the judgement of an attempt is stored as ended."""

    def stored() -> bool:
        known = writes.load_judgements(tables, [attempt.submission])
        state = known.get((attempt.submission, attempt.judgement))
        return state is not None and state.end is not None

    return stored


def has_row(tables: psycopg.Connection[Any], attempt: Attempt) -> Callable[[], bool]:
    """Whether the submission of an attempt is stored."""
    return lambda: writes.read_tenant(tables, attempt.submission) is not None


def accept(log: Log, submission: UUID, **changes: Any) -> bytes:
    """Accepts a submission as the submission service does; returns the read token."""
    made = record(submission, **changes)
    topic = topics.submissions_topic(made.language, made.lane)
    partition = topics.partition_for(submission, PARTITIONS.interactive)
    offset = topics.end_offsets(log.bootstrap, [topic])[topic, partition]
    log.records(made)
    where = Position(topics.topic_id(log.bootstrap, topic), partition, offset)
    return ReadToken(topic, where, time.time_ns() // 1_000_000).encode()


async def test_from_the_queue_to_the_end(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any]
) -> None:
    """With a read token the stream begins in the queue and holds each event once; the end is what
    GetResult reads.
    """
    attempt = Attempt()
    stub = await connect(start_replica())
    call = stub.WatchSubmission(request(attempt, read_token=accept(log, attempt.submission)))
    assert kinds(await watched(call, 1)) == ["queued"]
    began = time.monotonic()
    log.events(attempt.started(2), attempt.compiled())
    assert kinds(await watched(call, 2)) == ["running", "compiled"]
    assert time.monotonic() - began < 5
    log.events(*attempt.run(2)[1:])

    messages = await watched(call)
    assert kinds(messages) == ["test", "test", "ended"]
    assert [message.test.number for message in messages[:2]] == [1, 2]
    ended = messages[-1].ended
    assert (ended.state, ended.verdict, len(ended.tests)) == (FINISHED, submission_pb2.VERDICT_ACCEPTED, 2)
    eventually(is_stored(tables, attempt), "stored")
    name = f"submissions/{attempt.submission}"
    assert (await stub.GetResult(result_service_pb2.GetResultRequest(name=name))).judgement == ended


async def test_live_from_rows_and_resumed_are_the_same(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any]
) -> None:
    """Who watches live, who comes later, and who resumes anywhere on any replica see the same messages."""
    attempt = Attempt()
    first = await connect(start_replica())
    live_call = first.WatchSubmission(request(attempt, read_token=accept(log, attempt.submission)))
    queued = await watched(live_call, 1)
    for event in [attempt.started(4), attempt.compiled(), *attempt.run(4)[1:]]:
        log.events(event)
    live = queued + await watched(live_call)
    assert kinds(live) == ["queued", "running", "compiled", "test", "test", "test", "test", "ended"]
    eventually(is_stored(tables, attempt), "stored")
    # A window of a few bytes: whatever the second replica knows is from the rows.
    second = await connect(start_replica(window_bytes=1))
    late = await watched(second.WatchSubmission(request(attempt)))
    assert late == live[1:]

    for stub in (first, second):
        for index, message in enumerate(live[:-1]):
            resumed = await watched(stub.WatchSubmission(request(attempt, resume_token=message.resume_token)))
            assert resumed == live[index + 1 :]
        last = stub.WatchSubmission(request(attempt, resume_token=live[-1].resume_token))
        assert await watched(last) == []


async def test_many_watches_through_a_tiny_window(start_replica: Start, connect: Connect, log: Log) -> None:
    """With a window of a few events, and watches that come at every moment, nothing is missed or
    told twice.
    """
    stub = await connect(start_replica(window_bytes=2000).settle())
    attempts = [Attempt() for _ in range(30)]
    tokens = [accept(log, attempt.submission) for attempt in attempts]

    async def judged(attempt: Attempt) -> None:
        for event in attempt.run(5):
            log.producer.send_soon(
                topics.EVENTS,
                event.submission_id,
                event.SerializeToString(),
                partition=topics.partition_for(attempt.submission, PARTITIONS.events),
            )
            await asyncio.sleep(0.01)

    async def watching(index: int) -> list[Message]:
        await asyncio.sleep(index * 0.005)
        return await watched(stub.WatchSubmission(request(attempts[index], read_token=tokens[index])))

    watches = [watching(index) for index in range(len(attempts))]
    found = await asyncio.gather(*watches, *(judged(attempt) for attempt in attempts))
    for messages in found[: len(attempts)]:
        shown = [kind for kind in kinds(messages or []) if kind != "queued"]
        assert shown == ["running", *["test"] * 5, "ended"]


async def test_a_new_attempt_is_shown_as_restarted(start_replica: Start, connect: Connect, log: Log) -> None:
    """When the worker is lost, the watcher is told, and sees only what the new attempt does."""
    old = Attempt()
    new = old.another()
    stub = await connect(start_replica())
    call = stub.WatchSubmission(request(old, read_token=accept(log, old.submission)))
    assert kinds(await watched(call, 1)) == ["queued"]
    log.events(old.started(), old.test(1))
    assert kinds(await watched(call, 2)) == ["running", "test"]
    log.events(new.started(), old.test(2), new.test(1, WRONG), new.finished([result(1, WRONG)], WRONG))

    messages = await watched(call)
    assert kinds(messages) == ["restarted", "test", "ended"]
    assert (messages[0].restarted.attempt, messages[-1].ended.attempt) == (new.id, new.id)


async def test_while_the_database_is_away(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any], postgres: Postgres
) -> None:
    """What is accepted now is streamed to its end; what is older is UNAVAILABLE with the time to try
    again.
    """
    old, young, unheard = Attempt(accepted_s=time.time() - 3600), Attempt(), Attempt()
    log.events(*old.run(1))
    stub = await connect(start_replica())
    eventually(is_stored(tables, old), "stored")
    postgres.kill()
    try:
        call = stub.WatchSubmission(request(young, read_token=accept(log, young.submission)))
        assert kinds(await watched(call, 1)) == ["queued"]
        log.events(*young.run(2))
        assert kinds(await watched(call)) == ["running", "test", "test", "ended"]
        again = await watched(stub.WatchSubmission(request(young)))
        assert kinds(again) == ["running", "test", "test", "ended"]
        for attempt in (old, unheard):
            error = await failure(watched(stub.WatchSubmission(request(attempt))))
            assert error.reason_name == "DATABASE_UNAVAILABLE"
            assert error.retry_after_ms
    finally:
        postgres.start()


async def test_foreign_watchers_are_refused(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any]
) -> None:
    """By the row, by the events when there is no row, and in the queue as soon as something is heard."""
    stub = await connect(start_replica())
    foreign = (("x-gavel-tenant", "mallory"),)
    stored, running, queued = Attempt(), Attempt(), Attempt()
    log.events(*stored.run(1))
    eventually(is_stored(tables, stored), "stored")
    log.events(running.started())

    for attempt in (stored, running):
        error = await failure(watched(stub.WatchSubmission(request(attempt), metadata=foreign)))
        assert error.reason_name == "FOREIGN_TENANT"
    token = accept(log, queued.submission)
    call = stub.WatchSubmission(request(queued, read_token=token), metadata=foreign)
    assert kinds(await watched(call, 1)) == ["queued"]
    log.events(queued.started())
    assert (await failure(watched(call))).reason_name == "FOREIGN_TENANT"
    name = f"submissions/{stored.submission}"
    read = stub.GetResult(result_service_pb2.GetResultRequest(name=name), metadata=foreign)
    assert (await failure(read)).reason_name == "FOREIGN_TENANT"


async def test_what_does_not_exist_is_not_found(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any]
) -> None:
    """Without a token, once the writers have passed the log's end; with a forged one, when they have
    passed it.
    """
    stub = await connect(start_replica())
    known = Attempt()
    accept(log, known.submission)
    eventually(has_row(tables, known), "the writers have begun")
    token = ReadToken.decode(accept(log, known.submission), "read_token")
    nothing = Attempt()
    assert (
        await failure(watched(stub.WatchSubmission(request(nothing))))
    ).reason_name == "SUBMISSION_NOT_FOUND"
    forged = stub.WatchSubmission(request(nothing, read_token=token.encode()))
    assert kinds(await watched(forged, 1)) == ["queued"]
    assert (await failure(watched(forged))).reason_name == "SUBMISSION_NOT_FOUND"
    name = f"submissions/{nothing.submission}"
    for read in (
        stub.GetResult(result_service_pb2.GetResultRequest(name=name)),
        stub.ListResults(result_service_pb2.ListResultsRequest(parent=name)),
    ):
        assert (await failure(read)).reason_name == "SUBMISSION_NOT_FOUND"


async def test_a_queued_submission_without_a_token_is_held_until_it_is_known(
    start_replica: Start, connect: Connect, log: Log
) -> None:
    """A watch that comes before its submission's row is held, and goes on when the row is there."""
    stub = await connect(start_replica().settle())
    attempt = Attempt()
    call = stub.WatchSubmission(request(attempt))
    accept(log, attempt.submission)

    async with asyncio.timeout(60):
        while (seen := await _held(call)) is None:  # writers that took over 5 s
            call = stub.WatchSubmission(request(attempt))
    assert kinds(seen) == ["queued"]
    log.events(*attempt.run(1))
    assert kinds(await watched(call)) == ["running", "test", "ended"]


async def _held(call: Any) -> list[Message] | None:
    """The first message; None when the watch is told to come again."""
    try:
        return await watched(call, 1)
    except grpc.aio.AioRpcError as error:
        if from_rpc_error(error).reason_name != "NOT_YET_STORED":
            raise
        return None


async def test_the_place_in_the_queue_is_told(
    start_replica: Start, connect: Connect, log: Log, bootstrap: str
) -> None:
    """A queued watcher learns how many are before it, and again when that changes."""
    stub = await connect(start_replica())
    attempts = []
    while len(attempts) < 4:
        attempt = Attempt()
        if topics.partition_for(attempt.submission, PARTITIONS.interactive) == 0:
            attempts.append(attempt)
    tokens = [accept(log, attempt.submission) for attempt in attempts]
    call = stub.WatchSubmission(request(attempts[3], read_token=tokens[3]))
    assert [message.queued.ahead_count for message in await watched(call, 2)] == [0, 3]
    worker = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "workers.python3", "group.protocol": "consumer"}
    )
    worker.commit(offsets=[TopicPartition("submissions.python3", 0, 2)], asynchronous=False)
    worker.close()
    assert [message.queued.ahead_count for message in await watched(call, 1)] == [1]


async def test_a_slow_reader_gets_all_that_counts(start_replica: Start, connect: Connect, log: Log) -> None:
    """A client that reads nothing for a while finds every test in order, and no attempt that was replaced."""
    stub = await connect(start_replica())
    old = Attempt()
    new = old.another()
    call = stub.WatchSubmission(request(old, read_token=accept(log, old.submission)))
    log.events(old.started(1000), *(old.test(number) for number in range(1, 1000)))
    log.events(*new.run(1500))
    await asyncio.sleep(0)
    other = await watched(stub.WatchSubmission(request(old)))

    messages = await watched(call)
    numbers = [message.test.number for message in messages if message.HasField("test")]
    assert numbers[-1500:] == list(range(1, 1501))
    assert messages[-1] == other[-1]


async def test_draining_sends_clients_elsewhere(start_replica: Start, connect: Connect, log: Log) -> None:
    """SIGTERM ends open streams with DRAINING; another replica takes them up behind the last message."""
    leaving, staying = start_replica(), start_replica()
    stub, other = await connect(leaving), await connect(staying)
    attempt = Attempt()
    call = stub.WatchSubmission(request(attempt, read_token=accept(log, attempt.submission)))
    before = await watched(call, 1)
    log.events(attempt.started(), attempt.test(1))
    before += await watched(call, 2)
    leaving.process.send_signal(signal.SIGTERM)
    error = await failure(watched(call))
    assert (error.reason_name, error.code) == ("DRAINING", grpc.StatusCode.UNAVAILABLE)
    log.events(*attempt.run(2)[2:])

    after = await watched(other.WatchSubmission(request(attempt, resume_token=before[-1].resume_token)))
    assert kinds(before + after) == ["queued", "running", "test", "test", "ended"]
    assert await asyncio.to_thread(leaving.process.wait, 20) == 0


async def test_a_replica_that_is_full_refuses(start_replica: Start, connect: Connect, log: Log) -> None:
    """One stream more than allowed is RESOURCE_EXHAUSTED with the time to try again, and harms no other."""
    stub = await connect(start_replica(streams=2))
    attempt = Attempt()
    token = accept(log, attempt.submission)
    calls = [stub.WatchSubmission(request(attempt, read_token=token)) for _ in range(2)]
    for call in calls:
        assert kinds(await watched(call, 1)) == ["queued"]
    error = await failure(watched(stub.WatchSubmission(request(attempt, read_token=token))))
    assert (error.reason_name, error.code) == ("OVERLOADED", grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert error.retry_after_ms

    log.events(*attempt.run(1))
    for call in calls:
        assert kinds(await watched(call)) == ["running", "test", "ended"]


async def test_facts_in_an_object(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """The end and GetResult hold the tests of the object; where it is lost the verdict stands, with
    DATA_LOSS.
    """
    objects = Objects(f"file://{tmp_path / 'objects'}")
    content = Results(tests=[result(1), result(2)]).SerializeToString()
    objects.put("outputs/kept", content)
    kept, lost = Attempt(), Attempt()
    stub = await connect(start_replica())
    log.events(kept.started(), kept.finished(object=stored_facts("outputs/kept", content)))
    log.events(lost.started(), lost.finished(object=stored_facts("outputs/lost", content)))
    eventually(is_stored(tables, lost), "stored")
    eventually(is_stored(tables, kept), "stored")

    messages = await watched(stub.WatchSubmission(request(kept)))
    assert [test.number for test in messages[-1].ended.tests] == [1, 2]
    call = stub.WatchSubmission(request(lost))
    messages = await watched(call, 2)
    assert messages[-1].ended.verdict == submission_pb2.VERDICT_ACCEPTED
    error = await failure(watched(call))
    assert (error.reason_name, error.code) == ("OBJECT_DAMAGED", grpc.StatusCode.DATA_LOSS)
    read = stub.GetResult(result_service_pb2.GetResultRequest(name=f"submissions/{lost.submission}"))
    assert (await failure(read)).reason_name == "OBJECT_DAMAGED"
    objects.close()


async def test_judgements_are_read_and_listed(
    start_replica: Start, connect: Connect, log: Log, tables: psycopg.Connection[Any]
) -> None:
    """GetResult reads the current or any judgement, QUEUED before it began; ListResults pages over all."""
    stub = await connect(start_replica())
    first = Attempt()
    name = f"submissions/{first.submission}"
    accept(log, first.submission)

    async def get(of: str) -> submission_pb2.Judgement:
        return (await stub.GetResult(result_service_pb2.GetResultRequest(name=of))).judgement

    eventually(has_row(tables, first), "stored")
    queued = await get(name)
    assert (queued.name, queued.state) == (f"{name}/judgements/1", submission_pb2.STATE_QUEUED)
    second = first.another()
    second.judgement = 2
    log.events(*first.run(1), *second.run(2), second.applied())
    eventually(is_stored(tables, second), "stored")
    assert (await get(name)).name == f"{name}/judgements/2"
    assert (await get(f"{name}/judgements/1")).name == f"{name}/judgements/1"

    page = await stub.ListResults(result_service_pb2.ListResultsRequest(parent=name, page_size=1))
    assert [each.name for each in page.judgements] == [f"{name}/judgements/1"]
    rest = await stub.ListResults(
        result_service_pb2.ListResultsRequest(parent=name, page_size=1, page_token=page.next_page_token)
    )
    assert [each.name for each in rest.judgements] == [f"{name}/judgements/2"]
    assert rest.next_page_token == ""
    messages = await watched(stub.WatchSubmission(request(first)))
    assert messages[-1].ended.name == f"{name}/judgements/2"


async def test_malformed_requests(start_replica: Start, connect: Connect) -> None:
    """What is no name, token or judgement is INVALID_ARGUMENT; WatchSubmissions comes later."""
    stub = await connect(start_replica())
    good = f"submissions/{new_id()}"
    for bad, field in (
        ({"name": "submissions/7"}, "name"),
        ({"name": good, "judgement": -1}, "judgement"),
        ({"name": good, "read_token": b"x"}, "read_token"),
        ({"name": good, "resume_token": b"P\0"}, "resume_token"),
    ):
        asked = result_service_pb2.WatchSubmissionRequest(**bad)
        error = await failure(watched(stub.WatchSubmission(asked)))
        assert error.code == grpc.StatusCode.INVALID_ARGUMENT
        assert error.violations[0].field == field
    later = stub.WatchSubmissions(result_service_pb2.WatchSubmissionsRequest())
    assert (await failure(watched(later))).reason_name == "NOT_IMPLEMENTED"
    gone = Position("AAAAAAAAAAAAAAAAAAAAAA", 0, 3).encode()
    expired = stub.WatchSubmission(result_service_pb2.WatchSubmissionRequest(name=good, resume_token=gone))
    assert (await failure(watched(expired))).reason_name == "RESUME_TOKEN_EXPIRED"
