"""The buffer between a run and the reader of its output."""

from __future__ import annotations

import select

from hypothesis import given
from hypothesis import strategies as st

from gavel.sandbox.live import CHUNKS_MOST, LiveOutput


def is_readable(descriptor: int) -> bool:
    """Whether a poll would return at once."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80_000)), max_size=40), st.integers(1, 5))
def test_each_stream_comes_whole_and_in_order(writes: list[tuple[bool, bytes]], taken_after: int) -> None:
    """Whatever was put comes out once; pieces of one stream are joined up to 64 KiB."""
    told = []
    with LiveOutput(lambda: told.append(1)) as live:
        taken: list[tuple[bool, bytes]] = []
        for number, (is_stdout, data) in enumerate(writes):
            live.put(data, is_stdout=is_stdout)
            if number % taken_after == 0:
                taken += live.take()
        taken += live.take()

    for stream in (True, False):
        assert b"".join(data for kind, data in taken if kind is stream) == b"".join(
            data for kind, data in writes if kind is stream
        )
    assert all(0 < len(data) <= 80_000 for _, data in taken)
    assert len(told) == sum(1 for _, data in writes if data)


def test_it_is_full_by_bytes_and_free_when_they_are_taken() -> None:
    """At the limit the run has to wait; the first take wakes it, once."""
    with LiveOutput(lambda: None, bytes_most=10) as live:
        live.put(b"123456789", is_stdout=True)
        assert not live.must_wait()
        live.put(b"0", is_stdout=True)
        assert live.must_wait()
        assert not is_readable(live.room)

        assert live.take() == [(True, b"1234567890")]
        assert is_readable(live.room)
        live.resume()
        assert not is_readable(live.room)
        assert not live.must_wait()
        assert live.take() == []
        assert not is_readable(live.room)


def test_it_is_full_by_pieces() -> None:
    """A program that turns from one stream to the other with every byte does not fill memory with pieces."""
    with LiveOutput(lambda: None) as live:
        for number in range(CHUNKS_MOST):
            assert not live.must_wait()
            live.put(b"x", is_stdout=number % 2 == 0)
        assert live.must_wait()
        assert len(live.take()) == CHUNKS_MOST


def test_what_is_there_can_be_taken_after_the_close() -> None:
    """A run that has ended, or a reader that is late, loses nothing."""
    live = LiveOutput(lambda: None, bytes_most=1)
    live.put(b"last", is_stdout=False)
    assert live.must_wait()
    live.close()
    live.close()
    assert live.take() == [(False, b"last")]
