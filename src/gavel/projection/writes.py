"""Writes of the projection: batches of rows, with the positions of the log that they bring the tables to.

Everything a function stores, it stores in one transaction with the positions. Rows and positions only ever move
forward, so a writer that was overtaken, or that stores a batch twice, changes nothing. The caller's connection is in
autocommit mode or in a transaction of its own.

Errors are psycopg's: DataError and IntegrityError mean that a row of the batch cannot be stored (a key outside all
partitions is one); OperationalError that the database is away.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql as psycopg_sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from gavel.db import sql
from gavel.projection.positions import LogPosition
from gavel.projection.rows import StoredSubmission, judgement_of
from gavel.projection.state import JudgementState, ShownTest

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
    """Stores judgements, each at most once in `writes`, and those of their tests that are new since `stored`."""
    tests = [
        (state, test)
        for state, stored in writes
        if state.attempt is not None
        for test in state.attempt.tests
        if test.written > stored
    ]
    with connection.transaction():
        if writes:
            connection.execute(_query("store_judgements"), _judgement_columns(writes))
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
    # Sorted, so that two writers that share partitions while one hands over never lock in opposite orders.
    columns = list(zip(*sorted(positions), strict=True)) or [(), (), ()]
    connection.execute(
        _query("advance_log_positions"),
        {"topic_ids": list(columns[0]), "partitions": list(columns[1]), "next_offsets": list(columns[2])},
    )


def _submission_columns(rows: Sequence[StoredSubmission]) -> dict[str, list[Any]]:
    records = [row.record for row in rows]
    return {
        "ids": [row.submission_id for row in rows],
        "tenants": [row.tenant for row in rows],
        "languages": [record.language for record in records],
        "lanes": [record.lane for record in records],
        "problems": [record.problem.problem for record in records],
        "labels": [Jsonb(dict(record.labels)) for record in records],
        "create_times_us": [row.create_time_us for row in rows],
        "records": [record.SerializeToString() for record in records],
        "source_keys": [row.source.key for row in rows],
        "source_offsets": [row.source.offset_bytes for row in rows],
        "source_lengths": [row.source.length_bytes for row in rows],
        "tests_offsets": [row.tests.offset_bytes for row in rows],
        "tests_lengths": [row.tests.length_bytes for row in rows],
        "record_topics": [row.record_topic for row in rows],
        "record_partitions": [row.record_partition for row in rows],
        "record_positions": [row.record_position for row in rows],
        "reproduce_counts": [row.reproduce_count for row in rows],
    }


def _judgement_columns(writes: Sequence[JudgementWrite]) -> dict[str, list[Any]]:
    rows = sorted((_judgement_row(write.state) for write in writes), key=lambda row: (row[0], row[1]))
    return dict(zip(_JUDGEMENT_PARAMETERS, map(list, zip(*rows, strict=True)), strict=True))


_JUDGEMENT_PARAMETERS: Final = (
    "ids", "judgements", "tenants", "states", "positions", "applied_positions", "first_positions", "accept_times_us",
    "attempts", "workers", "test_counts", "language_versions", "start_times_us", "attempt_positions",
    "compiles", "compile_times_us", "compile_positions", "compile_ordinals",
    "verdicts", "scores", "cpu_times_ms", "wall_times_ms", "memories_bytes", "manifest_digests", "failures",
    "end_times_us", "end_positions", "tests_keys", "tests_sha256s", "tests_sizes_bytes",
)  # fmt: skip


def _judgement_row(state: JudgementState) -> tuple[Any, ...]:
    """Values in the order of _JUDGEMENT_PARAMETERS."""
    first = state.first_place
    return (
        state.submission_id,
        state.judgement,
        state.tenant,
        state.state,
        state.position,
        state.applied_position,
        None if first is None else first.position,
        state.accept_time_us,
        *_attempt_values(state),
        *_end_values(state),
    )


def _attempt_values(state: JudgementState) -> tuple[Any, ...]:
    attempt = state.attempt
    if attempt is None:
        return ("", "", 0, "", 0, None, None, 0, None, None)
    compiled = attempt.compile
    return (
        attempt.id,
        attempt.worker_id,
        attempt.test_count,
        _storable(attempt.language_version),
        attempt.start_time_us,
        attempt.place.position,
        *(
            (None, 0, None, None)
            if compiled is None
            else (compiled.result.SerializeToString(), compiled.time_us, *compiled.place)
        ),
    )


def _end_values(state: JudgementState) -> tuple[Any, ...]:
    end = state.end
    if end is None:
        return (0, None, 0, 0, 0, "", "", 0, None, "", "", 0)
    tests = end.tests_object
    return (
        end.verdict,
        end.score,
        end.cpu_time_ms,
        end.wall_time_ms,
        end.memory_bytes,
        end.manifest_digest,
        _storable(end.failure),
        end.time_us,
        end.place.position,
        *(("", "", 0) if tests is None else (tests.key, tests.sha256, tests.size_bytes)),
    )


def _test_columns(tests: Sequence[tuple[JudgementState, ShownTest]]) -> dict[str, list[Any]]:
    results = [test.result for _, test in tests]
    return {
        "ids": [state.submission_id for state, _ in tests],
        "judgements": [state.judgement for state, _ in tests],
        "numbers": [result.number for result in results],
        "attempts": [state.attempt.id for state, _ in tests if state.attempt is not None],
        "tests": [_storable(result.test) for result in results],
        "verdicts": [result.verdict for result in results],
        "cpu_times_ms": [result.cpu_time_ms for result in results],
        "wall_times_ms": [result.wall_time_ms for result in results],
        "memories_bytes": [result.memory_bytes for result in results],
        "end_times_us": [test.time_us for _, test in tests],
        "facts": [result.SerializeToString() for result in results],
        "shown_positions": [test.place.position for _, test in tests],
        "shown_ordinals": [test.place.ordinal for _, test in tests],
        "positions": [test.written for _, test in tests],
    }


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL; judging does not promise that its words do not."""
    return text.replace("\0", "\ufffd")
