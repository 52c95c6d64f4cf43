"""A worker stopped in the midst of a run comes back with its verdict when another has given one."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_mesh import BrokenMesh, stopped

from conditions import until
from gavel.bus import topics
from gavel.client import Client, Ended, InlineTest, Restarted, Running
from gavel.embedded import Mesh
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent
from topic_reader import read_topic

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

SLOW = b"import time\ntime.sleep(3)\nprint(1)"


def test_ignores_the_verdict_of_a_zombie(data_dir: Path) -> None:
    """The other worker begins anew and ends it; the zombie's verdict is in the log too, behind that, and
    changes nothing.
    """
    mesh = BrokenMesh(data_dir, ["python3=1", "python3=1"]).mesh
    with mesh, Client(mesh.address) as client:
        slow = client.submit({"main.py": SLOW}, language="python3", tests=[InlineTest(b"", b"1")])
        with client.watch(slow) as events:
            begun = next(event for event in events if isinstance(event, Running))
        with stopped([mesh.process(begun.worker.removeprefix("workers/"))]):
            again, *_, ended = client.watch(slow, resume_token=begun.resume_token)
        assert isinstance(again, Restarted)
        assert isinstance(ended, Ended)
        assert (ended.judgement.verdict, ended.judgement.worker) == ("ACCEPTED", again.worker)
        assert again.worker != begun.worker
        until(
            lambda: _attempts_ended(mesh, slow.name) == [again.attempt, begun.attempt], "the zombie's verdict"
        )
        until(lambda: client.result(slow.name).end_time, "the verdict is stored")
        assert client.result(slow.name) == ended.judgement


def _attempts_ended(mesh: Mesh, name: str) -> list[str]:
    """The attempts whose verdict is in the log, in its order."""
    events = [JudgementEvent.FromString(raw.value or b"") for raw in read_topic(mesh.kafka, topics.EVENTS)]
    wanted = name.removeprefix("submissions/")
    return [each.attempt for each in events if each.submission_id == wanted and each.HasField("finished")]
