"""The fold: which events count, and what they make visible where."""

from dataclasses import replace

import pytest

from gavel.projection.fold import fold
from gavel.projection.shown import events_since, to_judgement
from gavel.projection.state import END_ORDINAL, NOWHERE, JudgementState, Place, ordinal_of_test
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from judgement_log import WRONG, Attempt, result, stored_facts


def folded(*events: JudgementEvent, start: int = 0) -> JudgementState:
    """The state after some events at consecutive positions."""
    state: JudgementState | None = None
    for position, event in enumerate(events, start):
        state = fold(state, position, event)
    assert state is not None
    return state


def kinds(state: JudgementState, seen: Place = NOWHERE) -> list[str | None]:
    """What a watcher that saw everything up to `seen` is shown."""
    return [event.WhichOneof("event") for _, event in events_since(state, seen)]


def test_a_run_goes_from_queued_to_finished() -> None:
    """Each event of an attempt moves the judgement on, and the terminal one brings verdict and totals."""
    attempt = Attempt()
    started, first, second, finished = attempt.run()

    assert folded(started).state == submission_pb2.STATE_RUNNING
    judgement = to_judgement(folded(started, first, second, finished))
    assert judgement.state == submission_pb2.STATE_FINISHED
    assert judgement.verdict == submission_pb2.VERDICT_ACCEPTED
    assert [test.number for test in judgement.tests] == [1, 2]
    assert judgement.name == f"submissions/{attempt.submission}/judgements/1"
    assert judgement.cpu_time_ms == 12
    assert judgement.worker == "workers/worker-0"


def test_the_first_test_that_failed_and_the_groups_are_told() -> None:
    """The number as soon as there is one, the groups with the end; an end without groups has none."""
    attempt = Attempt()
    group = submission_pb2.GroupResult(name="secret", verdict=WRONG, score=2.5)
    tests = [result(1), result(2, WRONG), result(3, submission_pb2.VERDICT_SKIPPED)]
    running = folded(attempt.started(), attempt.test(1))
    ended = folded(attempt.started(), attempt.test(1), attempt.finished(tests, WRONG, groups=[group]))

    assert to_judgement(running).first_failed_test == 0
    assert to_judgement(ended).first_failed_test == 2
    assert list(to_judgement(ended).groups) == [group]
    assert not to_judgement(folded(*attempt.run())).groups


def test_the_first_terminal_event_wins() -> None:
    """Whatever terminal event comes first in the log ends the judgement; all later ones change nothing."""
    attempt = Attempt()
    endings = [attempt.finished(), attempt.failed(), attempt.cancelled(), attempt.another().finished()]
    states = [
        submission_pb2.STATE_FINISHED,
        submission_pb2.STATE_FAILED,
        submission_pb2.STATE_CANCELLED,
        submission_pb2.STATE_FINISHED,
    ]

    for first, expected in zip(endings, states, strict=True):
        ended = folded(attempt.started(), first)
        assert ended.state == expected
        for later in endings:
            assert fold(ended, 9, later) is ended


def test_nothing_is_shown_after_the_end() -> None:
    """Progress behind the terminal event is dropped."""
    attempt = Attempt()
    ended = folded(*attempt.run(1))

    assert fold(ended, 9, attempt.test(2)) is ended
    assert fold(ended, 9, attempt.another().started()) is ended
    assert fold(ended, 9, attempt.compiled()) is ended


def test_an_end_that_overtook_its_start_holds_what_the_start_would_have_told() -> None:
    """They may come from two producers; when it was accepted is known either way."""
    attempt = Attempt()
    ended = folded(attempt.finished([result(1)], accept_time=attempt.started().started.accept_time))

    assert ended.accept_time_us == folded(attempt.started()).accept_time_us > 0
    assert kinds(ended) == ["running", "test", "ended"]
    assert fold(ended, 9, attempt.started()) is ended


def test_progress_of_an_overtaken_attempt_is_dropped() -> None:
    """Only the attempt that started last in the log shows progress."""
    old = Attempt()
    new = old.another()
    state = folded(old.started(), old.test(1), new.started())

    assert fold(state, 9, old.test(2)) is state
    assert fold(state, 9, old.compiled()) is state
    assert state.attempt is not None
    assert (state.attempt.id, state.attempt.tests) == (new.id, ())


def test_progress_before_any_start_is_dropped() -> None:
    """A test of an attempt that nobody heard begin shows nothing."""
    assert fold(None, 0, Attempt().test(1)) is None


def test_a_duplicate_changes_nothing() -> None:
    """The same event at its position again, and the same test at another one, are dropped."""
    attempt = Attempt()
    state = folded(attempt.started(), attempt.test(1), attempt.test(2))

    assert fold(state, 1, attempt.test(1)) is state
    assert fold(state, 2, attempt.test(2)) is state
    assert fold(state, 3, attempt.test(1)) is state
    assert fold(state, 3, attempt.started()) is state


def test_an_event_of_another_tenant_is_dropped() -> None:
    """The tenant of the first event owns the judgement."""
    attempt = Attempt()
    state = folded(attempt.started())
    foreign = replace(attempt, tenant="mallory")

    assert fold(state, 5, foreign.finished()) is state
    assert fold(state, 5, foreign.applied()) is state


