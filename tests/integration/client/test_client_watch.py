"""A watch goes on by itself: each event once, in order, to the end, whatever ends its connections."""

import asyncio
from typing import Any

import grpc
import pytest

from gavel import client
from gavel.client.aio import AsyncClient
from gavel.client.resume import WatchProgress
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2 as reasons
from scripted import NAME, Proxy, a_test, ended, heartbeat, lost, queued, running, scripted

LOG = [queued(2), heartbeat(), running(), a_test(1), a_test(2), a_test(3), ended()]
SHOWN = ["Queued 2", "Running a1", "Tested 1", "Tested 2", "Tested 3", "Ended"]


def shown(event: Any) -> str:
    match event:
        case client.Queued():
            return f"Queued {event.ahead_count}"
        case client.Running():
            return f"{type(event).__name__} {event.attempt}"
        case client.Tested():
            return f"Tested {event.test.number}"
        case _:
            return type(event).__name__


@pytest.mark.parametrize(
    "error",
    [
        lost(grpc.StatusCode.UNAVAILABLE),
        lost(grpc.StatusCode.INTERNAL, "RST_STREAM with error code 2"),
        lost(grpc.StatusCode.CANCELLED),
        lost(grpc.StatusCode.DEADLINE_EXCEEDED),
        lost(grpc.StatusCode.UNKNOWN, "Stream removed"),
        GavelError(reasons.ERROR_REASON_DRAINING, "shutting down"),
        GavelError(reasons.ERROR_REASON_OVERLOADED, "full"),
        None,
    ],
    ids=["unavailable", "reset", "cancelled", "deadline", "unknown", "draining", "full", "ended early"],
)
async def test_it_goes_on_after_a_lost_connection(error: GavelError | None) -> None:
    """Cut before every single event, it still tells each once, and names the submission in its metadata."""
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.results.log = LOG
        services.results.stops = [(number, error) for number in (0, 1, 3, 4, 6)]
        events = [shown(event) async for event in gavel.watch(NAME, read_token=b"read")]

        assert events == SHOWN
        tokens = [request.resume_token for request in services.results.requests]
        assert tokens == [b"", b"", b"1", b"3", b"4", b"6"]
        assert {request.read_token for request in services.results.requests} == {b"read"}
        assert {each["x-gavel-submission"] for each in services.results.metadata} == {NAME[12:]}


@pytest.mark.parametrize(
    "error",
    [
        GavelError(reasons.ERROR_REASON_SUBMISSION_NOT_FOUND, "none"),
        GavelError(reasons.ERROR_REASON_FOREIGN_TENANT, "not yours"),
        GavelError(reasons.ERROR_REASON_INTERNAL, "broken"),
    ],
    ids=["not found", "foreign", "internal"],
)
async def test_it_ends_with_an_error_that_going_on_does_not_mend(error: GavelError) -> None:
    """The first such error is the watch's own."""
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.results.log = LOG
        services.results.stops = [(3, error)]
        with pytest.raises(GavelError) as caught:
            async for _ in gavel.watch(NAME):
                pass
        assert len(services.results.requests) == 1
    assert caught.value.reason == error.reason


async def test_it_begins_behind_a_token_that_it_is_given() -> None:
    """Two watches, the second with the token of an event of the first, make one story."""
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.results.log = LOG
        first: list[client.Event] = []
        async for event in gavel.watch(NAME):
            first.append(event)
            if shown(event) == "Tested 1":
                break
        rest = [shown(event) async for event in gavel.watch(NAME, resume_token=first[-1].resume_token)]

    assert [shown(event) for event in first] + rest == SHOWN


async def test_a_token_that_is_too_old_makes_it_begin_again_without_repeats() -> None:
    """The server tells all from the beginning; what was told before is left out."""
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.results.log = LOG
        services.results.stops = [(5, lost(grpc.StatusCode.UNAVAILABLE))]
        watch = gavel.watch(NAME)
        events = [shown(await anext(watch))]
        services.results.oldest = 6
        events += [shown(event) async for event in watch]

    assert events == SHOWN


async def test_another_attempt_after_beginning_again_is_a_restart() -> None:
    """A new attempt's tests count anew."""
    progress = WatchProgress()
    told = [progress.take(each) for each in (running("a1"), a_test(1), a_test(2))]
    assert progress.begin_again() is False
    told += [progress.take(each) for each in (running("a2"), a_test(1), ended())]

    assert [shown(event) for event in told] == [
        "Running a1", "Tested 1", "Tested 2", "Restarted a2", "Tested 1", "Ended",
    ]  # fmt: skip


async def test_it_gives_up_after_its_patience() -> None:
    """Nobody there at all: the error comes after the time given, not never."""
    async with scripted() as services:
        address = services.address
    async with AsyncClient(address, patience_s=1.0) as gavel:
        with pytest.raises(client.PlatformError) as caught:
            await gavel.wait(NAME)
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE


async def test_connections_that_are_reset_lose_nothing() -> None:
    """A proxy between is cut again and again while 40 watches are open."""
    async with scripted() as services:
        services.results.log = LOG[:-1]
        services.results.gate = asyncio.Event()
        proxy = Proxy(services.server.port)
        address = await proxy.start()
        async with AsyncClient(address) as gavel:
            stories: list[list[str]] = [[] for _ in range(40)]

            async def follow(story: list[str]) -> None:
                async for event in gavel.watch(NAME):
                    story += [shown(event)]

            watches = [asyncio.create_task(follow(story)) for story in stories]
            for _ in range(5):
                await eventually(lambda: services.results.open == 40)
                proxy.cut()
                await eventually(lambda: services.results.open < 40)
            services.results.gate.set()
            await asyncio.wait_for(asyncio.gather(*watches), 30)
        await proxy.stop()

    assert all(story == SHOWN for story in stories)


async def test_leaving_a_watch_ends_its_call() -> None:
    """The server's side is closed soon after, so nothing is held for a watcher that has gone."""
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.results.log = LOG[:-1]
        services.results.gate = asyncio.Event()
        events = gavel.watch(NAME)
        await anext(events)
        assert services.results.open == 1
        await events.aclose()
        await eventually(lambda: services.results.open == 0)


async def test_more_than_a_thousand_watches_share_a_client() -> None:
    """Beyond 900 on one connection the next opens: through a proxy that allows 1,024, the 1,025th would
    hang.
    """
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.results.log = LOG[:-1]
        services.results.gate = asyncio.Event()
        watches = [asyncio.create_task(gavel.wait(NAME)) for _ in range(2000)]
        await eventually(lambda: services.results.open == 2000)
        services.results.gate.set()
        judgements = await asyncio.wait_for(asyncio.gather(*watches), 60)

        assert gavel.connection_count == 3
    assert {judgement.verdict for judgement in judgements} == {"ACCEPTED"}


async def eventually(holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what it waits for is on the other side of a socket
            await asyncio.sleep(0.01)
