"""From the spawner's fork to a box whose init has no right outside it.

The order is the point. While still the spawner's root: a private mount namespace, a /proc of the new pid
namespace, the template as root. Then a user namespace of two ids (0: init, 1000: programs), mapped to ids
that only this box has (ids.py), and all other namespaces again inside that one: from there on init is root of
its box and of nothing else, and the mounts made before are locked together, so that not even init could take
a mask off.
"""

import os
import signal
from typing import Final

from . import kernel

BOX_USER: Final = 1000

# Killed before anything else of the machine when its memory runs out, whatever the worker is protected from.
_OOM_SCORE: Final = b"1000"

# Readable by everyone, of no use to a program: the boot options of the machine (some hold secrets), kernel
# addresses, keys and file locks.
_MASKED: Final = ("cmdline", "kallsyms", "key-users", "keys", "locks", "sched_debug")


def maskable() -> list[str]:
    """Which of the files of /proc to hide exist. The spawner asks once, not every box."""
    return [name for name in _MASKED if os.path.exists(f"/proc/{name}")]


def write_id_maps(pid: int, first: int) -> None:
    """By the spawner, which alone may: maps the new user namespace of `pid` to `first` and the next id."""
    text = f"0 {first} 1\n{BOX_USER} {first + 1} 1\n".encode()
    for name in ("uid_map", "gid_map"):
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)


def enter(template: str, masked: list[str], to_spawner: int, from_spawner: int) -> None:
    """Runs in the forked child, pid 1 of a new pid namespace. OSError means that there is no box."""
    with open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
        file.write(_OOM_SCORE)
    kernel.unshare(kernel.CLONE_NEWNS)
    os.chdir(template)
    _mount_proc(f"{template}/proc", masked)
    kernel.pivot_root_here()
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


def _mount_proc(target: str, masked: list[str]) -> None:
    """Before the root is changed: who is not the machine's root may only while a whole /proc is in sight."""
    flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("proc", target, "proc", flags, "hidepid=2")
    for name in masked:
        kernel.mount("/dev/null", f"{target}/{name}", "", kernel.MS_BIND)
