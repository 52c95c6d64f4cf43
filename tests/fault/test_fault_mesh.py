"""Faults in the midst of a load: the invariants hold over the whole history."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from checker import check
from load import Load

from conditions import until
from gavel.embedded import Mesh

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]

COUNT = 200
STOPPED_S = 15.0
OUTAGE_S = 30.0


@contextmanager
def loaded(mesh: Mesh, seed: int, count: int = COUNT) -> Iterator[Load]:
    """A load around the block, which begins when a fifth of it has ended; then all is checked."""
    load = Load(mesh.address, seed, count)
    load.start()
    until(lambda: load.ended_count >= count // 5, "a fifth of the load has ended", 60.0)
    yield load
    load.join()
    check(mesh, load)


def _spend(seconds: float) -> None:
    """A fault's own length."""
    threading.Event().wait(seconds)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("worker-0", marks=pytest.mark.smoke),
        pytest.param("submission-0", marks=pytest.mark.smoke),
        pytest.param("result-0", marks=pytest.mark.smoke),
        pytest.param("kafka", marks=pytest.mark.smoke),
        pytest.param("envoy", marks=pytest.mark.smoke),
        "postgres",
    ],
)
def test_survives_a_kill(mesh: Mesh, seed: int, part: str) -> None:
    """Kill -9 of one process: it comes back, and nothing is lost, doubled or wrong."""
    restarts = mesh.part(part).restarts
    with loaded(mesh, seed):
        mesh.kill(part)
        until(lambda: mesh.part(part).restarts > restarts, f"{part} was started again")


@pytest.mark.parametrize(
    "part", [pytest.param("worker-0", marks=pytest.mark.smoke), "result-0", "submission-0"]
)
def test_survives_a_zombie(mesh: Mesh, seed: int, part: str) -> None:
    """SIGSTOP for 15 s, longer than its session: what it says afterwards changes nothing."""
    with loaded(mesh, seed):
        mesh.kill(part, signal.SIGSTOP)
        _spend(STOPPED_S)
        mesh.kill(part, signal.SIGCONT)


def test_survives_a_frozen_database(mesh: Mesh, seed: int) -> None:
    """All processes of PostgreSQL stopped for 15 s: accepted, judged and streamed meanwhile, stored after."""
    with loaded(mesh, seed) as load:
        processes = _group(mesh.process("postgres"))
        _signal(processes, signal.SIGSTOP)
        try:
            _assert_goes_on(load)
        finally:
            _signal(processes, signal.SIGCONT)


@pytest.mark.smoke
def test_survives_without_a_database(mesh: Mesh, seed: int) -> None:
    """PostgreSQL down for all the rest of the load: accepted, judged and streamed, and stored after."""
    with loaded(mesh, seed) as load:
        mesh.stop_part("postgres")
        try:
            load.join()
        finally:
            mesh.start_part("postgres")


def test_survives_a_long_outage_of_the_database(mesh: Mesh, seed: int) -> None:
    """PostgreSQL down for 30 s: every submission that began before, during or after has its row."""
    with loaded(mesh, seed) as load:
        mesh.stop_part("postgres")
        try:
            _assert_goes_on(load)
            _spend(OUTAGE_S)
        finally:
            mesh.start_part("postgres")


def test_survives_the_spawner(mesh: Mesh, seed: int) -> None:
    """Kill -9 of the sandbox's spawner: its boxes die with it, and their runs are done anew."""
    with loaded(mesh, seed):
        for spawner in _spawners(mesh.process("worker-0")):
            os.kill(spawner, signal.SIGKILL)


def test_survives_an_object_folder_that_is_away(mesh: Mesh, seed: int) -> None:
    """The object folder gone for a while: accepted, judged and streamed meanwhile, stored after."""
    folder = mesh.data_dir / "objects"
    away = folder.with_name("objects-away")
    with loaded(mesh, seed) as load:
        folder.rename(away)
        folder.write_bytes(b"")  # nothing can be made here: root may write to any folder
        try:
            _assert_goes_on(load)
        finally:
            folder.unlink()
            away.rename(folder)


def test_survives_one_kill_after_another(mesh: Mesh, seed: int) -> None:
    """Every part killed in turn during one load."""
    with loaded(mesh, seed, 2 * COUNT) as load:
        for part in ("submission-1", "worker-0", "result-1", "kafka", "envoy", "submission-0", "postgres"):
            ended, restarts = load.ended_count, mesh.part(part).restarts
            mesh.kill(part)
            until(lambda: mesh.part(part).restarts > restarts, f"{part} was started again")  # noqa: B023
            until(lambda: _moved(load, ended, 10), f"judging goes on after {part}", 60.0)  # noqa: B023


def test_survives_the_supervisor(data_dir: Path, seed: int) -> None:
    """Kill -9 of the supervisor ends the mesh; a new one on the same data folder ends what was begun."""
    first = Mesh(data_dir, workers=["python3=2"])
    first.start()
    with _stopped(first):
        load = Load(first.address, seed, COUNT)
        load.start()
        until(lambda: load.ended_count >= COUNT // 5, "a fifth of the load has ended", 60.0)
        os.kill(first.supervisor_pid, signal.SIGKILL)
        with Mesh(data_dir, ingress=first.address, workers=["python3=2"]) as second:
            load.join()
            check(second, load)


def test_survives_one_of_two_workers(data_dir: Path, seed: int) -> None:
    """Two workers of one language, one killed and the other stopped for a while after that."""
    with Mesh(data_dir, workers=["python3=1", "python3=1"]) as mesh, loaded(mesh, seed) as load:
        mesh.kill("worker-0")
        ended = load.ended_count
        until(lambda: _moved(load, ended, 20), "the other worker goes on")
        mesh.kill("worker-1", signal.SIGSTOP)
        _spend(STOPPED_S)
        mesh.kill("worker-1", signal.SIGCONT)


def _assert_goes_on(load: Load) -> None:
    """Programs are accepted and reach their verdict while the fault lasts."""
    accepted, ended = load.accepted_count, load.ended_count
    until(lambda: _moved(load, ended, 20), "verdicts are streamed meanwhile", 60.0)
    assert load.accepted_count > accepted
    assert not any(each.error for each in load.seen)


def _moved(load: Load, ended: int, count: int) -> bool:
    return load.ended_count >= min(ended + count, len(load.seen))


@contextmanager
def _stopped(mesh: Mesh) -> Iterator[None]:
    try:
        yield
    finally:
        mesh.stop()


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def _group(leader: int) -> list[int]:
    """The processes of a leader's group."""
    return [pid for pid in _pids() if _try(lambda: os.getpgid(pid)) == leader]  # noqa: B023


def _spawners(worker: int) -> list[int]:
    """The spawners that a worker has started."""
    found = []
    for pid in _pids():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == worker and b"sandbox/inside" in words:
            found.append(pid)
    assert found
    return found


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _try(read: Callable[[], int]) -> int:
    try:
        return read()
    except ProcessLookupError:
        return -1
