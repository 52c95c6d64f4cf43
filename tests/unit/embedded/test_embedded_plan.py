"""What a mesh is made of, worked out without starting anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gavel.embedded import plan
from gavel.embedded.arguments import arguments_of, parse
from gavel.embedded.core import back_off
from gavel.embedded.events import Event, Kind
from gavel.embedded.plan import Options, UnavailableLanguageError, Worker
from gavel.mesh import Endpoint


def numbered_ports() -> Callable[[str], int]:
    """Gives each name a port of its own, from 20000 on."""
    given: dict[str, int] = {}
    return lambda name: given.setdefault(name, 20_000 + len(given))


def test_back_off_doubles_to_five_seconds() -> None:
    """A part that never gets healthy is started again after 0.1, 0.2, ... at most 5 s."""
    delays: list[float] = []
    delay = None
    for _ in range(8):
        delay = back_off(delay, healthy_seconds=0)
        delays.append(delay)

    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_back_off_begins_anew_after_ten_healthy_seconds() -> None:
    """A part that was healthy for 10 s is started again at once; a shorter while changes nothing."""
    assert back_off(5.0, healthy_seconds=10) == 0.1
    assert back_off(0.4, healthy_seconds=9.9) == 0.8


@pytest.mark.parametrize(
    ("text", "worker"),
    [
        ("python3", Worker(("python3",))),
        ("python3,cpp", Worker(("python3", "cpp"))),
        ("cpp=4", Worker(("cpp",), 4)),
        ("cpp,cpp,c=1", Worker(("cpp", "c"), 1)),
    ],
)
def test_worker_option(text: str, worker: Worker) -> None:
    """A worker is LANGUAGE[,LANGUAGE..][=SLOTS]."""
    assert Worker.parse(text) == worker
    assert Worker.parse(str(worker)) == worker


@pytest.mark.parametrize(
    "text", ["", "=2", "cpp=", "cpp=0", "cpp=-1", "cpp=1.5", "cpp=1025", "cpp,", "../x", "Cpp"]
)
def test_worker_option_refused(text: str) -> None:
    """Whatever is something else is refused with what was expected."""
    with pytest.raises(ValueError, match="expected"):
        Worker.parse(text)


@pytest.mark.parametrize(
    "change",
    [
        {"submission": 0},
        {"result": 17},
        {"workers": ()},
        {"ingress_host": "example"},
        {"data_dir": Path("/a,b")},
    ],
)
def test_options_have_bounds(change: dict[str, object]) -> None:
    """Replica counts are 1 to 16, the ingress is an IP address, the data folder one that Kafka can name."""
    with pytest.raises(ValueError, match=r"expected|address"):
        Options(**{"data_dir": Path("/data"), **change})  # type: ignore[arg-type]


def test_languages_of_workers() -> None:
    """A worker that names none gets all of the machine's; one that names a missing one is refused."""
    available = ["c", "python3"]

    assert plan.assign_languages([Worker((), 2), Worker(("c",))], available) == (
        Worker(("c", "python3"), 2),
        Worker(("c",)),
    )
    with pytest.raises(UnavailableLanguageError, match="java"):
        plan.assign_languages([Worker(("java",))], available)
    with pytest.raises(UnavailableLanguageError, match="any"):
        plan.assign_languages([Worker()], [])


def test_every_service_has_its_own_addresses() -> None:
    """Names, gRPC and metrics addresses are distinct, and Envoy gets the gRPC ones under their names."""
    options = Options(Path("/data"), submission=3, result=2, workers=(Worker(), Worker()))
    port = numbered_ports()
    workers = [Worker(("c",), 2), Worker(("python3", "cpp"))]
    services = plan.services(options, workers, "127.0.0.1:9092", "postgresql://", port)
    environments = [service.environment for service in services]
    addresses = [e[key] for e in environments for key in ("GAVEL_LISTEN", "GAVEL_METRICS_LISTEN")]

    assert sorted(service.name for service in services) == [
        *("cleanup-0", "result-0", "result-1", "submission-0", "submission-1", "submission-2"),
        *("worker-0", "worker-1"),
    ]
    assert len(set(addresses)) == 16
    assert all(environment["GAVEL_STORAGE_URL"] == "file:///data/objects" for environment in environments)
    assert [e["GAVEL_LANGUAGES"] for e in environments if "GAVEL_LANGUAGES" in e] == ["c", "python3,cpp"]
    assert [e["GAVEL_SLOTS"] for e in environments if "GAVEL_SLOTS" in e] == ["2", "0"]
    assert len({e["GAVEL_STATE_DIR"] for e in environments if "GAVEL_STATE_DIR" in e}) == 2
    assert plan.envoy(options, services, port).address == "127.0.0.1:8080"


def test_a_language_that_some_workers_lack_has_a_cluster_of_its_own() -> None:
    """Programs of it reach the workers that have it; among workers that are alike there is no choice."""
    one, two, three = (Endpoint(f"worker-{n}", "127.0.0.1", 7000 + n) for n in range(3))

    assert plan.language_clusters({one: ["c", "cpp"], two: ["c", "cpp"]}) == {}
    assert plan.language_clusters({one: ["c", "cpp"], two: ["python3", "c"], three: ["c"]}) == {
        "worker-cpp": (one,),
        "worker-python3": (two,),
    }


def test_the_mesh_routes_programs_by_the_workers_languages() -> None:
    """What the planned workers are told to serve is what Envoy's clusters say."""
    options = Options(Path("/data"), workers=(Worker(), Worker()))
    port = numbered_ports()
    workers = [Worker(("c", "python3")), Worker(("python3",))]
    topology = plan.topology(options, plan.services(options, workers, "k", "d", port), port)

    assert [replica.name for replica in topology.replicas("worker")] == ["worker-0", "worker-1"]
    assert [replica.name for replica in topology.replicas("worker-c")] == ["worker-0"]
    assert topology.languages() == ("c",)


def test_options_survive_the_command_line() -> None:
    """What `gavel up --detach` tells its supervisor is what it was asked for."""
    options = Options(Path("/some where"), "::1", 9000, 1, 3, (Worker(("c",), 2), Worker(("cpp", "java"))))
    default = Options(Path("/data"))

    assert parse([*arguments_of(options), "--control"]) == (options, True)
    assert parse(arguments_of(default)) == (default, False)


def test_supervisor_starts_without_grpc() -> None:
    """What `gavel up` loads before its first process is small: no gRPC, no Kafka and no database client."""
    script = (
        "import sys, gavel.cli.stack, gavel.embedded.supervisor\n"
        "print([name for name in ('grpc', 'confluent_kafka', 'psycopg') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert loaded.stdout == "[]\n"


def test_events_survive_a_line() -> None:
    """An event read back from its line is the same, without what does not apply."""
    event = Event(Kind.READY, part="kafka", address="127.0.0.1:9092", pid=7, seconds=1.5)

    assert Event.from_json(event.to_json()) == event
    assert "seconds" not in Event(Kind.UP, address="127.0.0.1:8080").to_json()
    with pytest.raises(ValueError, match="not an event"):
        Event.from_json('{"done": "stop kafka"}')
