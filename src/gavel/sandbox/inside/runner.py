"""From init's fork to the program's exec. Every step either succeeds or the program does not start.

The child shares init's memory until it writes to it: each object it touches costs a page. So whatever can be
done before the fork is done in `Start`, and the child is short.
"""

import os
import resource
import time
from typing import Any, Final, Never

from . import kernel
from .namespace import BOX_USER

_SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_FOR_WRITING: Final = os.O_WRONLY | os.O_CLOEXEC


class Start:
    """One program, ready to be run. OSError if its file is not there."""

    def __init__(
        self, job: dict[str, Any], descriptors: tuple[int, ...], filter_program: kernel.Filter
    ) -> None:
        """`descriptors`: stdin, stdout, stderr, then one open `tasks` or `cgroup.procs` file a controller.

        With `reopen` they only name these files, which the box's root opens, to enter for itself.
        """
        self._argv: list[str] = job["argv"]
        self._environment: dict[str, str] = job["env"]
        self._folder: str = job["cwd"]
        self._rlimits = [(kind, _within(kind, wanted)) for kind, wanted in job["rlimits"]]
        self._streams = descriptors[:3]
        self._cgroups = descriptors[3:]
        self._reopen: bool = job["reopen"]
        self._filter = filter_program
        self._path = _find(self._argv[0], self._environment.get("PATH", _SEARCH_PATH))
        # Each is close-on-exec from its making; this is for one that might be forgotten some day.
        kernel.close_on_exec_from(3)

    def in_child(self, report: int) -> Never:
        """Becomes the program. Writes to `report` the time of the exec (8 bytes, monotonic), or why not."""
        started = False
        try:
            os.setsid()
            os.umask(0o022)
            for target, source in enumerate(self._streams):
                os.dup2(source, target)
            for kind, limits in self._rlimits:
                resource.setrlimit(kind, limits)
            if self._reopen:
                self._cgroups = tuple(os.open(f"/proc/self/fd/{fd}", _FOR_WRITING) for fd in self._cgroups)
                self._enter()
            os.setgroups([])
            os.setresgid(BOX_USER, BOX_USER, BOX_USER)
            os.setresuid(BOX_USER, BOX_USER, BOX_USER)  # drops every capability: see SECUREBITS
            os.chdir(self._folder)
            self._filter.install()
            if not self._reopen:  # as late as can be: the accounts start with the program
                self._enter()
            os.write(report, time.monotonic_ns().to_bytes(8, "little"))
            started = True
            os.execve(self._path, self._argv, self._environment)  # noqa: S606 no shell is what is meant
        except BaseException as error:
            os.write(report, describe(error) if started else bytes(8) + describe(error))
        finally:
            os._exit(127)

    def _enter(self) -> None:
        for cgroup in self._cgroups:
            os.write(cgroup, b"0")


def describe(error: BaseException) -> bytes:
    """`errno:text`, as the service expects it."""
    number = error.errno if isinstance(error, OSError) and error.errno else 0
    return f"{number}:{error}".encode("utf-8", "replace")[:1024]


def _within(kind: int, wanted: int) -> tuple[int, int]:
    """Soft and hard limit; never above the hard one that is in force, which init may not raise."""
    hard = resource.getrlimit(kind)[1]
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return limit, limit


def _find(name: str, search_path: str) -> str:
    if "/" in name:
        return name
    for folder in search_path.split(":"):
        candidate = f"{folder}/{name}"
        if os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(2, f"{name} is not on {search_path}")
