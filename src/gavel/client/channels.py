"""Channels to one address: a proxy takes some 1,000 streams on a connection and lets the next one hang
without a word.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from gavel.rpc.client import channel

CALLS_MOST: Final = 900
"""Calls and streams on one connection; the next one goes to another. Envoy's limit is 1,024."""


class Channels:
    """Opens connections as they are needed and keeps them."""

    def __init__(self, address: str, *, calls_most: int = CALLS_MOST) -> None:
        self._address = address
        self._calls_most = calls_most
        self._open: list[grpc.aio.Channel] = []
        self._calls: list[int] = []

    @contextmanager
    def lease(self) -> Iterator[grpc.aio.Channel]:
        """A channel with room for the one call that is made on it in the block."""
        place = next((number for number, calls in enumerate(self._calls) if calls < self._calls_most), None)
        if place is None:
            place = len(self._open)
            self._open.append(channel(self._address, asynchronous=True))
            self._calls.append(0)
        self._calls[place] += 1
        try:
            yield self._open[place]
        finally:
            self._calls[place] -= 1

    @property
    def connection_count(self) -> int:
        """Channels opened so far."""
        return len(self._open)

    async def close(self) -> None:
        """Ends every call and connection."""
        for each in self._open:
            await each.close()
