"""How pools are made; a pool opens without its database."""

from gavel.db.pool import open_async_pool, open_pool

NOWHERE = "postgresql://127.0.0.1:1/nothing"


async def test_pools_for_threads_and_for_a_loop_are_made_alike() -> None:
    """The same bounds on connections, on those who wait, and on every wait."""
    threads, loop = open_pool(NOWHERE, size_most=3), await open_async_pool(NOWHERE, size_most=3)
    try:
        for pool in (threads, loop):
            assert (pool.min_size, pool.max_size, pool.max_waiting) == (1, 3, 192)
            assert (pool.timeout, pool.reconnect_timeout) == (5.0, 2.0)
            assert pool.kwargs["connect_timeout"] == 3
        assert threads.kwargs == loop.kwargs
    finally:
        threads.close()
        await loop.close()
