"""The rules of work, on a real broker, with a judge whose runs the test times."""

import time
import uuid

import pytest
from worker_bench import Bench, TimedJudge, new_submission, record_of, until

from gavel.bus.registry import WorkerRegistry
from gavel.judging.outcome import EngineError
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2
from gavel.worker.languages import Found
from gavel.worker.v1 import judgement_event_pb2

pytestmark = pytest.mark.integration


def kinds(events: list[judgement_event_pb2.JudgementEvent]) -> list[str]:
    """What happened, in order."""
    return [str(event.WhichOneof("event")) for event in events]


def test_a_submission_is_judged_and_told(bench: Bench) -> None:
    """STARTED with the accept's time, then a self-contained end; then the record is finished."""
    bench.worker(TimedJudge())
    submission = bench.submit()
    end = bench.log.wait_for_end(submission)

    events = bench.log.of(submission)
    assert kinds(events) == ["started", "finished"]
    assert len({event.attempt for event in events}) == 1
    assert abs(events[0].started.accept_time.ToMilliseconds() - time.time() * 1000) < 20_000
    assert end.finished.verdict == submission_pb2.VERDICT_ACCEPTED
    until(bench.all_finished)


def test_slots_are_busy_most_of_the_time(bench: Bench) -> None:
    """With runs of 20 ms and a queue that never empties, what surrounds a run costs little.

    Alone on a machine they are busy 0.95 of the time; were partitions paused whenever the hand is full, 0.2.
    """
    judge = TimedJudge(0.02)
    bench.ensure()
    submissions = [bench.submit() for _ in range(400)]
    bench.producer.flush(10)
    bench.worker(judge)
    until(lambda: len(judge.busy_s) >= 50)
    begin_s, begin_busy_s = time.monotonic(), sum(judge.busy_s)
    until(lambda: len(judge.busy_s) >= 350)
    busy = (sum(judge.busy_s) - begin_busy_s) / 2 / (time.monotonic() - begin_s)

    assert busy >= 0.75
    bench.log.until(lambda: all(bench.log.ends(submission) for submission in submissions))
    until(bench.all_finished)


def test_duplicates_run_once(bench: Bench) -> None:
    """Two more records of a judgement that runs follow it; one that comes later finds it ended."""
    judge = TimedJudge(0.5)
    bench.worker(judge)
    submission = new_submission()
    for _ in range(3):
        bench.submit(submission)
    bench.log.wait_for_end(submission)
    bench.submit(submission)
    until(bench.all_finished)

    assert len(judge.calls) == 1
    assert len(bench.log.ends(submission)) == 1


def test_a_poison_record_stops_nothing(bench: Bench) -> None:
    """Unreadable ones go to the dead letters; one with an id ends its judgement FAILED before that."""
    bench.ensure()
    damaged, foreign = new_submission(), new_submission()
    bench.put(b"\xff\xff\xff")
    bench.put(record_of(damaged, bench.language).SerializeToString()[:-3])
    bench.put(record_of(foreign, "other").SerializeToString())
    good = bench.submit(partition=0)
    bench.worker(TimedJudge())

    assert bench.log.wait_for_end(good).HasField("finished")
    assert "damaged" in bench.log.wait_for_end(damaged).failed.message
    assert "other" in bench.log.wait_for_end(foreign).failed.message
    until(bench.all_finished)
    assert sorted(letter["gavel-offset"] for letter in bench.letters()) == [b"0", b"1", b"2"]


def test_the_platform_is_tried_again(bench: Bench) -> None:
    """Two failures delay a verdict and do not change it."""
    judge = TimedJudge()
    judge.errors = [EngineError("the storage is away"), OSError("no memory")]
    bench.worker(judge)
    submission = bench.submit()
    end = bench.log.wait_for_end(submission)

    assert end.HasField("finished")
    assert len(judge.calls) == 3
    assert len(bench.log.ends(submission)) == 1


def test_the_third_failure_of_the_platform_ends_it(bench: Bench) -> None:
    """FAILED, with a reason for a person, and the record is finished."""
    judge = TimedJudge()
    judge.errors = [EngineError(f"the storage is away ({number})") for number in range(3)]
    bench.worker(judge)
    end = bench.log.wait_for_end(bench.submit())

    assert end.failed.message == "judging failed 3 times, at last with: the storage is away (2)"
    assert end.failed.worker_id.startswith("w-")
    until(bench.all_finished)


def test_a_cancel_kills_what_runs(bench: Bench) -> None:
    """At once, and the slot is free for the next."""
    judge = TimedJudge(60)
    bench.worker(judge, slots=1)
    submission = bench.submit()
    until(lambda: len(judge.calls) == 1)
    begin_s = time.monotonic()
    bench.cancel(submission)
    end = bench.log.wait_for_end(submission)

    assert end.HasField("cancelled")
    assert time.monotonic() - begin_s < 5
    judge.run_s = 0
    assert bench.log.wait_for_end(bench.submit()).HasField("finished")
    until(bench.all_finished)


