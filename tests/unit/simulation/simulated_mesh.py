"""A mesh in one thread, driven by a seed: the real pure parts, with everything around them made of lists.

One partition of submissions, one of events. Workers, writers, hubs and clients each do one small thing when
they are picked, and crash, stall, are overtaken or lose their partition between any two. The database goes
away and comes back. `Rules` leaves out one rule of the design at a time, to show that some seed then breaks
an invariant.
"""

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gavel.bus.consumer import Record
from gavel.bus.offsets import Commit, PartitionOffsets
from gavel.projection.positions import position
from gavel.projection.shown import events_since
from gavel.projection.state import NOWHERE, JudgementState, Place
from gavel.result import batch
from gavel.result.batch import FetchedEvent
from gavel.result.starts import Offsets, start_of
from gavel.result.subject import Subject, accept_time_ms
from gavel.result.window import ENTRY_BYTES, Entry, Window
from gavel.worker import core
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from judgement_log import WRONG, Attempt, new_id, record, result

STEP_MS = 400
MARGIN_MS = 1000
RECENT_MS = 4000
TENANT = "local"


@dataclass(frozen=True)
class Rules:
    """What holds; a test leaves one out."""

    register_before_snapshot: bool = True
    window_reaches_the_snapshot: bool = True
    position_with_the_rows: bool = True
    rows_never_go_back: bool = True
    window_begins_before_the_rows_end: bool = True
    window_only_for_what_it_holds_whole: bool = True
    finished_when_acknowledged: bool = True
    revoked_never_commits: bool = True
    starts_are_counted: bool = True
    resumed_behind_the_token: bool = True


@dataclass
class Database:
    """Rows and position, together or not at all."""

    rows: dict[tuple[UUID, int], JudgementState] = field(default_factory=dict)
    position: int = 0
    up: bool = True

    def store(self, writes: list[batch.JudgementWrite], end: int, rules: Rules) -> None:
        for state, _ in writes:
            key = state.submission_id, state.judgement
            known = self.rows.get(key)
            if known is None or state.position > known.position or not rules.rows_never_go_back:
                self.rows[key] = state
        self.position = max(self.position, end)


@dataclass
class Run:
    """An attempt in the hands of a worker."""

    offset: int
    attempt: Attempt
    events: list[JudgementEvent]
    deadly: bool
    held: PartitionOffsets


@dataclass
class Worker:
    """Holds the partition of submissions or held it once; runs on what it has begun."""

    held: PartitionOffsets | None = None
    next_offset: int = 0
    runs: list[Run] = field(default_factory=list)


@dataclass
class Writer:
    """Reads events on from where the database stands; may be overtaken without knowing it."""

    next_offset: int = 0
    known: dict[tuple[UUID, int], JudgementState] = field(default_factory=dict)
    folded: tuple[list[batch.JudgementWrite], int] | None = None


@dataclass
class Hub:
    """A replica's window and what is watched there."""

    window: Window
    subjects: list[Subject] = field(default_factory=list)


@dataclass
class Client:
    """Watches one submission to its end, through any number of streams."""

    submission: UUID
    seen: Place = NOWHERE
    hub: Hub | None = None
    subject: Subject | None = None
    snapshot: tuple[JudgementState | None, int] | None = None
    told: list[tuple[Place, Any]] = field(default_factory=list)
    done: bool = False

    def disconnect(self) -> None:
        if self.hub is not None and self.subject in self.hub.subjects:
            self.hub.subjects.remove(self.subject)
        self.hub = self.subject = self.snapshot = None


class Mesh:
    """See the module. run() to the end, then verify()."""

    def __init__(self, seed: int, rules: Rules = Rules()) -> None:
        self.random = random.Random(seed)
        self.rules = rules
        self.now_ms = 1_700_000_000_000
        self.queue: list[Any] = []
        self.accepted_ms: dict[UUID, int] = {}
        self.deadly: set[UUID] = set()
        self.deaths = 0
        self.events: list[tuple[int, JudgementEvent]] = []
        self.commit = Commit(-1)
        self.writers_commit = -1
        self.database = Database()
        self.workers = [Worker(), Worker()]
        self.writers = [Writer(), Writer()]
        self.assign(self.workers[0])
        self.hubs = [self.new_hub(), self.new_hub()]
        self.clients: list[Client] = []
        self.faults = True

    # The log

    def accept(self) -> None:
        submission = new_id(self.now_ms)
        self.queue.append((self.now_ms, record(submission)))
        self.accepted_ms[submission] = self.now_ms
        if self.random.random() < 0.1:
            self.deadly.add(submission)
        self.clients += [Client(submission) for _ in range(self.random.randint(1, 2))]

    def append(self, event: JudgementEvent) -> None:
        self.events.append((self.now_ms, event))

    def cancel(self) -> None:
        if self.queue:
            submission = self.random.choice(list(self.accepted_ms))
            self.append(Attempt(submission, tenant=TENANT).cancelled())

    # Workers

    def assign(self, worker: Worker) -> None:
        worker.held = PartitionOffsets(self.commit)
        worker.next_offset = max(0, self.commit.offset)

    def tell(self, worker: Worker, held: PartitionOffsets) -> None:
        """A commit reaches the broker, from the holder alone."""
        if worker.held is held or not self.rules.revoked_never_commits:
            self.commit = held.commit() or self.commit

    def rebalance(self) -> None:
        holder = next(worker for worker in self.workers if worker.held is not None)
        held = holder.held
        assert held is not None
        held.release_all()
        self.tell(holder, held)
        other = self.workers[1 - self.workers.index(holder)]
        if self.rules.revoked_never_commits:
            holder.held = None
        self.assign(other)

    def crash_worker(self, worker: Worker) -> None:
        self.workers[self.workers.index(worker)] = Worker()
        if worker.held is not None:
            self.assign(self.workers[0])

    def work(self, worker: Worker) -> None:
        if worker.runs and self.random.random() < 0.7:
            self.advance(worker, self.random.choice(worker.runs))
        elif worker.held is not None and len(worker.runs) < 2 and worker.next_offset < len(self.queue):
            self.take(worker, worker.held)

    def take(self, worker: Worker, held: PartitionOffsets) -> None:
        offset = worker.next_offset
        worker.next_offset += 1
        earlier = held.take(offset)
        if earlier is None:
            return
        time_ms, message = self.queue[offset]
        raw = Record("submissions.python3", 0, offset, time_ms, b"python3", message.SerializeToString())
        lost = earlier.lost if self.rules.starts_are_counted else 0
        read = core.read(raw, "python3", lost)
        submission = UUID(message.submission_id)
        attempt = Attempt(submission, id=f"{self.random.getrandbits(64):x}", accepted_s=time_ms / 1000)
        if isinstance(read, core.Unhandled):
            self.append(attempt.failed(read.reason))
            held.finish(offset)
        else:
            assert isinstance(read, core.Job)
            held.start(offset)
            worker.runs.append(Run(offset, attempt, self.plan(attempt), submission in self.deadly, held))
        self.tell(worker, held)

    def plan(self, attempt: Attempt) -> list[JudgementEvent]:
        """What an attempt says; two attempts at one judgement need not agree."""
        wrong = self.random.random() < 0.5
        tests = [result(number, message=attempt.id) for number in range(1, self.random.randint(1, 3) + 1)]
        shown = [attempt.event(test=test) for test in tests if self.random.random() < 0.9]
        if wrong:
            tests[-1].verdict = WRONG
        end = attempt.finished(tests, WRONG if wrong else tests[-1].verdict)
        if self.random.random() < 0.1:
            end = attempt.failed()
        return [attempt.started(len(tests)), *shown, end]

    def advance(self, worker: Worker, run: Run) -> None:
        if run.deadly and len(run.events) < 2:
            self.deaths += worker.held is run.held  # a start that was given back does not count
            self.crash_worker(worker)
            return
        last = len(run.events) == 1
        if last and not self.rules.finished_when_acknowledged and worker.held is not None:
            worker.held.finish(run.offset)
            self.tell(worker, worker.held)
            if self.faults and self.random.random() < 0.2:
                self.crash_worker(worker)
                return
        self.append(run.events.pop(0))
        if not last:
            return
        worker.runs.remove(run)
        if self.faults and self.random.random() < 0.1:
            self.crash_worker(worker)
        elif worker.held is not None:
            worker.held.finish(run.offset)
            self.tell(worker, worker.held)

    # Writers

    def write(self, writer: Writer) -> None:
        if not self.database.up:
            return
        if writer.folded is None:
            self.fold(writer)
            return
        writes, end = writer.folded
        writer.folded = None
        if not self.rules.position_with_the_rows:
            self.database.position = max(self.database.position, end)
            if self.faults and self.random.random() < 0.1:
                self.writers[self.writers.index(writer)] = Writer(self.database.position)
                return
        self.database.store(writes, end, self.rules)
        writer.next_offset = end
        writer.known |= {(state.submission_id, state.judgement): state for state, _ in writes}
        if self.random.random() < 0.5:
            self.writers_commit = max(self.writers_commit, end)

    def fold(self, writer: Writer) -> None:
        end = min(len(self.events), writer.next_offset + self.random.randint(1, 5))
        fetched = [
            FetchedEvent((UUID(event.submission_id), event.judgement), position(0, offset), event)
            for offset, (_, event) in enumerate(self.events[writer.next_offset : end], writer.next_offset)
        ]
        known = {
            event.key: state
            for event in fetched
            if (state := writer.known.get(event.key) or self.database.rows.get(event.key)) is not None
        }
        writer.folded = batch.fold_batch(fetched, known), end

    def take_over(self) -> None:
        """A writer begins anew where the database stands; the other one goes on, and does not know."""
        if self.database.up:
            self.writers[self.random.randrange(2)] = Writer(self.database.position)

    # Hubs and clients

    def new_hub(self) -> Hub:
        window = Window(bytes_most=self.random.choice((3, 8, 50)) * (ENTRY_BYTES + 120), age_most_s=1e9)
        since_ms = self.now_ms - RECENT_MS
        end = len(self.events)
        recent = next((index for index, (time_ms, _) in enumerate(self.events) if time_ms >= since_ms), end)
        start = start_of(Offsets(0, end, recent, 0, self.writers_commit))
        if not self.rules.window_begins_before_the_rows_end:
            start, since_ms = end, 0
        window.open(0, start, since_ms)
        return Hub(window)

    def restart_hub(self) -> None:
        index = self.random.randrange(len(self.hubs))
        for client in self.clients:
            if client.hub is self.hubs[index]:
                client.disconnect()
        self.hubs[index] = self.new_hub()

    def read(self, hub: Hub) -> None:
        for _ in range(self.random.randint(1, 4)):
            head = hub.window.head(0)
            if head >= len(self.events):
                return
            time_ms, event = self.events[head]
            entry = Entry(head, time_ms, event.SerializeToString())
            key = event.submission_id.encode()
            hub.window.append(0, key, entry, 0.0)
            for subject in hub.subjects:
                if subject.key == key:
                    subject.offer(entry, event)

    def watch(self, client: Client) -> None:
        if client.done:
            return
        if client.hub is None:
            client.hub = self.random.choice(self.hubs)
        elif client.subject is None:
            self.register(client, client.hub)
        elif not client.subject.covered:
            self.cover(client, client.hub, client.subject)
        else:
            self.receive(client, client.subject)

    def register(self, client: Client, hub: Hub) -> None:
        if not self.rules.register_before_snapshot and client.snapshot is None:
            if self.database.up:
                client.snapshot = self.take_snapshot(client)
            return
        client.subject = Subject(str(client.submission).encode(), 0, 1, hub.window)
        hub.subjects.append(client.subject)
        if not self.rules.register_before_snapshot and client.snapshot is not None:
            # What came between snapshot and registration is looked for nowhere.
            client.subject.cover(hub.window, client.snapshot[0], hub.window.head(0), 0)

    def take_snapshot(self, client: Client) -> tuple[JudgementState | None, int]:
        return self.database.rows.get((client.submission, 1)), self.database.position

    def cover(self, client: Client, hub: Hub, subject: Subject) -> None:
        if client.snapshot is not None:
            state, next_offset = client.snapshot
            client.snapshot = None
            if self.rules.window_reaches_the_snapshot:
                subject.cover(hub.window, state, next_offset, 0)
            else:
                subject.cover(hub.window, state, max(next_offset, hub.window.start(0)), 0)
            return
        accepted_ms = accept_time_ms(hub.window.entries(subject.key), 1)
        whole = accepted_ms > hub.window.complete_since_ms(0) + MARGIN_MS
        if whole or (accepted_ms and not self.rules.window_only_for_what_it_holds_whole):
            subject.cover_from_window(hub.window)
        elif self.database.up:
            client.snapshot = self.take_snapshot(client)

    def receive(self, client: Client, subject: Subject) -> None:
        if self.faults and self.random.random() < 0.1:
            client.disconnect()
            if not self.rules.resumed_behind_the_token:
                client.seen = NOWHERE
            return
        if subject.state is None:
            return
        news = events_since(subject.state, client.seen)
        for place, event in news[: self.random.randint(0, 3)]:
            client.told.append((place, event))
            client.seen = place
            if event.HasField("ended"):
                client.done = True
                client.disconnect()

    # The course of things

    def run(self, steps: int = 220) -> None:
        for step in range(steps):
            self.now_ms += STEP_MS
            if step < steps // 2 and self.random.random() < 0.05:
                self.accept()
            self.step()
        self.heal()

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.45:
            self.work(self.random.choice(self.workers))
        elif chance < 0.60:
            self.write(self.random.choice(self.writers))
        elif chance < 0.72:
            self.read(self.random.choice(self.hubs))
        elif chance < 0.90 and self.clients:
            self.watch(self.random.choice(self.clients))
        elif self.faults:
            self.random.choice(
                (
                    self.rebalance,
                    self.take_over,
                    self.restart_hub,
                    self.cancel,
                    lambda: self.crash_worker(self.random.choice(self.workers)),
                    lambda: setattr(self.database, "up", not self.database.up),
                )
            )()

    def heal(self) -> None:
        """No more faults: everything comes to its end within a bounded number of steps."""
        self.faults, self.database.up = False, True
        for _ in range(60 * (1 + len(self.queue)) + 20 * len(self.events)):
            self.now_ms += STEP_MS
            for worker in list(self.workers):
                self.work(worker)
            for writer in self.writers:
                self.write(writer)
            for hub in self.hubs:
                self.read(hub)
            for client in self.clients:
                self.watch(client)
            if self.settled():
                return

    def settled(self) -> bool:
        return (
            all(client.done for client in self.clients)
            and self.commit.offset == (len(self.queue) or -1)
            and not any(worker.runs for worker in self.workers)
            and all(writer.next_offset == len(self.events) for writer in self.writers)
        )

    def verify(self) -> None:
        """The invariants of the design, checked against the log by other means than the fold."""
        assert self.deaths <= core.LOST_MOST * len(self.deadly), "a record that kills its worker goes on"
        for submission in self.accepted_ms:
            mine = [event for _, event in self.events if event.submission_id == str(submission)]
            ends = [
                event for event in mine if event.WhichOneof("event") in ("finished", "failed", "cancelled")
            ]
            row = self.database.rows.get((submission, 1))
            assert ends, "accepted, and never ended"
            assert row is not None, "ended, and not stored"
            assert row.end is not None, "ended, and not stored as ended"
            self.verify_row(row, ends[0])
            for client in self.clients:
                if client.submission == submission:
                    self.verify_watch(client, row)

    @staticmethod
    def verify_row(row: JudgementState, end: JudgementEvent) -> None:
        """The first terminal event of the log is the verdict, and its tests are the tests."""
        assert row.end is not None
        kind = {3: "finished", 4: "cancelled", 5: "failed"}[row.end.state]
        assert kind == end.WhichOneof("event"), "not the first ending of the log"
        shown = {} if row.attempt is None else {test.result.number: test.result for test in row.attempt.tests}
        if kind == "finished":
            assert row.attempt is not None
            assert (row.attempt.id, row.end.verdict) == (end.attempt, end.finished.verdict), "another verdict"
            assert shown == {test.number: test for test in end.finished.inline.tests}, "other tests"
        assert all(row.attempt and test.message == row.attempt.id for test in shown.values()), (
            "mixed attempts"
        )

    @staticmethod
    def verify_watch(client: Client, row: JudgementState) -> None:
        """Each event once, in order, to the end; what was streamed is what is stored."""
        assert client.done, "a watch without an end"
        places = [place for place, _ in client.told]
        assert places == sorted(set(places)), "told twice or out of order"
        last = client.told[-1][1]
        whole = events_since(row, NOWHERE)
        assert last == whole[-1][1], "streamed other than stored"
        begun = [
            index for index, (_, event) in enumerate(client.told) if event.WhichOneof("event") in _BEGINS
        ]
        shown = [
            event.test.number
            for _, event in client.told[begun[-1] if begun else 0 :]
            if event.HasField("test")
        ]
        expected = [event.test.number for _, event in whole if event.HasField("test")]
        assert shown == expected, "tests of the attempt shown were left out or told twice"


_BEGINS = ("running", "restarted")
_ENDS = ("finished", "failed", "cancelled")
