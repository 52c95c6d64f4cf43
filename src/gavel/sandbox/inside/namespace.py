"""From the spawner's fork to a box whose init has no right outside it.

The order is the point. While still root: a private mount namespace, the template as root, a /proc of the new
pid namespace. Then a user namespace of two ids (0: init, 1000: programs), both mapped to host ids that only
this box has, and all other namespaces again inside that one: from there on init is root of its box and of
nothing else, and the mounts made before are locked together, so that not even init could take a mask off.
"""

import os
import signal
from typing import Final

from . import kernel

BOX_USER: Final = 1000
# Host ids: two for each box, made from the init's pid, which is unique among what lives. The range lies
# outside those that Debian, systemd and shadow hand out, and pids end at 2**22.
_HOST_ID_FIRST: Final = 2_000_000_000

# Readable by everyone, of no use to a program: kernel addresses, keys and file locks of the machine.
_MASKED: Final = ("kallsyms", "key-users", "keys", "locks", "sched_debug")


def maskable() -> list[str]:
    """Which of the files to hide exist. The spawner asks once, not every box."""
    return [f"/proc/{name}" for name in _MASKED if os.path.exists(f"/proc/{name}")]


def write_id_maps(pid: int) -> None:
    """Called by the spawner, which alone may: maps the new user namespace of `pid`."""
    first = _HOST_ID_FIRST + 2 * pid
    text = f"0 {first} 1\n{BOX_USER} {first + 1} 1\n".encode()
    for name in ("uid_map", "gid_map"):
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)


def enter(template: str, masked: list[str], to_spawner: int, from_spawner: int) -> None:
    """Runs in the forked child, pid 1 of a new pid namespace. OSError means that there is no box."""
    kernel.unshare(kernel.CLONE_NEWNS)
    os.chdir(template)
    kernel.pivot_root_here()
    _mount_proc(masked)
    kernel.unshare(kernel.CLONE_NEWUSER)
    os.write(to_spawner, b"m")
    if os.read(from_spawner, 1) != b"m":
        raise OSError("the spawner went away")
    os.setresgid(0, 0, 0)
    os.setgroups([])
    os.setresuid(0, 0, 0)
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP)
    kernel.set_host_name("box")
    # After the change of ids, which clears it. If the spawner died in between, the socket's end tells.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_SECUREBITS, kernel.SECUREBITS)
    kernel.drop_capability_bounds()


def _mount_proc(masked: list[str]) -> None:
    flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("proc", "/proc", "proc", flags, "hidepid=2")
    for path in masked:
        kernel.mount("/dev/null", path, "", kernel.MS_BIND)
