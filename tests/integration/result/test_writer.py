"""Writers on a real broker and a real database: what the log says is stored, whatever goes away meanwhile."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from psycopg import sql

from conftest import LANGUAGES, PARTITIONS, Log, eventually
from gavel.bus import topics
from gavel.bus.consumer import Reader
from gavel.db.pool import Pool
from gavel.embedded.postgres import Postgres
from gavel.projection import writes
from gavel.projection.state import JudgementState
from gavel.result.burial import Burial
from gavel.result.event_sink import EventSink
from gavel.result.submission_sink import SubmissionSink
from gavel.result.writer import GROUP, Writer
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.telemetry import traces
from gavel.telemetry.metrics import WRITER_WAITS
from judgement_log import Attempt, new_id, record

pytestmark = pytest.mark.integration

Make = Callable[[], tuple[Writer, Writer]]


@pytest.fixture
def make_writers(bootstrap: str, pool: Pool, log: Log, objects: Objects) -> Iterator[Make]:
    """Makes the writers of one more replica, started; closed at the end."""
    made: list[Writer] = []

    def make() -> tuple[Writer, Writer]:
        burial = Burial(bootstrap, log.producer, pool)
        events = Writer(
            f"events-{len(made)}", bootstrap, pool, EventSink(pool), burial, wanted=topics.EVENTS.__eq__
        )
        submissions = Writer(
            f"submissions-{len(made)}",
            bootstrap,
            pool,
            SubmissionSink(pool, objects),
            burial,
            wanted=lambda name: name.startswith("submissions.") and name != topics.DEAD,
        )
        for writer in (events, submissions):
            writer.start()
            made.append(writer)
        return events, submissions

    yield make
    for writer in made:
        writer.stop()
    for writer in made:
        writer.close()


def states(connection: psycopg.Connection[Any], *attempts: Attempt) -> list[submission_pb2.State]:
    """Where the judgements of some attempts stand in the tables, in their order."""
    known = writes.load_judgements(connection, [attempt.submission for attempt in attempts])
    found: list[submission_pb2.State] = []
    for attempt in attempts:
        state: JudgementState | None = known.get((attempt.submission, attempt.judgement))
        found.append(submission_pb2.STATE_QUEUED if state is None else state.state)
    return found


def rows(connection: psycopg.Connection[Any], table: str) -> int:
    """How many rows a table has."""
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def dead_letters(bootstrap: str, count: int) -> list[tuple[bytes | None, str]]:
    """The value and reason of the first dead letters."""
    reader = Reader(bootstrap, topics.DEAD, 0)
    found: list[tuple[bytes | None, str]] = []

    def read() -> bool:
        letters = reader.read(0.1)
        found.extend((letter.value, dict(letter.headers)["gavel-reason"].decode()) for letter in letters)
        return len(found) >= count

    eventually(read, f"{count} dead letters")
    reader.close()
    return found


def test_the_log_is_stored(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any], objects: Objects
) -> None:
    """Submissions, judgements and tests appear, sources in a pack that the row links."""
    attempts = [Attempt() for _ in range(20)]
    records = [record(attempt.submission) for attempt in attempts]
    tests = submission_pb2.InlineTests(tests=[submission_pb2.InlineTest(input=b"1\n", expected=b"2\n")])
    records[0].tests.CopyFrom(tests)
    make_writers()
    log.records(*records)
    log.events(*(event for attempt in attempts for event in attempt.run(3)))
    finished = [submission_pb2.STATE_FINISHED] * 20

    eventually(lambda: states(tables, *attempts) == finished, "all judged")
    eventually(lambda: rows(tables, "submissions") == 20, "all submissions")
    assert rows(tables, "test_results") == 60
    row = tables.execute(
        "SELECT source_key, source_offset_bytes, source_length_bytes, tests_offset_bytes, tests_length_bytes"
        " FROM submissions WHERE submission_id = %s",
        (attempts[0].submission,),
    ).fetchone()
    assert row is not None
    sources = objects.get_range(row[0], row[1], row[2])
    assert submission_record_pb2.SourceFiles.FromString(sources).files[0].data == b"print(42)\n"
    assert submission_pb2.InlineTests.FromString(objects.get_range(row[0], row[3], row[4])) == tests


def test_a_new_language_is_picked_up(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any], bootstrap: str
) -> None:
    """A topic that is made while the writers run is read without a restart."""
    make_writers()
    log.records(record())
    eventually(lambda: rows(tables, "submissions") == 1, "the first language")
    topics.ensure(bootstrap, [*LANGUAGES, "rust"], PARTITIONS)
    log.records(record(language="rust"))

    eventually(lambda: rows(tables, "submissions") == 2, "the new language")


def test_the_database_says_where_to_go_on(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any], bootstrap: str
) -> None:
    """A new writer begins at log_positions, whatever Kafka's commit says."""
    first, second = Attempt(), Attempt()
    log.events(*first.run(1), *second.run(1))
    member = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP, "group.protocol": "consumer"})
    ends = topics.end_offsets(bootstrap, [topics.EVENTS])

    def committed() -> bool:
        try:
            member.commit(
                offsets=[TopicPartition(*where, end) for where, end in ends.items()], asynchronous=False
            )
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_MEMBER_ID:
                raise
            return False
        return True

    eventually(committed, "the group has no members left of the tests before")
    member.close()
    make_writers()
    finished = [submission_pb2.STATE_FINISHED] * 2
    eventually(lambda: states(tables, first, second) == finished, "read although committed as read")

    topic_id = topics.topic_id(bootstrap, topics.EVENTS)
    stored = writes.read_positions(tables, [topic_id])
    assert {(topics.EVENTS, partition): end for (_, partition), end in stored.items() if end} == {
        where: end for where, end in ends.items() if end
    }


