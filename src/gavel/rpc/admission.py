"""How much one process holds at once; full means RESOURCE_EXHAUSTED with RetryInfo, at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2 as reasons


@dataclass(slots=True)
class Gate:
    """A count that may not exceed its limit."""

    what: str
    """What is counted, for the error: `calls`, `streams`, `request bytes`."""
    limit: int
    held: int = 0

    @contextmanager
    def hold(self, amount: int = 1) -> Iterator[None]:
        """Holds `amount` for a while; OVERLOADED when that would exceed the limit."""
        if self.held + amount > self.limit:
            raise GavelError(
                reasons.ERROR_REASON_OVERLOADED,
                f"this process holds as many {self.what} as it can: {self.limit}",
                limit=str(self.limit),
                what=self.what,
            )
        self.held += amount
        try:
            yield
        finally:
            self.held -= amount
