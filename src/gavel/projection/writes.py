"""Writes of the projection: batches of rows, with the positions of the log that they bring the tables to.

Everything a function stores, it stores in one transaction with the positions. Rows and positions only ever
move forward, so a writer that was overtaken, or that stores a batch twice, changes nothing. The caller's
connection is in autocommit mode or in a transaction of its own.

Errors are psycopg's: DataError and IntegrityError mean that a row of the batch cannot be stored (a key
outside all partitions is one); OperationalError that the database is away.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql as psycopg_sql
from psycopg.rows import dict_row

from gavel.db import sql
from gavel.projection import arrays
from gavel.projection.positions import LogPosition
from gavel.projection.rows import StoredSubmission, judgement_of
from gavel.projection.state import NOWHERE, Attempt, End, JudgementState, ShownTest
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1 import judgement_event_pb2

_LOCK: Final = 0x6761_7665_6C74  # of register_topic alone


class JudgementWrite(NamedTuple):
    """A judgement to store, and the position up to which its tests are stored already (-1: none)."""

    state: JudgementState
    stored: int = -1


@cache
def _query(name: str) -> psycopg_sql.SQL:
    return psycopg_sql.SQL(sql.load("gavel.projection")[name])


def register_topic(connection: psycopg.Connection[Any], topic: str, topic_id: str) -> int:
    """The generation of a topic id; given, and kept for good, when it is met for the first time."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        row = connection.execute(
            _query("topic_generation"), {"topic": topic, "topic_id": topic_id}
        ).fetchone()
    if row is None:
        raise LookupError(f"no generation for topic {topic}")
    return int(row[0])


def read_positions(
    connection: psycopg.Connection[Any], topic_ids: Iterable[str]
) -> dict[tuple[str, int], int]:
    """The next offset to store, by topic id and partition; what was never stored from is left out."""
    rows = connection.execute(_query("log_positions"), {"topic_ids": list(topic_ids)})
    return {(topic_id, partition): next_offset for topic_id, partition, next_offset in rows}


def read_tenant(connection: psycopg.Connection[Any], submission_id: UUID) -> str | None:
    """Whose a submission is; None where nothing of it is stored."""
    row = connection.execute(_query("tenant_of"), {"id": submission_id}).fetchone()
    return None if row is None else str(row[0])


def load_judgements(
    connection: psycopg.Connection[Any], submission_ids: Iterable[UUID]
) -> dict[tuple[UUID, int], JudgementState]:
    """The stored judgements of these submissions with their tests, in one query."""
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        rows = cursor.execute(_query("load_judgements"), {"ids": list(submission_ids)})
        states = [judgement_of(row) for row in rows]
    return {(state.submission_id, state.judgement): state for state in states if state is not None}


def store_judgements(
    connection: psycopg.Connection[Any], writes: Sequence[JudgementWrite], positions: Sequence[LogPosition]
) -> None:
    """Stores judgements, each at most once in `writes`, and their tests that are new since `stored`."""
    # Sorted, so that two writers never lock rows in opposite orders.
    writes = sorted(writes, key=lambda write: (write.state.submission_id, write.state.judgement))
    states = [write.state for write in writes]
    tests = [
        (state, state.attempt, test)
        for state, stored in writes
        if state.attempt is not None
        for test in state.attempt.tests
        if test.written > stored
    ]
    with connection.transaction():
        if writes:
            connection.execute(_query("store_judgements"), _judgement_columns(states))
        if tests:
            connection.execute(_query("store_test_results"), _test_columns(tests))
        _advance(connection, positions)


def store_submissions(
    connection: psycopg.Connection[Any], rows: Sequence[StoredSubmission], positions: Sequence[LogPosition]
) -> None:
    """Stores submissions, each at most once in `rows`; one that is stored already stays.

    A record that was produced again moves where the record lies, and its count.
    """
    with connection.transaction():
        if rows:
            connection.execute(_query("store_submissions"), _submission_columns(rows))
        _advance(connection, positions)


def _advance(connection: psycopg.Connection[Any], positions: Sequence[LogPosition]) -> None:
    ordered = sorted(positions)
    columns = {
        "topic_ids": arrays.texts([each.topic_id for each in ordered]),
        "partitions": arrays.int4s([each.partition for each in ordered]),
        "next_offsets": arrays.int8s([each.next_offset for each in ordered]),
    }
    connection.execute(_query("advance_log_positions"), columns)


def _submission_columns(rows: Sequence[StoredSubmission]) -> dict[str, Any]:
    records = [row.record for row in rows]
    labels = [json.dumps(dict(record.labels)) for record in records]
    return {
        "ids": arrays.uuids([row.submission_id for row in rows]),
        "tenants": arrays.texts([row.tenant for row in rows]),
        "languages": arrays.texts([record.language for record in records]),
        "lanes": arrays.int2s([record.lane for record in records]),
        "problems": arrays.texts([record.problem.problem for record in records]),
        "labels": arrays.texts(labels),
        "create_times_us": arrays.int8s([row.create_time_us for row in rows]),
        "records": arrays.byteas([record.SerializeToString() for record in records]),
        "source_keys": arrays.texts([row.source.key for row in rows]),
        "source_offsets": arrays.int8s([row.source.offset_bytes for row in rows]),
        "source_lengths": arrays.int8s([row.source.length_bytes for row in rows]),
        "tests_offsets": arrays.int8s([row.tests.offset_bytes for row in rows]),
        "tests_lengths": arrays.int8s([row.tests.length_bytes for row in rows]),
        "record_topics": arrays.texts([row.record_topic for row in rows]),
        "record_partitions": arrays.int4s([row.record_partition for row in rows]),
        "record_positions": arrays.int8s([row.record_position for row in rows]),
        "reproduce_counts": arrays.int4s([row.reproduce_count for row in rows]),
    }


