"""The checker of histories finds what it is there to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import pytest
from history import Handed, History, Logged, Row, Watched, violations

from gavel import client
from gavel.client import Ended, Event, Judgement, Restarted
from gavel.client.events import from_proto
from gavel.projection.fold import fold
from gavel.projection.shown import events_since
from gavel.projection.state import NOWHERE, JudgementState, Place
from gavel.rpc.errors import GavelError
from gavel.rpc.positions import Position
from gavel.submission.v1 import error_reason_pb2, submission_pb2
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from generated_programs import Program, generate
from judgement_log import ACCEPTED, WRONG, Attempt, result

PARTITION = 3


def right_program() -> Program:
    """One that is accepted, with at least two tests."""
    programs = (generate(1, number) for number in range(1000))
    return next(each for each in programs if each.verdict == "ACCEPTED" and len(each.tests) > 1)


PROGRAM = right_program()
COUNT = len(PROGRAM.tests)


def run_of(attempt: Attempt, verdict: submission_pb2.Verdict = ACCEPTED) -> list[JudgementEvent]:
    """All events of an attempt at the program."""
    tests = [result(number, stdout=f"{PROGRAM.mark}\n1\n") for number in range(1, COUNT + 1)]
    return [
        attempt.started(COUNT),
        *(attempt.event(test=test) for test in tests),
        attempt.finished(tests, verdict),
    ]


def seen_live(log: list[Logged]) -> list[Event]:
    """What a watcher sees who misses nothing."""
    state: JudgementState | None = None
    seen, events = NOWHERE, []
    for logged in log:
        state = fold(state, logged.offset, logged.event)
        for place, response in events_since(state, seen) if state is not None else []:
            response.resume_token = token(place)
            events.append(from_proto(response))
            seen = place
    return [event for event in events if event is not None]


def token(place: Place) -> bytes:
    """The resume token of a place."""
    return Position("topic", PARTITION, place.position, place.ordinal).encode()


def history_of(*runs: list[JudgementEvent]) -> History:
    """A good history of one submission, with the given events one after another and one live watcher."""
    log = [Logged(PARTITION, 10 + number, event) for number, event in enumerate(chain.from_iterable(runs))]
    name = f"submissions/{log[0].event.submission_id}"
    watched = Watched(seen_live(log))
    row = Row("FINISHED", "ACCEPTED", watched.end, 1)
    handed = Handed(PROGRAM, name=name, watches=[watched])
    return History([handed], {name: row}, frozenset([handed.id]), log)


@pytest.fixture
def good() -> History:
    """A worker was lost after its first test; another one finished."""
    lost = Attempt()
    return history_of(run_of(lost)[:2], run_of(lost.another()))


def events(history: History) -> list[Event]:
    """What the watcher saw."""
    return history.handed[0].watches[0].events


def only(history: History, text: str) -> None:
    """All that is wrong is said with this text."""
    found = violations(history)
    assert found
    assert all(text in each for each in found), found


def test_a_good_history_has_no_violation(good: History) -> None:
    """Two attempts, seen whole, in order, stored as streamed."""
    assert violations(good) == []
    assert sum(isinstance(event, Restarted) for event in events(good)) == 1


def test_a_watcher_may_miss_the_rest_of_what_was_replaced(good: History) -> None:
    """Of an attempt that another one replaced a watcher need not see the end."""
    del events(good)[1]
    assert violations(good) == []


def test_a_zombie_that_ends_later_changes_nothing() -> None:
    """A second terminal event is dropped by all."""
    first = Attempt()
    assert violations(history_of(run_of(first), run_of(first.another()))) == []


def test_a_lost_verdict(good: History) -> None:
    """The log ends before a terminal event."""
    only(replace(good, log=good.log[:-1]), "the log holds no verdict")


def test_a_verdict_that_a_watcher_never_got(good: History) -> None:
    """A watch that ends without the end."""
    del events(good)[-1]
    only(good, "0 ends")


def test_a_doubled_verdict_to_a_watcher(good: History) -> None:
    """The end comes twice."""
    events(good).append(events(good)[-1])
    assert any("2 ends" in each for each in violations(good))


def test_a_doubled_judgement(good: History) -> None:
    """Two judgements are stored where nobody asked for a second."""
    _change_row(good, lambda row: row._replace(judgement_count=2))
    only(good, "2 judgements")


def test_an_attempt_with_another_verdict() -> None:
    """A program that always does the same is judged differently by a later attempt."""
    first = Attempt()
    history = history_of(run_of(first), run_of(first.another(), WRONG))
    only(history, "ends with VERDICT_WRONG_ANSWER")


def test_a_wrong_verdict() -> None:
    """Log, watcher and row agree, and are wrong together."""
    history = history_of(run_of(Attempt(), WRONG))
    _change_row(history, lambda row: row._replace(verdict="WRONG_ANSWER"))
    found = violations(history)
    assert any("instead of ACCEPTED" in each for each in found), found


def test_a_stored_verdict_that_was_not_streamed(good: History) -> None:
    """The row holds something else."""

    def slower(judgement: Judgement | None) -> Judgement:
        assert judgement is not None
        return replace(judgement, cpu_time_ms=judgement.cpu_time_ms + 1)

    _change_row(good, lambda row: row._replace(judgement=slower(row.judgement)))
    only(good, "stored")


def test_a_wrong_order(good: History) -> None:
    """Two tests come the wrong way round."""
    seen = events(good)
    first, second = [number for number, event in enumerate(seen) if isinstance(event, client.Tested)][-2:]
    seen[first], seen[second] = seen[second], seen[first]
    assert any("too late" in each for each in violations(good))


def test_a_repeat(good: History) -> None:
    """A test comes twice."""
    events(good).insert(-1, events(good)[-2])
    only(good, "comes again")


def test_a_gap(good: History) -> None:
    """A test of the last attempt is missing."""
    del events(good)[-2]
    only(good, "gap before ('ended', '')")


def test_a_restart_shown_as_the_first(good: History) -> None:
    """The second attempt must say that what was shown no longer counts."""
    seen = events(good)
    at = next(number for number, event in enumerate(seen) if isinstance(event, Restarted))
    del seen[:at]
    only(good, "RESTARTED")


def test_an_accept_that_was_lost(good: History) -> None:
    """Acknowledged, and in neither rows nor records."""
    lost = replace(good, rows={}, records=frozenset())
    found = violations(lost)
    assert any("not among the rows" in each for each in found)
    assert any("not among the records" in each for each in found)


def test_a_refused_one_that_left_a_trace(good: History) -> None:
    """A record that no accept answered to."""
    only(replace(good, records=good.records | {"another"}), "never accepted, but among the records")


def test_an_accept_that_failed(good: History) -> None:
    """A call that the platform refused."""
    error = GavelError(error_reason_pb2.ERROR_REASON_BROKER_UNAVAILABLE, "away")
    failed = Handed(PROGRAM, error=error)
    only(replace(good, handed=[*good.handed, failed]), "not accepted")


def test_a_request_that_became_two_submissions(good: History) -> None:
    """Sent again, it is the same submission."""
    good.handed[0].answered_again = "submissions/another"
    only(good, "became submissions/another")


def test_a_wrong_request_that_was_accepted(good: History) -> None:
    """What was to be refused has a name."""
    good.handed[0].must_be_refused = True
    only(good, "was to be refused")


def test_the_end_of_another(good: History) -> None:
    """A watcher is shown another judgement than the log's."""
    end = events(good)[-1]
    assert isinstance(end, Ended)
    events(good)[-1] = replace(end, judgement=replace(end.judgement, verdict="WRONG_ANSWER"))
    only(good, "streamed")


def _change_row(history: History, change: Callable[[Row], Row]) -> None:
    assert isinstance(history.rows, dict)
    name = history.handed[0].name
    history.rows[name] = change(history.rows[name])
