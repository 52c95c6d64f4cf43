"""Waits until the languages of a mesh are settled: served, or not to be had there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gavel.client import AsyncClient, Language

SECONDS_MAX: Final = 90.0
"""How long a language may take to be tried out by its worker."""
_AGAIN_S: Final = 0.2


class ServedLanguages:
    """What is known of each language; belongs to one event loop."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._known: dict[str, Language] = {}
        self._changed = asyncio.Condition()

    async def look(self, codes: Iterable[str]) -> None:
        """Asks the mesh until each of these languages is settled; late ones are given up after 90 s."""
        wanted = set(codes)
        deadline = time.monotonic() + SECONDS_MAX
        while wanted - self._known.keys():
            found = await self._client.languages()
            late = time.monotonic() > deadline
            a_worker_spoke = any(each.available or each.testing for each in found)
            settled = {
                each.code: each
                for each in found
                if each.available or late or (a_worker_spoke and not each.testing)
            }
            async with self._changed:
                self._known.update(settled)
                self._changed.notify_all()
            if wanted - self._known.keys():
                await asyncio.sleep(_AGAIN_S)

    async def settled(self, code: str) -> Language:
        """The language once it is settled; waits for `look`, which has to be going on."""
        async with self._changed:
            await self._changed.wait_for(lambda: code in self._known)
        return self._known[code]
