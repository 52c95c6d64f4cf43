"""The workers that are alive, by their heartbeats."""

from gavel.bus.registry import Heartbeats
from gavel.worker.v1 import worker_pb2


def worker(name: str) -> worker_pb2.Worker:
    """A worker of that name."""
    return worker_pb2.Worker(name=f"workers/{name}")


def test_a_worker_is_alive_for_ten_seconds() -> None:
    """A heartbeat counts from when it was sent, not from when it was read."""
    heartbeats = Heartbeats()
    heartbeats.apply(b"a", worker("a"), now_s=100.0, age_s=4.0)

    assert [found.name for found in heartbeats.alive(105.9)] == ["workers/a"]
    assert heartbeats.alive(106.1) == []


def test_a_tombstone_ends_a_worker_at_once() -> None:
    """A worker that ended properly is not shown for ten seconds more."""
    heartbeats = Heartbeats()
    heartbeats.apply(b"a", worker("a"), now_s=100.0, age_s=0.0)
    heartbeats.apply(b"a", None, now_s=100.1, age_s=0.0)

    assert heartbeats.alive(100.2) == []


def test_the_last_heartbeat_counts_and_old_ones_never_do() -> None:
    """Reading the topic from its beginning shows the workers of now, by name."""
    heartbeats = Heartbeats()
    heartbeats.apply(b"old", worker("old"), now_s=100.0, age_s=3600.0)
    heartbeats.apply(b"b", worker("b"), now_s=100.0, age_s=1.0)
    heartbeats.apply(b"a", worker("a"), now_s=100.0, age_s=0.0)
    draining = worker("b")
    draining.draining = True
    heartbeats.apply(b"b", draining, now_s=100.0, age_s=0.0)

    found = heartbeats.alive(101.0)
    assert [one.name for one in found] == ["workers/a", "workers/b"]
    assert found[1].draining