def test_a_cancelled_record_never_runs(bench: Bench) -> None:
    """One that waits behind another, and one whose cancel came before the worker did."""
    judge = TimedJudge(60)
    bench.ensure()
    early = new_submission()
    bench.cancel(early)
    bench.producer.flush(10)
    bench.worker(judge, slots=1)
    running = bench.submit(partition=0)
    until(lambda: len(judge.calls) == 1)
    waiting = bench.submit(partition=0)
    bench.cancel(waiting)

    assert bench.log.wait_for_end(waiting).HasField("cancelled")
    bench.submit(early, partition=0)
    assert bench.log.wait_for_end(early).HasField("cancelled")
    assert [call.submission_id for call in judge.calls] == [str(running)]


def test_facts_of_many_tests_are_an_object(bench: Bench) -> None:
    """Stored before the event that names it, with every test in it."""
    tests = [submission_pb2.TestResult(number=n, feedback="f" * 4000) for n in range(1, 101)]
    bench.worker(TimedJudge(tests=tests))
    submission = bench.submit()
    end = bench.log.wait_for_end(submission)

    found = end.finished.object
    content = Objects(f"file://{bench.folder}/objects").get(found.key)
    assert len(content) == found.size_bytes
    assert list(judgement_event_pb2.TestResults.FromString(content).tests) == tests
    assert str(submission) in found.key
    assert end.attempt in found.key


def test_progress_is_told_but_for_the_last_test(bench: Bench) -> None:
    """The terminal event follows the last one at once, and holds them all."""
    tests = [submission_pb2.TestResult(number=n, test=str(n)) for n in (1, 2, 3)]
    bench.worker(TimedJudge(0.2, tests))
    submission = bench.submit()
    end = bench.log.wait_for_end(submission)

    assert kinds(bench.log.of(submission)) == ["started", "test", "test", "finished"]
    assert list(end.finished.inline.tests) == tests


def test_the_trace_of_the_accept_goes_on(bench: Bench) -> None:
    """Every event carries the trace of the record that it came from."""
    bench.worker(TimedJudge())
    trace_id = uuid.uuid4().hex
    submission = bench.submit(headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01".encode()})
    bench.log.wait_for_end(submission)

    found = [
        headers["traceparent"].split(b"-")[1].decode()
        for event, headers in zip(bench.log.events, bench.log.headers, strict=True)
        if event.submission_id == str(submission)
    ]
    assert found == [trace_id, trace_id]


def test_a_language_that_fails_harms_no_other(bench: Bench) -> None:
    """It is unavailable with its reason, as the heartbeats tell, and the other is served."""
    broken = f"t{uuid.uuid4().hex[:10]}"

    def test(code: str) -> Found:
        if code == broken:
            raise OSError("its compiler is on fire")
        return Found("timer 1.0")

    worker = bench.worker(TimedJudge(), languages=[broken, bench.language], test=test)
    assert bench.log.wait_for_end(bench.submit()).HasField("finished")

    registry = WorkerRegistry(bench.bootstrap)
    registry.start()
    name = f"workers/{worker.settings.name}"
    until(lambda: any(one.name == name and len(one.languages) == 2 for one in registry.workers()))
    (found,) = [one for one in registry.workers() if one.name == name]
    registry.close()
    assert [(one.code, one.available) for one in found.languages] == [(broken, False), (bench.language, True)]
    assert "on fire" in found.languages[0].reason
    assert found.slot_count == 2


def test_a_worker_that_ends_gives_back_what_it_has_not_done(bench: Bench) -> None:
    """What ends in time is told, what does not is killed and started anew elsewhere, and counts as no
    loss.
    """
    slow, quick = TimedJudge(60), TimedJudge()
    bench.ensure(partitions=1)
    first = bench.worker(slow)
    submissions = [bench.submit(partition=0) for _ in range(6)]
    until(lambda: len(slow.calls) == 2)
    bench.stop(first, 0.3)

    assert bench.committed()[0] == (0, "1;s=0x1r1,1x1r1")
    bench.log.read()
    assert not any(bench.log.ends(submission) for submission in submissions)

    bench.worker(quick)
    for submission in submissions:
        assert bench.log.wait_for_end(submission).HasField("finished")
    until(bench.all_finished)


def test_a_worker_that_ends_lets_its_runs_end(bench: Bench) -> None:
    """Within the grace they are told and committed; what waits is left to others."""
    judge = TimedJudge(0.5)
    bench.ensure(partitions=1)
    worker = bench.worker(judge)
    submissions = [bench.submit(partition=0) for _ in range(4)]
    until(lambda: len(judge.calls) == 2)
    bench.stop(worker, 10)

    assert bench.committed()[0] == (2, "")
    assert [len(bench.log.ends(submission)) for submission in submissions[2:]] == [0, 0]
    assert len(judge.calls) == 2
    for submission in submissions[:2]:
        assert bench.log.wait_for_end(submission).HasField("finished")


def test_two_workers_share_a_queue_and_none_is_lost(bench: Bench) -> None:
    """One joins while the other works, one leaves while the other works: every judgement ends once or
    more.
    """
    bench.ensure()
    submissions = [bench.submit() for _ in range(500)]
    first, second = TimedJudge(0.02), TimedJudge(0.02)
    leaving = bench.worker(first)
    until(lambda: len(first.calls) > 10)
    bench.worker(second)
    until(lambda: len(second.calls) > 10)
    bench.stop(leaving, 5)
    bench.log.until(lambda: all(bench.log.ends(submission) for submission in submissions))

    until(bench.all_finished)