def test_two_replicas_share_the_partitions(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any]
) -> None:
    """A replica that joins takes partitions over and one that leaves gives them back, amid judgements."""
    attempts = [Attempt() for _ in range(60)]
    make_writers()
    log.events(*(attempt.started(3) for attempt in attempts))
    eventually(lambda: rows(tables, "judgements") == 60, "all started")
    joined = make_writers()
    log.events(*(attempt.test(1) for attempt in attempts))
    eventually(lambda: rows(tables, "test_results") == 60, "the first test of each")
    log.events(*(attempt.test(2) for attempt in attempts))
    for writer in joined:
        writer.close()
    log.events(*(attempt.run(3)[-1] for attempt in attempts))

    finished = [submission_pb2.STATE_FINISHED] * 60
    eventually(lambda: states(tables, *attempts) == finished, "all judged")
    assert rows(tables, "test_results") == 180


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_database_goes_away(  # noqa: PLR0917 - fixtures
    how: signal.Signals,
    make_writers: Make,
    log: Log,
    tables: psycopg.Connection[Any],
    postgres: Postgres,
    database_url: str,
    bootstrap: str,
) -> None:
    """Killed or merely stopped, the writers wait in their group, hold no more than a batch, and catch up."""
    before, during = Attempt(), [Attempt() for _ in range(50)]
    waited = WRITER_WAITS.labels("events-0")._value.get()
    make_writers()
    log.events(*before.run(1))
    eventually(lambda: states(tables, before) == [submission_pb2.STATE_FINISHED], "a first row")
    if how == signal.SIGKILL:
        postgres.kill()
    else:
        os.kill(postgres.pid, signal.SIGSTOP)
        for child in _children(postgres.pid):
            os.kill(child, signal.SIGSTOP)
    log.records(*(record(attempt.submission) for attempt in during))
    log.events(*(event for attempt in during for event in attempt.run(1)))
    waits = WRITER_WAITS.labels("events-0")._value
    eventually(lambda: waits.get() > waited, "the writer found the database away")
    members = _members(bootstrap)
    if how == signal.SIGKILL:
        postgres.start()
    else:
        for pid in (*_children(postgres.pid), postgres.pid):
            os.kill(pid, signal.SIGCONT)

    with psycopg.connect(database_url, autocommit=True) as connection:
        finished = [submission_pb2.STATE_FINISHED] * 50
        eventually(lambda: states(connection, *during) == finished, "caught up", 40)
        eventually(lambda: rows(connection, "submissions") == 50, "submissions caught up", 40)
    assert _members(bootstrap) == members


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _members(bootstrap: str) -> set[str]:
    """Ids of the members of the writers' group: they change when a member has to join again."""
    described = topics._admin(bootstrap).describe_consumer_groups([GROUP])[GROUP].result(10)
    return {member.member_id for member in described.members}


