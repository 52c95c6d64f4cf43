"""A watch: what the state of its judgement holds that it has not been told, in order, to the end.

A stream has no queue to overflow. A reader that is slow goes on from its place in the state, and finds there
all that came meanwhile except what no longer counts; one message at a time waits for it.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from gavel.projection.positions import position, split
from gavel.projection.reads import foreign_tenant
from gavel.projection.shown import Event, events_since
from gavel.projection.state import NOWHERE, JudgementState, Place
from gavel.result.beginning import Asked, Beginning
from gavel.result.facts import Facts
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
    """Serves watches; belongs to the event loop."""

    def __init__(self, hub: Hub, beginning: Beginning, snapshots: Snapshots, facts: Facts) -> None:
        self._hub = hub
        self._beginning = beginning
        self._snapshots = snapshots
        self._facts = facts

    async def watch(
        self, tenant: str, request: result_service_pb2.WatchSubmissionRequest
    ) -> AsyncGenerator[Event, None]:
        """The events of one watch; the last one holds the whole judgement. Errors as the contract says."""
        asked = Asked.of(request)
        stream = await self._beginning.register(asked)
        try:
            stream, exists = await self._beginning.begin(stream, tenant, asked)
            stream.seen = self._place_of(stream, asked.resume)
            stream.queue_told = stream.seen != NOWHERE
            if not exists and asked.read_token is None:
                await self._beginning.hold(stream, tenant, asked)
                exists = True
            async with aclosing(self._events(stream, tenant, asked, exists=exists)) as events:
                async for event in events:
                    yield event
        finally:
            self._hub.leave(stream)

    async def _events(
        self, stream: Stream, tenant: str, asked: Asked, *, exists: bool
    ) -> AsyncGenerator[Event, None]:
        while True:
            state = _own(stream, tenant)
            if state is None:
                event = _queued(stream)
            elif state.end is not None and state.end.place <= stream.seen:
                return
            else:
                exists = True
                for place, event in events_since(state, stream.seen):
                    if event.HasField("ended"):
                        async for last in self._ended(stream, state, place, event):
                            yield last
                        return
                    yield self._told(stream, place, event)
                event = None if stream.subject.state is state else _AGAIN
            if event is _AGAIN:
                continue
            event = event or self._beat(stream)
            if event is not None:
                yield event
                continue
            await stream.wait(None if exists else _CHECK_TOKEN_S)
            if not exists and stream.subject.state is None:
                exists = await self._beginning.checked(stream, tenant, asked)

    def _told(self, stream: Stream, place: Place, event: Event) -> Event:
        event.resume_token = self._token(stream.subject, place)
        stream.seen, stream.sent_at = place, time.monotonic()
        return event

    def _beat(self, stream: Stream) -> Event | None:
        """A heartbeat where one is due; the end of a stream that the hub ends, once there is no news."""
        if stream.ending is not None:
            raise stream.ending
        if not stream.beat_due:
            return None
        stream.beat_due, stream.sent_at = False, time.monotonic()
        token = b"" if stream.seen == NOWHERE else self._token(stream.subject, stream.seen)
        return Event(heartbeat=result_service_pb2.Heartbeat(), resume_token=token)

    async def _ended(
        self, stream: Stream, state: JudgementState, place: Place, event: Event
    ) -> AsyncGenerator[Event, None]:
        """The last message. Facts that are lost end the stream with DATA_LOSS behind it: the verdict
        stands.
        """
        lost: GavelError | None = None
        try:
            event.ended.CopyFrom(await self._facts.judgement(state))
        except GavelError as error:
            if error.reason != error_reason_pb2.ERROR_REASON_OBJECT_DAMAGED:
                raise
            lost = error
        yield self._told(stream, place, event)
        if lost is not None:
            raise lost

    def _token(self, subject: Subject, place: Place) -> bytes:
        generation, offset = split(place.position)
        earlier = place.position < subject.base
        topic_id = self._snapshots.topic_id(generation) if earlier else self._hub.topic_id
        return Position(topic_id, subject.partition, offset, place.ordinal).encode()

    def _seen_token(self, stream: Stream) -> bytes:
        return b"" if stream.seen == NOWHERE else self._token(stream.subject, stream.seen)

    def _place_of(self, stream: Stream, resume: Position | None) -> Place:
        if resume is None:
            return NOWHERE
        base = stream.subject.base
        if resume.topic_id == self._hub.topic_id:
            return Place(base + resume.offset, resume.ordinal)
        generation = self._snapshots.generation(resume.topic_id)
        if generation is None:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_RESUME_TOKEN_EXPIRED,
                "the token is of a log that is gone: get the submission, then watch it afresh",
            )
        return Place(position(generation, resume.offset), resume.ordinal)


_AGAIN: Final = Event()
"""Stands for: there is more news already."""


def _own(stream: Stream, tenant: str) -> JudgementState | None:
    state = stream.subject.state
    if state is not None and state.tenant != tenant:
        raise foreign_tenant()
    return state


def _queued(stream: Stream) -> Event | None:
    """That it waits, at first and whenever its place in the queue has changed."""
    if stream.queue_told and stream.ahead == stream.ahead_told:
        return None
    stream.queue_told, stream.ahead_told, stream.sent_at = True, stream.ahead, time.monotonic()
    return Event(queued=result_service_pb2.Queued(ahead_count=stream.ahead))
