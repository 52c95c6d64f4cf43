"""A submission replica as a process, with what it needs around it, for the tests of this folder."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gavel.bus import topics
from gavel.db.migrate import migrate
from gavel.embedded.ports import choose
from gavel.projection import partitions, writes
from gavel.projection.ends import LogEnds
from gavel.projection.positions import LogPosition, position
from gavel.projection.rows import Slice, StoredSubmission
from gavel.projection.state import END_ORDINAL, Attempt, End, JudgementState, Place, ShownTest
from gavel.rpc.errors import GavelError, from_rpc_error
from gavel.rpc.positions import ReadToken
from gavel.storage.objects import Objects
from gavel.submission import identity
from gavel.submission.v1 import (
    file_service_pb2_grpc,
    problem_service_pb2_grpc,
    submission_pb2,
    submission_record_pb2,
    submission_service_pb2,
    submission_service_pb2_grpc,
)
from gavel.worker.v1 import judgement_event_pb2

LANGUAGES = ("python3", "cpp")
START_TIMEOUT_S = 30


@dataclass(slots=True)
class Replica:
    """`python -m gavel.submission`."""

    kafka: str
    database_url: str
    storage: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=choose)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until its health says so."""
        environment = os.environ | {
            "GAVEL_NAME": "submission-test",
            "GAVEL_LISTEN": f"127.0.0.1:{self.port}",
            "GAVEL_KAFKA": self.kafka,
            "GAVEL_DATABASE_URL": self.database_url,
            "GAVEL_STORAGE_URL": f"file://{self.storage}/objects",
            **self.settings,
        }
        with (self.storage / f"replica-{self.port}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gavel.submission"], env=environment, stdout=log, stderr=log
            )
        # Not rpc.client's channel: its service config bounds a health check to 5 s.
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as opened:
            health = health_pb2_grpc.HealthStub(opened)
            for service in ("SubmissionService", "ProblemService", "FileService"):
                request = health_pb2.HealthCheckRequest(service=f"gavel.submission.v1.{service}")
                answer = health.Check(request, timeout=START_TIMEOUT_S, wait_for_ready=True)
                assert answer.status == health_pb2.HealthCheckResponse.SERVING

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    @property
    def log(self) -> str:
        """What it logged."""
        return (self.storage / f"replica-{self.port}.log").read_text()


class Calls:
    """Stubs over one channel."""

    def __init__(self, opened: grpc.aio.Channel) -> None:
        self.channel = opened
        self.submissions = submission_service_pb2_grpc.SubmissionServiceStub(opened)
        self.problems = problem_service_pb2_grpc.ProblemServiceStub(opened)
        self.files = file_service_pb2_grpc.FileServiceStub(opened)


def request(**fields: Any) -> submission_service_pb2.CreateSubmissionRequest:
    """A valid request of one file; `fields` are set on top."""
    made = submission_service_pb2.CreateSubmissionRequest(
        request_id=str(identity.make_request_id(time.time_ns() // 1_000_000)), language="python3"
    )
    made.sources.add(path="hello.py", data=b"print('hello')\n")
    made.MergeFrom(submission_service_pb2.CreateSubmissionRequest(**fields))
    return made


def id_of(response: submission_service_pb2.CreateSubmissionResponse) -> UUID:
    """The submission's uuid."""
    return UUID(response.submission.name.removeprefix("submissions/"))


def record_count(kafka: str) -> int:
    """How many records all `submissions.*` topics hold."""
    names = [topics.submissions_topic(language, lane) for language in LANGUAGES for lane in (1, 2)]
    return sum(topics.end_offsets(kafka, names).values())


def records_from(
    kafka: str, topic: str, starts: dict[int, int], count: int = 1, timeout_s: float = 10
) -> list[Any]:
    """The first `count` messages of a topic from offsets on; fails when they do not come."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, partition, offset) for partition, offset in starts.items()])
        found: list[Any] = []
        deadline = time.monotonic() + timeout_s
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} records of {topic} came"
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message)
        return found
    finally:
        consumer.close()


def accepted_record(
    kafka: str, response: submission_service_pb2.CreateSubmissionResponse
) -> submission_record_pb2.SubmissionRecord:
    """The record that the answer's read token names."""
    token = ReadToken.decode(response.read_token, "read_token")
    at = token.position
    (message,) = records_from(kafka, token.topic, {at.partition: at.offset})
    return submission_record_pb2.SubmissionRecord.FromString(message.value())


class Writer:
    """Stores rows as the result service's writers do."""

    def __init__(self, kafka: str, database_url: str, objects: Objects) -> None:
        self._kafka = kafka
        self._database_url = database_url
        self._objects = objects

    def store(self, response: submission_service_pb2.CreateSubmissionResponse) -> StoredSubmission:
        """Stores the row of an accepted submission, its sources in a pack."""
        token = ReadToken.decode(response.read_token, "read_token")
        at = token.position
        record = accepted_record(self._kafka, response)
        sources = record.inline.SerializeToString()
        key = f"sources/test/{record.submission_id}"
        self._objects.put(key, sources)
        record.ClearField("source")
        row = StoredSubmission(
            id_of(response),
            record.tenant,
            response.submission.create_time.ToMicroseconds(),
            record,
            Slice(key, 0, len(sources)),
            Slice(),
            token.topic,
            at.partition,
            position(0, at.offset),
        )
        with psycopg.connect(self._database_url) as connection:
            writes.register_topic(connection, token.topic, at.topic_id)
            passed = [LogPosition(at.topic_id, at.partition, at.offset + 1)]
            writes.store_submissions(connection, [row], passed)
        return row

    def judge(self, state: JudgementState) -> None:
        """Stores a judgement."""
        with psycopg.connect(self._database_url) as connection:
            writes.store_judgements(connection, [writes.JudgementWrite(state)], [])

    def pass_ends(self, submission_id: UUID) -> None:
        """Says that all is stored where a submission's record could lie."""
        ends: Sequence[LogPosition] = LogEnds(self._kafka).of(submission_id)
        with psycopg.connect(self._database_url) as connection:
            writes.store_submissions(connection, [], ends)


async def eventually(check: Callable[[], bool], timeout_s: float = 10) -> None:
    """Waits until `check` is true; fails when that takes longer."""
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(check):
        assert time.monotonic() < deadline, "did not come true in time"
        await asyncio.sleep(0.02)


async def refusal(call: grpc.aio.UnaryUnaryCall) -> GavelError:
    """What a call is refused with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


def prepare(database_url: str) -> None:
    """Brings an empty database to the schema, with partitions for today."""
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        partitions.ensure(connection, datetime.now(UTC).date())


def ended(
    response: submission_service_pb2.CreateSubmissionResponse,
    tests_object: judgement_event_pb2.TestResultsObject | None = None,
) -> JudgementState:
    """The judgement of a submission, ACCEPTED after one test."""
    result = submission_pb2.TestResult(number=1, test="1", verdict=submission_pb2.VERDICT_ACCEPTED)
    attempt = Attempt("a1", "w1", 1, "Python 3.11.2", 1, Place(1), None, (ShownTest(Place(2), 1, 2, result),))
    end = End(
        Place(3, END_ORDINAL),
        2,
        submission_pb2.STATE_FINISHED,
        submission_pb2.VERDICT_ACCEPTED,
        tests_object=tests_object,
    )
    return JudgementState(id_of(response), 1, "local", 3, Place(1), 0, None, attempt, end)
