"""From init's fork to the program's exec. Every step either succeeds or the program does not start."""

import os
import resource
import signal
import time
from typing import Any, Final

from . import kernel
from .namespace import BOX_USER

_SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def start(job: dict[str, Any], descriptors: tuple[int, ...], report: int, filter_program: bytes) -> None:
    """Never returns. Writes to `report` the time of the exec (8 bytes, monotonic ns); if it failed, why.

    `descriptors`: stdin, stdout, stderr, then one open `tasks` or `cgroup.procs` file for each controller.
    """
    started = False
    try:
        _prepare(job, descriptors, filter_program)
        path = _find(job["argv"][0], job["env"].get("PATH", _SEARCH_PATH))
        for cgroup in descriptors[3:]:  # as late as can be: the accounts start with the program
            os.write(cgroup, b"0")
        os.write(report, time.monotonic_ns().to_bytes(8, "little"))
        started = True
        os.execve(path, job["argv"], job["env"])  # noqa: S606 no shell is what is meant
    except BaseException as error:
        number = error.errno if isinstance(error, OSError) and error.errno else 0
        text = f"{number}:{error}".encode("utf-8", "replace")[:1024]
        os.write(report, text if started else bytes(8) + text)
    finally:
        os._exit(127)


def _prepare(job: dict[str, Any], descriptors: tuple[int, ...], filter_program: bytes) -> None:
    # An ignored signal stays ignored over exec, and Python ignores these two.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.umask(0o022)
    for target, source in enumerate(descriptors[:3]):
        os.dup2(source, target, inheritable=True)
    kernel.close_on_exec_from(3)
    for kind, wanted in job["rlimits"]:
        hard = resource.getrlimit(kind)[1]
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (limit, limit))
    os.setgroups([])
    os.setresgid(BOX_USER, BOX_USER, BOX_USER)
    os.setresuid(BOX_USER, BOX_USER, BOX_USER)  # drops every capability: see SECUREBITS
    os.chdir(job["cwd"])
    kernel.install_filter(filter_program)


def _find(name: str, search_path: str) -> str:
    if "/" in name:
        return name
    for folder in search_path.split(":"):
        candidate = f"{folder}/{name}"
        if os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(2, f"{name} is not on {search_path}")
