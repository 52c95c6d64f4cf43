"""What `gavel up` and `gavel status` show: lines while starting, then tables of processes and languages.

And, in red, each limit that a worker does not enforce because its operator allowed that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from gavel.embedded.events import Event
    from gavel.embedded.state import MeshState, PartState

LANGUAGES_SECONDS_MAX = 5.0
WORKERS_MAX = 1000
"""How many of them are looked at."""

Facts = dict[str, object]


class Teller:
    """Tells a person what a supervisor does."""

    def __init__(self, data_dir: Path, *, detach: bool, option: str = "") -> None:
        self._data = data_dir
        self._option = option
        self._detach = detach
        self._began = time.monotonic()
        self._console = Console(highlight=False, soft_wrap=True)

    def __call__(self, event: Event) -> None:
        from gavel.embedded import state
        from gavel.embedded.events import Kind

        since = f"{time.monotonic() - self._began:6.1f} s  "
        if event.kind is Kind.PROGRESS:
            self._console.print(since + event.message, markup=False)
        elif event.kind is Kind.READY:
            self._console.print(f"{since}{event.part} ready at {event.address} after {event.seconds:.1f} s")
        elif event.kind is Kind.ENDED:
            self._console.print(f"{since}{event.part} {event.message}; starts again in {event.seconds:.1f} s")
        elif event.kind is Kind.STOPPED:
            self._console.print(f"{since}{event.part} stopped")
        elif event.kind is Kind.FAILED:
            Console(stderr=True, highlight=False, soft_wrap=True).print(
                f"gavel up: {event.message}", markup=False
            )
        elif event.kind is Kind.UP:
            current = state.read(self._data)
            if current is not None:
                show(self._data, current, [], [])
            ends = f"gavel down{self._option}" if self._detach else "Ctrl-C"
            self._console.print(
                f"Gavel is up at {event.address}; {ends} stops it, the data stays.", markup=False
            )


def show(data: Path, current: MeshState, found: list[Facts], workers: list[Facts]) -> None:
    """Prints the tables, of `languages` and `unenforced`."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"data in {data}, ingress {current.ingress}, supervisor {current.supervisor.pid}", markup=False
    )
    processes = Table("process", "pid", "address", "state", "healthy since", "restarts", box=None)
    for part in current.parts:
        pid = str(part.pid) if part.pid else "-"
        since = f"{datetime.fromtimestamp(part.healthy_since):%H:%M:%S}" if part.healthy_since else "-"  # noqa: DTZ006 - for eyes here
        processes.add_row(part.name, pid, part.address, _word(part), since, str(part.restarts))
    console.print(processes)
    if found:
        table = Table("language", "version", "slots", "waiting", "running", "oldest (s)", box=None)
        for row in found:
            table.add_row(
                *(str(row[name]) for name in ("code", "version", "slots", "lag", "running")), _oldest(row)
            )
        console.print(table)
    for row in workers:
        console.print("NOT ENFORCED", style="bold red", end="  ")
        console.print(f"{row['worker']}: {row['limit']}: {row['reason']}", markup=False)


def status_lines(data: Path, current: MeshState, found: list[Facts], workers: list[Facts]) -> Iterator[Facts]:
    """The same as JSON objects, each with a `kind`: one mesh, processes, languages, limits unenforced."""
    yield {
        "kind": "mesh",
        "up": current.up,
        "ingress": current.ingress,
        "supervisor_pid": current.supervisor.pid,
        "data_dir": str(data),
    }
    for part in current.parts:
        yield {
            "kind": "process",
            "name": part.name,
            "role": part.role,
            "pid": part.pid,
            "address": part.address,
            "state": _word(part),
            "healthy_since": _iso(part.healthy_since),
            "restarts": part.restarts,
        }
    for row in found:
        yield {"kind": "language", **row}
    for row in workers:
        yield {"kind": "unenforced", **row}


def languages(ingress: str) -> list[Facts]:
    """Asks the mesh for its languages and their queues; empty if it does not answer within 5 s.

    `lag` counts the submissions of both lanes that wait or run.
    """
    import grpc

    from gavel.submission.v1 import submission_service_pb2, submission_service_pb2_grpc

    deadline = time.monotonic() + LANGUAGES_SECONDS_MAX
    with grpc.insecure_channel(ingress.replace("0.0.0.0", "127.0.0.1")) as channel:  # noqa: S104 - taken away
        stub = submission_service_pb2_grpc.SubmissionServiceStub(channel)
        try:
            listed = stub.ListLanguages(
                submission_service_pb2.ListLanguagesRequest(), timeout=LANGUAGES_SECONDS_MAX
            )
            stream = stub.WatchQueues(
                submission_service_pb2.WatchQueuesRequest(), timeout=max(0.1, deadline - time.monotonic())
            )
            queues = list(next(iter(stream)).queues)
            stream.cancel()
        except (grpc.RpcError, StopIteration):
            return []
    rows: list[Facts] = []
    for language in listed.languages:
        if language.available:
            own = [queue for queue in queues if queue.language == language.code]
            rows.append(
                {
                    "code": language.code,
                    "version": language.version,
                    "slots": language.slot_count,
                    "lag": sum(queue.waiting_count for queue in own),
                    "running": max((queue.running_count for queue in own), default=0),
                    "oldest_age_ms": max((queue.oldest_age_ms for queue in own), default=0),
                }
            )
    return rows


def unenforced(ingress: str) -> list[Facts]:
    """Which limit each worker does not enforce, and why; empty if the mesh does not answer within 5 s."""
    import grpc

    from gavel.worker.v1 import worker_service_pb2, worker_service_pb2_grpc

    with grpc.insecure_channel(ingress.replace("0.0.0.0", "127.0.0.1")) as channel:  # noqa: S104 - taken away
        stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
        request = worker_service_pb2.ListWorkersRequest(page_size=WORKERS_MAX)
        try:
            listed = stub.ListWorkers(request, timeout=LANGUAGES_SECONDS_MAX)
        except grpc.RpcError:
            return []
    return [
        {"worker": worker.name.removeprefix("workers/"), "limit": line.limit, "reason": line.mechanism}
        for worker in listed.workers
        for line in worker.enforcements
        if not line.enforced
    ]


def _word(part: PartState) -> str:
    """A part's state; of one whose process was just killed the supervisor may not know yet."""
    return "ended" if part.identity is not None and not part.identity.alive() else part.state


def _iso(moment: float | None) -> str | None:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds") if moment else None


def _oldest(row: Facts) -> str:
    age = row["oldest_age_ms"]
    return f"{age / 1000:.1f}" if isinstance(age, int) and age else "-"
