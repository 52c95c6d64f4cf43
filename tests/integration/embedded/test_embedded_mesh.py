"""The whole mesh under its supervisor, with the real command and the real services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gavel.embedded import Mesh, StartError, state
from gavel.embedded.ports import choose, is_free
from gavel.embedded.probes import grpc_serves
from gavel.embedded.process import Identity
from gavel.mesh.topology import HEALTH_SERVICES

pytestmark = pytest.mark.integration

GAVEL = [sys.executable, "-c", "from gavel.cli import main; main()"]


def gavel(*words: str, timeout_seconds: float = 90) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    return subprocess.run(
        [*GAVEL, *words], capture_output=True, text=True, check=False, timeout=timeout_seconds
    )


def lines(text: str) -> list[dict[str, object]]:
    """Reads one JSON object a line."""
    return [json.loads(line) for line in text.splitlines()]


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for a condition, and fails when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.05)


def identities(data_dir: Path) -> list[Identity]:
    """Every process that the state file names."""
    current = state.read(data_dir)
    assert current is not None
    return [current.supervisor, *(part.identity for part in current.parts if part.identity)]


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A small mesh. A test that breaks a part waits until it is healthy again."""
    folder = tmp_path_factory.mktemp("mesh")
    with Mesh(folder, submission=1, result=1, workers=["python3=1"]) as running:
        yield running


@pytest.fixture
def small(tmp_path: Path) -> Iterator[list[str]]:
    """Words for a small mesh on a folder and port of its own, which is stopped afterwards."""
    words = ["--data-dir", str(tmp_path), "--ingress", f"127.0.0.1:{choose()}"]
    yield [*words, "--submission", "1", "--result", "1", "--worker", "python3=1"]
    assert gavel("down", "--data-dir", str(tmp_path)).returncode == 0


def test_all_parts_are_healthy_when_up(mesh: Mesh) -> None:
    """After the start every process answers its users, and services answer through the ingress."""
    parts = {part.name: part for part in mesh.parts()}

    assert sorted(parts) == [
        *("cleanup-0", "envoy", "kafka", "postgres", "result-0", "submission-0", "worker-0"),
    ]
    assert {part.state for part in parts.values()} == {"healthy"}
    assert grpc_serves(mesh.address, HEALTH_SERVICES["submission"])
    for part in parts.values():
        assert part.role not in HEALTH_SERVICES or grpc_serves(part.address, HEALTH_SERVICES[part.role])


@pytest.mark.parametrize("name", ["submission-0", "worker-0", "envoy", "postgres", "kafka"])
def test_killed_part_comes_back(mesh: Mesh, name: str) -> None:
    """A part killed with SIGKILL runs again at its address, and the ingress serves."""
    before = mesh.part(name)

    mesh.kill(name)

    wait_until(lambda: mesh.part(name).pid != before.pid and mesh.part(name).state == "healthy")
    assert mesh.part(name).address == before.address
    assert mesh.part(name).restarts == before.restarts + 1
    wait_until(lambda: grpc_serves(mesh.address, HEALTH_SERVICES["submission"]))


def test_stopped_part_stays_stopped(mesh: Mesh) -> None:
    """A part that a test stops is not started again until the test says so."""
    address = mesh.part("result-0").address
    mesh.stop_part("result-0")
    assert not grpc_serves(address)
    with pytest.raises(RuntimeError, match="does not run"):
        mesh.process("result-0")

    mesh.start_part("result-0")

    assert grpc_serves(address, HEALTH_SERVICES["result"])
    with pytest.raises(StartError, match="no such part"):
        mesh.stop_part("result-9")


def test_second_up_is_refused(mesh: Mesh) -> None:
    """A data folder has one mesh: the second start names the process of the first and touches nothing."""
    second = gavel("up", "--data-dir", str(mesh.data_dir), "--ingress", f"127.0.0.1:{choose()}")

    assert second.returncode == 3
    assert f"process {mesh.supervisor_pid}" in second.stderr
    assert grpc_serves(mesh.address, HEALTH_SERVICES["submission"])


def test_taken_ingress_is_refused(mesh: Mesh, tmp_path: Path) -> None:
    """A start on a port that somebody has fails before anything runs."""
    second = gavel("up", "--data-dir", str(tmp_path), "--ingress", mesh.address, "--json")

    assert second.returncode == 3
    (event,) = lines(second.stdout)
    assert event["event"] == "failed"
    assert "is taken" in str(event["message"])


def test_status_names_every_process(mesh: Mesh) -> None:
    """`gavel status --json` has a line for the mesh, each process with its real pid, and each language."""
    answer = gavel("status", "--data-dir", str(mesh.data_dir), "--json")
    rows = lines(answer.stdout)
    processes = {row["name"]: row for row in rows if row["kind"] == "process"}

    assert answer.returncode == 0
    assert rows[0] == {
        "kind": "mesh",
        "up": True,
        "ingress": mesh.address,
        "supervisor_pid": mesh.supervisor_pid,
        "data_dir": str(mesh.data_dir),
    }
    assert {name: row["pid"] for name, row in processes.items()} == {p.name: p.pid for p in mesh.parts()}
    for row in processes.values():
        assert isinstance(row["pid"], int)
        os.kill(row["pid"], 0)
    assert [row["code"] for row in rows if row["kind"] == "language"] == ["python3"]


