"""What runs, written down in the data folder: for `status` and `down`, and for the next `up` after a crash.

Two files. `gavel.lock` is held (flock) by the one supervisor of a data folder for as long as it lives.
`state.json` names every process by pid and start time, so that what a killed supervisor left can be ended
without ever hitting a process that got the pid later.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from gavel.embedded.process import Identity, identify, signal_group

END_SECONDS = 5.0
"""What a left-over process gets between SIGTERM and SIGKILL; nothing waits for its answers any more."""

LOCK_SECONDS = 0.3
"""How long a start waits for the lock, which who only looks whether somebody has it holds for a moment."""


@dataclass(frozen=True, slots=True)
class PartState:
    """One process of the mesh. `state` is starting, healthy, unhealthy, waiting (to restart) or stopped.

    `healthy_since` is in seconds since 1970, None while it is not healthy; `restarts` counts those after the
    mesh was up.
    """

    name: str
    role: str
    address: str
    state: str
    pid: int | None
    identity: Identity | None
    healthy_since: float | None
    restarts: int


@dataclass(frozen=True, slots=True)
class MeshState:
    """All processes of a data folder; `up` once the first start was complete."""

    supervisor: Identity
    ingress: str
    up: bool
    parts: tuple[PartState, ...]


class LockedError(Exception):
    """Another supervisor runs on this data folder. `pid` is its process, None if that is not known."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"a mesh already runs on {data_dir} ({who}); stop it with: gavel down --data-dir {data_dir}"
        )
        self.pid = pid


def lock(data_dir: Path) -> IO[str]:
    """Takes the data folder; LockedError if another process has it. Closing the file gives it back."""
    data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    file = (data_dir / "gavel.lock").open("a+")
    deadline = time.monotonic() + LOCK_SECONDS
    while not _try_lock(file):
        if time.monotonic() > deadline:
            file.seek(0)
            text = file.read().strip()
            file.close()
            raise LockedError(data_dir, int(text) if text.isdecimal() else None)
        time.sleep(LOCK_SECONDS / 10)
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(data_dir: Path) -> Identity | None:
    """The supervisor that lives on this data folder; None if there is none."""
    try:
        with (data_dir / "gavel.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return identify(int(file.read()))
    except (FileNotFoundError, ValueError):
        return None
    return None


def write(data_dir: Path, state: MeshState) -> None:
    """Replaces the state file; a reader sees the old one or the new one."""
    new = data_dir / "state.json.new"
    new.write_text(json.dumps(asdict(state), indent=1) + "\n")
    new.replace(data_dir / "state.json")


def read(data_dir: Path) -> MeshState | None:
    """Reads the state file; None if there is none, or none that can be read."""
    try:
        raw = json.loads((data_dir / "state.json").read_text())
        parts = tuple(
            PartState(**(part | {"identity": _identity(part["identity"])})) for part in raw["parts"]
        )
        supervisor = Identity(**raw["supervisor"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return MeshState(supervisor, raw["ingress"], raw["up"], parts)


def _identity(raw: dict[str, str | int] | None) -> Identity | None:
    return None if raw is None else Identity(int(raw["pid"]), int(raw["start_ticks"]), str(raw["boot_id"]))


def end_leftovers(state: MeshState) -> list[str]:
    """Ends the processes that a killed supervisor left; the names of those that still ran.

    Each gets SIGTERM with its group (PostgreSQL SIGINT), and SIGKILL after 5 s.
    """
    found = [(part, part.identity) for part in state.parts if part.identity and part.identity.alive()]
    for part, identity in found:
        number = signal.SIGINT if part.role == "postgres" else signal.SIGTERM
        signal_group(identity, number)
    for identity in wait_gone([identity for _, identity in found], END_SECONDS):
        signal_group(identity, signal.SIGKILL)
    wait_gone([identity for _, identity in found], END_SECONDS)
    return [part.name for part, _ in found]


def wait_gone(identities: Sequence[Identity], timeout_seconds: float) -> list[Identity]:
    """Waits until none of the processes is there any more; those that still are when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    left = [identity for identity in identities if identity.alive()]
    while left and (remaining := deadline - time.monotonic()) > 0:
        try:
            pidfd = os.pidfd_open(left[0].pid)
        except ProcessLookupError:
            left = left[1:]
            continue
        try:
            if identify(left[0].pid) == left[0]:
                poll = select.poll()
                poll.register(pidfd, select.POLLIN)
                poll.poll(remaining * 1000)
        finally:
            os.close(pidfd)
        left = [identity for identity in left if identity.alive()]
    return left
