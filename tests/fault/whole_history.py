"""Collects the whole history of a load from a mesh, and looks for what programs have left behind."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from history import History, Logged, Row, violations
from running_load import RunningLoad

import run_groups
from conditions import until
from gavel.bus import topics
from gavel.client import Client
from gavel.embedded import Mesh
from gavel.submission.v1.submission_record_pb2 import SubmissionRecord
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from topic_reader import read_topic

STORED_S = 60.0
"""Within a minute after the faults every row is there."""


def check(mesh: Mesh, load: RunningLoad, worker_pids: Collection[int]) -> None:
    """Asserts every invariant for a load that has finished.

    `worker_pids` are all workers that the mesh has had, those that were killed too.
    """
    history = collect(mesh, load)
    found = violations(history)
    assert not found, f"{len(found)} violations in {len(history.handed)} programs:\n" + "\n".join(found[:20])
    until(lambda: not _alive(load.run), "no program of the load is left")
    until(lambda: not _run_groups(worker_pids), "no cgroup of a run or of a killed worker is left")


def collect(mesh: Mesh, load: RunningLoad) -> History:
    """All that is known, once every row has its end or the minute is over."""
    labels = {"run": load.run}
    with Client(mesh.address, timeout_s=STORED_S) as client:
        names = {each.name for each in load.handed if each.name}

        def stored() -> bool:
            return len(list(client.list(labels=labels, state="FINISHED"))) >= len(names)

        until(stored, f"all of {len(names)} rows have their end", STORED_S)
        rows = {
            each.name: Row(
                each.state,
                each.verdict,
                client.result(each.name),
                len(list(client.results(each.name))),
            )
            for each in client.list(labels=labels)
        }
    return History(
        load.handed,
        rows,
        _records(mesh, load.run),
        [
            Logged(raw.partition, raw.offset, JudgementEvent.FromString(raw.value or b""))
            for raw in read_topic(mesh.kafka, topics.EVENTS)
        ],
        len(read_topic(mesh.kafka, topics.DEAD)),
    )


def _records(mesh: Mesh, run: str) -> frozenset[str]:
    records = (
        SubmissionRecord.FromString(raw.value or b"")
        for raw in read_topic(mesh.kafka, topics.submissions_topic("python3"))
    )
    return frozenset(record.submission_id for record in records if record.labels.get("run") == run)


def _alive(mark: str) -> list[str]:
    """The processes that carry the load's mark as an argument: its programs."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if mark.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                    found.append(process.name)
            except OSError:  # it ended meanwhile
                continue
    return found


def _run_groups(worker_pids: Collection[int]) -> list[Path]:
    """Cgroups of runs, and of workers that are gone, among those of this mesh's workers."""
    found: list[Path] = []
    for owner in run_groups.owners(worker_pids):
        gone = run_groups.is_abandoned(owner)
        found += [owner] if gone else [each for each in owner.iterdir() if each.is_dir()]
    return found