def test_cancelled_before_it_began() -> None:
    """A cancel in the queue ends a judgement that has no attempt."""
    judgement = to_judgement(folded(Attempt().cancelled()))

    assert judgement.state == submission_pb2.STATE_CANCELLED
    assert judgement.attempt == ""


def test_applied_counts_before_and_after_the_end() -> None:
    """Which judgement is current is no part of the judgement's own course."""
    attempt = Attempt(judgement=2)
    before = folded(attempt.applied(), *attempt.run(1))
    after = folded(*attempt.run(1), attempt.applied())

    assert (before.applied_position, before.state) == (0, submission_pb2.STATE_FINISHED)
    assert (after.applied_position, after.state) == (3, submission_pb2.STATE_FINISHED)
    assert kinds(after, Place(2, END_ORDINAL)) == []


def test_a_terminal_event_keeps_what_was_shown_of_its_attempt() -> None:
    """Tests shown keep their places, missing ones come with the terminal event by number."""
    attempt = Attempt()
    tests = [result(number) for number in (1, 2, 3)]
    state = folded(attempt.started(), attempt.test(2), attempt.finished(tests))

    assert state.attempt is not None
    assert [(shown.place, shown.result.number) for shown in state.attempt.tests] == [
        (Place(1), 2),
        (Place(2, ordinal_of_test(1)), 1),
        (Place(2, ordinal_of_test(3)), 3),
    ]
    assert kinds(state, Place(1)) == ["test", "test", "ended"]
    assert [test.number for test in to_judgement(state).tests] == [1, 2, 3]


def test_a_terminal_event_corrects_facts() -> None:
    """Where the terminal event differs from the progress it is right, at the place shown before."""
    attempt = Attempt()
    state = folded(attempt.started(), attempt.test(1), attempt.finished([result(1, WRONG)], WRONG))

    assert state.attempt is not None
    (shown,) = state.attempt.tests
    assert (shown.place, shown.written, shown.result.verdict) == (Place(1), 2, WRONG)


def test_a_terminal_event_of_another_attempt_shows_it_anew() -> None:
    """An overtaken attempt that ends first wins; a watcher of the other sees a restart and its tests."""
    old = Attempt()
    new = old.another()
    tests = [result(1), result(2)]
    state = folded(old.started(), new.started(), new.test(1), old.finished(tests))

    assert kinds(state, Place(2)) == ["restarted", "test", "test", "ended"]
    assert to_judgement(state).attempt == old.id


def test_a_late_watcher_sees_the_attempt_shown_as_running() -> None:
    """RESTARTED is for those who saw another attempt; who saw none sees the last one begin."""
    old = Attempt()
    new = old.another()
    state = folded(old.started(), old.test(1), new.started(), new.test(1))

    assert kinds(state) == ["running", "test"]
    assert kinds(state, Place(0)) == ["restarted", "test"]
    assert kinds(state, Place(1)) == ["restarted", "test"]
    assert kinds(state, Place(2)) == ["test"]


def test_compiler_that_only_the_terminal_event_tells_of() -> None:
    """It is shown between the attempt and the tests that came with it, behind tests shown before."""
    attempt = Attempt()
    finished = attempt.finished([result(1), result(2)], compile=attempt.compile_result())

    assert kinds(folded(finished)) == ["running", "compiled", "test", "test", "ended"]
    assert kinds(folded(attempt.started(), attempt.test(1), finished)) == [
        "running",
        "test",
        "compiled",
        "test",
        "ended",
    ]


def test_facts_in_an_object_are_not_opened() -> None:
    """The fold keeps the link and what was shown; the end comes all the same."""
    attempt = Attempt()
    link = stored_facts("outputs/x", b"")
    state = folded(attempt.started(), attempt.test(1), attempt.finished(object=link))

    assert state.end is not None
    assert state.end.tests_object == link
    assert kinds(state) == ["running", "test", "ended"]
    assert [test.number for test in to_judgement(state, [result(1), result(2)]).tests] == [1, 2]


def test_every_cut_of_the_log_shows_each_event_once() -> None:
    """Watching from any place in a run on shows exactly what comes behind it."""
    attempt = Attempt()
    state = folded(
        attempt.started(3),
        attempt.compiled(),
        attempt.test(1),
        attempt.test(2),
        attempt.finished([result(1), result(2), result(3)], compile=attempt.compile_result()),
    )
    whole = events_since(state, NOWHERE)

    assert [place for place, _ in whole] == sorted({place for place, _ in whole})
    for index, (place, _) in enumerate(whole):
        assert events_since(state, place) == whole[index + 1 :]


def test_running_totals_are_those_of_the_slowest_test() -> None:
    """Before the verdict the totals are taken over the tests shown."""
    attempt = Attempt()
    judgement = to_judgement(folded(attempt.started(), attempt.test(1), attempt.test(2)))

    assert (judgement.cpu_time_ms, judgement.wall_time_ms, judgement.memory_bytes) == (12, 22, 2000)


@pytest.mark.parametrize("change", [{"submission_id": "no uuid"}, {"judgement": 0}])
def test_an_event_without_an_identity_is_refused(change: dict[str, object]) -> None:
    """A malformed id or a judgement below 1 raises ValueError: it belongs to the dead letters."""
    event = Attempt().started()
    for name, value in change.items():
        setattr(event, name, value)

    with pytest.raises(ValueError, match=r"UUID|below 1"):
        fold(None, 0, event)
