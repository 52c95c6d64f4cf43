"""From init's fork to the program's exec. Every step either succeeds or the program does not start."""

import functools
import os
import resource
import struct
import time
from typing import Any, Final

from . import calls, kernel
from .namespace import BOX_USER

_SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_FOR_WRITING: Final = os.O_WRONLY | os.O_CLOEXEC
_UMASK: Final = 0o022
_TIME_BYTES: Final = 16


def start(
    job: dict[str, Any], descriptors: tuple[int, ...], filter_program: kernel.Filter, starter: calls.Starter
) -> tuple[int, int]:
    """The program's pid, and the time of its exec in nanoseconds of the monotonic clock. OSError if not.

    `descriptors`: stdin, stdout, stderr, a pipe that is told the time of the exec as well, then one open
    `tasks` or `cgroup.procs` file a controller. With `reopen` these only name the files, which the box's root
    opens, to enter for itself.
    """
    environment: dict[str, str] = job["env"]
    reopen: bool = job["reopen"]
    path = _find(job["argv"][0], environment.get("PATH", _SEARCH_PATH))
    # Each is close-on-exec from its making; this is for one that might be forgotten some day.
    kernel.close_on_exec_from(3)
    begun, *cgroups = descriptors[3:]
    if reopen:
        cgroups = [os.open(f"/proc/self/fd/{cgroup}", _FOR_WRITING) for cgroup in cgroups]
    enter: list[calls.Call] = [("write", cgroup, b"0", 1) for cgroup in cgroups]
    program = (
        os.fsencode(path),
        tuple(map(os.fsencode, job["argv"])),
        tuple(os.fsencode(f"{name}={value}") for name, value in environment.items()),
    )
    table = starter.table(
        [
            ("setsid",),
            ("umask", _UMASK),
            *(("dup3", source, target, 0) for target, source in enumerate(descriptors[:3])),
            *(("prlimit64", 0, kind, _within(kind, wanted), 0) for kind, wanted in job["rlimits"]),
            *(enter if reopen else ()),
            ("setgroups", 0, 0),
            ("setresgid", BOX_USER, BOX_USER, BOX_USER),
            ("setresuid", BOX_USER, BOX_USER, BOX_USER),  # drops every capability: see SECUREBITS
            ("chdir", os.fsencode(job["cwd"])),
            ("prctl", kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, filter_program.address),
            *(() if reopen else enter),  # as late as can be: the accounts start with the program
            ("clock_gettime", time.CLOCK_MONOTONIC, None),
            ("write", begun, None, _TIME_BYTES),
            ("execve", *program),
        ]
    )
    try:
        return starter.execute(table), table.time_ns()
    finally:
        if reopen:
            for cgroup in cgroups:
                os.close(cgroup)


@functools.lru_cache(maxsize=64)
def _within(kind: int, wanted: int) -> bytes:
    """Soft and hard limit, as the kernel takes them; never above the hard one, which init may not raise."""
    hard = resource.getrlimit(kind)[1]
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return struct.pack("QQ", limit, limit)


def _find(name: str, search_path: str) -> str:
    if "/" in name:
        return name
    for folder in search_path.split(":"):
        candidate = f"{folder}/{name}"
        if os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(2, f"{name} is not on {search_path}")
