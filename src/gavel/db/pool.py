"""Connection pools in which nothing waits for ever, and the database's failures as errors of the API.

A pool opens without waiting: a process starts, and goes on, while the database is away. Use connections
through `session` or `async_session`, which bound the whole use in time. A database that accepts a query and
never answers (a stopped process, a machine that vanished) cannot be told to stop; after the bound the socket
is shut down instead.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2 as reasons

WITHIN_S: Final = 5.0
"""How long one use of a connection may take in seconds, waiting for it included, unless the caller says
otherwise.
"""
CHECKOUT_S: Final = 5.0
"""How long a caller waits for a connection at most, in seconds. Not longer: a pool that gave up tries to
connect again only when somebody asks anew.
"""
_CHECK_S: Final = 1.0
"""How long a connection may take to show that it lives before it is handed out, in seconds."""
_WAITING_PER_CONNECTION: Final = 64
"""Callers that may wait for each connection of a pool; one more is refused at once."""
_GIVE_UP_S: Final = 2.0
"""After so long without a connection the pool rests until somebody asks again, which tries at once."""
_CONNECTION_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": "-c statement_timeout=60s -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
}

Pool: TypeAlias = ConnectionPool[psycopg.Connection[TupleRow]]
AsyncPool: TypeAlias = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]


def open_pool(url: str, *, size_most: int) -> Pool:
    """A pool for threads with up to `size_most` connections; `close()` it at the end."""
    pool: Pool = ConnectionPool(url, check=_check, **_settings(size_most))
    pool.open(wait=False)
    return pool


async def open_async_pool(url: str, *, size_most: int) -> AsyncPool:
    """A pool for the running loop with up to `size_most` connections; `await close()` it at the end."""
    pool: AsyncPool = AsyncConnectionPool(url, check=_check_async, **_settings(size_most))
    await pool.open(wait=False)
    return pool


def _settings(size_most: int) -> dict[str, Any]:
    """What both kinds of pool are made with."""
    return {
        "min_size": 1,
        "max_size": size_most,
        "max_waiting": size_most * _WAITING_PER_CONNECTION,
        "timeout": CHECKOUT_S,
        "reconnect_timeout": _GIVE_UP_S,
        "kwargs": _CONNECTION_OPTIONS,
        "open": False,
    }


@contextmanager
def session(pool: Pool, within_s: float = WITHIN_S) -> Iterator[psycopg.Connection[TupleRow]]:
    """A connection for one transaction: commits at the end of the block, rolls back on an error.

    Errors as `translate_errors`; DATABASE_UNAVAILABLE also when the block has not ended within `within_s`
    seconds.
    """
    deadline = time.monotonic() + within_s
    with (
        translate_errors(),
        pool.connection(timeout=min(within_s, CHECKOUT_S)) as connection,
        _cut_after(connection, deadline - time.monotonic()),
    ):
        yield connection


@asynccontextmanager
async def async_session(
    pool: AsyncPool, within_s: float = WITHIN_S
) -> AsyncIterator[psycopg.AsyncConnection[TupleRow]]:
    """As `session`, on the running loop."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    with translate_errors():
        async with pool.connection(timeout=min(within_s, CHECKOUT_S)) as connection:
            watchdog = loop.call_at(deadline, _cut, connection)
            try:
                yield connection
            finally:
                watchdog.cancel()


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns what says "the database is away" into DATABASE_UNAVAILABLE, and a full waiting room into
    OVERLOADED.

    Errors of our own making (a constraint, a type, a missing table) pass unchanged: they are not the caller's
    to retry.
    """
    try:
        yield
    except TooManyRequests as error:
        raise GavelError(
            reasons.ERROR_REASON_OVERLOADED,
            "too many calls wait for the database",
            what="calls waiting for the database",
        ) from error
    except (PoolTimeout, PoolClosed, psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise GavelError(reasons.ERROR_REASON_DATABASE_UNAVAILABLE, "the database does not answer") from error


def _check(connection: psycopg.Connection[TupleRow]) -> None:
    """The pool's own check, which would wait for ever for a database that never answers."""
    with _cut_after(connection, _CHECK_S):
        ConnectionPool.check_connection(connection)


async def _check_async(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """As `_check`, on the running loop."""
    watchdog = asyncio.get_running_loop().call_later(_CHECK_S, _cut, connection)
    try:
        await AsyncConnectionPool.check_connection(connection)
    finally:
        watchdog.cancel()


@contextmanager
def _cut_after(connection: psycopg.Connection[TupleRow], seconds: float) -> Iterator[None]:
    watchdog = threading.Timer(seconds, _cut, (connection,))
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _cut(connection: psycopg.Connection[TupleRow] | psycopg.AsyncConnection[TupleRow]) -> None:
    """Shuts the socket down below libpq: whoever waits on it wakes with an OperationalError."""
    try:
        descriptor = os.dup(connection.fileno())
    except (psycopg.Error, OSError):
        return  # closed in the meantime
    with socket.socket(fileno=descriptor) as raw:
        try:
            raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster
