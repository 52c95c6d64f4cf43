"""The length of a queue, from commits and ends."""

from hypothesis import given
from hypothesis import strategies as st

from gavel.bus import offsets
from gavel.submission import queues
from gavel.submission.v1 import submission_pb2
from gavel.worker.v1 import worker_pb2

INTERACTIVE = submission_pb2.LANE_INTERACTIVE
BATCH = submission_pb2.LANE_BATCH


@given(st.integers(0, 20), st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_waiting_is_what_is_not_finished(beginning: int, finished: set[int], length: int) -> None:
    """Whatever was finished in whatever order, the count is that of the records that were not."""
    end = beginning + length
    account = offsets.PartitionOffsets(offsets.Commit(beginning))
    for offset in range(beginning, end):
        account.take(offset)
    done = {beginning + step for step in finished if step < length}
    for offset in done:
        account.finish(offset)

    backlog = queues.partition_backlog(account.state(), 0, end)

    assert backlog.waiting_count == length - len(done)
    assert backlog.first_open == min(set(range(beginning, end)) - done, default=end)


def test_without_a_commit_all_wait() -> None:
    """A group that has committed nothing leaves all open that the broker still has."""
    backlog = queues.partition_backlog(offsets.Commit(-1), 5, 12)

    assert (backlog.first_open, backlog.waiting_count) == (5, 7)


def test_a_commit_ahead_of_the_end_leaves_nothing() -> None:
    """Ends are read before commits: a group that is ahead has an empty queue, not a negative one."""
    assert queues.partition_backlog(offsets.Commit(9), 0, 8).waiting_count == 0


def test_backlog_sums_partitions() -> None:
    """Counts add up and the oldest record counts; an empty queue has no age."""
    partitions = [
        (queues.PartitionBacklog(0, 3, 1), 500),
        (queues.PartitionBacklog(2, 4, 0), 300),
        (queues.PartitionBacklog(7, 7, 0), None),
    ]

    assert queues.backlog_of(partitions) == queues.Backlog(4, 300)
    assert queues.backlog_of(partitions[2:]) == queues.Backlog(0, None)


def test_queues_told() -> None:
    """One answer for each language and lane asked for, with age, runs and slots."""
    backlogs = {
        ("python3", INTERACTIVE): queues.Backlog(4, 1_000),
        ("python3", BATCH): queues.Backlog(0, None),
        ("cpp", INTERACTIVE): queues.Backlog(1, 9_000),
    }
    languages = [worker_pb2.WorkerLanguage(code="python3", available=True)]
    workers = [worker_pb2.Worker(languages=languages, slot_count=4, running_count=2)]

    told = queues.queues_of(backlogs, workers, frozenset({"python3"}), 3_000)

    assert [(queue.lane, queue.waiting_count, queue.oldest_age_ms) for queue in told] == [
        (INTERACTIVE, 4, 2_000),
        (BATCH, 0, 0),
    ]
    assert {(queue.running_count, queue.slot_count) for queue in told} == {(2, 4)}
    everything = queues.queues_of(backlogs, workers, frozenset(), 3_000)
    assert [queue.language for queue in everything] == ["cpp", "python3", "python3"]
