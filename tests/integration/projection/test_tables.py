"""The tables of the projection on a real PostgreSQL: what is stored is what was folded."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from gavel.db.migrate import migrate
from gavel.db.pool import async_session, open_async_pool
from gavel.projection import partitions, reads, writes
from gavel.projection.fold import fold
from gavel.projection.positions import LogPosition, position, split
from gavel.projection.presence import StoredPositions, read_stored
from gavel.projection.rows import Slice, StoredSubmission
from gavel.projection.state import JudgementState
from gavel.projection.writes import JudgementWrite
from gavel.rpc.errors import GavelError
from gavel.storage import keys
from gavel.submission.v1 import error_reason_pb2, submission_pb2
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from judgement_log import WRONG, Attempt, new_id, record, result, stored_facts

pytestmark = pytest.mark.integration
NO_POSITIONS: list[LogPosition] = []
EVENTS_ID = "events-id"


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database with the tables and the partitions of today."""
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as opened:
        partitions.ensure(opened, datetime.now(UTC).date())
        yield opened


async def reading(url: str, read: Any, *arguments: Any) -> Any:
    """Calls one of the reads on a connection of its own."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as opened:
        return await read(opened, *arguments)


def folded(events: list[JudgementEvent], start: int = 0) -> JudgementState:
    """The state after some events."""
    state: JudgementState | None = None
    for offset, event in enumerate(events, start):
        state = fold(state, offset, event)
    assert state is not None
    return state


def stored_row(submission: UUID, offset: int = 0, **changes: Any) -> StoredSubmission:
    """A row as the writer makes it."""
    made = record(submission, **changes)
    made.ClearField("inline")
    return StoredSubmission(
        submission,
        made.tenant,
        1_700_000_000_123_456,
        made,
        Slice("sources/pack", 10, 20),
        Slice(),
        "submissions.python3",
        3,
        position(0, offset),
    )


def histories() -> dict[str, list[JudgementEvent]]:
    """Logs of one judgement each, by what is peculiar about them."""
    attempt = Attempt()
    other = attempt.another()
    tests = [result(1), result(2, WRONG, message="killed\0at", stderr="\0")]
    groups = [
        submission_pb2.GroupResult(name="secret", verdict=WRONG, score=12.5),
        submission_pb2.GroupResult(name="secret/1", verdict=submission_pb2.VERDICT_SKIPPED),
    ]
    ended = attempt.finished(tests, WRONG, score=12.5, groups=groups, compile=attempt.compile_result())
    return {
        "running": [attempt.started(), attempt.compiled(), attempt.test(1)],
        "finished": [attempt.started(), attempt.test(2), ended],
        "finished at once": [ended],
        "restarted": [attempt.started(), attempt.test(1), attempt.test(2), other.started(), other.test(1)],
        "overtaken and won": [
            attempt.started(), attempt.test(1), attempt.test(2), other.started(), other.test(2), ended,
        ],
        "failed": [attempt.started(), attempt.test(1), attempt.failed("no\0storage")],
        "cancelled in the queue": [attempt.cancelled()],
        "applied": [attempt.applied(), *attempt.run(1)],
        "in an object": [
            attempt.started(), attempt.test(1), attempt.finished(object=stored_facts("outputs/1", b"x")),
        ],
        "an object of an overtaken attempt": [
            attempt.started(), attempt.test(1), other.started(),
            attempt.finished(object=stored_facts("outputs/1", b"x")),
        ],
    }  # fmt: skip


@pytest.mark.parametrize("name", histories())
def test_what_is_stored_is_what_was_folded(name: str, connection: psycopg.Connection[Any]) -> None:
    """A judgement stored after each event, or only at the end, is read back as the very state."""
    for every_event in (True, False):
        events = histories()[name]
        state, stored = None, -1
        for offset, event in enumerate(events):
            state = fold(state, offset, event)
            assert state is not None
            if every_event or offset == len(events) - 1:
                writes.store_judgements(connection, [JudgementWrite(state, stored)], NO_POSITIONS)
                stored = state.position
        assert state is not None
        known = writes.load_judgements(connection, [state.submission_id])

        assert known == {(state.submission_id, 1): _storable(state)}


def _storable(state: JudgementState) -> JudgementState:
    """The state as PostgreSQL can hold it: without NUL in plain text."""
    if state.end is not None:
        object.__setattr__(state.end, "failure", state.end.failure.replace("\0", "\ufffd"))
    return state


def test_an_overtaken_writer_changes_nothing(connection: psycopg.Connection[Any]) -> None:
    """A batch stored after a later one moves no row and no position back."""
    attempt = Attempt()
    events = attempt.run(2)
    early, late = folded(events[:2]), folded(events)
    writes.store_judgements(connection, [JudgementWrite(late)], [LogPosition(EVENTS_ID, 3, 9)])
    writes.store_judgements(connection, [JudgementWrite(early)], [LogPosition(EVENTS_ID, 3, 2)])

    assert writes.load_judgements(connection, [attempt.submission])[attempt.submission, 1] == late
    assert writes.read_positions(connection, [EVENTS_ID]) == {(EVENTS_ID, 3): 9}


def test_rows_and_position_are_stored_together_or_not_at_all(connection: psycopg.Connection[Any]) -> None:
    """A batch with one row outside all partitions stores nothing, neither rows nor position."""
    good, lost = Attempt(), Attempt(submission=new_id(0))
    batch = [JudgementWrite(folded(attempt.run(1))) for attempt in (good, lost)]

    with pytest.raises(psycopg.errors.CheckViolation):
        writes.store_judgements(connection, batch, [LogPosition(EVENTS_ID, 0, 9)])
    assert writes.load_judgements(connection, [good.submission, lost.submission]) == {}
    assert writes.read_positions(connection, [EVENTS_ID]) == {}


def test_a_number_out_of_range_is_an_error_of_data(connection: psycopg.Connection[Any]) -> None:
    """What a column cannot hold raises DataError, by which a writer finds the bad record."""
    row = stored_row(new_id())
    object.__setattr__(row, "record_partition", 2**40)

    with pytest.raises(psycopg.DataError):
        writes.store_submissions(connection, [row], NO_POSITIONS)


async def test_the_first_row_of_an_id_stays(connection: psycopg.Connection[Any], database_url: str) -> None:
    """A second record of an id changes nothing; one that was produced again moves where the record lies."""
    submission = new_id()
    first = stored_row(submission, 5, entry_point="a.py")
    again = stored_row(submission, 7, entry_point="b.py")
    writes.store_submissions(connection, [first], NO_POSITIONS)
    writes.store_submissions(connection, [again], NO_POSITIONS)
    assert await reading(database_url, reads.get_submission, "local", submission) == first

    writes.store_submissions(connection, [stored_row(submission, 9, reproduce_count=1)], NO_POSITIONS)
    moved = await reading(database_url, reads.get_submission, "local", submission)
    assert (moved.record.entry_point, moved.record_position, moved.reproduce_count) == ("a.py", 9, 1)


async def test_a_foreign_row_is_refused(connection: psycopg.Connection[Any], database_url: str) -> None:
    """Reading another tenant's submission, judgement or list of judgements raises FOREIGN_TENANT."""
    attempt = Attempt()
    writes.store_submissions(connection, [stored_row(attempt.submission)], NO_POSITIONS)
    writes.store_judgements(connection, [JudgementWrite(folded(attempt.run(1)))], NO_POSITIONS)

    for read, more in (
        (reads.get_submission, ()),
        (reads.get_judgement, (1,)),
        (reads.list_judgements, (0, 10)),
    ):
        with pytest.raises(GavelError) as caught:
            await reading(database_url, read, "mallory", attempt.submission, *more)
        assert caught.value.reason == error_reason_pb2.ERROR_REASON_FOREIGN_TENANT


