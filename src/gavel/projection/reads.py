"""Reads of the projection, asynchronous, for the services.

A row of another tenant raises FOREIGN_TENANT; None means that there is no such row yet, which `presence`
turns into an answer. Errors of the database are psycopg's, see `gavel.db.pool`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql as psycopg_sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from gavel.db import sql
from gavel.projection.partitions import first_id
from gavel.projection.rows import Row, StoredSubmission, judgement_of, submission_of
from gavel.projection.state import JudgementState
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2, submission_pb2

LAST_ID: Final = UUID(int=2**128 - 1)
_OLDER_THAN_ACCEPT: Final = timedelta(hours=25)
"""An id's own time is at most 24 h before its accept (DESIGN, identity)."""

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class SubmissionFilter:
    """What a list of submissions is narrowed to; a field left as it is narrows nothing."""

    problem: str = ""
    """`problems/<name>`."""
    language: str = ""
    """A Kattis code, with or without a version."""
    labels: Mapping[str, str] = field(default_factory=dict)
    state: submission_pb2.State = submission_pb2.STATE_UNSPECIFIED
    verdict: submission_pb2.Verdict = submission_pb2.VERDICT_UNSPECIFIED
    create_time_min_us: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is stored about a watched judgement, and how far its partition of `events` is, at one moment."""

    next_offset: int
    """Every event below it is in `state`; 0 where nothing of the partition is stored."""
    generation: int | None
    """Of the topic; None where nothing of the topic was ever stored."""
    judgement: int
    """The judgement asked for; for 0 the current one."""
    tenant: str | None
    """Whose it is; None where neither the submission nor the judgement is stored."""
    record: tuple[str, int, int] | None
    """Topic, partition and position of the submission's record; None where that is not stored."""
    state: JudgementState | None


async def get_submission(connection: Connection, tenant: str, submission_id: UUID) -> StoredSubmission | None:
    """One submission; its judgement is read by get_judgement."""
    row = await _one(connection, "submission_by_id", {"id": submission_id})
    return None if row is None else submission_of(_own(row, tenant))


async def list_submissions(
    connection: Connection, tenant: str, narrowed: SubmissionFilter, before: UUID, size: int
) -> list[tuple[StoredSubmission, JudgementState | None]]:
    """At most `size` submissions with ids below `before` (LAST_ID: from the newest), newest first.

    Each comes with its current judgement, without tests; None while nothing has been heard of it: it is
    queued.
    """
    time_min, first = None, UUID(int=0)
    if narrowed.create_time_min_us > 0:
        time_min = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=narrowed.create_time_min_us)
        first = first_id(max(time_min - _OLDER_THAN_ACCEPT, datetime.fromtimestamp(0, UTC)))
    arguments = {
        "tenant": tenant,
        "before": before,
        "first": first,
        "create_time_min": time_min,
        "problem": narrowed.problem,
        "language": narrowed.language,
        "labels": Jsonb(dict(narrowed.labels)),
        "state": narrowed.state,
        "verdict": narrowed.verdict,
        "size": size,
    }
    rows = await _all(connection, "list_submissions", arguments)
    return [(submission_of(row), judgement_of(row)) for row in rows]


async def get_judgement(
    connection: Connection, tenant: str, submission_id: UUID, judgement: int = 0
) -> JudgementState | None:
    """One judgement with its tests; 0 is the current one. None also while it is queued."""
    row = await _one(connection, "load_judgement", {"id": submission_id, "judgement": judgement})
    return None if row is None else judgement_of(_own(row, tenant))


async def list_judgements(
    connection: Connection, tenant: str, submission_id: UUID, after: int, size: int
) -> list[JudgementState]:
    """At most `size` judgements with numbers above `after`, by number, without tests."""
    rows = await _all(connection, "list_judgements", {"id": submission_id, "after": after, "size": size})
    states = [judgement_of(_own(row, tenant)) for row in rows]
    return [state for state in states if state is not None]


async def snapshot(
    connection: Connection, submission_id: UUID, judgement: int, topic_id: str, partition: int
) -> Snapshot:
    """What is stored about a judgement (0: the current one), in one statement and so of one moment.

    `topic_id` and `partition` are where its events lie. Whose it is, is for the caller to judge.
    """
    arguments = {
        "id": submission_id,
        "judgement": judgement,
        "topic_id": topic_id,
        "partition": partition,
    }
    row = await _one(connection, "snapshot", arguments)
    if row is None:
        raise LookupError("the snapshot query always has one row")
    state = judgement_of(row)
    tenant = row["submission_tenant"]
    record = None
    if tenant is not None:
        record = (row["record_topic"], row["record_partition"], row["record_position"])
    elif state is not None:
        tenant = state.tenant
    return Snapshot(
        row["next_offset"] or 0,
        row["generation"],
        judgement or (1 if state is None else state.judgement),
        tenant,
        record,
        state,
    )


async def positions(connection: Connection, topic_ids: Iterable[str]) -> dict[tuple[str, int], int]:
    """The next offset to store, by topic id and partition; what was never stored from is left out."""
    rows = await _all(connection, "log_positions", {"topic_ids": list(topic_ids)})
    return {(row["topic_id"], row["partition"]): row["next_offset"] for row in rows}


async def topics_by_id(connection: Connection) -> dict[str, tuple[str, int]]:
    """Name and generation of every topic id that was ever stored from."""
    rows = await _all(connection, "topics_by_id", {})
    return {row["topic_id"]: (row["topic"], row["generation"]) for row in rows}


def _own(row: Row, tenant: str) -> Row:
    if row["tenant"] != tenant:
        raise foreign_tenant()
    return row


def foreign_tenant() -> GavelError:
    """PERMISSION_DENIED: it belongs to another tenant."""
    return GavelError(
        error_reason_pb2.ERROR_REASON_FOREIGN_TENANT, "this submission belongs to another tenant"
    )


@cache
def _query(name: str) -> psycopg_sql.SQL:
    return psycopg_sql.SQL(sql.load("gavel.projection")[name])


async def _all(connection: Connection, name: str, arguments: Mapping[str, Any]) -> Sequence[Row]:
    async with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(_query(name), arguments)
        return await cursor.fetchall()


async def _one(connection: Connection, name: str, arguments: Mapping[str, Any]) -> Row | None:
    async with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(_query(name), arguments)
        return await cursor.fetchone()
