"""Which slots programs without a record may take beside the judgements. Pure.

Such a program goes before the judgements that wait, since a person waits for it, and may then sit idle for
minutes. So programs hold at most their share of the slots, and on a worker with one slot a judgement that
waits comes between two of them: judgements are never starved. From four slots on one is kept free of
judgements, so that a program need not wait for the end of one.
"""

from dataclasses import dataclass
from enum import Enum, auto

KEPT_FROM_SLOTS = 4
"""From so many slots on one is kept for programs."""


class Turn(Enum):
    """Who takes a free slot next."""

    NOBODY = auto()
    PROGRAM = auto()
    JUDGEMENT = auto()


def share_of(slots: int, asked: int) -> int:
    """Programs at one time, those that wait for a slot included: what was asked for (0: none), for -1 half of
    the slots; at least one, and one slot less than there are.
    """
    return min(slots // 2 if asked < 0 else asked, slots - 1) or (1 if asked else 0)


@dataclass(slots=True)
class ProgramSlots:
    """The programs of one worker with its one set of slots."""

    slots: int
    most: int = 0
    """The share: 0 for none, so that every slot is the judgements'."""
    running: int = 0
    waiting: int = 0
    _last_was_program: bool = False

    @property
    def is_full(self) -> bool:
        """Whether one more is to be refused."""
        return self.running + self.waiting >= self.most

    def turn(self, judgements_running: int, *, judgement_waits: bool) -> Turn:
        """Who takes a slot now, if there is a free one."""
        free = self.slots - self.running - judgements_running
        if free <= 0:
            return Turn.NOBODY
        if self.waiting and not (judgement_waits and self._last_was_program and self.slots == 1):
            return Turn.PROGRAM
        keeps_one = self.most > 0 and self.slots >= KEPT_FROM_SLOTS and not self.running
        return Turn.JUDGEMENT if judgement_waits and free > keeps_one else Turn.NOBODY

    def program_started(self) -> None:
        """One that waited has a slot."""
        self.waiting -= 1
        self.running += 1
        self._last_was_program = True

    def judgement_started(self) -> None:
        """A judgement took a slot."""
        self._last_was_program = False
