"""A watch: what the state of its judgement holds that it has not been told, in order, to the end.

A stream has no queue to overflow. A reader that is slow goes on from its place in the state, and finds there
all that came meanwhile except what no longer counts; one message at a time waits for it.
"""

import asyncio
import time
from collections import deque
from typing import Final

from gavel.projection.facts import Facts
from gavel.projection.positions import position, split
from gavel.projection.reads import foreign_tenant
from gavel.projection.shown import Event, events_since
from gavel.projection.state import NOWHERE, JudgementState, Place
from gavel.result.beginning import Asked, Beginning
from gavel.result.hub import Hub, Stream
from gavel.result.snapshots import Snapshots
from gavel.result.subject import Subject
from gavel.result.v1 import result_service_pb2
from gavel.rpc.errors import GavelError
from gavel.rpc.positions import Position
from gavel.submission.v1 import error_reason_pb2

_CHECK_TOKEN_S: Final = 5.0
"""How long a read token is taken at its word between two looks."""


class Watching:
    """Opens watches; belongs to the event loop."""

    def __init__(self, hub: Hub, beginning: Beginning, snapshots: Snapshots, facts: Facts) -> None:
        self.hub = hub
        self.beginning = beginning
        self.facts = facts
        self._snapshots = snapshots

    async def open(self, tenant: str, request: result_service_pb2.WatchSubmissionRequest) -> "Watch":
        """A watch, to be closed when done. Errors as the contract says."""
        asked = Asked.of(request)
        stream = await self.beginning.register(asked)
        try:
            stream, exists = await self.beginning.begin(stream, tenant, asked)
            stream.seen = self._place_of(stream, asked.resume)
            stream.queue_told = stream.seen != NOWHERE
            if not exists and asked.read_token is None:
                await self.beginning.hold(stream, tenant, asked)
        except BaseException:
            self.hub.leave(stream)
            raise
        return Watch(self, stream, tenant, None if exists or asked.read_token is None else asked)

    def token(self, subject: Subject, place: Place) -> bytes:
        """The resume token of a place."""
        generation, offset = split(place.position)
        earlier = place.position < subject.base
        topic_id = self._snapshots.topic_id(generation) if earlier else self.hub.topic_id
        return Position(topic_id, subject.partition, offset, place.ordinal).encode()

    def _place_of(self, stream: Stream, resume: Position | None) -> Place:
        if resume is None:
            return NOWHERE
        base = stream.subject.base
        if resume.topic_id == self.hub.topic_id:
            return Place(base + resume.offset, resume.ordinal)
        generation = self._snapshots.generation(resume.topic_id)
        if generation is None:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_RESUME_TOKEN_EXPIRED,
                "the token is of a log that is gone: get the submission, then watch it afresh",
            )
        return Place(position(generation, resume.offset), resume.ordinal)


class Watch:
    """One open watch. No generator: ten thousand of them wait, and each frame counts."""

    __slots__ = ("_lost", "_news", "_stream", "_tenant", "_unconfirmed", "_watching")

    def __init__(self, watching: Watching, stream: Stream, tenant: str, unconfirmed: Asked | None) -> None:
        self._watching = watching
        self._stream = stream
        self._tenant = tenant
        self._unconfirmed = unconfirmed
        """What was asked, while only a read token says that there is such a submission."""
        self._news: deque[tuple[Place, Event]] | None = None
        self._lost: GavelError | None = None

    def close(self) -> None:
        """Leaves the hub."""
        self._watching.hub.leave(self._stream)

    async def next(self) -> Event | None:
        """The next message, waiting for it; None behind the last one, which holds the whole judgement.

        Errors as the contract says; facts of tests that are lost are DATA_LOSS behind the last message.
        """
        if self._lost is not None:
            raise self._lost
        stream = self._stream
        while not self._news:
            state = self._own()
            if state is None:
                event = _queued(stream)
            elif state.end is not None and state.end.place <= stream.seen:
                return None
            else:
                self._unconfirmed = None
                self._news = deque(events_since(state, stream.seen)) or None
                event = None
            if self._news is None:
                event = event or self._beat()
                if event is not None:
                    return event
                if self._unconfirmed is None:
                    await stream.woken()
                else:
                    await self._confirm(self._unconfirmed)
        place, event = self._news.popleft()
        if event.HasField("ended"):
            await self._complete(event)
        self._news = self._news or None
        event.resume_token = self._watching.token(stream.subject, place)
        stream.seen, stream.sent_at = place, time.monotonic()
        return event

    def _own(self) -> JudgementState | None:
        state = self._stream.subject.state
        if state is not None and state.tenant != self._tenant:
            raise foreign_tenant()
        return state

    async def _confirm(self, asked: Asked) -> None:
        """Waits; without news for 5 s it looks whether there is a submission at all."""
        stream = self._stream
        loop, woken = asyncio.get_running_loop(), stream.woken()
        # Not asyncio.wait: of that each of ten thousand watches that begin would hold a kilobyte more.
        timer = loop.call_later(_CHECK_TOKEN_S, stream.wake)
        try:
            await woken
        finally:
            timer.cancel()
        if loop.time() >= timer.when() and await self._watching.beginning.checked(
            stream, self._tenant, asked
        ):
            self._unconfirmed = None

    def _beat(self) -> Event | None:
        """A heartbeat where one is due; the end of a stream that the hub ends, once there is no news."""
        stream = self._stream
        if stream.ending is not None:
            raise stream.ending
        if not stream.beat_due:
            return None
        stream.beat_due, stream.sent_at = False, time.monotonic()
        token = b"" if stream.seen == NOWHERE else self._watching.token(stream.subject, stream.seen)
        return Event(heartbeat=result_service_pb2.Heartbeat(), resume_token=token)

    async def _complete(self, event: Event) -> None:
        """Adds facts that lie in an object. Where they are lost the verdict stands, and the stream
        ends behind it.
        """
        state = self._stream.subject.state
        if state is None:
            raise LookupError("a judgement that ended has a state")
        try:
            event.ended.CopyFrom(await self._watching.facts.judgement(state))
        except GavelError as error:
            if error.reason != error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED:
                raise
            self._lost = error


def _queued(stream: Stream) -> Event | None:
    """That it waits, at first and whenever its place in the queue has changed."""
    if stream.queue_told and stream.ahead == stream.ahead_told:
        return None
    stream.queue_told, stream.ahead_told, stream.sent_at = True, stream.ahead, time.monotonic()
    return Event(queued=result_service_pb2.Queued(ahead_count=stream.ahead))
