"""What a worker holds, and what a free slot takes."""

import uuid
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gavel.bus.consumer import Record
from gavel.bus.work import Work
from gavel.submission.v1 import submission_record_pb2
from gavel.worker.core import Job, Key
from gavel.worker.hand import ENDINGS_MOST, Case, Hand, Offer, Phase


@dataclass
class Hold:
    """A claim whose fate the test decides."""

    held: bool = True
    starts: int = 0
    finishes: int = 0

    def start(self) -> bool:
        """Counts it."""
        self.starts += 1
        return self.held

    def finish(self) -> None:
        """Counts it."""
        self.finishes += 1


@dataclass
class Bench:
    """A hand and an easy way to offer to it."""

    hand: Hand = field(default_factory=lambda: Hand(2))
    made: int = 0

    def offer(
        self, queue: str = "a", key: Key | None = None, now_s: float = 0.0
    ) -> tuple[Offer, Case | None, Hold]:
        """Offers a record of a new judgement, or of the one that is named."""
        self.made += 1
        submission = uuid.UUID(int=self.made)
        key = key or Key(str(submission), 1)
        job = Job(key, submission, "local", queue, submission_record_pb2.SubmissionRecord(), 0, ())
        hold = Hold()
        work = Work(Record(queue, 0, self.made, 0, None, b""), hold, 0)
        offer, case = self.hand.offer(queue, job, work, now_s)
        return offer, case, hold


def test_at_most_one_record_waits_for_each_slot() -> None:
    """What waits here no other worker can take."""
    bench = Bench()
    while bench.hand.room("a"):
        bench.offer()

    assert bench.hand.count(Phase.WAITING) == 2
    assert bench.hand.room("b")

    assert bench.hand.next(0.0) is not None
    assert bench.hand.room("a")


def test_no_more_run_than_there_are_slots() -> None:
    """The third case waits for a slot."""
    bench = Bench()
    for _ in range(3):
        bench.offer()

    assert bench.hand.next(0.0) is not None
    first = bench.hand.next(0.0)
    assert first is not None
    assert bench.hand.next(0.0) is None

    bench.hand.end(first)
    assert bench.hand.next(0.0) is not None


def test_a_free_slot_serves_the_language_that_runs_least() -> None:
    """A flooded language takes its fair share of the slots and no more."""
    bench = Bench()
    bench.offer("a", now_s=1.0)
    bench.offer("a", now_s=2.0)
    bench.offer("b", now_s=3.0)

    first, second = bench.hand.next(9.0), bench.hand.next(9.0)

    assert first is not None
    assert second is not None
    assert (first.queue, second.queue) == ("a", "b")


def test_a_duplicate_of_what_is_here_follows_it() -> None:
    """One judgement runs once, and its end finishes every record of it."""
    bench = Bench()
    _, case, first = bench.offer()
    assert case is not None
    offer, same, second = bench.offer(key=case.job.key)

    assert offer is Offer.FOLLOWS
    assert same is case
    assert bench.hand.next(0.0) is case

    bench.hand.end(case)
    assert {id(work.claim) for work in bench.hand.ended(case)} == {id(first), id(second)}


def test_a_duplicate_of_what_ended_here_is_finished_at_once() -> None:
    """It costs no run."""
    bench = Bench()
    _, case, _ = bench.offer()
    assert case is not None
    bench.hand.next(0.0)
    bench.hand.end(case)
    bench.hand.ended(case)

    assert bench.offer(key=case.job.key)[0] is Offer.ENDED


def test_what_the_platform_failed_waits_in_hand_and_ends_at_the_third_time() -> None:
    """The waiting room counts as in hand, so that failing records stop the taking of more."""
    bench = Bench()
    _, case, _ = bench.offer()
    bench.offer()
    assert bench.hand.next(0.0) is case
    assert case is not None
    assert bench.hand.fail(case, 10.0)

    assert not bench.hand.room("a")
    assert bench.hand.next(10.0) is not case
    assert bench.hand.next(10.4) is None
    assert bench.hand.next_due_s() == 10.5
    assert bench.hand.next(10.5) is case
    assert bench.hand.fail(case, 11.0)
    assert bench.hand.next(13.0) is case
    assert not bench.hand.fail(case, 13.0)


def test_a_cancelled_record_never_runs() -> None:
    """Whether the cancel came before the record or while it waited."""
    bench = Bench()
    _, waiting, _ = bench.offer()
    assert waiting is not None
    early = Key(str(uuid.uuid4()), 1)
    assert bench.hand.cancel(early) is None
    assert bench.hand.cancel(waiting.job.key) is waiting
    offer, case, _ = bench.offer(key=early)

    assert offer is Offer.CANCELLED
    assert case is not None
    assert case.phase is waiting.phase is Phase.ENDING
    assert bench.hand.next(0.0) is None


def test_a_cancel_finds_what_runs() -> None:
    """It is told apart from a run that is killed because the worker ends."""
    bench = Bench()
    _, case, _ = bench.offer()
    assert bench.hand.next(0.0) is case
    assert case is not None
    assert not bench.hand.cancelled(case.job.key)

    assert bench.hand.cancel(case.job.key) is case
    assert bench.hand.cancelled(case.job.key)
    assert case.phase is Phase.RUNNING


