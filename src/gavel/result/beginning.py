"""How a watch begins: whose it is, whether there is such a submission, and what its judgement is told from.

It begins from the window alone where that goes back to the accept, else from a snapshot of the rows. That a
submission exists is known from its row or an event; a read token is taken at its word for a moment, and
checked when the writers have passed it; with neither, a watch is held for 5 s at most, and so many of a
tenant.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Self
from uuid import UUID

from gavel.bus.topics import partition_for
from gavel.projection.ends import LogEnds
from gavel.projection.positions import LogPosition, split
from gavel.projection.presence import StoredPositions, not_found, not_yet_stored
from gavel.projection.reads import Snapshot, foreign_tenant
from gavel.result.hub import Hub, Stream
from gavel.result.snapshots import Snapshots
from gavel.result.subject import accept_time_ms, current_judgement, tenant_of
from gavel.result.v1 import result_service_pb2
from gavel.rpc.errors import GavelError, invalid
from gavel.rpc.names import parse_submission
from gavel.rpc.positions import Position, ReadToken
from gavel.submission.v1 import error_reason_pb2
from gavel.telemetry.metrics import WATCH_SNAPSHOTS

HELD_S: Final = 5.0
"""How long a watch of nothing that is known is held."""
HELD_MOST: Final = 256
"""Such watches of one tenant."""
MARGIN_MS: Final = 1000
"""The window is taken to reach back to an accept only when that is so much later than what it has let go."""
_COVER_S: Final = 5.0
_LOOK_AGAIN_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """What a watch asks for."""

    submission_id: UUID
    judgement: int
    """0: the current one."""
    read_token: ReadToken | None
    resume: Position | None

    @classmethod
    def of(cls, request: result_service_pb2.WatchSubmissionRequest) -> Self:
        """Reads a request; INVALID_ARGUMENT."""
        if request.judgement < 0:
            raise invalid("judgement", "expected 0 or a judgement's number")
        return cls(
            parse_submission(request.name),
            request.judgement,
            ReadToken.decode(request.read_token, "read_token") if request.read_token else None,
            Position.decode(request.resume_token, "resume_token") if request.resume_token else None,
        )


class Beginning:
    """Belongs to the event loop."""

    def __init__(self, hub: Hub, snapshots: Snapshots, stored: StoredPositions, ends: LogEnds) -> None:
        self._hub = hub
        self._snapshots = snapshots
        self._stored = stored
        self._ends = ends
        self._held: Counter[str] = Counter()

    async def register(self, asked: Asked) -> Stream:
        """A stream of the judgement asked for, as far as that is known; leave it when done."""
        if not await self._hub.wait_until_open(_COVER_S):
            raise GavelError(error_reason_pb2.ERROR_REASON_BROKER_UNAVAILABLE, "the log is not read yet")
        key = str(asked.submission_id).encode()
        return self._register(asked, asked.judgement or current_judgement(self._hub.window.entries(key)))

    async def begin(self, stream: Stream, tenant: str, asked: Asked) -> tuple[Stream, bool]:
        """Begins the stream's subject; returns the stream, which may be another, and whether the submission
        is known to exist.

        GavelError FOREIGN_TENANT, DATABASE_UNAVAILABLE, NOT_YET_STORED.
        """
        deadline = time.monotonic() + _COVER_S
        while True:
            owner = tenant_of(self._hub.window.entries(stream.subject.key))
            if owner not in (None, tenant):
                raise foreign_tenant()
            if self._begun_without_rows(stream, asked):
                return stream, owner is not None
            taken = await self._taken(stream, asked)
            if taken is None:
                return stream, True
            if taken.tenant not in (None, tenant):
                raise foreign_tenant()
            if taken.judgement != stream.subject.judgement:
                self._hub.leave(stream)
                asked = replace(asked, judgement=taken.judgement)
                stream = self._register(asked, taken.judgement)
            elif self._begun(stream, taken):
                return stream, taken.tenant is not None or owner is not None
            elif time.monotonic() >= deadline:
                raise not_yet_stored(asked.submission_id)
            else:
                await asyncio.sleep(_LOOK_AGAIN_S)

    def _begun_without_rows(self, stream: Stream, asked: Asked) -> bool:
        subject = stream.subject
        if subject.covered and subject.state is not None and asked.judgement:
            return True
        if not self._whole_in_window(stream, asked):
            return False
        if not subject.covered:
            subject.cover_from_window(self._hub.window)
            subject.wake()
        WATCH_SNAPSHOTS.labels("window").inc()
        return True

    def _register(self, asked: Asked, judgement: int) -> Stream:
        partition = partition_for(asked.submission_id, self._hub.partition_count)
        stream = self._hub.watch(str(asked.submission_id).encode(), partition, judgement)
        if asked.read_token is not None:
            where = asked.read_token.position
            stream.record = asked.read_token.topic, where.partition, where.offset
        return stream

    def _whole_in_window(self, stream: Stream, asked: Asked) -> bool:
        """Whether the window holds every event that the judgement has."""
        subject, window = stream.subject, self._hub.window
        entries = window.entries(subject.key)
        first = asked.judgement or 1
        accepted_ms = accept_time_ms(entries, first)
        if not accepted_ms and asked.read_token is not None and first == 1:
            accepted_ms = asked.read_token.accept_time_ms
        return accepted_ms > window.complete_since_ms(subject.partition) + MARGIN_MS

    async def _taken(self, stream: Stream, asked: Asked) -> Snapshot | None:
        """A snapshot; None where the database is away and somebody else's watch has begun the subject."""
        subject = stream.subject
        try:
            taken = await self._snapshots.take(
                asked.submission_id, asked.judgement, self._hub.topic_id, subject.partition
            )
        except GavelError:
            if subject.covered and subject.state is not None:
                return None
            raise
        if stream.ending is not None:
            raise stream.ending
        return taken

    def _begun(self, stream: Stream, taken: Snapshot) -> bool:
        subject = stream.subject
        if taken.record is not None:
            topic, partition, where = taken.record
            stream.record = topic, partition, split(where)[1]
        if subject.covered:
            return True
        begun = subject.cover(self._hub.window, taken.state, taken.next_offset, taken.generation or 0)
        if begun:
            WATCH_SNAPSHOTS.labels("rows").inc()
            subject.wake()
        return begun

    async def hold(self, stream: Stream, tenant: str, asked: Asked) -> None:
        """Waits until something is heard of the submission; NOT_FOUND once the writers say that
        there is none.
        """
        with self._place_to_wait(tenant):
            deadline = time.monotonic() + HELD_S
            wanted = await asyncio.to_thread(self._ends.of, asked.submission_id)
            while stream.subject.state is None:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise not_yet_stored(asked.submission_id)
                passed = await self._stored.wait(wanted, min(left_s, 0.25))
                taken = await self._look(stream, tenant, asked)
                if taken.tenant is not None:
                    return
                if passed and stream.subject.state is None:
                    raise not_found(asked.submission_id)

    @contextmanager
    def _place_to_wait(self, tenant: str) -> Iterator[None]:
        if self._held[tenant] >= HELD_MOST:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_OVERLOADED,
                f"{HELD_MOST} watches wait for submissions that nothing is known of",
                limit=str(HELD_MOST),
                what="watches of unknown submissions",
            )
        self._held[tenant] += 1
        try:
            yield
        finally:
            self._held[tenant] -= 1
            if not self._held[tenant]:
                del self._held[tenant]

    async def _look(self, stream: Stream, tenant: str, asked: Asked) -> Snapshot:
        """Reads the rows once more, for whether there is a submission and whose it is."""
        subject = stream.subject
        taken = await self._snapshots.take(
            asked.submission_id, subject.judgement, self._hub.topic_id, subject.partition
        )
        if taken.tenant not in (None, tenant):
            raise foreign_tenant()
        if taken.record is not None:
            stream.record = taken.record[0], taken.record[1], split(taken.record[2])[1]
        return taken

    async def checked(self, stream: Stream, tenant: str, asked: Asked) -> bool:
        """Whether a read token's submission exists: known once the writers have passed its record."""
        if asked.read_token is None:
            return True
        where = asked.read_token.position
        wanted = LogPosition(where.topic_id, where.partition, where.offset + 1)
        try:
            passed = await self._stored.wait([wanted], _LOOK_AGAIN_S)
            taken = await self._look(stream, tenant, asked)
        except GavelError as error:
            if error.reason == error_reason_pb2.ERROR_REASON_DATABASE_UNAVAILABLE:
                return False
            raise
        if passed and taken.tenant is None and stream.subject.state is None:
            raise not_found(asked.submission_id)
        return taken.tenant is not None
