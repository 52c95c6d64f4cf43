"""The proof, before any work is taken, that each limit holds on this machine: hostile programs under it.

They are lines for /bin/sh, so that nothing but the system's own tools is needed. A probe that does not end
as it must makes the sandbox unavailable; there is no weaker mode to fall back to. (What exceptions.py names
may be allowed not to hold: that is for the operator to say, and for `report` to show.)
"""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .box import Box
from .inside.filter import for_init
from .model import Command, Enforcement, Kill, Limits, Outcome, SandboxError, SandboxUnavailable

KERNEL_MIN: Final = (5, 14)
"""mount_setattr that clears MOUNT_ATTR_NOSYMFOLLOW; tmpfs in a user namespace and openat2 are older."""

_MEMORY_BYTES: Final = 16 << 20
_FILES_BYTES: Final = 1 << 20
_LIMITS: Final = Limits(
    cpu_time_ms=10_000,  # a fence: what uses memory up on a slow machine may take its time
    wall_time_ms=20_000,
    memory_bytes=_MEMORY_BYTES,
    stack_bytes=1 << 20,
    processes=16,
    output_bytes=64 << 10,
    files_bytes=_FILES_BYTES,
    files_count=32,
)
_TIGHT_MS: Final = 60
_REMEDY_CGROUP: Final = (
    "mount the cgroup controllers memory, pids, cpuacct, cpu writable, or run under systemd with Delegate=yes"
)
_NAMESPACES: Final = ("ipc", "mnt", "pid", "user", "uts", "cgroup")
_REMEDY_NAMESPACES: Final = "sysctl -w user.max_user_namespaces=10000 user.max_net_namespaces=10000"
_REMEDIES_ROOTLESS: Final = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with `userns,`",
    ),
}
_REMEDY_CONTAINER: Final = (
    "in a container: --privileged, or --security-opt seccomp=unconfined --security-opt systempaths=unconfined"
)
_REMEDY_KERNEL: Final = "use a kernel of the distribution, not one with seccomp or tmpfs taken out"


class _ProbeError(Exception):
    """What a probe saw instead of what must be."""


def check_kernel() -> Enforcement:
    """SandboxUnavailable if the kernel or the machine rule the sandbox out."""
    try:
        for_init(platform.machine())
    except ValueError as error:
        raise SandboxUnavailable("privileges", str(error), "use a machine of one of these") from error
    release = platform.release()
    version = tuple(int(part) for part in release.split("-")[0].split(".")[:2])
    if version < KERNEL_MIN:
        raise SandboxUnavailable(
            "files", f"kernel {release} lacks MOUNT_ATTR_NOSYMFOLLOW", "upgrade to Linux 5.14 or later"
        )
    return Enforcement("kernel", True, f"Linux {release} on {platform.machine()}")


def remedy_of_namespaces() -> str:
    """What to do where the kernel makes no namespaces for this user."""
    if os.geteuid() != 0:
        for path, (value, remedy) in _REMEDIES_ROOTLESS.items():
            if Path(path).exists() and Path(path).read_text("ascii").strip() == value:
                return remedy
    return f"{_REMEDY_NAMESPACES}; {_REMEDY_CONTAINER}"


def prove(
    make_box: Callable[..., Box], cgroup_version: int, identity: str, *, network: bool
) -> tuple[Enforcement, ...]:
    """Runs every probe; SandboxUnavailable names the first limit that does not hold.

    `identity`: how boxes are made, for the report. Without `network` that is not proved.
    """
    proven: list[Enforcement] = []
    try:
        first = make_box(files_bytes=_FILES_BYTES, files_count=32)
        with first, make_box(files_bytes=_FILES_BYTES, files_count=32) as second:
            for probe in _PROBES:
                if probe.check is _network and not network:
                    continue
                try:
                    probe.check(first, second)
                except (_ProbeError, SandboxError) as error:
                    remedy = probe.remedy or remedy_of_namespaces()
                    raise SandboxUnavailable(probe.limit, str(error), remedy) from error
                how = probe.how.format(version=cgroup_version, identity=identity)
                proven.append(Enforcement(probe.limit, True, how))
    except SandboxError as error:
        raise SandboxUnavailable("isolation", str(error), remedy_of_namespaces()) from error
    return tuple(proven)


def _sh(box: Box, script: str, limits: Limits = _LIMITS) -> tuple[Outcome, str]:
    command = Command(("/bin/sh", "-c", script), env={"PATH": "/usr/bin:/bin"})
    with box.run(command, limits) as outcome:
        return outcome, os.read(outcome.stdout, 1 << 16).decode("utf-8", "replace")


def _limits(**changes: int) -> Limits:
    return Limits(**({name: getattr(_LIMITS, name) for name in _LIMITS.__slots__} | changes))


def _must(holds: bool, outcome: Outcome, text: str = "") -> None:
    if not holds:
        raise _ProbeError(f"a hostile program ended with {outcome} {text[:200]!r}")


def _memory(box: Box, _: Box) -> None:
    outcome, _text = _sh(
        box, f"x=aaaaaaaaaaaaaaaa; while [ ${{#x}} -lt {4 * _MEMORY_BYTES} ]; do x=$x$x; done"
    )
    _must(outcome.kill is Kill.MEMORY and outcome.memory_bytes <= _MEMORY_BYTES, outcome)


def _processes(box: Box, _: Box) -> None:
    outcome, text = _sh(box, "for i in 1 2 3 4 5 6 7 8; do sleep 9 & done; echo all", _limits(processes=4))
    _must(outcome.exit_code != 0 and "all" not in text and b"ork" in outcome.stderr, outcome, text)


