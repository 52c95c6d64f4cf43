"""The invariants over a whole history, without I/O: what clients saw, what is stored, and the raw log.

`violations` says what is wrong, each in one line; an empty list is a good history. The log is the judge: the
events of a submission, folded as writers and hubs fold them, say what each watcher could see and in which
order, and what the rows must hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from gavel.client import Compiled, Ended, Event, GavelError, Judgement, Queued, Restarted, Running, Tested
from gavel.projection.fold import fold
from gavel.projection.shown import events_since, to_judgement
from gavel.projection.state import NOWHERE, JudgementState, Place
from gavel.result.v1.result_service_pb2 import WatchSubmissionResponse
from gavel.rpc.positions import Position
from gavel.submission.v1.submission_pb2 import Verdict
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from generated_programs import Program

_TERMINAL = frozenset({"finished", "failed", "cancelled"})


class Logged(NamedTuple):
    """A record of `events`."""

    partition: int
    offset: int
    event: JudgementEvent


@dataclass(slots=True)
class Watched:
    """All that one watcher saw, over all of its connections."""

    events: list[Event] = field(default_factory=list)
    error: GavelError | None = None

    @property
    def end(self) -> Judgement | None:
        """The judgement that the watch ended with."""
        last = self.events[-1] if self.events else None
        return last.judgement if isinstance(last, Ended) else None


@dataclass(slots=True)
class Handed:
    """One program that a client handed in."""

    program: Program
    must_be_refused: bool = False
    name: str = ""
    """`submissions/<uuid>`, empty until it was accepted."""
    error: GavelError | None = None
    """What the submit ended with instead."""
    answered_again: str = ""
    """The name answered when the same request was sent a second time; empty: it was not sent."""
    watches: list[Watched] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The uuid."""
        return self.name.removeprefix("submissions/")


class Row(NamedTuple):
    """What is stored of a submission."""

    state: str
    verdict: str
    """Both as the list tells them."""
    judgement: Judgement | None
    """As GetResult tells it."""
    judgement_count: int


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of one run."""

    handed: Sequence[Handed]
    rows: Mapping[str, Row]
    """By name, of all submissions that carry the run's label."""
    records: frozenset[str]
    """Ids of all records in the submissions topic that carry the run's label."""
    log: Sequence[Logged]
    """`events`, each partition in its order; those of other runs too."""
    dead_count: int = 0
    """Records in `submissions.dead`."""


class _Shown(NamedTuple):
    """A thing that became visible: an attempt, its compiler, one of its tests, the end."""

    place: Place
    kind: str
    key: str


def violations(history: History) -> list[str]:
    """What breaks the invariants, one line each."""
    accepted = {each.id: each for each in history.handed if each.name}
    return [
        *_accepts(history.handed),
        *_no_trace(history, accepted),
        *itertools.chain.from_iterable(
            _judged(each, history.rows.get(each.name), events)
            for each, events in zip(accepted.values(), _events_of(history.log, accepted), strict=True)
        ),
    ]


def _accepts(handed: Sequence[Handed]) -> Iterator[str]:
    """Right requests are accepted, each once, and again as the same; wrong ones are refused."""
    for each in handed:
        if each.must_be_refused:
            if each.name:
                yield f"{each.program.mark}: accepted as {each.name}, was to be refused"
            elif each.error is None or each.error.reason_name != "UNKNOWN_LANGUAGE":
                yield f"{each.program.mark}: refused for another reason: {_told(each.error)}"
        elif not each.name:
            yield f"{each.program.mark}: not accepted: {_told(each.error)}"
        elif each.answered_again not in ("", each.name):
            yield f"{each.name}: the same request again became {each.answered_again}"
    names = sorted(each.name for each in handed if each.name)
    for name, other in itertools.pairwise(names):
        if name == other:
            yield f"{name}: answered to two requests"


def _no_trace(history: History, accepted: Mapping[str, Handed]) -> Iterator[str]:
    """Nothing is there of what was not accepted; all is there of what was."""
    rows = {name.removeprefix("submissions/") for name in history.rows}
    for place, found in (("rows", rows), ("records", history.records)):
        yield from (f"submissions/{one}: not among the {place}" for one in sorted(accepted.keys() - found))
        yield from (
            f"submissions/{one}: never accepted, but among the {place}"
            for one in sorted(found - accepted.keys())
        )
    if history.dead_count:
        yield f"{history.dead_count} records are in submissions.dead"


def _events_of(log: Sequence[Logged], accepted: Mapping[str, Handed]) -> Iterator[list[Logged]]:
    """The events of each accepted submission, in the order of `accepted`."""
    found: dict[str, list[Logged]] = {name: [] for name in accepted}
    for logged in log:
        if logged.event.submission_id in found:
            found[logged.event.submission_id].append(logged)
    yield from found.values()


def _judged(handed: Handed, row: Row | None, log: Sequence[Logged]) -> Iterator[str]:
    """One submission: log, rows and every watcher tell the same, and the right thing."""
    state, shown, wrong = _replay(log)
    yield from (f"{handed.name}: {each}" for each in wrong)
    if state is None or state.end is None:
        yield f"{handed.name}: the log holds no verdict"
        return
    final = Judgement.from_proto(to_judgement(state))
    for text in itertools.chain(_right(handed.program, final), _verdicts(handed.program, log)):
        yield f"{handed.name}: the log: {text}"
    if row is not None:
        for text in _stored(row, final):
            yield f"{handed.name}: stored: {text}"
    for number, watched in enumerate(handed.watches, 1):
        for text in _watch(watched, shown, final):
            yield f"{handed.name}: watcher {number}: {text}: {_outline(watched.events)}"


