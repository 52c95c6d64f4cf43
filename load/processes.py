"""CPU time and memory of the mesh's processes, read from /proc."""

import os
from pathlib import Path

from gavel.embedded import Mesh

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def _stat(pid: int) -> list[str]:
    # The command's name stands in brackets and may hold anything: what counts begins behind the last one.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_s(pid: int) -> float:
    """CPU time, in seconds, that one process has used itself; 0.0 when it is gone."""
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """Memory of one process that is resident, in bytes; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def family_cpu_s(pid: int) -> float:
    """CPU time of a process and all of its living descendants, as PostgreSQL's are."""
    return cpu_s(pid) + sum(family_cpu_s(child) for child in children(pid))


def mesh_cpu_s(mesh: Mesh) -> dict[str, float]:
    """CPU time, in seconds, of every part by role; of a worker its own process alone, since its children are
    the sandbox.
    """
    spent: dict[str, float] = {}
    for part in mesh.parts():
        if part.pid:
            own_s = cpu_s(part.pid) if part.role == "worker" else family_cpu_s(part.pid)
            spent[part.role] = spent.get(part.role, 0.0) + own_s
    return spent