async def test_the_current_judgement(connection: psycopg.Connection[Any], database_url: str) -> None:
    """It is the first one until another is applied; the one applied last counts."""
    first = Attempt()
    second, third = first.another(), first.another()
    second.judgement, third.judgement = 2, 3
    states = [folded(attempt.run(1), 10 * index) for index, attempt in enumerate((first, second, third))]
    writes.store_judgements(connection, [JudgementWrite(state) for state in states], NO_POSITIONS)

    async def current() -> int:
        state = await reading(database_url, reads.get_judgement, "local", first.submission, 0)
        assert isinstance(state, JudgementState)
        taken = await reading(database_url, reads.snapshot, first.submission, 0, EVENTS_ID, 0)
        assert taken.state == state
        return state.judgement

    assert await current() == 1
    for offset, attempt in ((40, third), (41, second)):
        states[attempt.judgement - 1] = (
            fold(states[attempt.judgement - 1], offset, attempt.applied()) or states[0]
        )
        writes.store_judgements(connection, [JudgementWrite(states[attempt.judgement - 1], 20)], NO_POSITIONS)
        assert await current() == attempt.judgement
    listed = await reading(database_url, reads.list_judgements, "local", first.submission, 1, 10)
    assert [state.judgement for state in listed] == [2, 3]


