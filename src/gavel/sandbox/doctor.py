"""What `gavel doctor` says of this machine: each requirement, whether it is met, and what would meet it."""

import tempfile
from pathlib import Path

from . import probe
from .cgroups import open_cgroups
from .model import Finding, SandboxError, SandboxUnavailable
from .sandbox import Sandbox


def doctor() -> list[Finding]:
    """Looks at the machine, then starts a sandbox for a moment, which runs every probe. Never raises."""
    findings = [_kernel(), _cgroups(), _swap()]
    if not all(finding.ok for finding in findings):
        return findings
    try:
        with (
            tempfile.TemporaryDirectory(prefix="gavel-doctor-") as folder,
            Sandbox(folder, spare_boxes=0) as sandbox,
        ):
            findings += [Finding(f"limit: {line.limit}", line.enforced, line.how) for line in sandbox.report]
    except SandboxUnavailable as error:
        findings.append(Finding(f"limit: {error.limit}", False, error.reason, error.remedy))
    except (SandboxError, OSError) as error:
        findings.append(Finding("sandbox", False, str(error), "see the message"))
    return findings


def _kernel() -> Finding:
    try:
        (line,) = probe.check_kernel()
    except SandboxUnavailable as error:
        return Finding("kernel", False, error.reason, error.remedy)
    return Finding("kernel", True, line.how)


def _cgroups() -> Finding:
    try:
        cgroups = open_cgroups()
    except SandboxUnavailable as error:
        return Finding("cgroups", False, error.reason, error.remedy)
    cgroups.close()
    return Finding("cgroups", True, f"version {cgroups.version}")


def _swap() -> Finding:
    """Advice, not a requirement: where swap is on and not accounted, a run's memory limit is of RAM alone."""
    used = len(Path("/proc/swaps").read_text("ascii").splitlines()) > 1
    accounted = not used or Path("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes").exists()
    accounted = accounted or Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return Finding(
        "swap",
        accounted,
        "on" if used else "off",
        "" if accounted else "boot with swapaccount=1, or swapoff -a",
    )
