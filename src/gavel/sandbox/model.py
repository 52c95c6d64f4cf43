"""The values of the sandbox's port, and its errors.

SandboxError                 the platform failed; trying again, in another box, may work
  CannotExecuteError         the command's file is absent or not executable; `errno` says which
  TooMuchToKeepError         more than a box can keep, in any box
  BoxBrokenError             this box is gone; take another
SandboxUnavailable      a limit cannot be enforced here; nothing may run until an operator acts
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

FILES_BYTES: int = 64 << 20
"""Default size of a box's writable folders."""
FILES_COUNT: int = 4096
PATH_FOLDERS_MOST: int = 250
"""How many folders deep a file can be put."""

_RESERVED_TARGETS = ("/proc", "/dev", "/tmp", "/work", "/etc", "/.box")  # noqa: S108 folders of the box


class SandboxError(Exception):
    """The platform's failure, not the program's: no verdict follows from it. May be tried again."""


class CannotExecuteError(SandboxError):
    """The file that argv[0] names is absent, not executable, or of no known format (`errno` tells)."""

    def __init__(self, errno: int, reason: str) -> None:
        super().__init__(reason)
        self.errno = errno


class TooMuchToKeepError(SandboxError):
    """What /work holds at its top is more than can be shown to each run: some hundred names; or its files,
    with their holes filled, exceed the box's size.
    """


class BoxBrokenError(SandboxError):
    """The box ended or did not answer. All of its processes are dead."""


class SandboxUnavailable(Exception):  # noqa: N818 a refusal, named as one
    """The machine cannot enforce `limit`; `remedy` is the command or setting that would let it."""

    def __init__(self, limit: str, reason: str, remedy: str) -> None:
        super().__init__(f"{limit}: {reason}. Remedy: {remedy}")
        self.limit = limit
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one run; all are enforced, and a run that meets one says so. 0 is never "no limit"."""

    cpu_time_ms: int
    """All processes and threads of the run together."""
    wall_time_ms: int
    """What the run waits for a CPU, on a busy machine, is added to this, up to ten times this; a run that
    comes to that by nothing but waiting is the platform's failure."""
    memory_bytes: int
    """All memory of the run, page cache and files on tmpfs included; swap is never used."""
    stack_bytes: int
    """Of the main thread; also the default for threads of C programs. 0: as `memory_bytes`."""
    processes: int
    """Processes and threads at once."""
    output_bytes: int
    """stdout and stderr together."""
    files_bytes: int = FILES_BYTES
    """What the run may write to its folders; a program gets ENOSPC beyond it, no kill."""
    files_count: int = FILES_COUNT

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative")


@dataclass(frozen=True, slots=True, order=True)
class Mount:
    """A folder or file of the host, read-only in the box. `source` may be a link; `target` is plain."""

    source: str
    target: str

    def __post_init__(self) -> None:
        if not self.source.startswith("/") or not self.target.startswith("/"):
            raise ValueError("a mount's source and target are absolute paths")
        if os.path.normpath(self.target) != self.target or self.target == "/":
            raise ValueError(f"{self.target!r} is not a plain path")
        if any(self.target == folder or self.target.startswith(f"{folder}/") for folder in _RESERVED_TARGETS):
            raise ValueError(f"{self.target!r} lies in a folder of the box's own")


@dataclass(frozen=True, slots=True)
class BoxSpec:
    """What a box sees beside the read-only system folders of `root` (the host's, or an unpacked image's)."""

    mounts: tuple[Mount, ...] = ()
    root: str = "/"


def _nothing() -> None:
    """What happens at a start where nobody asked for more."""


@dataclass(frozen=True, slots=True)
class Command:
    """One program run. No shell is involved."""

    argv: tuple[str, ...]
    """argv[0] without a slash is looked up on PATH of `env` (default /usr/local/bin:/usr/bin:/bin)."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The whole environment; nothing is added."""
    stdin: int | bytes = b""
    """Data, or a descriptor: of a regular file (read from its start; the program gets a private copy), or of
    a pipe's read end (handed over as it is, for interactive runs). The caller keeps and closes its own."""
    cwd: str = "/work"
    stderr_ends_bytes: int = 65536
    """How much of the start of stderr is kept, and of its end; all of it is counted."""
    stdout: int | None = None
    """None: kept and counted. Else a pipe's write end, handed over for an interactive run: neither kept nor
    counted, its reader is under limits of its own. The caller keeps and closes its own."""
    on_started: Callable[[], None] = _nothing
    """Called when the run has its descriptors, on the thread that runs it: what the caller closes of its own
    from now on is the program's alone."""

    def __post_init__(self) -> None:
        if not self.argv or not self.argv[0]:
            raise ValueError("an empty argv")
        if any("\0" in text for text in (*self.argv, *self.env, *self.env.values(), self.cwd)):
            raise ValueError("a NUL in argv, environment or cwd")
        if any("=" in name or not name for name in self.env):
            raise ValueError("the name of an environment variable is empty or has a '='")


class Kill(StrEnum):
    """Why the sandbox ended a run, or which limit a run that ended by itself had met."""

    NONE = "none"
    CPU_TIME = "cpu_time"
    WALL_TIME = "wall_time"
    MEMORY = "memory"
    OUTPUT = "output"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. A context manager that closes `stdout`."""

    exit_code: int | None
    """None if it ended by a signal."""
    signal: int | None
    kill: Kill
    cpu_time_ms: int
    """Of this run's cgroup, rounded up."""
    wall_time_ms: int
    """From the program's exec to its end, rounded up."""
    memory_bytes: int
    """The peak of the run's cgroup."""
    output_bytes: int
    """Of stdout and stderr, as far as it was read: at most 128 KiB beyond the limit."""
    stdout: int
    """A sealed anonymous file at offset 0 with at most `Limits.output_bytes`; the caller closes it."""
    stderr: bytes
    """Its start and, right behind it, its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        os.close(self.stdout)


@dataclass(frozen=True, slots=True)
class Enforcement:
    """One line of `Sandbox.report`: whether a limit is enforced, and by what."""

    limit: str
    enforced: bool
    how: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    allowed: bool = False
    """It is not ok, and the operator allows that."""
