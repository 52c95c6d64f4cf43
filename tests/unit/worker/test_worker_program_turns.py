"""Who takes a free slot: programs that are run at once, or judgements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.worker.program_slots import ProgramSlots, Turn, share_of


@pytest.mark.parametrize(
    ("slots", "asked", "share"),
    [(1, -1, 1), (2, -1, 1), (3, -1, 1), (8, -1, 4), (8, 0, 0), (8, 2, 2), (2, 9, 1), (1, 9, 1), (1, 0, 0)],
)
def test_the_share_is_half_of_the_slots_unless_set(slots: int, asked: int, share: int) -> None:
    """At least one program, and one slot is never theirs; 0 turns it off."""
    assert share_of(slots, asked) == share


def test_a_full_share_refuses() -> None:
    """What waits for a slot counts as what runs."""
    programs = ProgramSlots(4, 2)
    programs.waiting = 1
    assert not programs.is_full
    programs.running = 1
    assert programs.is_full
    assert ProgramSlots(4, 0).is_full


def test_a_program_goes_before_the_judgements_that_wait() -> None:
    """The next free slot is its."""
    programs = ProgramSlots(2, 1, waiting=1)
    assert programs.turn(2, judgement_waits=True) is Turn.NOBODY
    assert programs.turn(1, judgement_waits=True) is Turn.PROGRAM
    programs.program_started()
    assert programs.turn(1, judgement_waits=True) is Turn.NOBODY
    assert programs.turn(0, judgement_waits=True) is Turn.JUDGEMENT


def test_one_slot_is_kept_from_four_on() -> None:
    """Judgements leave one free unless a program has it."""
    programs = ProgramSlots(4, 2)
    assert programs.turn(2, judgement_waits=True) is Turn.JUDGEMENT
    assert programs.turn(3, judgement_waits=True) is Turn.NOBODY
    programs.running = 1
    assert programs.turn(2, judgement_waits=True) is Turn.JUDGEMENT
    assert ProgramSlots(4, 0).turn(3, judgement_waits=True) is Turn.JUDGEMENT
    assert ProgramSlots(3, 1).turn(2, judgement_waits=True) is Turn.JUDGEMENT


def test_on_one_slot_they_take_turns() -> None:
    """Between two programs a judgement that waits comes; without one the second follows at once."""
    programs = ProgramSlots(1, 1, waiting=1)
    assert programs.turn(0, judgement_waits=True) is Turn.PROGRAM
    programs.program_started()
    programs.running, programs.waiting = 0, 1
    assert programs.turn(0, judgement_waits=False) is Turn.PROGRAM
    assert programs.turn(0, judgement_waits=True) is Turn.JUDGEMENT
    programs.judgement_started()
    assert programs.turn(0, judgement_waits=True) is Turn.PROGRAM


@given(
    slots=st.integers(1, 9),
    asked=st.integers(-1, 9),
    steps=st.lists(st.sampled_from(["program", "judgement done", "program done"]), max_size=80),
)
def test_neither_starves_the_other(slots: int, asked: int, steps: list[str]) -> None:
    """Judgements always wait here. However programs come and go: no slot is used twice, a judgement starts
    within one program's end, and a program that was let in starts as soon as a slot is free.
    """
    programs = ProgramSlots(slots, share_of(slots, asked))
    judgements = 0
    programs_in_a_row = 0

    def settle() -> None:
        nonlocal judgements, programs_in_a_row
        while (turn := programs.turn(judgements, judgement_waits=True)) is not Turn.NOBODY:
            if turn is Turn.PROGRAM:
                programs.program_started()
                programs_in_a_row += 1
            else:
                programs.judgement_started()
                judgements += 1
                programs_in_a_row = 0
        assert programs.running + judgements <= slots
        assert not programs.waiting or programs.running + judgements == slots

    settle()
    for step in steps:
        if step == "program" and not programs.is_full:
            programs.waiting += 1
        elif step == "judgement done" and judgements:
            judgements -= 1
        elif step == "program done" and programs.running:
            programs.running -= 1
        settle()
        assert programs.running + programs.waiting <= programs.most
        if slots > 1:
            assert judgements >= 1
        if slots == 1:
            assert programs_in_a_row <= 1
