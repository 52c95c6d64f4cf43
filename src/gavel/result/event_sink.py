"""Stores events: folded to one row for each judgement, with their tests."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from gavel.db.pool import Pool, session
from gavel.projection import writes
from gavel.projection.state import JudgementState
from gavel.result.batch import Fetched, JudgementKey, fold_batch, parse_event, progress
from gavel.result.sink import STORE_S
from gavel.result.spans import stored_span

REMEMBERED_MOST: Final = 4096
"""Running judgements whose state a writer keeps, so that it need not load what it has just stored."""
_TERMINAL: Final = frozenset({"finished", "failed", "cancelled"})


class EventSink:
    """See the module; one writer's."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._remembered: OrderedDict[JudgementKey, tuple[JudgementState, tuple[str, int]]] = OrderedDict()

    def store(self, batch: Sequence[Fetched]) -> None:
        """As in Sink."""
        events = [parse_event(fetched) for fetched in batch]
        partitions = {
            event.key: (fetched.topic_id, fetched.record.partition)
            for event, fetched in zip(events, batch, strict=True)
        }
        known = {key: self._remembered[key][0] for key in partitions if key in self._remembered}
        unknown = {key[0] for key in partitions if key not in known}
        with ExitStack() as spans:
            for event, fetched in zip(events, batch, strict=True):
                if event.event.WhichOneof("event") in _TERMINAL:
                    spans.enter_context(stored_span("store judgement", fetched.record))
            with session(self._pool, STORE_S) as connection:
                if unknown:
                    known |= writes.load_judgements(connection, unknown)
                changed = fold_batch(events, known)
                writes.store_judgements(connection, changed, progress(batch))
        for state, _ in changed:
            self._remember(state, partitions)

    def skip(self, batch: Sequence[Fetched]) -> None:
        """As in Sink."""
        with session(self._pool, STORE_S) as connection:
            writes.store_judgements(connection, [], progress(batch))

    def forget(self, topic_id: str, partition: int) -> None:
        """As in Sink."""
        where = topic_id, partition
        for key in [key for key, (_, lies_in) in self._remembered.items() if lies_in == where]:
            del self._remembered[key]

    def _remember(self, state: JudgementState, partitions: dict[JudgementKey, tuple[str, int]]) -> None:
        key = state.submission_id, state.judgement
        self._remembered.pop(key, None)
        if state.end is None:
            self._remembered[key] = state, partitions[key]
            if len(self._remembered) > REMEMBERED_MOST:
                self._remembered.popitem(last=False)
