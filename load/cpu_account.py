"""CPU time of a process and of everything it starts, whoever reaps it and wherever it is moved.

The kernel's unified cgroup tree accounts CPU time without any controller, of living and ended processes
alike. Where the controllers of runs are in the version 1 trees nobody moves a process in it, so a group of
its own holds all of a contender: service, spawner, inits, programs. Work that the kernel puts off to threads
of its own (taking down namespaces and mounts) is in nobody's account.
"""

import os
import time
from pathlib import Path
from typing import Final

_QUIET_S: Final = 0.03
_QUIET_SHARE: Final = 0.02
_SETTLE_S: Final = 3.0


class CpuAccount:
    """The caller's group: made and entered by `enter`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cpu.stat"

    @classmethod
    def enter(cls, folder: Path) -> "CpuAccount":
        """Makes the group `folder` and moves the calling process into it. OSError where that cannot be."""
        folder.mkdir()
        (folder / "cgroup.procs").write_text("0")
        return cls(folder)

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


def folder_for(name: str) -> Path | None:
    """Where a group of that name belongs; None where the unified tree carries the controllers of runs."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    root = next((Path(words[1]) for words in mounts if words[2] == "cgroup2"), None)
    if root is None or "memory" in (root / "cgroup.controllers").read_text().split():
        return None
    return root / f"gavel-bench-{os.getpid()}-{name}"
