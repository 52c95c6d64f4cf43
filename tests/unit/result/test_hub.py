"""The hub: who is woken by what, and how streams end."""

import asyncio
import time

import pytest

from gavel.bus.consumer import Record
from gavel.result import hub as hub_module
from gavel.result.hub import Hub, Stream
from gavel.result.window import Window
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from judgement_log import Attempt


def opened() -> Hub:
    """A hub that reads one partition."""
    hub = Hub(Window(bytes_most=1 << 20, age_most_s=60))
    hub.open("topic-id", [0], 0, Window(bytes_most=1 << 20, age_most_s=60))
    return hub


def records(events: list[JudgementEvent], first: int = 0) -> list[Record]:
    """Events as they are read."""
    return [
        Record("events", 0, offset, 1, event.submission_id.encode(), event.SerializeToString())
        for offset, event in enumerate(events, first)
    ]


def watch(hub: Hub, attempt: Attempt) -> Stream:
    """A stream whose subject has begun."""
    stream = hub.watch(str(attempt.submission).encode(), 0, 1)
    if not stream.subject.covered:
        stream.subject.cover_from_window(hub.window)
    return stream


async def test_only_watchers_of_a_submission_are_woken() -> None:
    """An event wakes every stream of its judgement and no other; one that changes nothing wakes none."""
    hub = opened()
    mine, others = Attempt(), Attempt()
    streams = [watch(hub, mine), watch(hub, mine), watch(hub, others)]
    woken = [stream.woken() for stream in streams]
    hub.feed(records([mine.started()]))
    assert [future.done() for future in woken] == [True, True, False]

    woken = [stream.woken() for stream in streams]
    hub.feed(records([mine.another().test(1)], 1))
    assert not any(future.done() for future in woken)


async def test_what_nobody_watches_is_forgotten() -> None:
    """With its last stream a subject goes; leaving twice does no harm."""
    hub = opened()
    streams = [watch(hub, Attempt()) for _ in range(3)]
    for stream in (*streams, *streams):
        hub.leave(stream)

    assert hub._subjects == {}
    assert hub.queued() == []


async def test_watchers_of_one_judgement_share_its_state() -> None:
    """A second watcher begins where the first one's subject stands, without reading anything."""
    hub = opened()
    attempt = Attempt()
    first = watch(hub, attempt)
    hub.feed(records(attempt.run(1)))

    second = hub.watch(str(attempt.submission).encode(), 0, 1)
    assert second.subject is first.subject
    assert second.subject.covered


async def test_a_silent_stream_is_given_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the interval without a message, and not before; a stream that has left gets none."""
    monkeypatch.setattr(hub_module, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(hub_module, "_TICK_S", 0.02)
    hub = opened()
    silent, left = watch(hub, Attempt()), watch(hub, Attempt())
    busy = watch(hub, Attempt())
    hub.leave(left)
    hub.start()
    began = time.monotonic()
    busy.sent_at = began + 3600
    async with asyncio.timeout(10):
        await silent.woken()

    assert silent.beat_due
    assert time.monotonic() - began >= 0.18
    assert not left.beat_due
    assert not busy.beat_due
    await hub.stop()


async def test_an_old_stream_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told to watch again, before a proxy would cut it without a word."""
    monkeypatch.setattr(hub_module, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(hub_module, "AGE_MOST_S", 0.2)
    monkeypatch.setattr(hub_module, "_TICK_S", 0.02)
    hub = opened()
    stream = watch(hub, Attempt())
    hub.start()
    async with asyncio.timeout(10):
        while stream.ending is None:
            await stream.woken()

    assert stream.ending.reason_name == "DRAINING"
    await hub.stop()


async def test_draining_is_spread_over_a_time() -> None:
    """Every stream ends, but not all at once."""
    hub = opened()
    streams = [watch(hub, Attempt()) for _ in range(200)]
    draining = asyncio.create_task(hub.drain(0.4))
    await asyncio.sleep(0)
    ended = sum(stream.ending is not None for stream in streams)
    assert 0 < ended < 200

    began = time.monotonic()
    await draining
    assert all(stream.ending is not None for stream in streams)
    assert time.monotonic() - began >= 0.2


async def test_a_log_that_begins_anew_ends_every_stream() -> None:
    """What was watched in a topic that is gone is taken up anew."""
    hub = opened()
    stream = watch(hub, Attempt())
    hub.open("another-id", [0, 0], 0, Window(bytes_most=1, age_most_s=1))

    assert stream.ending is not None
    assert stream.ending.reason_name == "BROKER_UNAVAILABLE"
    assert hub.partition_count == 2
