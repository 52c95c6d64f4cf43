"""A mesh with a load on it, and hands to break it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from running_load import RunningLoad
from whole_history import check

from conditions import until
from gavel.embedded import Mesh
from gavel.embedded.events import Event

RETURN_S = 60.0
"""Within this a part is back, and verdicts come again; most of it is for a machine that is busy."""


class BrokenMesh:
    """`start`; then faults inside of `loaded`; then `stop`."""

    def __init__(self, data_dir: Path, workers: Sequence[str], ingress: str = "127.0.0.1:0") -> None:
        self.worker_pids: set[int] = set()
        """Of all workers that it has had."""
        self.mesh = Mesh(data_dir, ingress=ingress, workers=workers, listener=self._hear)

    def _hear(self, event: Event) -> None:
        if event.pid is not None and (event.part or "").startswith("worker"):
            self.worker_pids.add(event.pid)

    @contextmanager
    def loaded(self, seed: int) -> Iterator[RunningLoad]:
        """A load around the block, which begins when verdicts come; behind it all is checked."""
        until(self._healthy, "all parts are healthy", RETURN_S)
        load = RunningLoad(self.mesh.address, seed)
        load.start()
        try:
            goes_on(load)
            yield load
            goes_on(load)
        except BaseException:
            load.abandon()
            raise
        load.finish()
        check(self.mesh, load, self.worker_pids)

    def kill(self, part: str) -> None:
        """Kill -9, and the wait until the supervisor has it back."""
        restarts = self.mesh.part(part).restarts
        self.mesh.kill(part)
        self.wait_until_back(part, restarts)

    def wait_until_back(self, part: str, restarts: int) -> None:
        """Waits until a part was started again since it had that many restarts."""

        def back() -> bool:
            now = self.mesh.part(part)
            return now.restarts > restarts and now.state == "healthy"

        until(back, f"{part} is back", RETURN_S)

    def _healthy(self) -> bool:
        return all(part.state == "healthy" for part in self.mesh.parts())


def goes_on(load: RunningLoad, count: int = 10) -> None:
    """Waits until that many more were accepted, and as many more brought their verdict to a watcher."""
    accepted, ended = load.accepted_count + count, load.ended_count + count
    until(lambda: load.accepted_count >= accepted, f"{accepted} are accepted", RETURN_S)
    until(lambda: load.ended_count >= ended, f"{ended} verdicts are streamed", RETURN_S)


def lasting(seconds: float) -> None:
    """A fault's own length."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, "the fault is over", 2 * seconds)


@contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """SIGSTOP around the block, SIGCONT behind it."""
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def children_of(parent: int, command: bytes = b"") -> list[int]:
    """The processes that another has started, and whose command line holds these words."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            started_by = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes()
        except (OSError, IndexError):  # no process, or one that ended meanwhile
            continue
        if started_by == parent and command in words:
            found.append(int(entry.name))
    return found


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
