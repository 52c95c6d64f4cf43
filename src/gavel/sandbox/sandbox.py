"""The door of this package: start, boxes, report, close."""

from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from . import probe
from .box import Box
from .cgroups import Cgroups, open_cgroups
from .exceptions import Exceptions
from .identity import Identity, identify
from .launcher import Launcher
from .model import FILES_BYTES, FILES_COUNT, BoxSpec, Enforcement, SandboxError, SandboxUnavailable
from .pool import Pool

_BY_CGROUPS: Final = {
    "swap": "counted with memory by the cgroup, or no swap is on",
    "cpu_weight": "cgroup of all runs, half of an ordinary process's",
}
"""Limits that no program can show, and by what they are held."""


class Sandbox:
    """Boxes for one service process. Thread-safe. A context manager: start on entry, close on exit."""

    def __init__(
        self,
        state_dir: str,
        spare_boxes: int = 2,
        allow_unenforced: Iterable[str] = (),
        *,
        native: bool = True,
    ) -> None:
        """`state_dir`: a private folder of this process, made if absent; `spare_boxes`: for each spec.

        `allow_unenforced`: limits without which it starts all the same; ValueError unless all are among
        EXCEPTABLE. The report then says so. Without `native` the init of a box is an interpreter, as it is on
        machines that there is no executable for; that costs some milliseconds more.
        """
        self._native = native
        self._state_dir = state_dir
        self._spare_boxes = spare_boxes
        self._exceptions = Exceptions(allow_unenforced)
        self._identity: Identity | None = None
        self._launcher: Launcher | None = None
        self._pool: Pool | None = None
        self._cgroups: Cgroups | None = None
        self._report: tuple[Enforcement, ...] = ()

    @property
    def report(self) -> tuple[Enforcement, ...]:
        """What `start` proved, limit by limit, and what it did not, by the operator's leave."""
        return self._report

    @property
    def spawner_pid(self) -> int:
        """0 while there is none."""
        return self._launcher.pid if self._launcher else 0

    def start(self) -> None:
        """Proves every limit on itself. SandboxUnavailable if one does not hold; nothing is left running."""
        try:
            self._report = tuple(self._start())
        except BaseException:
            self.close()
            raise

    def _start(self) -> list[Enforcement]:
        report = [probe.check_kernel()]
        identity = self._identity = identify()
        cgroups = self._cgroups = open_cgroups(identity.is_machine_root)
        for limit, how in _BY_CGROUPS.items():
            report.append(self._exceptions.settle(limit, how, cgroups.lacking.get(limit)))
        needs_network = "network" not in self._exceptions.names
        launcher = self._launcher = Launcher(
            self._state_dir, identity, needs_network=needs_network, native=self._native
        )
        try:
            launcher.start()
        except (SandboxError, OSError) as error:
            raise SandboxUnavailable("isolation", str(error), probe.remedy_of_namespaces()) from error
        self._pool = Pool(launcher, self._spare_boxes)
        lacking = None
        if launcher.lacking:
            lacking = SandboxUnavailable("network", launcher.lacking, probe.remedy_of_namespaces())
            report.append(self._exceptions.settle("network", "", lacking))
        return [*report, *probe.prove(self.box, cgroups.version, identity.how, network=lacking is None)]

    def box(
        self,
        spec: BoxSpec | None = None,
        files_bytes: int = FILES_BYTES,
        files_count: int = FILES_COUNT,
        spares_left: int = 0,
    ) -> Box:
        """A box of its own for one submission: `with sandbox.box(spec) as box`.

        `spares_left`: it is made now unless so many spare ones are left for others.
        """
        if self._pool is None or self._cgroups is None:
            raise SandboxError("the sandbox is not started")
        birth = self._pool.take(spec or BoxSpec(), spares_left)
        return Box(birth, self._cgroups, files_bytes, files_count)

    def close(self) -> None:
        """Ends the spawner and with it every box. May be called again."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        if self._launcher is not None:
            self._launcher.close()
        if self._cgroups is not None:
            self._cgroups.close()
            self._cgroups = None
        if self._identity is not None:
            self._identity.close()
            self._identity = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()