def _judgement_columns(states: Sequence[JudgementState]) -> dict[str, Any]:
    attempts = [state.attempt or _NO_ATTEMPT for state in states]
    compiles = [attempt.compile for attempt in attempts]
    ends = [state.end or _NO_END for state in states]
    objects = [end.tests_object or _NO_OBJECT for end in ends]
    return {
        "ids": arrays.uuids([state.submission_id for state in states]),
        "judgements": arrays.int4s([state.judgement for state in states]),
        "tenants": arrays.texts([state.tenant for state in states]),
        "states": arrays.int2s([state.state for state in states]),
        "verdicts": arrays.int2s([end.verdict for end in ends]),
        "scores": arrays.nullable_float8s([end.score for end in ends]),
        "cpu_times_ms": arrays.int8s([end.cpu_time_ms for end in ends]),
        "wall_times_ms": arrays.int8s([end.wall_time_ms for end in ends]),
        "memories_bytes": arrays.int8s([end.memory_bytes for end in ends]),
        "manifest_digests": arrays.texts([end.manifest_digest for end in ends]),
        "failures": arrays.texts([end.failure for end in ends]),
        "attempts": arrays.texts([attempt.id for attempt in attempts]),
        "workers": arrays.texts([attempt.worker_id for attempt in attempts]),
        "language_versions": arrays.texts([attempt.language_version for attempt in attempts]),
        "test_counts": arrays.int4s([attempt.test_count for attempt in attempts]),
        "accept_times_us": arrays.int8s([state.accept_time_us for state in states]),
        "start_times_us": arrays.int8s([attempt.start_time_us for attempt in attempts]),
        "end_times_us": arrays.int8s([end.time_us for end in ends]),
        "tests_keys": arrays.texts([tests.key for tests in objects]),
        "tests_sha256s": arrays.texts([tests.sha256 for tests in objects]),
        "tests_sizes_bytes": arrays.int8s([tests.size_bytes for tests in objects]),
        "groups": arrays.byteas([_groups(end) for end in ends]),
        "compiles": arrays.byteas(
            [shown.result.SerializeToString() if shown else None for shown in compiles]
        ),
        "compile_times_us": arrays.int8s([shown.time_us if shown else 0 for shown in compiles]),
        "compile_positions": arrays.nullable_int8s(
            [shown.place.position if shown else None for shown in compiles]
        ),
        "compile_ordinals": arrays.nullable_int4s(
            [shown.place.ordinal if shown else None for shown in compiles]
        ),
        "attempt_positions": arrays.nullable_int8s(
            [state.attempt.place.position if state.attempt else None for state in states]
        ),
        "first_positions": arrays.nullable_int8s(
            [state.first_place.position if state.first_place else None for state in states]
        ),
        "applied_positions": arrays.nullable_int8s([state.applied_position for state in states]),
        "end_positions": arrays.nullable_int8s(
            [state.end.place.position if state.end else None for state in states]
        ),
        "positions": arrays.int8s([state.position for state in states]),
    }


def _groups(end: End) -> bytes | None:
    return submission_pb2.Judgement(groups=end.groups).SerializeToString() if end.groups else None


_NO_ATTEMPT: Final = Attempt("", "", 0, "", 0, NOWHERE)
_NO_END: Final = End(NOWHERE, 0, submission_pb2.STATE_UNSPECIFIED)
_NO_OBJECT: Final = judgement_event_pb2.TestResultsObject()


def _test_columns(tests: Sequence[tuple[JudgementState, Attempt, ShownTest]]) -> dict[str, Any]:
    results = [test.result for _, _, test in tests]
    return {
        "ids": arrays.uuids([state.submission_id for state, _, _ in tests]),
        "judgements": arrays.int4s([state.judgement for state, _, _ in tests]),
        "numbers": arrays.int4s([result.number for result in results]),
        "attempts": arrays.texts([attempt.id for _, attempt, _ in tests]),
        "tests": arrays.texts([result.test for result in results]),
        "verdicts": arrays.int2s([result.verdict for result in results]),
        "cpu_times_ms": arrays.int8s([result.cpu_time_ms for result in results]),
        "wall_times_ms": arrays.int8s([result.wall_time_ms for result in results]),
        "memories_bytes": arrays.int8s([result.memory_bytes for result in results]),
        "end_times_us": arrays.int8s([test.time_us for _, _, test in tests]),
        "facts": arrays.byteas([result.SerializeToString() for result in results]),
        "shown_positions": arrays.int8s([test.place.position for _, _, test in tests]),
        "shown_ordinals": arrays.int4s([test.place.ordinal for _, _, test in tests]),
        "positions": arrays.int8s([test.written for _, _, test in tests]),
    }