def test_the_object_storage_goes_away(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any], tmp_path: Path, objects: Objects
) -> None:
    """Submissions wait for the storage, events do not, and what waited is archived when it is back."""
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    shutil.rmtree(folder)
    folder.write_text("a file where the folder was: nothing can be written there")
    make_writers()
    attempt = Attempt()
    log.records(record(attempt.submission))
    log.events(*attempt.run(1))
    eventually(lambda: states(tables, attempt) == [submission_pb2.STATE_FINISHED], "events pass")
    assert rows(tables, "submissions") == 0

    folder.unlink()
    folder.mkdir()
    eventually(lambda: rows(tables, "submissions") == 1, "archived")


def test_bad_records_are_buried_and_end_failed(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any], bootstrap: str
) -> None:
    """Each record that cannot be handled goes to the dead letters alone, and its judgement ends FAILED."""
    good = [Attempt() for _ in range(10)]
    damaged, unstorable = Attempt(), Attempt(submission=new_id(1000))
    cut = damaged.finished().SerializeToString()[:-5]
    for attempt in good[:5]:
        log.events(*attempt.run(2))
    log.events(damaged.started())
    log.raw(topics.EVENTS, str(damaged.submission), cut, topics.partition_for(damaged.submission, 4))
    log.raw(topics.EVENTS, "no id", b"\xff\xff\xff", 0)
    log.events(*unstorable.run(1))
    bad_record = record(language="c")
    log.raw("submissions.c", "c", bad_record.SerializeToString()[:-3], 0)
    for attempt in good[5:]:
        log.events(*attempt.run(2))
    make_writers()

    finished = [submission_pb2.STATE_FINISHED] * 10
    eventually(lambda: states(tables, *good) == finished, "all around is stored")
    ends = Attempt(submission=UUID(bad_record.submission_id))
    eventually(
        lambda: states(tables, damaged, ends) == [submission_pb2.STATE_FAILED] * 2, "their judgements end"
    )
    letters = dead_letters(bootstrap, 7)
    assert (cut, True) in [(value, reason.startswith("BadRecordError")) for value, reason in letters]
    # Three events outside all partitions; the endings that cannot be stored either are not ended again.
    assert sum("CheckViolation" in reason for _, reason in letters) >= 4


def test_a_topic_made_anew_goes_on(
    make_writers: Make, log: Log, tables: psycopg.Connection[Any], bootstrap: str
) -> None:
    """When `events` is deleted and made again, a running judgement goes on although offsets begin at 0."""
    attempt, other = Attempt(), Attempt()
    for _ in range(5):
        log.events(*(event for _ in range(10) for event in Attempt().run(1)))
    log.events(attempt.started())
    make_writers()
    eventually(lambda: states(tables, attempt) == [submission_pb2.STATE_RUNNING], "running")
    topics._admin(bootstrap).delete_topics([topics.EVENTS])[topics.EVENTS].result(10)
    eventually(lambda: topics.partition_count(bootstrap, topics.EVENTS) == 0, "deleted")
    topics.ensure(bootstrap, LANGUAGES, PARTITIONS)
    log.events(*attempt.another().run(1), *other.run(1))

    finished = [submission_pb2.STATE_FINISHED] * 2
    eventually(lambda: states(tables, attempt, other) == finished, "judged from the new topic", 40)


def test_spans_go_on_to_the_stored_row(make_writers: Make, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace of an accept reaches the writers' spans through the headers of the records."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(traces, "_TRACER", provider.get_tracer("test"))
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = [("traceparent", f"00-{trace_id}-{span_id}-01".encode())]
    attempt = Attempt()
    log.records(record(attempt.submission), trace=headers)
    log.events(*attempt.run(1), trace=headers)
    make_writers()
    eventually(lambda: len(exporter.get_finished_spans()) >= 2, "two spans")

    spans = exporter.get_finished_spans()
    assert {span.name for span in spans} == {"store submission", "store judgement"}
    assert {format(span.context.trace_id, "032x") for span in spans if span.context} == {trace_id}
    assert {format(span.parent.span_id, "016x") for span in spans if span.parent} == {span_id}
