"""Which limits an operator may allow to be unenforced, by name, and what that costs.

Each is one without which programs still cannot reach anything of others, and still have every limit of their
own. All the rest has no exception: without memory, processes, CPU time, wall time, output, files, links,
neighbours, privileges or isolation there is no sandbox.
"""

from collections.abc import Iterable
from typing import Final

from .model import Enforcement, SandboxUnavailable

EXCEPTABLE: Final = {
    "cpu_weight": "programs compete with the rest of the machine as equals, a slow machine becomes slower",
    "network": "seccomp alone keeps programs from the network: they see the machine's addresses and ports",
    "swap": "a program may use swap beyond its memory limit, and make the machine swap",
}
"""Limit, and the cost of its being unenforced."""


class Exceptions:
    """What the operator allows. ValueError names what may not be allowed, or does not exist."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        if wrong := sorted(self.names - EXCEPTABLE.keys()):
            may = ", ".join(sorted(EXCEPTABLE))
            raise ValueError(f"{', '.join(wrong)}: no limit that may be unenforced; those are {may}")

    def settle(self, limit: str, how: str, lacking: SandboxUnavailable | None) -> Enforcement:
        """The line for the report. Raises `lacking`, why the limit does not hold, unless that is allowed."""
        if lacking is None:
            return Enforcement(limit, True, how)
        if limit not in self.names:
            raise lacking
        return Enforcement(limit, False, f"{lacking.reason}; allowed by configuration: {EXCEPTABLE[limit]}")
