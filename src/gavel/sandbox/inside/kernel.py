"""Linux calls that Python 3.11's `os` lacks, by ctypes. Each raises OSError and decides nothing."""

import ctypes
import mmap
import os
import signal
from collections.abc import Callable
from typing import Final

from .numbers import NUMBER

libc: Final = ctypes.CDLL(None, use_errno=True)
# The same calls without letting go of the interpreter's lock: a fork must not.
_locked: Final = ctypes.PyDLL(None, use_errno=True)
# Looked up once, and not in each forked child again.
_BEFORE_FORK: Final = ctypes.pythonapi.PyOS_BeforeFork
_AFTER_FORK_IN_CHILD: Final = ctypes.pythonapi.PyOS_AfterFork_Child
_AFTER_FORK_IN_PARENT: Final = ctypes.pythonapi.PyOS_AfterFork_Parent
_SYSCALL: Final = libc.syscall
_SYSCALL.restype = ctypes.c_long
_SIGNAL_SET_BYTES: Final = 8

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWCGROUP: Final = 0x02000000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REMOUNT: Final = 0x20
MS_NOSYMFOLLOW: Final = 0x100
MS_NOATIME: Final = 0x400
MS_BIND: Final = 0x1000
MS_MOVE: Final = 0x2000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MNT_DETACH: Final = 0x2

_AT_CURRENT_FOLDER: Final = -100
# The folder is the root of the path and of every link on the way, and no link of /proc is followed.
_RESOLVE_IN_ROOT: Final = 0x10 | 0x02
AT_RECURSIVE: Final = 0x8000
_MOUNT_ATTR_RDONLY: Final = 0x1
_MOUNT_ATTR_NOSUID: Final = 0x2
_MOUNT_ATTR_NODEV: Final = 0x4
_MOUNT_ATTR_NOEXEC: Final = 0x8
MOUNT_ATTR_NOSYMFOLLOW: Final = 0x200000

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NAME: Final = 15
PR_SET_SECCOMP: Final = 22
PR_CAPBSET_DROP: Final = 24
PR_SET_SECUREBITS: Final = 28
PR_SET_NO_NEW_PRIVS: Final = 38
# NOROOT and NO_CAP_AMBIENT_RAISE on, NO_SETUID_FIXUP and KEEP_CAPS off (a change of uid drops capabilities),
# all four locked.
SECUREBITS: Final = 0x01 | 0x02 | 0x08 | 0x20 | 0x40 | 0x80
SECCOMP_MODE_FILTER: Final = 2
with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as _file:
    CAPABILITIES: Final = int(_file.read()) + 1


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    result = libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _checked(result, f"mount {kind or source} on {target}")


def umount(target: str) -> None:
    _checked(libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def make_read_only(target: str, *, devices: bool = False) -> None:
    """Makes the mount at `target` and all below it read-only, without set-user-id and devices.

    With `devices` these can be used, but nothing can be executed.
    """
    other = _MOUNT_ATTR_NOEXEC if devices else _MOUNT_ATTR_NODEV
    attributes = _MountAttr(_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | other, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    flags = ctypes.c_uint(AT_RECURSIVE)
    pointer = ctypes.byref(attributes)
    result = _SYSCALL(
        ctypes.c_long(NUMBER["mount_setattr"]),
        ctypes.c_int(_AT_CURRENT_FOLDER),
        target.encode(),
        flags,
        pointer,
        size,
    )
    _checked(result, f"mount_setattr {target}")


def open_in_root(folder: int, path: str) -> int:
    """A descriptor of a place alone (O_PATH): where the path leads for who has `folder` as root."""
    how = _OpenHow(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
    result = _SYSCALL(
        ctypes.c_long(NUMBER["openat2"]),
        ctypes.c_int(folder),
        path.encode(),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(how)),
    )
    return _checked(int(result), f"openat2 {path}")


def unshare(flags: int) -> None:
    _checked(libc.unshare(ctypes.c_int(flags)), f"unshare {flags:#x}")


def set_mount_namespace(descriptor: int) -> None:
    """Enters it, at its root."""
    _checked(libc.setns(ctypes.c_int(descriptor), ctypes.c_int(CLONE_NEWNS)), "setns")


def pivot_root_here() -> None:
    """Makes the current folder (a mount point) the root and lets go of the old root."""
    _checked(_SYSCALL(ctypes.c_long(NUMBER["pivot_root"]), b".", b"."), "pivot_root")
    umount(".")
    os.chdir("/")


def clone(flags: int) -> int:
    """A child in new namespaces, which goes on as its parent does; only within `forked`."""
    none = ctypes.c_ulong(0)
    number, all_flags = ctypes.c_long(NUMBER["clone"]), ctypes.c_ulong(flags | signal.SIGCHLD)
    return _checked(int(_locked.syscall(number, all_flags, none, none, none, none)), "clone")


def forked(make_child: Callable[[], int]) -> int:
    """What os.fork does around the kernel's part of it, for a process of one thread: `make_child`.

    To unshare the pid namespace and fork would do the same once: to come back to one's own is a right in the
    user namespace that made it, which only the machine's root has.
    """
    _BEFORE_FORK()
    pid = -1
    try:
        pid = make_child()
    finally:
        if pid == 0:
            _AFTER_FORK_IN_CHILD()
        else:
            _AFTER_FORK_IN_PARENT()
    return pid


def prctl(option: int, value: int) -> None:
    unused = ctypes.c_ulong(0)
    _checked(
        libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), unused, unused, unused), f"prctl {option}"
    )


def reset_signal(number: int) -> None:
    """To its default, also those that the C library keeps for itself and lets nobody name."""
    action = (ctypes.c_ulong * 4)()
    call, set_size = ctypes.c_long(NUMBER["rt_sigaction"]), ctypes.c_ulong(_SIGNAL_SET_BYTES)
    _checked(_SYSCALL(call, ctypes.c_long(number), action, None, set_size), f"rt_sigaction {number}")


def make_executable(address: int, size: int) -> None:
    """Memory that was written is from now on only read and executed."""
    protection = ctypes.c_int(mmap.PROT_READ | mmap.PROT_EXEC)
    _checked(libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), protection), "mprotect")


def map_at(address: int, size: int, protection: int, flags: int) -> None:
    """Memory at an address of which nothing was used."""
    words = (NUMBER["mmap"], address, size, protection, flags, -1, 0)
    _checked(int(_SYSCALL(*map(ctypes.c_long, words))), "mmap")
