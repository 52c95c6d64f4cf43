"""Partitions by day of the tables of the projection, named `<table>_<yyyymmdd>` and bounded by UUIDv7 keys.

Days are UTC, by the time inside the key. An id outside all partitions cannot be stored, so they exist before
a writer starts: far enough behind that a week of backlog finds its days, and ahead for days in which nobody
calls.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import psycopg
from psycopg import sql

TABLES: Final = ("submissions", "judgements", "test_results")
DAYS_BEHIND: Final = 9
"""Topics keep 7 days, and an id may be a day older than its accept; one more."""
DAYS_AHEAD: Final = 7

_LOCK: Final = 0x6761_7665_6C70  # of this module alone
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def first_id(time: datetime) -> UUID:
    """The least UUID whose time is at or behind `time`, for bounds."""
    return UUID(int=((time - _EPOCH) // timedelta(milliseconds=1)) << 80)


def partition_name(table: str, day: date) -> str:
    """The partition of a table for a day."""
    return f"{table}_{day:%Y%m%d}"


def ensure(
    connection: psycopg.Connection,
    today: date,
    *,
    days_behind: int = DAYS_BEHIND,
    days_ahead: int = DAYS_AHEAD,
) -> list[str]:
    """Makes the partitions from `days_behind` before `today` to `days_ahead` after it that do not exist yet.

    In one transaction, under a lock, without stopping readers or writers: a table is made beside its parent
    and then attached. Returns the names of those made.
    """
    days = [today + timedelta(days=shift) for shift in range(-days_behind, days_ahead + 1)]
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        rows = connection.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = ANY (%s::regclass[])",
            (list(TABLES),),
        )
        present = {row[0] for row in rows}
        missing = [
            (table, day) for day in days for table in TABLES if partition_name(table, day) not in present
        ]
        for table, day in missing:
            _make(connection, table, day)
    return [partition_name(table, day) for table, day in missing]


def _make(connection: psycopg.Connection, table: str, day: date) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    names = {
        "parent": sql.Identifier(table),
        "child": sql.Identifier(partition_name(table, day)),
        "first": sql.Literal(str(first_id(start))),
        "end": sql.Literal(str(first_id(start + timedelta(days=1)))),
    }
    create = "CREATE TABLE {child} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
    attach = "ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES FROM ({first}) TO ({end})"
    connection.execute(sql.SQL(create).format(**names))
    connection.execute(sql.SQL(attach).format(**names))
