"""One fault at a time in the midst of a load, on a mesh that all tests share and leave whole."""

from __future__ import annotations

import os
import signal

import pytest
from broken_mesh import BrokenMesh, children_of, goes_on, lasting, stopped

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]

STOPPED_S = 15.0
"""Longer than a worker's session at the broker (6 s), a health check and a call's deadline."""
OUTAGE_S = 30.0


@pytest.mark.parametrize("part", ["submission-1", "result-1", "worker-0", "kafka", "envoy", "postgres"])
def test_survives_a_kill(bed: BrokenMesh, seed: int, part: str) -> None:
    """Kill -9 twice, the second time as soon as the part is back."""
    with bed.loaded(seed):
        bed.kill(part)
        bed.kill(part)


@pytest.mark.parametrize("part", ["worker-0", "result-0", "submission-0", "kafka"])
def test_survives_a_stop(bed: BrokenMesh, seed: int, part: str) -> None:
    """SIGSTOP for 15 s: what the process says afterwards changes nothing."""
    with bed.loaded(seed), stopped([bed.mesh.process(part)]):
        lasting(STOPPED_S)


@pytest.mark.parametrize("part", ["result-0", "submission-0"])
def test_goes_on_beside_a_replica_that_is_stopped(bed: BrokenMesh, seed: int, part: str) -> None:
    """While one of two replicas is frozen the other one serves all."""
    with bed.loaded(seed) as load, stopped([bed.mesh.process(part)]):
        goes_on(load, 30)


def test_survives_a_frozen_database(bed: BrokenMesh, seed: int) -> None:
    """PostgreSQL frozen for 30 s with its sockets open: accepted, judged and streamed meanwhile."""
    postmaster = bed.mesh.process("postgres")
    with bed.loaded(seed) as load, stopped([postmaster]), stopped(children_of(postmaster)):
        goes_on(load)
        lasting(OUTAGE_S)
        goes_on(load)


def test_survives_the_spawner(bed: BrokenMesh, seed: int) -> None:
    """Kill -9 of the sandbox's spawner: its boxes die with it, and their runs are done anew."""
    with bed.loaded(seed) as load:
        for _ in range(3):
            spawners = children_of(bed.mesh.process("worker-0"), b"sandbox/inside")
            assert spawners
            for spawner in spawners:
                os.kill(spawner, signal.SIGKILL)
            goes_on(load)


def test_survives_an_object_folder_that_is_away(bed: BrokenMesh, seed: int) -> None:
    """Nothing can be stored as an object for a while: accepted, judged and streamed meanwhile."""
    folder = bed.mesh.data_dir / "objects"
    away = folder.with_name("objects-away")
    with bed.loaded(seed) as load:
        folder.rename(away)
        folder.write_bytes(b"")  # nothing can be made here: root may write to any folder
        try:
            goes_on(load, 30)
        finally:
            folder.unlink()
            away.rename(folder)