def _replay(log: Sequence[Logged]) -> tuple[JudgementState | None, list[_Shown], list[str]]:
    """The state at the end, all that became visible in its order, and what is wrong with the log itself."""
    state: JudgementState | None = None
    shown: list[_Shown] = []
    wrong: list[str] = []
    if len({logged.partition for logged in log}) > 1:
        wrong.append("its events lie in several partitions")
    for logged in log:
        if logged.event.judgement != 1:
            wrong.append(f"judgement {logged.event.judgement}, which nobody asked for")
            continue
        after = fold(state, logged.offset, logged.event)
        if after is not None and after is not state:
            seen = shown[-1].place if shown else NOWHERE
            shown += [_of_response(place, event) for place, event in events_since(after, seen)]
        state = after
    if state is not None and UUID(log[0].event.submission_id) != state.submission_id:
        wrong.append(f"folded into {state.submission_id}")
    return state, shown, wrong


def _right(program: Program, judgement: Judgement) -> Iterator[str]:
    """The verdict that the program deserves, from its own tests."""
    if (judgement.state, judgement.verdict) != ("FINISHED", program.verdict):
        found = f"{judgement.state} {judgement.verdict} {judgement.failure}"
        yield f"{found.strip()} instead of {program.verdict}"
        return
    if program.verdict == "COMPILE_ERROR":
        return
    numbers = [test.number for test in judgement.tests]
    if numbers != list(range(1, len(program.tests) + 1)):
        yield f"tests {numbers} instead of {len(program.tests)}"
    failed = [test.number for test in judgement.tests if test.verdict != "ACCEPTED"]
    if failed != ([program.failing] if program.failing else []):
        yield f"tests {failed} failed instead of {program.failing}"
    if {test.stdout.partition("\n")[0] for test in judgement.tests} != {program.mark}:
        yield "the output of another program"


def _verdicts(program: Program, log: Sequence[Logged]) -> Iterator[str]:
    """A program that always does the same gets the same from every attempt that ends, zombies too."""
    for logged in log:
        kind = logged.event.WhichOneof("event")
        if kind not in _TERMINAL:
            continue
        found = Verdict.Name(logged.event.finished.verdict) if kind == "finished" else kind
        if found != f"VERDICT_{program.verdict}":
            yield f"offset {logged.offset}: attempt {logged.event.attempt} ends with {found}"


def _stored(row: Row, final: Judgement) -> Iterator[str]:
    if row.judgement_count != 1:
        yield f"{row.judgement_count} judgements instead of one"
    if row.judgement != final:
        yield f"{row.judgement} instead of {final}"
    if (row.state, row.verdict) != (final.state, final.verdict):
        yield f"listed as {row.state} {row.verdict} instead of {final.state} {final.verdict}"


def _watch(watched: Watched, shown: Sequence[_Shown], final: Judgement) -> Iterator[str]:
    """Each event once, in order, without a gap, to the one end."""
    if watched.error is not None:
        yield f"gave up: {_told(watched.error)}"
    ends = [event for event in watched.events if isinstance(event, Ended)]
    if len(ends) != 1 or watched.events[-1] is not ends[0]:
        yield f"{len(ends)} ends, or events behind the end"
    elif ends[0].judgement != final:
        yield f"streamed {ends[0].judgement} instead of {final}"
    told = [event for event in watched.events if not isinstance(event, Queued)]
    if any(isinstance(event, Queued) for event in watched.events[watched.events.index(told[0]) :] if told):
        yield "queued after it began"
    begun = [event for event in told if isinstance(event, Running)]
    if [isinstance(event, Restarted) for event in begun] != [number > 0 for number in range(len(begun))]:
        yield "RUNNING is first, each later attempt is RESTARTED"
    yield from _in_order(told, shown)


def _in_order(told: Sequence[Event], shown: Sequence[_Shown]) -> Iterator[str]:
    """Each is the next thing that the log made visible; an attempt may come after what it replaced was not
    told to its end.
    """
    index = {each.place: number for number, each in enumerate(shown)}
    last = -1
    for event in told:
        place = _place(event)
        number = index.get(place, -1)
        label = _label(event)
        if number < 0 or shown[number][1:] != label:
            yield f"{label} at {tuple(place)}, where the log has something else"
            continue
        if number <= last:
            yield f"{label} comes again or too late"
        elif number > last + 1 and label[0] != "attempt":
            missing = [each[1:] for each in shown[last + 1 : number]]
            yield f"gap before {label}: {missing}"
        last = max(last, number)


def _place(event: Event) -> Place:
    position = Position.decode(event.resume_token, "resume_token")
    return Place(position.offset, position.ordinal)


def _label(event: Event) -> tuple[str, str]:
    match event:
        case Running():
            return "attempt", event.attempt
        case Compiled():
            return "compiled", ""
        case Tested():
            return "test", str(event.test.number)
        case _:
            return "ended", ""


def _of_response(place: Place, event: WatchSubmissionResponse) -> _Shown:
    match event.WhichOneof("event"):
        case "running" | "restarted" as kind:
            return _Shown(place, "attempt", getattr(event, kind).attempt)
        case "test":
            return _Shown(place, "test", str(event.test.number))
        case kind:
            return _Shown(place, str(kind), "")


def _outline(events: Iterable[Event]) -> str:
    return " ".join(
        f"{type(event).__name__}{event.test.number if isinstance(event, Tested) else ''}" for event in events
    )


def _told(error: GavelError | None) -> str:
    return f"{error.code} {error.reason_name} {error.message}" if error is not None else "no answer"
