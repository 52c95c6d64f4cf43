"""Pools against a real server that is stopped, killed and frozen."""

import asyncio
import os
import signal
import time

import grpc
import psycopg
import pytest

from gavel.db.pool import async_session, open_async_pool, open_pool, session
from gavel.embedded.postgres import Postgres
from gavel.rpc.errors import GavelError

pytestmark = pytest.mark.integration


def test_a_block_is_one_transaction(database_url: str) -> None:
    """It commits at its end and leaves nothing after an error."""
    pool = open_pool(database_url, size_most=2)
    with session(pool) as connection:
        connection.execute("CREATE TABLE kept (number int)")
    with pytest.raises(psycopg.errors.DivisionByZero), session(pool) as connection:
        connection.execute("INSERT INTO kept VALUES (1)").connection.execute("SELECT 1/0")
    with session(pool) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    pool.close()
    assert row == (0,)


def test_our_own_mistakes_are_not_the_databases(database_url: str) -> None:
    """An error in a statement passes as it is."""
    pool = open_pool(database_url, size_most=1)
    with pytest.raises(psycopg.errors.UndefinedTable), session(pool) as connection:
        connection.execute("SELECT * FROM nowhere")
    pool.close()


async def test_a_pool_opens_and_comes_back_without_the_database(
    postgres: Postgres, database_url: str
) -> None:
    """While the server is away a caller gets UNAVAILABLE with RetryInfo in its own time; then it works
    again.
    """
    postgres.stop()
    try:
        pool = await open_async_pool(database_url, size_most=2)
        began = time.monotonic()
        with pytest.raises(GavelError) as caught:
            async with async_session(pool, 0.5):
                pytest.fail("connected to a server that is stopped")
        assert time.monotonic() - began < 2
        assert caught.value.code is grpc.StatusCode.UNAVAILABLE
        assert caught.value.reason_name == "DATABASE_UNAVAILABLE"
        assert caught.value.retry_after_ms == 1000
    finally:
        postgres.start()
    async with async_session(pool) as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    postgres.stop()
    postgres.start()
    async with async_session(pool) as connection:
        assert await (await connection.execute("SELECT 2")).fetchone() == (2,)
    await pool.close()


async def test_a_frozen_database_holds_nobody_longer_than_the_bound(database_url: str) -> None:
    """A server that takes the query and never answers: both kinds of session end in time, with
    UNAVAILABLE.
    """
    threads = open_pool(database_url, size_most=1)
    loop_pool = await open_async_pool(database_url, size_most=1)
    async with async_session(loop_pool) as connection:
        row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
    with session(threads) as sync_connection:
        sync_row = sync_connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    assert sync_row is not None

    async def frozen() -> None:
        async with async_session(loop_pool, 1.0) as connection:
            _freeze(row[0])
            await connection.execute("SELECT 1")

    def frozen_thread() -> None:
        with session(threads, 1.0) as connection:
            _freeze(sync_row[0])
            connection.execute("SELECT 1")

    try:
        for work in (frozen(), asyncio.to_thread(frozen_thread)):
            began = time.monotonic()
            with pytest.raises(GavelError) as caught:
                await work
            assert caught.value.reason_name == "DATABASE_UNAVAILABLE"
            assert time.monotonic() - began < 3
    finally:
        for pid in (row[0], sync_row[0]):
            _thaw(pid)
    await loop_pool.close()
    threads.close()


def _freeze(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def _thaw(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)
