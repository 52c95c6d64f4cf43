"""Cgroups that are given to a user, as an administrator or systemd does it, for as long as a test lasts."""

import os
from pathlib import Path

from gavel.sandbox import cgroups
from gavel.sandbox.cgroup_v1 import CgroupsV1
from gavel.sandbox.cgroup_v2 import enable

_CONTROLLERS = ("cpu", "memory", "pids")
_OF_THE_USER = ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads")


class DelegatedCgroups:
    """Of version 1 a folder in each hierarchy; of version 2 one, where the user's processes begin."""

    def __init__(self, name: str, uid: int) -> None:
        self._uid = uid
        version_1 = _version_1()
        self.version = 1 if version_1 else 2
        self.folders = [Path(mount, name) for mount in sorted(version_1) or roots_of_version_2()[:1]]

    def give(self) -> None:
        """Makes them, if they are not there."""
        for folder in self.folders:
            if self.version == 2:
                enable(str(folder.parent), _CONTROLLERS)
            folder.mkdir(exist_ok=True)
            os.chown(folder, self._uid, self._uid)
            for file in _OF_THE_USER if self.version == 2 else ():
                os.chown(folder / file, self._uid, self._uid)

    def take(self) -> None:
        """Removes them with all that is left below."""
        for folder in self.folders:
            cgroups.sweep(str(folder))

    def enter(self) -> str:
        """For a shell, as root: moves it to where processes of that user are."""
        (first, *_) = self.folders
        if self.version == 1 or not first.exists():
            return ""
        # A worker that was there before has made it a group without processes of its own.
        return f"echo $$ >{first}/gavel-service/cgroup.procs || echo $$ >{first}/cgroup.procs\n"


def unavailable() -> str:
    """Why nothing can be delegated here; empty if it can."""
    if _version_1():
        return ""
    try:
        enable(roots_of_version_2()[0], _CONTROLLERS)
    except (OSError, LookupError) as error:
        return f"no cgroups to delegate: {error!r}"
    return ""


def _version_1() -> set[str]:
    return set((CgroupsV1.hierarchies(Path("/proc/self/mounts").read_text("utf-8")) or {}).values())


def roots_of_version_2() -> list[str]:
    """Where it is mounted."""
    lines = [line.split() for line in Path("/proc/self/mounts").read_text("utf-8").splitlines()]
    return [fields[1] for fields in lines if fields[2] == "cgroup2"]