async def test_lists_are_narrowed_and_paged(connection: psycopg.Connection[Any], database_url: str) -> None:
    """Newest first; each filter leaves out what does not match; a cursor goes on behind a page."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    ids = [new_id(now + index) for index in range(6)]
    rows = [
        stored_row(ids[0], language="cpp@20"),
        stored_row(ids[1], labels={"user": "bob", "contest": "c1"}),
        stored_row(ids[2], problem={"problem": "problems/hello", "manifest_digest": "ab"}),
        stored_row(ids[3]),
        stored_row(ids[4]),
        stored_row(ids[5], tenant="other"),
    ]
    writes.store_submissions(connection, rows, NO_POSITIONS)
    wrong = Attempt(submission=ids[3])
    finished = [folded([wrong.started(), wrong.finished([result(1, WRONG)], WRONG)])]
    finished.append(folded([Attempt(submission=ids[4]).started()]))
    writes.store_judgements(connection, [JudgementWrite(state) for state in finished], NO_POSITIONS)

    async def listed(before: UUID = reads.LAST_ID, size: int = 10, **narrowed: Any) -> list[int]:
        filtered = reads.SubmissionFilter(**narrowed)
        found = await reading(database_url, reads.list_submissions, "local", filtered, before, size)
        return [ids.index(row.submission_id) for row, _ in found]

    assert await listed() == [4, 3, 2, 1, 0]
    assert await listed(size=2) == [4, 3]
    assert await listed(before=ids[3], size=2) == [2, 1]
    assert await listed(language="cpp") == [0]
    assert await listed(language="cpp@20") == [0]
    assert await listed(labels={"user": "bob"}) == [1]
    assert await listed(labels={"user": "bob", "contest": "c2"}) == []
    assert await listed(problem="problems/hello") == [2]
    assert await listed(state=submission_pb2.STATE_QUEUED) == [2, 1, 0]
    assert await listed(state=submission_pb2.STATE_FINISHED) == [3]
    assert await listed(verdict=WRONG) == [3]
    assert await listed(create_time_min_us=1_700_000_000_123_456) == [4, 3, 2, 1, 0]
    assert await listed(create_time_min_us=1_700_000_000_123_457) == []


async def test_a_snapshot_is_of_one_moment(connection: psycopg.Connection[Any], database_url: str) -> None:
    """It has the position, the generation, the record's place and the state, and says what is missing."""
    attempt = Attempt()
    generation = writes.register_topic(connection, "events", EVENTS_ID)
    empty = await reading(database_url, reads.snapshot, attempt.submission, 0, EVENTS_ID, 3)
    assert empty == reads.Snapshot(0, generation, 1, None, None, None)

    state = folded(attempt.run(2))
    writes.store_judgements(connection, [JudgementWrite(state)], [LogPosition(EVENTS_ID, 3, 4)])
    only_events = await reading(database_url, reads.snapshot, attempt.submission, 0, EVENTS_ID, 3)
    assert only_events == reads.Snapshot(4, generation, 1, "local", None, state)

    writes.store_submissions(connection, [stored_row(attempt.submission, 5)], NO_POSITIONS)
    whole = await reading(database_url, reads.snapshot, attempt.submission, 1, EVENTS_ID, 3)
    assert whole == reads.Snapshot(4, generation, 1, "local", ("submissions.python3", 3, 5), state)


