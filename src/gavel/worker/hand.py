"""What a worker holds: records that wait, run, are tried again, or whose end is being told. Pure.

For each queue (one topic) at most as many records wait as there are slots: what waits here no other worker
can take. Records that the platform failed wait longer, and count. A free slot takes from the queue that runs
least, and of those the record that came first, so that no language starves another. Programs without a
record take slots too, by the rules of program_slots.py. A slot that nobody waits for is lent to a case that
runs, for one of its tests. One judgement is one case, however many records of it
come. Times are seconds of any monotonic clock that the caller passes in.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from gavel.bus.work import Work
from gavel.worker.core import Job, Key, retry_delay_s
from gavel.worker.program_slots import ProgramSlots, Turn

ENDED_MOST = 4096
"""Judgements that ended here and are remembered."""
CANCELS_MOST = 10_000
"""Cancels that are remembered."""
ENDINGS_MOST = 256
"""Judgements whose end is told and not acknowledged, from which on nothing more is taken."""
FOLLOWERS_MOST = 1000
"""Duplicates held, from which on nothing more is taken."""


class Phase(Enum):
    """Where a case stands."""

    WAITING = auto()
    RUNNING = auto()
    ENDING = auto()


class Offer(Enum):
    """What became of a record that was offered."""

    WAITS = auto()
    """It waits for a slot."""
    FOLLOWS = auto()
    """Its judgement is here already: it is finished when that one is."""
    ENDED = auto()
    """Its judgement ended here: it is finished."""
    CANCELLED = auto()
    """Its judgement was cancelled: it must not run; tell the end. The case is ENDING."""


@dataclass(slots=True)
class Case:
    """One judgement that this worker holds."""

    queue: str
    job: Job
    arrived_s: float
    works: list[Work]
    phase: Phase = Phase.WAITING
    failures: int = 0
    not_before_s: float = 0.0

    @property
    def held(self) -> bool:
        """Whether any of its records still belongs to this worker."""
        return any(work.claim.held for work in self.works)


@dataclass(slots=True)
class Hand:
    """The cases of one worker with its one set of slots."""

    slots: int
    program_share: int = 0
    """How many of them programs without a record may take."""
    programs: ProgramSlots = field(init=False)
    lent: int = 0
    """Slots in which further tests of running cases run."""
    _cases: dict[Key, Case] = field(default_factory=dict)
    _ended: "OrderedDict[Key, None]" = field(default_factory=OrderedDict)
    _cancels: "OrderedDict[Key, None]" = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.programs = ProgramSlots(self.slots, self.program_share)

    def room(self, queue: str) -> bool:
        """Whether one more record of the queue may be taken."""
        if self.count(Phase.ENDING) >= ENDINGS_MOST:
            return False
        if sum(len(case.works) - 1 for case in self._cases.values()) >= FOLLOWERS_MOST:
            return False
        return self.count(Phase.WAITING, queue) < self.slots

    def count(self, phase: Phase, queue: str | None = None) -> int:
        """How many cases stand there, of one queue or all."""
        return sum(1 for case in self._cases.values() if case.phase is phase and queue in (None, case.queue))

    def offer(self, queue: str, job: Job, work: Work, now_s: float) -> tuple[Offer, Case | None]:
        """A record came. With FOLLOWS and WAITS comes the case, with CANCELLED the case whose end to tell."""
        case = self._cases.get(job.key)
        if case is not None:
            case.works.append(work)
            return Offer.FOLLOWS, case
        if job.key in self._ended:
            self._ended.move_to_end(job.key)
            return Offer.ENDED, None
        case = Case(queue, job, now_s, [work])
        self._cases[job.key] = case
        if job.key in self._cancels:
            case.phase = Phase.ENDING
            return Offer.CANCELLED, case
        return Offer.WAITS, case

    def next(self, now_s: float) -> Case | None:
        """The case for a free slot, now RUNNING; None when there is none or no slot is free for one."""
        due = self._due(now_s)
        if self._turn(judgement_waits=bool(due)) is not Turn.JUDGEMENT:
            return None
        self.programs.judgement_started()
        chosen = min(due, key=lambda case: (self.count(Phase.RUNNING, case.queue), case.arrived_s))
        chosen.phase = Phase.RUNNING
        return chosen

    def start_program(self, now_s: float) -> bool:
        """Whether a program that waits has a slot now."""
        if self._turn(judgement_waits=bool(self._due(now_s))) is not Turn.PROGRAM:
            return False
        self.programs.program_started()
        return True

    def lend(self, now_s: float) -> bool:
        """Whether a running case has one more slot now: a judgement could have it, and nobody waits."""
        if self._due(now_s) or self.programs.waiting or self._turn(judgement_waits=True) is Turn.NOBODY:
            return False
        self.lent += 1
        return True

    def take_back(self) -> None:
        """A slot that was lent is free."""
        self.lent -= 1

    def next_due_s(self) -> float | None:
        """The instant at which the earliest waiting case may run; None when none waits."""
        return min((case.not_before_s for case in self._waiting()), default=None)

    def fail(self, case: Case, now_s: float) -> bool:
        """The platform failed a running case: True when it waits to be tried again, False when it must
        end.
        """
        case.failures += 1
        delay_s = retry_delay_s(case.failures)
        if delay_s is None:
            return False
        case.phase = Phase.WAITING
        case.not_before_s = now_s + delay_s
        return True

    def end(self, case: Case) -> None:
        """The case's end is being told; its slot is free."""
        case.phase = Phase.ENDING

    def ended(self, case: Case) -> list[Work]:
        """The case's end is acknowledged: the records that are finished by it."""
        self.forget(case)
        _remember(self._ended, case.job.key, ENDED_MOST)
        self._cancels.pop(case.job.key, None)
        return case.works

    def forget(self, case: Case) -> None:
        """The case is no business of this worker any more."""
        if self._cases.get(case.job.key) is case:
            del self._cases[case.job.key]

    def let_go(self) -> None:
        """Drops the waiting cases whose records all belong to others now. What runs goes on."""
        for case in self._waiting():
            if not case.held:
                self.forget(case)

    def cancel(self, key: Key) -> Case | None:
        """A judgement was cancelled: the case that has to end for it, None when it is not here.

        A waiting case is ENDING afterwards, so that its end is to be told; a running one is to be killed.
        """
        case = self._cases.get(key)
        if case is None:
            if key not in self._ended:
                _remember(self._cancels, key, CANCELS_MOST)
            return None
        _remember(self._cancels, key, CANCELS_MOST)
        if case.phase is Phase.WAITING:
            case.phase = Phase.ENDING
            return case
        return case if case.phase is Phase.RUNNING else None

    def cancelled(self, key: Key) -> bool:
        """Whether the cancel of a judgement was seen."""
        return key in self._cancels

    def _turn(self, *, judgement_waits: bool) -> Turn:
        return self.programs.turn(self.count(Phase.RUNNING) + self.lent, judgement_waits=judgement_waits)

    def _due(self, now_s: float) -> list[Case]:
        return [case for case in self._waiting() if case.not_before_s <= now_s]

    def _waiting(self) -> Iterator[Case]:
        return iter([case for case in self._cases.values() if case.phase is Phase.WAITING])


def _remember(known: "OrderedDict[Key, None]", key: Key, most: int) -> None:
    known[key] = None
    known.move_to_end(key)
    while len(known) > most:
        known.popitem(last=False)
