"""The rules of the design hold for every seed; with any of them left out, some seed breaks an invariant."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from simulated_mesh import Mesh, Rules

from gavel.projection.fold import fold
from gavel.projection.state import JudgementState
from gavel.result import batch, subject
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent

SEEDS = 3000
SEEDS_MOST = 4000
Fold = Callable[[JudgementState | None, int, JudgementEvent], JudgementState | None]


def violation(rules: Rules, seeds: range) -> str:
    """The first violation among some seeds; empty without one."""
    for seed in seeds:
        mesh = Mesh(seed, rules)
        try:
            mesh.run()
            mesh.verify()
        except AssertionError as error:
            return f"seed {seed}: {error}"
    return ""


@pytest.mark.parametrize("part", range(3))
def test_every_seed_keeps_the_invariants(part: int) -> None:
    """Crashes, rebalances, zombies, cancels, outages and slow readers break nothing."""
    assert violation(Rules(), range(part * SEEDS // 3, (part + 1) * SEEDS // 3)) == ""


@pytest.mark.parametrize("rule", Rules.__dataclass_fields__)
def test_every_rule_is_needed(rule: str) -> None:
    """Without the rule some seed breaks an invariant: the simulation can fail, and the rule is not idle."""
    assert violation(replace(Rules(), **{rule: False}), range(SEEDS_MOST)) != ""


def last_ending_wins(
    state: JudgementState | None, position: int, event: JudgementEvent
) -> JudgementState | None:
    """A fold that lets later terminal events replace the first."""
    if state is not None and state.end is not None and event.WhichOneof("event") in _ENDINGS:
        state = replace(state, end=None)
    return fold(state, position, event)


def any_attempt_shows_progress(
    state: JudgementState | None, position: int, event: JudgementEvent
) -> JudgementState | None:
    """A fold that takes the progress of an overtaken attempt for that of the last one started."""
    if state is not None and state.attempt is not None and event.HasField("test"):
        event.attempt = state.attempt.id
    return fold(state, position, event)


def progress_after_the_end(
    state: JudgementState | None, position: int, event: JudgementEvent
) -> JudgementState | None:
    """A fold that shows attempts that begin after the end."""
    if state is not None and state.end is not None and event.HasField("started"):
        begun = fold(replace(state, end=None), position, event)
        return begun and replace(begun, end=state.end)
    return fold(state, position, event)


def duplicates_count(
    state: JudgementState | None, position: int, event: JudgementEvent
) -> JudgementState | None:
    """A fold that does not notice that an event is before the state's position."""
    if state is not None and position <= state.position:
        state = replace(state, position=position - 1)
    return fold(state, position, event)


def only_the_started_attempt_may_end(
    state: JudgementState | None, position: int, event: JudgementEvent
) -> JudgementState | None:
    """A fold that drops a verdict because another attempt began meanwhile."""
    attempt = None if state is None else state.attempt
    if event.HasField("finished") and attempt is not None and attempt.id != event.attempt:
        return state
    return fold(state, position, event)


_ENDINGS = ("finished", "failed", "cancelled")
MUTANTS: list[Fold] = [
    last_ending_wins,
    any_attempt_shows_progress,
    progress_after_the_end,
    duplicates_count,
    only_the_started_attempt_may_end,
]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_rule_of_the_fold_is_needed(mutant: Fold, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fold that breaks one rule some seed breaks an invariant."""
    monkeypatch.setattr(batch, "fold", mutant)
    monkeypatch.setattr(subject, "fold", mutant)

    assert violation(Rules(), range(SEEDS_MOST)) != ""


@pytest.mark.parametrize("only", [batch, subject])
def test_writer_and_hub_must_fold_alike(only: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """When one of the two folds otherwise, what is streamed is not what is stored."""
    monkeypatch.setattr(only, "fold", last_ending_wins)

    assert violation(Rules(), range(SEEDS_MOST)) != ""
