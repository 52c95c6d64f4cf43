"""What a writer does with a batch: the port between the thread that reads the log and what is stored
of it.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import psycopg

from gavel.result.batch import BadRecordError, Fetched

AT_FAULT: Final[tuple[type[Exception], ...]] = (BadRecordError, psycopg.DataError, psycopg.IntegrityError)
"""Errors of a batch that lie in a record of it; any other is the platform's, and waited out."""


STORE_S: Final = 10.0
"""How long a batch may take in seconds before the database counts as away."""


class Sink(Protocol):
    """Stores batches. Called on one writer's thread."""

    def store(self, batch: Sequence[Fetched]) -> None:
        """Stores a batch with its positions in one transaction. Raises one of AT_FAULT when a record
        is at fault.
        """

    def skip(self, batch: Sequence[Fetched]) -> None:
        """Stores the positions of a batch alone."""

    def forget(self, topic_id: str, partition: int) -> None:
        """The partition is another writer's from now on: what is remembered of it counts no more."""
