"""Faults that need a mesh of their own: two workers of one language, and a supervisor that is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from broken_mesh import BrokenMesh, goes_on, lasting, stopped
from running_load import RunningLoad
from whole_history import check

from conditions import until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]

TAKEN_OVER_S = 60.0
STOPPED_S = 15.0


def test_survives_a_zombie_beside_a_second_worker(data_dir: Path, seed: int) -> None:
    """SIGSTOP for 15 s of one of two workers: the other takes over all that it had, and what the zombie says
    when it comes back changes nothing.
    """
    bed = BrokenMesh(data_dir, ["python3=1", "python3=1"])
    with bed.mesh, bed.loaded(seed) as load:
        with stopped([bed.mesh.process("worker-0")]):
            before = [each for each in list(load.handed) if each.name]
            lasting(STOPPED_S)
            until(
                lambda: all(each.watches[0].end for each in before), "all of it is taken over", TAKEN_OVER_S
            )
            goes_on(load)
        goes_on(load, 30)


def test_survives_one_of_two_workers(data_dir: Path, seed: int) -> None:
    """Kill -9 of one of two workers, then of the other: what one had, the other or a successor ends."""
    bed = BrokenMesh(data_dir, ["python3=1", "python3=1"])
    with bed.mesh, bed.loaded(seed) as load:
        bed.mesh.kill("worker-0")
        goes_on(load, 20)
        bed.mesh.kill("worker-1")
        goes_on(load, 20)


def test_survives_the_supervisor(data_dir: Path, seed: int) -> None:
    """Kill -9 of the supervisor ends the mesh; a new one on the same data folder ends what was begun."""
    first = BrokenMesh(data_dir, ["python3=2"])
    with first.mesh:
        load = RunningLoad(first.mesh.address, seed)
        load.start()
        goes_on(load, 30)
        os.kill(first.mesh.supervisor_pid, signal.SIGKILL)
        second = BrokenMesh(data_dir, ["python3=2"], first.mesh.address)
        with second.mesh:
            goes_on(load, 30)
            load.finish()
            check(second.mesh, load, first.worker_pids | second.worker_pids)
