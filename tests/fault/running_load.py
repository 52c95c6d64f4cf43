"""A load on a mesh, on a thread of its own: programs handed in at a steady rate and watched, until told to
stop, and all that was seen of them.
"""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import aclosing
from itertools import count

from history import Handed, Watched

from gavel.client import Accepted, AsyncClient, Ended, GavelError, Queued, uuid7
from generated_programs import generate

RATE = 3.0
"""Programs a second: what a busy machine judges without a backlog, and enough for a hundred seconds."""
MOST = 300
IN_FLIGHT = 80
PATIENCE_S = 120.0
"""How long a client tries to get through; every fault is over by then."""


class RunningLoad:
    """`start`, break something, `finish`. At most 300 programs, a tenth of them to be refused."""

    def __init__(self, address: str, seed: int) -> None:
        self.run = f"run-{uuid7()}"
        """The label and the argument of every program of this load."""
        self.handed: list[Handed] = []
        self._address = address
        self._seed = seed
        self._rng = random.Random(seed)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), name="load", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def finish(self, timeout_s: float = 240.0) -> None:
        """Hands nothing more in and waits until every watch has ended; raises what was unforeseen."""
        self._enough.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            waiting = [each.name or each.program.mark for each in self.handed if not self._is_done(each)]
            raise AssertionError(f"without an end after {timeout_s:g} s: {waiting}")
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """Hands nothing more in, for a test that has failed."""
        self._enough.set()

    @property
    def accepted_count(self) -> int:
        """How many were accepted so far."""
        return sum(bool(each.name) for each in list(self.handed))

    @property
    def ended_count(self) -> int:
        """How many have brought their first watcher to the end so far."""
        return sum(bool(each.watches and each.watches[0].end) for each in list(self.handed))

    @staticmethod
    def _is_done(each: Handed) -> bool:
        return each.error is not None or bool(
            each.watches and all(watched.end or watched.error for watched in each.watches)
        )

    async def _all(self) -> None:
        room = asyncio.Semaphore(IN_FLIGHT)
        try:
            async with (
                AsyncClient(self._address, timeout_s=PATIENCE_S, patience_s=PATIENCE_S) as client,
                asyncio.TaskGroup() as group,
            ):
                for number in count():
                    if number == MOST or await asyncio.to_thread(self._enough.wait, 1 / RATE):
                        return
                    await room.acquire()
                    refused = self._rng.random() < 0.1
                    each = Handed(generate(self._seed, number, seconds=0.01), refused)
                    self.handed.append(each)
                    task = group.create_task(self._one(client, each, number))
                    task.add_done_callback(lambda _: room.release())
        except BaseException as error:
            self._failure = error

    async def _one(self, client: AsyncClient, each: Handed, number: int) -> None:
        request_id = uuid7()

        async def submit() -> Accepted:
            return await client.submit(
                {"main.py": each.program.source},
                language="cobol@1959" if each.must_be_refused else "python3",
                tests=each.program.tests,
                argv=[self.run],
                run_all=True,
                labels={"run": self.run},
                request_id=request_id,
            )

        try:
            accepted = await submit()
            each.name = accepted.name
            each.watches = [Watched() for _ in range(2 if number % 3 == 0 else 1)]
            await asyncio.gather(
                *(
                    self._watch(client, accepted, watched, cuts=position)
                    for position, watched in enumerate(each.watches)
                )
            )
            if number % 10 == 0:
                each.answered_again = (await submit()).name
        except GavelError as error:
            each.error = error

    @staticmethod
    async def _watch(client: AsyncClient, accepted: Accepted, watched: Watched, cuts: int) -> None:
        """Watches to the end; is cut off after the first event `cuts` times, and goes on by its token."""
        token = b""
        try:
            while watched.end is None:
                async with aclosing(client.watch(accepted, resume_token=token)) as events:
                    async for event in events:
                        watched.events.append(event)
                        token = event.resume_token or token
                        if cuts and not isinstance(event, Queued | Ended):
                            cuts -= 1
                            break
        except GavelError as error:
            watched.error = error