def test_logs_are_shown(mesh: Mesh) -> None:
    """`gavel logs` prints a part's log, as JSON when asked for, and names the parts when there is no such."""
    plain = gavel("logs", "kafka", "--data-dir", str(mesh.data_dir))
    rows = lines(gavel("logs", "kafka", "--data-dir", str(mesh.data_dir), "--json").stdout)
    unknown = gavel("logs", "../state", "--data-dir", str(mesh.data_dir))

    assert "Kafka Server started" in plain.stdout
    assert {row["part"] for row in rows} == {"kafka"}
    assert unknown.returncode == 2
    assert "worker-0" in unknown.stderr


def test_logs_follow(mesh: Mesh) -> None:
    """With --follow, what a part writes later is printed as it comes."""
    log = mesh.data_dir / "logs" / "extra.log"
    log.write_text("first\n")
    argv = [*GAVEL, "logs", "extra", "--follow", "--data-dir", str(mesh.data_dir)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "first\n"
        with log.open("a") as writer:
            writer.write("second\n")
        assert follower.stdout.readline() == "second\n"
        follower.send_signal(signal.SIGINT)


def test_data_outlives_a_killed_supervisor(small: list[str], tmp_path: Path) -> None:
    """After kill -9 of the supervisor the next start ends what is left and goes on with the data.

    PostgreSQL is stopped (SIGSTOP) before, so that it cannot follow the supervisor by itself.
    """
    up = gavel("up", *small, "--detach", "--json")
    assert (up.returncode, lines(up.stdout)[-1]["event"]) == (0, "up")
    first = {identity.pid: identity for identity in identities(tmp_path)}
    database = next(part for part in state.read(tmp_path).parts if part.name == "postgres")  # type: ignore[union-attr]
    url = f"postgresql://gavel:{(tmp_path / 'postgres' / 'password').read_text()}@{database.address}/gavel"
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert database.identity is not None
    os.kill(database.identity.pid, signal.SIGSTOP)
    os.kill(identities(tmp_path)[0].pid, signal.SIGKILL)
    wait_until(lambda: [i for i in first.values() if i.alive()] == [database.identity])
    assert gavel("status", "--data-dir", str(tmp_path)).returncode == 3

    again = gavel("up", *small, "--detach", "--json")

    assert again.returncode == 0
    assert any("ended what a killed supervisor left: postgres" in str(row) for row in lines(again.stdout))
    assert not any(identity.alive() for identity in first.values())
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_down_leaves_nothing_running(small: list[str], tmp_path: Path) -> None:
    """`gavel down` ends every process and frees the ingress; doing it again is no error."""
    assert gavel("up", *small, "--detach").returncode == 0
    running = identities(tmp_path)

    assert gavel("down", "--data-dir", str(tmp_path)).returncode == 0

    assert not any(identity.alive() for identity in running)
    assert is_free(int(small[3].rsplit(":", 1)[1]))
    assert gavel("down", "--data-dir", str(tmp_path)).returncode == 0


def test_failed_start_leaves_nothing_running(small: list[str], tmp_path: Path) -> None:
    """A part that does not start is named, with its reason and its log's last lines; all others stop."""
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "made").touch()
    (tmp_path / "postgres" / "password").write_text("x")

    failed = gavel("up", *small)

    assert failed.returncode == 3
    assert "postgres: exited with code" in failed.stderr
    assert "postgres.log:" in failed.stderr
    assert not any(identity.alive() for identity in identities(tmp_path)[1:])


def test_missing_toolchain_is_refused(tmp_path: Path) -> None:
    """A worker for a language that this machine lacks is refused by name."""
    failed = gavel(
        "up", "--data-dir", str(tmp_path), "--ingress", f"127.0.0.1:{choose()}", "--worker", "nosuch"
    )

    assert failed.returncode == 3
    assert "no toolchain for nosuch" in failed.stderr


def test_interrupted_start_stops_everything(small: list[str], tmp_path: Path) -> None:
    """Ctrl-C in the midst of a start ends all that has started."""
    with subprocess.Popen([*GAVEL, "up", *small], stdout=subprocess.PIPE, text=True) as starting:
        assert starting.stdout is not None
        wait_until(lambda: "starting Kafka" in str(starting.stdout.readline()))  # type: ignore[union-attr]
        starting.send_signal(signal.SIGINT)
        starting.communicate(timeout=60)

    assert starting.returncode == 3
    assert not any(identity.alive() for identity in identities(tmp_path))
