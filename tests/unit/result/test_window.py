"""The window and what is watched in it: bounded, each event once, and honest about what it does not hold."""

import pytest

from gavel.projection.fold import fold
from gavel.projection.shown import events_since
from gavel.projection.state import NOWHERE, JudgementState
from gavel.result.starts import Offsets, start_of
from gavel.result.subject import PENDING_MOST, Subject, accept_time_ms, current_judgement, tenant_of
from gavel.result.window import ENTRY_BYTES, Entry, Window
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from judgement_log import Attempt

LARGE = 64 * 1024 * 1024


def opened(bytes_most: int = LARGE, age_most_s: float = 600, start: int = 0) -> Window:
    """A window of one partition."""
    window = Window(bytes_most=bytes_most, age_most_s=age_most_s)
    window.open(0, start, 0)
    return window


def feed(window: Window, events: list[JudgementEvent], subject: Subject | None = None) -> None:
    """Appends events, and offers them to a subject."""
    for event in events:
        entry = Entry(window.head(0), 1000 + window.head(0), event.SerializeToString())
        window.append(0, event.submission_id.encode(), entry, 0.0)
        if subject is not None:
            subject.offer(entry, event)


def subject_of(attempt: Attempt, window: Window) -> Subject:
    """The first judgement of an attempt's submission, registered now."""
    return Subject(str(attempt.submission).encode(), 0, 1, window)


def folded(events: list[JudgementEvent]) -> JudgementState | None:
    """What the rows hold after some events."""
    state: JudgementState | None = None
    for offset, event in enumerate(events):
        state = fold(state, offset, event)
    return state


def kinds(subject: Subject) -> list[str | None]:
    """What a watcher of a subject is shown."""
    assert subject.state is not None
    return [event.WhichOneof("event") for _, event in events_since(subject.state, NOWHERE)]


def test_the_window_is_bounded_in_bytes() -> None:
    """What is too much falls out at the front, and the start and the time of completeness move on."""
    window = opened(bytes_most=10 * (ENTRY_BYTES + 100))
    for offset in range(1000):
        window.append(0, b"key", Entry(offset, 5000 + offset, b"x" * 100), 0.0)

    assert window.size_bytes <= 10 * (ENTRY_BYTES + 100)
    assert (window.start(0), window.head(0)) == (990, 1000)
    assert window.complete_since_ms(0) == 5989
    assert [entry.offset for entry in window.entries(b"key", 995)] == [995, 996, 997, 998, 999]


def test_the_window_is_bounded_in_age() -> None:
    """What is too old falls out although nothing new comes."""
    window = opened(age_most_s=10)
    window.append(0, b"old", Entry(0, 1, b""), 0.0)
    window.append(0, b"new", Entry(1, 2, b""), 8.0)
    window.evict(11.0)

    assert (window.start(0), window.size_bytes) == (1, ENTRY_BYTES)
    assert window.entries(b"old") == []


def test_an_event_read_again_is_passed_over() -> None:
    """A reader that begins anew repeats what it has read; the window does not."""
    window = opened()

    assert window.append(0, b"key", Entry(0, 1, b"a"), 0.0)
    assert not window.append(0, b"key", Entry(0, 1, b"a"), 0.0)
    assert len(window.entries(b"key")) == 1


@pytest.mark.parametrize("stored", range(6))
@pytest.mark.parametrize("read", range(6))
def test_rows_and_window_meet_wherever_each_stands(stored: int, read: int) -> None:
    """However far the rows and the hub are, a watcher sees the whole run once."""
    attempt = Attempt()
    events = [attempt.started(), attempt.compiled(), *attempt.run(2)[1:]]
    window = opened()
    feed(window, events[:read])
    subject = subject_of(attempt, window)
    assert subject.cover(window, folded(events[:stored]), stored, 0)
    feed(window, events[read:], subject)

    assert kinds(subject) == ["running", "compiled", "test", "test", "ended"]


def test_a_snapshot_before_the_window_is_read_again() -> None:
    """Where events between the rows and the window are missing, nothing begins."""
    attempt = Attempt()
    events = attempt.run(2)
    window = opened(start=2)
    subject = subject_of(attempt, window)

    assert not subject.cover(window, folded(events[:1]), 1, 0)
    assert not subject.covered
    feed(window, events[2:], subject)
    assert subject.cover(window, folded(events[:2]), 2, 0)
    assert kinds(subject) == ["running", "test", "test", "ended"]


def test_what_comes_between_registration_and_snapshot_is_kept() -> None:
    """Even when the window has let it go by the time the snapshot is there."""
    attempt = Attempt()
    events = attempt.run(2)
    window = opened(bytes_most=1)
    subject = subject_of(attempt, window)
    feed(window, events, subject)
    assert window.start(0) == 4

    assert subject.cover(window, folded(events[:1]), 1, 0)
    assert kinds(subject) == ["running", "test", "test", "ended"]


def test_what_is_kept_before_the_snapshot_is_bounded() -> None:
    """Beyond 1,024 events the registration counts anew, and an older snapshot no longer suffices."""
    attempt = Attempt()
    window = opened(bytes_most=1)
    subject = subject_of(attempt, window)
    events = [attempt.started(), *(attempt.test(number) for number in range(1, PENDING_MOST + 10))]
    feed(window, events, subject)

    assert not subject.cover(window, folded(events[:1]), 1, 0)
    assert subject.cover(window, folded(events), len(events), 0)


def test_what_cannot_be_parsed_counts_nowhere() -> None:
    """The writers bury such an event; the hub passes it over."""
    attempt = Attempt()
    window = opened()
    key = str(attempt.submission).encode()
    window.append(0, key, Entry(0, 1, b"\xff\xff"), 0.0)
    feed(window, attempt.run(1))
    subject = subject_of(attempt, window)
    subject.cover_from_window(window)

    assert kinds(subject) == ["running", "test", "ended"]
    assert tenant_of(window.entries(key)) == "local"


def test_what_the_window_tells_of_a_submission() -> None:
    """When it was accepted, by the first start of a judgement, and which judgement is current."""
    first = Attempt(accepted_s=1_700_000_000.25)
    second = first.another()
    second.judgement = 2
    window = opened()
    feed(window, [*first.run(1), *second.run(1)])
    key = str(first.submission).encode()
    assert accept_time_ms(window.entries(key), 1) == 1_700_000_000_250
    assert accept_time_ms(window.entries(key), 3) == 0
    assert current_judgement(window.entries(key)) == 1

    feed(window, [second.applied()])
    assert current_judgement(window.entries(key)) == 2


@pytest.mark.parametrize(
    ("offsets", "start"),
    [
        (Offsets(first=0, end=0, recent=0, aged=0, committed=-1), 0),
        (Offsets(first=7, end=900, recent=800, aged=300, committed=-1), 7),
        (Offsets(first=7, end=900, recent=800, aged=300, committed=900), 800),
        (Offsets(first=7, end=900, recent=800, aged=300, committed=500), 500),
        (Offsets(first=7, end=900, recent=800, aged=300, committed=20), 300),
        (Offsets(first=850, end=900, recent=850, aged=850, committed=20), 850),
        (Offsets(first=0, end=900, recent=900, aged=900, committed=900), 900),
    ],
)
def test_where_a_replica_begins(offsets: Offsets, start: int) -> None:
    """A minute back, further for what the writers have not stored, and at the log's start without a
    commit.
    """
    assert start_of(offsets) == start