def test_what_belongs_to_others_is_dropped_unless_it_runs() -> None:
    """A revoked partition takes its waiting records along; what runs goes on."""
    bench = Bench()
    _, running, first = bench.offer()
    assert bench.hand.next(0.0) is running
    _, _, second = bench.offer()
    _, kept, _ = bench.offer()
    first.held = second.held = False

    bench.hand.let_go()

    assert bench.hand.count(Phase.RUNNING) == 1
    assert bench.hand.next(0.0) is kept


def test_ends_that_nobody_acknowledges_stop_the_taking() -> None:
    """With the broker away the hand stays bounded."""
    bench = Bench(Hand(1000))
    for _ in range(ENDINGS_MOST):
        _, case, _ = bench.offer()
        assert case is not None
        bench.hand.next(0.0)
        bench.hand.end(case)

    assert not bench.hand.room("a")


def test_a_slot_is_lent_while_nobody_waits_for_it() -> None:
    """A record that comes has the next one that is given back, and nothing more is lent meanwhile."""
    bench = Bench(Hand(3))
    bench.offer()
    running = bench.hand.next(0.0)
    assert running is not None
    assert bench.hand.lend(0.0)
    assert bench.hand.lend(0.0)
    assert not bench.hand.lend(0.0)

    bench.offer()
    assert bench.hand.next(0.0) is None
    bench.hand.take_back()
    assert not bench.hand.lend(0.0)
    assert bench.hand.next(0.0) is not None
    assert not bench.hand.lend(0.0)
    bench.hand.take_back()
    assert bench.hand.lend(0.0)
    assert bench.hand.lent == 1


def test_a_record_that_is_to_be_tried_again_later_does_not_keep_a_slot_free() -> None:
    """Only when it is due."""
    bench = Bench()
    _, failing, _ = bench.offer()
    bench.offer()
    assert bench.hand.next(0.0) is failing
    assert failing is not None
    assert bench.hand.next(0.0) is not None
    assert bench.hand.fail(failing, 10.0)

    assert bench.hand.lend(10.4)
    bench.hand.take_back()
    assert not bench.hand.lend(10.5)


def test_what_is_free_for_programs_is_not_lent() -> None:
    """Neither the slot that one waits for, nor the one that is kept for them, of four."""
    bench = Bench(Hand(2, program_share=1))
    bench.offer()
    bench.hand.next(0.0)
    bench.hand.programs.waiting = 1
    assert not bench.hand.lend(0.0)
    assert bench.hand.start_program(0.0)
    assert not bench.hand.lend(0.0)

    bench = Bench(Hand(4, program_share=2))
    bench.offer()
    bench.hand.next(0.0)
    assert bench.hand.lend(0.0)
    assert bench.hand.lend(0.0)
    assert not bench.hand.lend(0.0)
    bench.hand.programs.waiting = 1
    assert bench.hand.start_program(0.0)


STEPS = st.sampled_from(
    ["offer", "repeat", "next", "end", "ended", "fail", "cancel", "revoke", "lend", "take back"]
)


@settings(max_examples=300)
@given(st.lists(st.tuples(STEPS, st.integers(0, 99)), max_size=80))
def test_a_record_is_finished_once_or_still_here_or_let_go(steps: list[tuple[str, int]]) -> None:
    """Whatever happens, no record that is held is forgotten and none is finished by another's end."""
    bench, holds, now_s = Bench(), list[tuple[Key, Hold]](), 0.0
    live: list[Case] = []
    for step, pick in steps:
        now_s += 1.0
        chosen = live[pick % len(live)] if live else None
        if step == "offer" or (step == "repeat" and chosen is not None):
            key = chosen.job.key if step == "repeat" and chosen is not None else None
            offer, case, hold = bench.offer("ab"[pick % 2], key, now_s)
            if offer is Offer.ENDED:
                hold.finish()
            elif case is not None:
                holds.append((case.job.key, hold))
                if case not in live:
                    live.append(case)
        elif step in {"next", "lend", "take back"}:
            _serve(bench.hand, step, now_s)
        elif chosen is not None:
            _act(bench.hand, chosen, step, now_s, live)
        assert bench.hand.count(Phase.RUNNING) + bench.hand.lent <= 2
    here = {id(work.claim) for case in live for work in case.works}
    for _, hold in holds:
        assert hold.finishes + (id(hold) in here) == 1 or not hold.held


def _serve(hand: Hand, step: str, now_s: float) -> None:
    due_s = hand.next_due_s()
    waits = due_s is not None and due_s <= now_s
    is_free = hand.count(Phase.RUNNING) + hand.lent < 2
    if step == "next":
        assert (hand.next(now_s) is not None) == (waits and is_free)
    elif step == "lend":
        assert hand.lend(now_s) == (is_free and not waits)
    elif hand.lent:
        hand.take_back()


def _act(hand: Hand, case: Case, step: str, now_s: float, live: list[Case]) -> None:
    if step == "end" and case.phase is Phase.RUNNING:
        hand.end(case)
    elif step == "ended" and case.phase is Phase.ENDING:
        live.remove(case)
        for work in hand.ended(case):
            work.claim.finish()
    elif step == "fail" and case.phase is Phase.RUNNING and not hand.fail(case, now_s):
        hand.end(case)
    elif step == "cancel":
        hand.cancel(case.job.key)
    elif step == "revoke" and case.phase is Phase.WAITING:
        for work in case.works:
            hold = work.claim
            assert isinstance(hold, Hold)
            hold.held = False
        hand.let_go()
        live.remove(case)
