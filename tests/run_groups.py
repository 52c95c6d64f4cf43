"""The cgroups that sandboxes make on this machine, of either version."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gavel.sandbox import cgroups

_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "gavel-runs-"


def owners(pids: Collection[int]) -> list[Path]:
    """The folders in which these processes of this pid namespace keep the groups of their runs."""
    found = [*_ROOT.glob("*/gavel/*"), *_ROOT.glob("*/gavel-*/*"), *_ROOT.rglob(f"{_PREFIX}*")]
    return [folder for folder in found if _pid_of(folder) in pids and folder.is_dir()]


def runs(pid: int) -> list[Path]:
    """The groups of a process's runs, in all hierarchies."""
    return [run for owner in owners([pid]) for run in owner.iterdir() if run.is_dir()]


def is_abandoned(owner: Path) -> bool:
    """Whether the process whose folder it is is gone."""
    return cgroups.is_abandoned(owner.name.removeprefix(_PREFIX))


def _pid_of(folder: Path) -> int:
    parts = folder.name.removeprefix(_PREFIX).split("-")
    return int(parts[1]) if len(parts) == 4 and all(part.isdecimal() for part in parts) else -1
