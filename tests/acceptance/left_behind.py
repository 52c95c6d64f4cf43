"""What calls leave behind in the mesh: records, rows and objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from gavel.bus import topics
from gavel.bus.commits import GroupCommits
from gavel.embedded import Mesh
from gavel.judging.deployment import Toolchains

OPEN = """
SELECT count(*) FROM submissions LEFT JOIN judgements USING (submission_id, tenant)
WHERE judgements.end_time IS NULL
"""
STORED = "SELECT topic, partition, next_offset FROM log_positions JOIN log_topics USING (topic_id)"
ROWS = """
SELECT (SELECT count(*) FROM submissions), (SELECT count(*) FROM judgements), (SELECT count(*) FROM problems)
"""


@dataclass(frozen=True)
class Left:
    """All that there is at a moment; the heartbeats on `workers` are no trace of a call."""

    end_offsets: dict[tuple[str, int], int]
    rows: tuple[int, ...]
    objects: tuple[str, ...]


def left_behind(mesh: Mesh) -> Left:
    """The ends of all topics, the numbers of rows, the keys of the objects."""
    with psycopg.connect(mesh.database_url) as connection:
        rows = connection.execute(ROWS).fetchone()
    assert rows is not None
    folder = Path(mesh.data_dir / "objects")
    objects = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    names = [*_queues(), topics.EVENTS, topics.CONTROL, topics.DEAD]
    return Left(topics.end_offsets(mesh.kafka, names), rows, tuple(objects))


def is_settled(mesh: Mesh) -> bool:
    """Whether all that was accepted has ended, workers have nothing in hand, and every row is stored."""
    ends = topics.end_offsets(mesh.kafka, [*_queues(), topics.EVENTS])
    if len({topic for topic, _ in ends}) <= len(_queues()):
        return False  # a language is not served yet
    with psycopg.connect(mesh.database_url) as connection:
        still_open = connection.execute(OPEN).fetchone()
        stored = {(topic, partition): offset for topic, partition, offset in connection.execute(STORED)}
    if still_open != (0,) or any(stored.get(where, 0) < end for where, end in ends.items()):
        return False
    commits = GroupCommits(mesh.kafka)
    try:
        for code in Toolchains().available():
            queue = topics.submissions_topic(code)
            wanted = {where: end for where, end in ends.items() if where[0] == queue and end}
            found = commits.read(f"workers.{code}", wanted)
            if any(found[where].offset < end for where, end in wanted.items()):
                return False
    finally:
        commits.close()
    return True


def _queues() -> list[str]:
    return [topics.submissions_topic(code) for code in Toolchains().available()]
