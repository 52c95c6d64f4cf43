"""The invariants, checked over a whole history: what clients saw, what is stored, and the raw log."""

from __future__ import annotations

import itertools
from pathlib import Path

from load import Load, Seen

from conditions import until
from gavel.bus import topics
from gavel.client import Client, Compiled, Ended, Judgement, Queued, Restarted, Running, Tested
from gavel.embedded import Mesh
from gavel.rpc.positions import Position
from gavel.sandbox.cgroups import is_abandoned
from gavel.submission.v1.submission_pb2 import Verdict
from gavel.submission.v1.submission_record_pb2 import SubmissionRecord
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from generated_programs import Program
from topic_reader import read_topic

STORED_S = 60.0
"""Within a minute after the fault every row is there."""
TERMINALS = ("finished", "failed", "cancelled")


def check(mesh: Mesh, load: Load) -> None:
    """Every invariant, for a load that was joined."""
    _check_accepts(load)
    for each in load.seen:
        _check_watch(each)
    _check_rows(mesh, load)
    _check_log(mesh, load)
    _check_nothing_left(mesh, load)


def _check_accepts(load: Load) -> None:
    """All were accepted, each once."""
    errors = {each.program.mark: f"{each.error.code} {each.error}" for each in load.seen if each.error}
    assert not errors, f"{len(errors)} calls failed: {errors}"
    names = [each.name for each in load.seen]
    assert all(names)
    assert len(set(names)) == len(names)


def _check_watch(each: Seen) -> None:
    """Each event once, in order, to one end with the right verdict."""
    place = f"{each.name} ({each.program.mark}): {[type(event).__name__ for event in each.events]}"
    ends = [event for event in each.events if isinstance(event, Ended)]
    assert len(ends) == 1, place
    assert each.events[-1] is ends[0], place
    _check_right(each.program, ends[0].judgement)
    tokens = [
        Position.decode(event.resume_token, "resume_token") for event in each.events if event.resume_token
    ]
    assert all(earlier < later for earlier, later in itertools.pairwise(tokens)), place
    tests: list[int] = []
    attempts: list[str] = []
    compiled = 0
    for event in each.events[:-1]:
        match event:
            case Queued():
                assert not attempts, place
            case Running():
                assert isinstance(event, Restarted) == bool(attempts), place
                assert event.attempt not in attempts, place
                attempts.append(event.attempt)
                tests, compiled = [], 0
            case Compiled():
                compiled += 1
            case Tested():
                tests.append(event.test.number)
    assert attempts, place
    assert compiled <= 1, place
    shown = [test.number for test in ends[0].judgement.tests]
    assert shown == list(range(1, len(shown) + 1)), place
    # A test whose own event was lost with the broker comes with the end, behind later ones.
    assert sorted(tests) == shown, f"{place}: {tests} of {shown}"


def _check_right(program: Program, judgement: Judgement) -> None:
    found = judgement.state, judgement.verdict
    assert found == ("FINISHED", program.verdict), f"{judgement.name} {program.mark}: {judgement}"
    if program.verdict != "COMPILE_ERROR":
        assert {test.stdout.split("\n")[0] for test in judgement.tests} == {program.mark}
        failed = [test.number for test in judgement.tests if test.verdict != "ACCEPTED"]
        assert failed == ([program.failing] if program.failing else [])


def _check_rows(mesh: Mesh, load: Load) -> None:
    """The stored judgement is the streamed one; the list holds the accepted and nothing else."""
    with Client(mesh.address, timeout_s=STORED_S) as client:
        labels = {"run": load.run}

        def finished() -> bool:
            return len(list(client.list(labels=labels, state="FINISHED"))) >= len(load.seen)

        until(finished, "every row has its end", STORED_S)
        listed = {each.name: each for each in client.list(labels=labels)}
        assert set(listed) == {each.name for each in load.seen}
        for each in load.seen:
            assert listed[each.name].verdict == each.program.verdict
            assert client.result(each.name) == each.end, f"{each.name}: stored differs from streamed"
            assert len(list(client.results(each.name))) == 1


def _check_log(mesh: Mesh, load: Load) -> None:
    """The first terminal event of each judgement, in log order, is what was streamed."""
    wanted = {each.name.removeprefix("submissions/"): each for each in load.seen}
    of_run = {
        record.submission_id
        for record in (
            SubmissionRecord.FromString(raw.value or b"")
            for raw in read_topic(mesh.kafka, topics.submissions_topic("python3"))
        )
        if record.labels.get("run") == load.run
    }
    assert of_run == set(wanted), "records of submissions that nobody was told of, or none of some"
    firsts: dict[str, JudgementEvent] = {}
    for raw in read_topic(mesh.kafka, topics.EVENTS):
        event = JudgementEvent.FromString(raw.value or b"")
        if event.submission_id in wanted and event.WhichOneof("event") in TERMINALS:
            firsts.setdefault(event.submission_id, event)
    assert set(firsts) == set(wanted)
    for submission_id, event in firsts.items():
        each = wanted[submission_id]
        assert event.HasField("finished"), f"{submission_id}: {event}"
        assert Verdict.Name(event.finished.verdict) == f"VERDICT_{each.program.verdict}"
        attempts = [seen.attempt for seen in each.events if isinstance(seen, Running)]
        assert attempts[-1] == event.attempt, (
            f"{submission_id} shows another attempt than the log's first end"
        )
    assert not read_topic(mesh.kafka, topics.DEAD)


def _check_nothing_left(mesh: Mesh, load: Load) -> None:
    """No program of the load lives on, and no cgroup of a worker that is gone."""
    until(lambda: not _alive(load.run), "every program is gone")
    until(lambda: not _abandoned(), "every cgroup of a killed worker is gone")


def _alive(mark: str) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if mark.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                    found.append(process.name)
            except OSError:  # it ended meanwhile
                continue
    return found


def _abandoned() -> list[Path]:
    folders = [*Path("/sys/fs/cgroup").glob("*/gavel/*"), *Path("/sys/fs/cgroup").glob("**/gavel-runs-*")]
    owners = [folder for folder in folders if folder.is_dir()]
    return [folder for folder in owners if is_abandoned(folder.name.removeprefix("gavel-runs-"))]
