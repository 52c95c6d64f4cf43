"""CPU time of a process and of everything it starts, whoever reaps it and wherever it is moved.

The kernel's unified cgroup tree accounts CPU time without any controller, of living and ended processes
alike. Where the controllers of runs are in the version 1 trees nobody moves a process in it, so a group of
its own holds all of a contender: service, spawner, inits, programs. Work that the kernel puts off to threads
of its own (taking down namespaces and mounts) is in nobody's account.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_QUIET_S: Final = 0.03
_QUIET_SHARE: Final = 0.02
_SETTLE_S: Final = 3.0
SHARES: Final = 512
"""Of each contender together: as much as all of a worker's programs together have, so that what else runs on
the machine slows down all contenders alike."""


class CpuAccount:
    """The caller's group: made and entered by `enter`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cpu.stat"

    @classmethod
    def enter(cls, folders: Sequence[Path]) -> "CpuAccount":
        """Makes the groups and moves the calling process into them. OSError where that cannot be."""
        for folder in folders:
            folder.mkdir()
            shares = folder / "cpu.shares"
            if shares.exists():
                shares.write_text(str(SHARES))
            (folder / "cgroup.procs").write_text("0")
        return cls(folders[0])

    def used_s(self) -> float:
        """CPU time so far, in seconds."""
        return int(self._file.read_text().split()[1]) / 1e6

    def settled_s(self) -> float:
        """As `used_s`, once nothing but a trickle is added: boxes that are still taken down or made anew."""
        deadline = time.monotonic() + _SETTLE_S
        used = self.used_s()
        while time.monotonic() < deadline:
            time.sleep(_QUIET_S)
            before, used = used, self.used_s()
            if used - before < _QUIET_S * _QUIET_SHARE:
                break
        return used


def folders_for(name: str) -> list[Path]:
    """The groups of a contender: in the unified tree, and in the one of CPU weight, where that is mounted.

    Empty where the unified tree carries the controllers of runs: they move what is in it.
    """
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    unified = [Path(words[1]) for words in mounts if words[2] == "cgroup2"]
    if not unified or "memory" in (unified[0] / "cgroup.controllers").read_text().split():
        return []
    weights = [Path(words[1]) for words in mounts if words[2] == "cgroup" and "cpu" in words[3].split(",")]
    return [root / f"gavel-bench-{os.getpid()}-{name}" for root in (unified[0], *weights)]
