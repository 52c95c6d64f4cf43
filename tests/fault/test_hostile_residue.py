"""Many runs, some of them hostile: neither what is left on the machine grows, nor anybody's memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hostile_corpus import Hostile, folder, parse
from hostile_ground import Ground, changes

from conditions import until

RUNS = int(os.environ.get("GAVEL_RESIDUE_RUNS", "500"))
"""How many judgements; `make soak` makes ten thousand of them."""
_WARM_RUNS = 60
"""Before the first look: caches fill, allocators take what they need."""
_GROWTH_BYTES = 12 << 20
"""How much a process may grow: allocators' slack. A kilobyte kept of each run would be more in a soak."""
_GROWTH_CGROUPS = 64
"""How many cgroups the kernel may still hold that are removed but whose last page is not given back."""
_SETTLE_S = 30.0

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120 + RUNS * 4)]

ORDINARY = parse("ordinary.py", "# verdicts: ACCEPTED\n# tests: 1\nprint('held')\n")
UNTIDY = [
    program
    for program in folder("files", "processes", "secrets", "network", "memory")
    if program.name
    in {
        "files/links_left.py",
        "files/fifos_left.py",
        "files/locks_left.py",
        "secrets/earlier_runs.c",
        "processes/daemon_left.c",
        "network/local_sockets.c",
        "memory/socket_buffers.c",
    }
]


def _resident_bytes(pid: int) -> int:
    fields = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in fields if line.startswith("VmRSS:"))


def _kernel_cgroups() -> Mapping[str, int]:
    """Of each controller all cgroups that the kernel holds, those that are removed among them."""
    lines = Path("/proc/cgroups").read_text("ascii").splitlines()[1:]
    return {line.split()[0]: int(line.split()[2]) for line in lines}


def _judge(ground: Ground, program: Hostile) -> None:
    timed = ground.judge(ground.record(program))
    assert timed.verdict in program.verdicts, timed.told()


@pytest.mark.smoke
def test_nothing_grows(ground: Ground) -> None:
    """No process, mount, cgroup, file or descriptor more than before, and the memory of worker and spawner
    stays within what allocators keep.
    """
    assert len(UNTIDY) == 7

    def run(count: int) -> None:
        for number in range(count):
            _judge(ground, UNTIDY[number // 8 % len(UNTIDY)] if number % 8 == 0 else ORDINARY)

    run(_WARM_RUNS)
    before, cgroups = ground.settled(), _kernel_cgroups()
    pids = (os.getpid(), ground.sandbox.spawner_pid)
    resident = [_resident_bytes(pid) for pid in pids]

    run(RUNS)

    until(lambda: changes(before, ground.remains()) == {}, f"{before} again", _SETTLE_S)
    grown = [_resident_bytes(pid) - bytes_ for pid, bytes_ in zip(pids, resident, strict=True)]
    assert max(grown) < _GROWTH_BYTES, grown
    left = {name: count - cgroups[name] for name, count in _kernel_cgroups().items()}
    assert max(left.values()) <= _GROWTH_CGROUPS + RUNS // 100, left
