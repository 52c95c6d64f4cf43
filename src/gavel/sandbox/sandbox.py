"""The door of this package: start, boxes, report, close."""

from types import TracebackType
from typing import Self

from . import probe
from .box import Box
from .cgroups import Cgroups, open_cgroups
from .launcher import Launcher
from .model import FILES_BYTES, FILES_COUNT, BoxSpec, Enforcement, SandboxError
from .pool import Pool


class Sandbox:
    """Boxes for one service process. Thread-safe. A context manager: start on entry, close on exit."""

    def __init__(self, state_dir: str, spare_boxes: int = 2) -> None:
        """`state_dir`: a private folder of this process, made if absent; `spare_boxes`: for each spec."""
        self._launcher = Launcher(state_dir)
        self._spare_boxes = spare_boxes
        self._pool: Pool | None = None
        self._cgroups: Cgroups | None = None
        self._report: tuple[Enforcement, ...] = ()

    @property
    def report(self) -> tuple[Enforcement, ...]:
        """What `start` proved, limit by limit."""
        return self._report

    @property
    def spawner_pid(self) -> int:
        return self._launcher.pid

    def start(self) -> None:
        """Proves every limit on itself. SandboxUnavailable if one does not hold; nothing is left running."""
        try:
            self._report = probe.check_kernel()
            self._cgroups = open_cgroups()
            self._launcher.start()
            self._pool = Pool(self._launcher, self._spare_boxes)
            self._report += probe.prove(self.box, self._cgroups.version)
        except BaseException:
            self.close()
            raise

    def box(
        self, spec: BoxSpec | None = None, files_bytes: int = FILES_BYTES, files_count: int = FILES_COUNT
    ) -> Box:
        """A box of its own for one submission: `with sandbox.box(spec) as box`."""
        if self._pool is None or self._cgroups is None:
            raise SandboxError("the sandbox is not started")
        return Box(self._pool.take(spec or BoxSpec()), self._cgroups, files_bytes, files_count)

    def close(self) -> None:
        """Ends the spawner and with it every box. May be called again."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        self._launcher.close()
        if self._cgroups is not None:
            self._cgroups.close()
            self._cgroups = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()
