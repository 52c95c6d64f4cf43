"""A load on a mesh, on a thread of its own: programs handed in and watched, and all that was seen."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from gavel.client import AsyncClient, Ended, Event, GavelError, Judgement, uuid7
from generated_programs import Program, generate

IN_FLIGHT = 40
PATIENCE_S = 90.0
"""How long a client tries to get through; every fault is over by then."""


@dataclass(slots=True)
class Seen:
    """What one submission's client saw."""

    program: Program
    name: str = ""
    """Empty until it was accepted."""
    events: list[Event] = field(default_factory=list)
    error: GavelError | None = None

    @property
    def end(self) -> Judgement | None:
        """The judgement that the watch ended with."""
        last = self.events[-1] if self.events else None
        return last.judgement if isinstance(last, Ended) else None


class Load:
    """`count` generated programs, at most 40 at a time; `start`, then `join`."""

    def __init__(self, address: str, seed: int, count: int) -> None:
        self.run = f"run-{uuid7()}"
        """The label and the argument of every program of this load."""
        self.seen = [Seen(generate(seed, number, seconds=0.01)) for number in range(count)]
        self._address = address
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), name="load", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def join(self, timeout_s: float = 240.0) -> None:
        """Waits until every watch has ended; raises what was unforeseen."""
        self._thread.join(timeout_s)
        waiting = [
            each.name or each.program.mark for each in self.seen if each.end is None and not each.error
        ]
        assert not self._thread.is_alive(), f"without an end after {timeout_s:g} s: {waiting}"
        if self._failure is not None:
            raise self._failure

    @property
    def accepted_count(self) -> int:
        """How many were accepted so far."""
        return sum(bool(each.name) for each in self.seen)

    @property
    def ended_count(self) -> int:
        """How many watches have brought the end so far."""
        return sum(each.end is not None for each in self.seen)

    async def _all(self) -> None:
        room = asyncio.Semaphore(IN_FLIGHT)
        try:
            async with (
                AsyncClient(self._address, timeout_s=PATIENCE_S, patience_s=PATIENCE_S) as client,
                asyncio.TaskGroup() as group,
            ):
                for each in self.seen:
                    await room.acquire()
                    task = group.create_task(self._one(client, each))
                    task.add_done_callback(lambda _: room.release())
        except BaseException as error:
            self._failure = error

    async def _one(self, client: AsyncClient, each: Seen) -> None:
        try:
            accepted = await client.submit(
                {"main.py": each.program.source},
                language="python3",
                tests=each.program.tests,
                argv=[self.run],
                run_all=True,
                labels={"run": self.run},
            )
            each.name = accepted.name
            async for event in client.watch(accepted):
                each.events.append(event)
        except GavelError as error:
            each.error = error
