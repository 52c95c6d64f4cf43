"""A judgement's state as clients see it: the whole judgement, or what a watcher has not seen of it."""

from collections.abc import Iterable
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from gavel.projection.state import Attempt, JudgementState, Place, ShownTest
from gavel.result.v1 import result_service_pb2
from gavel.rpc.names import judgement_name, worker_name
from gavel.submission.v1 import submission_pb2

Event = result_service_pb2.WatchSubmissionResponse

_FINISHED: Final = submission_pb2.STATE_FINISHED
_NOT_FAILED: Final = frozenset({submission_pb2.VERDICT_ACCEPTED, submission_pb2.VERDICT_SKIPPED})


def to_judgement(
    state: JudgementState, tests: Iterable[submission_pb2.TestResult] | None = None
) -> submission_pb2.Judgement:
    """The resource. `tests` replaces those of the state, for facts that lie in an object."""
    attempt, end = state.attempt, state.end
    judgement = submission_pb2.Judgement(
        name=judgement_name(state.submission_id, state.judgement), state=state.state
    )
    if attempt is not None:
        _add_attempt(judgement, attempt)
        if tests is None:
            shown = sorted(attempt.tests, key=lambda test: test.result.number)
            judgement.tests.extend(test.result for test in shown)
            _add_totals(judgement, attempt.tests)
    if tests is not None:
        judgement.tests.extend(tests)
    judgement.first_failed_test = next(
        (test.number for test in judgement.tests if test.verdict not in _NOT_FAILED), 0
    )
    if end is not None:
        if end_time := timestamp(end.time_us):
            judgement.end_time.CopyFrom(end_time)
        judgement.failure = end.failure
        if end.state == _FINISHED:
            judgement.verdict = end.verdict
            judgement.cpu_time_ms = end.cpu_time_ms
            judgement.wall_time_ms = end.wall_time_ms
            judgement.memory_bytes = end.memory_bytes
            judgement.manifest_digest = end.manifest_digest
            judgement.groups.extend(end.groups)
            if end.score is not None:
                judgement.score = end.score
    return judgement


def events_since(state: JudgementState, seen: Place) -> list[tuple[Place, Event]]:
    """What a watcher that has seen everything up to `seen` has not seen, in order, resume tokens left empty.

    What no longer counts (an attempt that another one replaced) is not among it. The end holds the whole
    judgement; where its tests lie in an object, those that it holds are only the ones shown before.
    """
    if state.position < seen.position:
        return []
    events: list[tuple[Place, Event]] = []
    attempt, end = state.attempt, state.end
    if attempt is not None:
        if attempt.place > seen:
            events.append((attempt.place, _began(state, attempt, seen)))
        compiled = attempt.compile
        if compiled is not None and compiled.place > seen:
            event = Event(event_time=timestamp(compiled.time_us), compiled=compiled.result)
            events.append((compiled.place, event))
        events.extend(_tests_since(attempt.tests, seen))
        events.sort(key=_place)
    if end is not None and end.place > seen:
        events.append((end.place, Event(event_time=timestamp(end.time_us), ended=to_judgement(state))))
    return events


def timestamp(time_us: int) -> Timestamp | None:
    """The time as a message; None where it is unknown."""
    return Timestamp(seconds=time_us // 1_000_000, nanos=time_us % 1_000_000 * 1000) if time_us else None


def _place(entry: tuple[Place, Event]) -> Place:
    return entry[0]


def _began(state: JudgementState, attempt: Attempt, seen: Place) -> Event:
    running = result_service_pb2.Running(
        attempt=attempt.id,
        worker=_worker_name(attempt),
        test_count=attempt.test_count,
        language_version=attempt.language_version,
    )
    time = timestamp(attempt.start_time_us)
    if state.first_place is not None and state.first_place <= seen:
        return Event(event_time=time, restarted=running)
    return Event(event_time=time, running=running)


def _worker_name(attempt: Attempt) -> str:
    """Empty where no event said which it was."""
    return worker_name(attempt.worker_id) if attempt.worker_id else ""


def _tests_since(tests: tuple[ShownTest, ...], seen: Place) -> list[tuple[Place, Event]]:
    first = len(tests)
    while first and tests[first - 1].place > seen:
        first -= 1
    return [
        (test.place, Event(event_time=timestamp(test.time_us), test=test.result)) for test in tests[first:]
    ]


def _add_attempt(judgement: submission_pb2.Judgement, attempt: Attempt) -> None:
    judgement.attempt = attempt.id
    judgement.worker = _worker_name(attempt)
    judgement.test_count = attempt.test_count
    judgement.language_version = attempt.language_version
    if start_time := timestamp(attempt.start_time_us):
        judgement.start_time.CopyFrom(start_time)
    if attempt.compile is not None:
        judgement.compile.CopyFrom(attempt.compile.result)


def _add_totals(judgement: submission_pb2.Judgement, tests: tuple[ShownTest, ...]) -> None:
    """The slowest test so far; a verdict brings its own totals."""
    judgement.cpu_time_ms = max((test.result.cpu_time_ms for test in tests), default=0)
    judgement.wall_time_ms = max((test.result.wall_time_ms for test in tests), default=0)
    judgement.memory_bytes = max((test.result.memory_bytes for test in tests), default=0)
