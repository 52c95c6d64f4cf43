"""What `gavel doctor` says of this machine: each requirement, whether it is met, and what would meet it."""

import platform
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import probe
from .cgroups import open_cgroups
from .exceptions import EXCEPTABLE
from .identity import identify
from .model import Finding, SandboxError, SandboxUnavailable
from .sandbox import Sandbox


def doctor(allow_unenforced: Iterable[str] = ()) -> list[Finding]:
    """Looks at the machine, then starts a sandbox for a moment, which runs every probe. Never raises.

    `allow_unenforced` is as for Sandbox.
    """
    findings = [*_requirements()]
    if not all(finding.ok for finding in findings):
        return findings
    try:
        with (
            tempfile.TemporaryDirectory(prefix="gavel-doctor-") as folder,
            Sandbox(folder, spare_boxes=0, allow_unenforced=allow_unenforced) as sandbox,
        ):
            for line in sandbox.report:
                allowed = not line.enforced  # or it had not started
                findings.append(Finding(f"limit: {line.limit}", line.enforced, line.how, allowed=allowed))
    except SandboxUnavailable as error:
        may = f"{error.remedy}; or GAVEL_ALLOW_UNENFORCED={error.limit}, at the price that "
        remedy = may + EXCEPTABLE[error.limit] if error.limit in EXCEPTABLE else error.remedy
        findings.append(Finding(f"limit: {error.limit}", False, error.reason, remedy))
    except (SandboxError, OSError, ValueError) as error:
        findings.append(Finding("sandbox", False, str(error), "see the message"))
    return findings


def _requirements() -> Iterator[Finding]:
    is_machine_root = False
    try:
        yield Finding("kernel", True, probe.check_kernel().how)
    except SandboxUnavailable as error:
        yield Finding("kernel", False, error.reason, error.remedy)
    try:
        identity = identify()
        identity.close()
        is_machine_root = identity.is_machine_root
        yield Finding("user", True, identity.how)
    except SandboxUnavailable as error:
        yield Finding("user", False, error.reason, error.remedy)
    try:
        cgroups = open_cgroups(is_machine_root)
        cgroups.close()
        yield Finding("cgroups", True, f"version {cgroups.version}")
    except SandboxUnavailable as error:
        yield Finding("cgroups", False, error.reason, error.remedy)
    except SandboxError as error:  # the last group does not go
        yield Finding("cgroups", False, str(error), "see the message")
    if platform.machine() == "x86_64":
        yield split_locks(Path("/proc/cpuinfo").read_text("utf-8"))


def split_locks(cpuinfo: str) -> Finding:
    """Pure. Whether the processor tells of writes that stop every core; nothing depends on it."""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "").split()
    if {"split_lock_detect", "bus_lock_detect"} & set(flags):
        return Finding("split locks", True, "told by the processor: the kernel holds up who makes them")
    return Finding("split locks", True, "not told by this processor: a program can slow down its neighbours")