def test_a_topic_made_anew_counts_on(connection: psycopg.Connection[Any]) -> None:
    """Each new id of a topic gets the next generation for good, so positions grow although offsets
    begin at 0.
    """
    assert [writes.register_topic(connection, "events", name) for name in ("a", "b", "a", "c")] == [
        0,
        1,
        0,
        2,
    ]
    assert writes.register_topic(connection, "submissions.c", "d") == 0
    assert position(1, 0) > position(0, 2**40)
    assert split(position(7, 12)) == (7, 12)

    attempt = Attempt()
    before = folded(attempt.run(1)[:1], position(0, 5000))
    writes.store_judgements(connection, [JudgementWrite(before)], NO_POSITIONS)
    after = fold(before, position(1, 0), attempt.failed())
    assert after is not None
    writes.store_judgements(connection, [JudgementWrite(after, before.position)], NO_POSITIONS)
    assert writes.load_judgements(connection, [attempt.submission])[attempt.submission, 1] == after


def test_partitions_exist_before_they_are_needed(connection: psycopg.Connection[Any]) -> None:
    """Every day from nine behind to seven ahead takes rows, a second call makes none, and gaps are filled."""
    today = datetime.now(UTC).date()
    assert partitions.ensure(connection, today) == []
    for shift in (-9, 7):
        day = datetime.combine(today + timedelta(days=shift), datetime.min.time(), UTC)
        for moment in (day, day + timedelta(days=1, milliseconds=-1)):
            attempt = Attempt(submission=new_id(int(moment.timestamp() * 1000)))
            writes.store_judgements(connection, [JudgementWrite(folded(attempt.run(1)))], NO_POSITIONS)
            assert keys.day_of(attempt.submission) == day.date()

    later = today + timedelta(days=7)
    made = partitions.ensure(connection, later)
    assert len(made) == 3 * 7
    assert partitions.partition_name("judgements", later + timedelta(days=7)) in made


def test_partitions_are_made_beside_open_transactions(
    connection: psycopg.Connection[Any], database_url: str
) -> None:
    """A writer in the middle of its transaction neither waits for new partitions nor holds them up."""
    attempt = Attempt()
    with psycopg.connect(database_url) as writer:
        writes.store_judgements(writer, [JudgementWrite(folded(attempt.run(1)))], NO_POSITIONS)
        connection.execute("SET lock_timeout = '5s'")
        made = partitions.ensure(connection, datetime.now(UTC).date(), days_ahead=9)
        assert len(made) == 6
        writes.store_judgements(writer, [JudgementWrite(folded(Attempt().run(1)))], NO_POSITIONS)


async def test_a_read_waits_for_what_was_accepted(
    connection: psycopg.Connection[Any], database_url: str
) -> None:
    """A read that finds nothing waits for the wanted position, and finds what was stored meanwhile."""
    submission = new_id()
    wanted = LogPosition("python3-id", 3, 6)
    pool = await open_async_pool(database_url, size_most=2)
    stored = StoredPositions(pool)

    async def read() -> StoredSubmission | None:
        async with async_session(pool) as opened:
            return await reads.get_submission(opened, "local", submission)

    async def ends() -> list[LogPosition]:
        return [wanted]

    def write() -> None:
        with psycopg.connect(database_url, autocommit=True) as writer:
            writes.store_submissions(writer, [stored_row(submission, 5)], [wanted])

    reader = asyncio.create_task(read_stored(read, stored, ends, 10, submission))
    await asyncio.sleep(0)
    threading.Thread(target=write).start()
    assert (await reader).submission_id == submission
    await pool.close()


@pytest.mark.parametrize(
    ("next_offset", "reason"),
    [
        (5, error_reason_pb2.ERROR_REASON_NOT_YET_STORED),
        (6, error_reason_pb2.ERROR_REASON_SUBMISSION_NOT_FOUND),
    ],
)
async def test_not_found_only_behind_the_wanted_position(
    next_offset: int,
    reason: error_reason_pb2.ErrorReason,
    connection: psycopg.Connection[Any],
    database_url: str,
) -> None:
    """Short of the wanted position the answer is UNAVAILABLE; NOT_FOUND needs the writers to have
    passed it.
    """
    writes.store_submissions(connection, [], [LogPosition("python3-id", 3, next_offset)])
    pool = await open_async_pool(database_url, size_most=2)

    async def nothing() -> None:
        return None

    async def ends() -> list[LogPosition]:
        return [LogPosition("python3-id", 3, 6)]

    with pytest.raises(GavelError) as caught:
        await read_stored(nothing, StoredPositions(pool), ends, 0.2, new_id())
    assert caught.value.reason == reason
    await pool.close()