def _cpu_time(box: Box, _: Box) -> None:
    outcome, _text = _sh(box, "while :; do :; done", _limits(cpu_time_ms=_TIGHT_MS))
    _must(outcome.kill is Kill.CPU_TIME and outcome.cpu_time_ms >= _TIGHT_MS, outcome)


def _wall_time(box: Box, _: Box) -> None:
    outcome, _text = _sh(box, "sleep 9", _limits(wall_time_ms=_TIGHT_MS))
    _must(outcome.kill is Kill.WALL_TIME and outcome.wall_time_ms < 1000, outcome)


def _output(box: Box, _: Box) -> None:
    outcome, _text = _sh(box, "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")
    _must(outcome.kill is Kill.OUTPUT and outcome.output_bytes <= _LIMITS.output_bytes + (128 << 10), outcome)


def _files(box: Box, _: Box) -> None:
    outcome, text = _sh(
        box, "head -c 900000 /dev/zero >/tmp/a && head -c 900000 /dev/zero >/dev/shm/a; echo $?"
    )
    _must(text.strip() == "1", outcome, text)
    outcome, text = _sh(
        box, "i=0; while { true >/tmp/$i; } 2>/dev/null; do i=$((i+1)); [ $i -lt 99 ] || break; done; echo $i"
    )
    _must(text.strip().isdigit() and int(text) < 99, outcome, text)
    outcome, text = _sh(
        box, "ls -A /tmp /dev/shm | grep -v : ; echo x >/usr/x || echo x >/etc/x || echo x >/x || echo no"
    )
    _must(text.strip() == "no", outcome, text)


def _links(box: Box, _: Box) -> None:
    outcome, _text = _sh(box, "ln -s /etc/passwd file; ln -s / folder; ln -s /proc/self/root/etc magic")
    _must(outcome.exit_code == 0, outcome)
    for path in ("file", "folder/etc/passwd", "magic/passwd"):
        if box.get(path, 1) is not None:
            raise _ProbeError(f"a link that a program left was followed: {path}")


def _isolation(box: Box, other: Box) -> None:
    _is_apart(box, _NAMESPACES)
    # Who they are outside, as this process sees it: nobody of each other's, and not this process.
    maps = [Path(f"/proc/{one.pid}/uid_map").read_text("ascii").splitlines() for one in (box, other)]
    ranges = [line.split() for lines in maps for line in lines]
    owners = {int(outside) for _, outside, count in ranges if count == "1"}
    if len(ranges) != 4 or len(owners) != 4 or owners & {0, os.geteuid()}:
        raise _ProbeError(f"the users of two boxes are {ranges}")


def _is_apart(box: Box, kinds: tuple[str, ...]) -> None:
    outcome, text = _sh(box, f"cd /proc/self/ns && readlink {' '.join(kinds)}")
    _must(len(text.split()) == len(kinds), outcome, text)
    for kind, found in zip(kinds, text.split(), strict=True):
        if os.readlink(f"/proc/self/ns/{kind}") == found:
            raise _ProbeError(f"the box shares this process's {kind} namespace")


def _network(box: Box, _: Box) -> None:
    _is_apart(box, ("net",))
    outcome, text = _sh(box, "tail -n +3 /proc/net/dev; cat /proc/net/route")
    interfaces = [line.split(":")[0].strip() for line in text.splitlines() if ":" in line]
    _must(
        outcome.exit_code == 0 and interfaces in ([], ["lo"]) and len(text.splitlines()) <= 2, outcome, text
    )


def _neighbour(box: Box, other: Box) -> None:
    outcome, _text = _sh(box, "echo secret >/dev/shm/x && echo secret >/tmp/x && echo secret >/work/x")
    _must(outcome.exit_code == 0, outcome)
    outcome, text = _sh(other, "cat /dev/shm/x /tmp/x /work/x; ls -A /dev/shm /tmp /work | grep -v :")
    _must(text.strip() == "", outcome, text)


def _privileges(box: Box, _: Box) -> None:
    outcome, text = _sh(box, "cat /proc/self/status; unshare -U true && echo ESCAPED")
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    capabilities = {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    held = fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2" and fields["Groups"].strip() == ""
    _must(
        held and capabilities == {0} and fields["Uid"].split() == ["1000"] * 4 and "ESCAPED" not in text,
        outcome,
    )


@dataclass(frozen=True, slots=True)
class _Probe:
    limit: str
    how: str
    remedy: str
    """Empty: as the namespaces'."""
    check: Callable[[Box, Box], None]


_PROBES: Final = (
    _Probe("isolation", "namespaces of each box; {identity}", "", _isolation),
    _Probe("privileges", "user namespace, no capability, no_new_privs, seccomp", "", _privileges),
    _Probe("memory", "cgroup v{version} memory, no swap", _REMEDY_CGROUP, _memory),
    _Probe("processes", "cgroup v{version} pids, RLIMIT_NPROC", _REMEDY_CGROUP, _processes),
    _Probe("cpu_time", "cgroup v{version} CPU account, RLIMIT_CPU", _REMEDY_CGROUP, _cpu_time),
    _Probe("wall_time", "watchdog of the service, and of the box", _REMEDY_CGROUP, _wall_time),
    _Probe("output", "pipes, counted as they are read", _REMEDY_CGROUP, _output),
    _Probe("files", "read-only system, tmpfs of limited size and inodes", _REMEDY_KERNEL, _files),
    _Probe("links", "openat2 beneath, without links", _REMEDY_KERNEL, _links),
    _Probe("network", "network namespace without interfaces, no sockets by seccomp", "", _network),
    _Probe("neighbours", "a box for each submission", "", _neighbour),
)
