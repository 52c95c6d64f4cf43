"""Which two ids of the spawner's user namespace a box has: of no other box that lives, and of nobody else.

Two boxes that were one user to the kernel would share its limits of pipes, watches and descriptors in flight,
and each would own what the other makes. The first id is the box's root, the second its programs.
"""

import os
import select
from collections import deque
from typing import Final, Protocol

# Outside the ranges that Debian, systemd and shadow hand out.
_FIRST_BY_PID: Final = 2_000_000_000


class Ids(Protocol):
    """Hands out pairs."""

    def take(self, pid: int, pidfd: int) -> int:
        """The first id of the box whose init that is. OSError if there is none."""
        ...


class ByPid:
    """For the machine's root, who may use any id: two for each pid. No two that live have one, and all are
    below 2**22.
    """

    def take(self, pid: int, pidfd: int) -> int:  # noqa: ARG002 - as the others'
        return _FIRST_BY_PID + 2 * pid


class Block:
    """For who has only some ids: the pair that was free the longest."""

    def __init__(self, first: int, count: int) -> None:
        self._free = deque(range(first, first + count - 1, 2))
        self._taken: dict[int, int] = {}
        self._ended = select.poll()

    def take(self, pid: int, pidfd: int) -> int:  # noqa: ARG002 - as the others'
        # The init of a pid namespace ends last, and only then its descriptor says so.
        for ended, _ in self._ended.poll(0):
            self._ended.unregister(ended)
            self._free.append(self._taken.pop(ended))
            os.close(ended)
        if not self._free:
            raise OSError(f"all ids are in use by {len(self._taken)} boxes")
        own = os.dup(pidfd)
        self._taken[own] = self._free.popleft()
        self._ended.register(own, select.POLLIN)
        return self._taken[own]
