"""The pure fold: what one more event of the log does to a judgement. Writers and hubs apply this same
function.

- The first terminal event in log order ends the judgement; what follows is dropped, except which judgement
  is current.
- FINISHED is self-contained. If it is of the attempt shown, tests already shown keep their places; else the
  attempt is shown anew. What it adds becomes visible in this order: attempt, compiler, tests by number, the
  end.
- Progress of any attempt but the last started is dropped; so are an event at or before the state's position
  (a duplicate), and one whose tenant is not that of the judgement's first.
"""

from dataclasses import replace
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from gavel.projection.state import (
    ATTEMPT_ORDINAL,
    COMPILED_ORDINAL,
    END_ORDINAL,
    Attempt,
    End,
    JudgementState,
    Place,
    ShownCompile,
    ShownTest,
    ordinal_of_test,
)
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1.judgement_event_pb2 import Finished, JudgementEvent, Started

_TERMINAL = frozenset({"finished", "failed", "cancelled"})


def fold(state: JudgementState | None, position: int, event: JudgementEvent) -> JudgementState | None:
    """The state after `event` at `position`: the same object when the event is dropped.

    `state` is that of the event's submission and judgement, None before its first event. Raises ValueError
    when the event's submission id is no UUID, or its judgement is below 1.
    """
    if state is not None and (position <= state.position or event.tenant != state.tenant):
        return state
    kind = event.WhichOneof("event")
    if kind == "applied":
        return replace(state or _new(event), position=position, applied_position=position)
    if state is not None and state.end is not None:
        return state
    if kind in _TERMINAL:
        return _ended(state or _new(event), position, event, kind)
    if kind == "started":
        return _started(state, position, event)
    if state is None or state.attempt is None or state.attempt.id != event.attempt:
        return state
    if kind == "test":
        return _tested(state, state.attempt, position, event)
    if kind == "compiled" and state.attempt.compile is None:
        shown = ShownCompile(Place(position), _us(event.event_time), event.compiled)
        return replace(state, position=position, attempt=replace(state.attempt, compile=shown))
    return state


def _new(event: JudgementEvent) -> JudgementState:
    if event.judgement < 1:
        raise ValueError(f"judgement {event.judgement} is below 1")
    return JudgementState(UUID(event.submission_id), event.judgement, event.tenant, -1)


def _started(state: JudgementState | None, position: int, event: JudgementEvent) -> JudgementState:
    if state is not None and state.attempt is not None and state.attempt.id == event.attempt:
        return state
    known = state or _new(event)
    started: Started = event.started
    place = Place(position, ATTEMPT_ORDINAL)
    return JudgementState(
        known.submission_id,
        known.judgement,
        known.tenant,
        position,
        known.first_place or place,
        _us(started.accept_time) or known.accept_time_us,
        known.applied_position,
        Attempt(
            event.attempt,
            started.worker_id,
            started.test_count,
            started.language_version,
            _us(event.event_time),
            place,
        ),
    )


def _tested(state: JudgementState, attempt: Attempt, position: int, event: JudgementEvent) -> JudgementState:
    number = event.test.number
    if any(shown.result.number == number for shown in reversed(attempt.tests)):
        return state
    shown = ShownTest(Place(position), _us(event.event_time), position, event.test)
    # By hand here and below rather than with replace(), which takes three times as long.
    return JudgementState(
        state.submission_id,
        state.judgement,
        state.tenant,
        position,
        state.first_place,
        state.accept_time_us,
        state.applied_position,
        Attempt(
            attempt.id,
            attempt.worker_id,
            attempt.test_count,
            attempt.language_version,
            attempt.start_time_us,
            attempt.place,
            attempt.compile,
            (*attempt.tests, shown),
        ),
    )


def _ended(state: JudgementState, position: int, event: JudgementEvent, kind: str) -> JudgementState:
    place, time_us = Place(position, END_ORDINAL), _us(event.event_time)
    if kind == "cancelled":
        return replace(state, position=position, end=End(place, time_us, submission_pb2.STATE_CANCELLED))
    if kind == "failed":
        end = End(place, time_us, submission_pb2.STATE_FAILED, failure=event.failed.message)
        return replace(state, position=position, end=end)
    finished = event.finished
    attempt = _finished_attempt(state.attempt, position, event)
    return JudgementState(
        state.submission_id,
        state.judgement,
        state.tenant,
        position,
        state.first_place or attempt.place,
        state.accept_time_us or _us(finished.accept_time),
        state.applied_position,
        attempt,
        End(
            place,
            time_us,
            submission_pb2.STATE_FINISHED,
            finished.verdict,
            finished.score if finished.HasField("score") else None,
            finished.cpu_time_ms,
            finished.wall_time_ms,
            finished.memory_bytes,
            finished.manifest_digest,
            tests_object=finished.object if finished.HasField("object") else None,
            groups=tuple(finished.groups),
        ),
    )


def _finished_attempt(shown: Attempt | None, position: int, event: JudgementEvent) -> Attempt:
    """The attempt as its terminal event tells of it, keeping the places of what is already shown of it."""
    finished, time_us = event.finished, _us(event.event_time)
    if shown is None or shown.id != event.attempt:
        place = Place(position, ATTEMPT_ORDINAL)
        start_time_us = _us(finished.start_time)
        shown = Attempt(event.attempt, "", 0, "", start_time_us, place)
    compiled = shown.compile
    if finished.HasField("compile"):
        if compiled is None:
            compiled = ShownCompile(Place(position, COMPILED_ORDINAL), time_us, finished.compile)
        elif compiled.result != finished.compile:
            compiled = replace(compiled, result=finished.compile)
    tests = (
        shown.tests if finished.HasField("object") else _finished_tests(shown, position, finished, time_us)
    )
    return Attempt(
        event.attempt,
        finished.worker_id or shown.worker_id,
        finished.test_count or shown.test_count,
        finished.language_version or shown.language_version,
        shown.start_time_us,
        shown.place,
        compiled,
        tests,
    )


def _finished_tests(shown: Attempt, position: int, finished: Finished, time_us: int) -> tuple[ShownTest, ...]:
    """The tests shown, corrected and completed; facts that were not shown as they are now count as written by
    it.
    """
    before = {test.result.number: test for test in shown.tests}
    after = dict(before)
    for result in finished.inline.tests:
        known = before.get(result.number)
        if known is None:
            after[result.number] = ShownTest(
                Place(position, ordinal_of_test(result.number)), time_us, position, result
            )
        elif known.result != result:
            after[result.number] = replace(known, written=position, result=result)
    return tuple(sorted(after.values(), key=lambda test: test.place))


def _us(time: Timestamp) -> int:
    return time.seconds * 1_000_000 + time.nanos // 1000
