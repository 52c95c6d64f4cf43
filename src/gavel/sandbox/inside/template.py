"""The read-only part of a box's root, built once for each BoxSpec in the spawner's private mount namespace.

What lies in it: `/usr` and what belongs to it, an `/etc` of the few files that programs need, a minimal
`/dev`, the spec's own mounts, and empty folders that each box mounts its private parts on. All boxes of a
spec share its inodes, so all of it is read-only for everyone.
"""

import contextlib
import fnmatch
import os
import stat
from typing import Final

from . import kernel

HIDDEN: Final = "/.box"
"""Where init mounts what the work folder shows, and the box's user cannot enter."""

_SYSTEM: Final = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
# What compilers and run-time systems read. Nothing that holds a secret may be added.
_ETC: Final = (
    "R",
    "alternatives",
    "fpc*.cfg",
    "ghc",
    "java*",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "lua*",
    "mono",
    "octave*",
    "perl",
    "php",
    "python3*",
    "swi-prolog",
)
_ETC_FILES: Final = {
    "passwd": "box:x:1000:1000:box:/tmp:/bin/sh\n",
    "group": "box:x:1000:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}
_DEVICES: Final = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
"""Major and minor number of the machine's own, which are bound: in a user namespace none can be made."""
_COPY_BYTES_MAX: Final = 4 << 20


def build(folder: str, root: str, mounts: list[tuple[str, str]]) -> None:
    """Mounts a tmpfs on `folder` and fills it. `mounts`: (source on the host, absolute target in the box)."""
    kernel.mount("gavel", folder, "tmpfs", kernel.MS_NOSUID, "size=8m,nr_inodes=4096,mode=755")
    for name in ("dev", "etc", "proc", "tmp", "work"):
        os.mkdir(f"{folder}/{name}", 0o755)
    for name in ("", "/proc"):
        os.mkdir(f"{folder}{HIDDEN}{name}", 0o755)
    for name in _SYSTEM:
        _system_folder(f"{root.rstrip('/')}/{name}", f"{folder}/{name}")
    _etc(root, f"{folder}/etc")
    for source, target in mounts:
        _bind(os.path.realpath(source, strict=True), folder + target)
    kernel.make_read_only(folder)
    _dev(f"{folder}/dev")


def become_root(folder: str) -> None:
    """Leaves nothing of the machine in this mount namespace but its /proc, which each box replaces.

    A box copies all mounts that there are, so it is made from here and not from all of the machine's.
    """
    kernel.mount("/proc", f"{folder}/proc", "", kernel.MS_BIND | kernel.MS_REC)
    os.chdir(folder)
    kernel.pivot_root_here()


def _bind(source: str, target: str) -> None:
    """Binds with all that is mounted below `source`; `build` makes the whole tree read-only afterwards."""
    if os.path.isdir(source):
        os.makedirs(target, 0o755, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o444))
    kernel.mount(source, target, "", kernel.MS_BIND | kernel.MS_REC)


def _system_folder(source: str, target: str) -> None:
    try:
        mode = os.lstat(source).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):  # /bin -> usr/bin
        os.symlink(os.readlink(source), target)
    else:
        _bind(source, target)


def _etc(root: str, target: str) -> None:
    """Links mean places in `root`, as the box will see them: those of an image never lead to the machine's
    files. One that leads nowhere is left out.
    """
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in _etc_names(folder):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _show(folder, f"etc/{name}", f"{target}/{name}")
    finally:
        os.close(folder)
    for name, text in _ETC_FILES.items():
        _write(f"{target}/{name}", text.encode())


def _etc_names(root: int) -> list[str]:
    try:
        place = kernel.open_in_root(root, "etc")
    except FileNotFoundError:
        return []
    try:
        names = os.listdir(f"/proc/self/fd/{place}")
    finally:
        os.close(place)
    return [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in _ETC)]


def _show(root: int, path: str, target: str) -> None:
    """A folder is bound, a regular file copied: it may be replaced while boxes have it open."""
    place = kernel.open_in_root(root, path)
    try:
        mode, seen = os.fstat(place).st_mode, f"/proc/self/fd/{place}"
        if stat.S_ISDIR(mode):
            _bind(seen, target)
        elif stat.S_ISREG(mode):
            with open(seen, "rb") as file:
                _write(target, file.read(_COPY_BYTES_MAX))
    finally:
        os.close(place)


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o444)


def _dev(folder: str) -> None:
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("gavel", folder, "tmpfs", flags, "size=4k,nr_inodes=32,mode=755")
    for name, numbers in _DEVICES.items():
        _device(name, os.makedev(*numbers), f"{folder}/{name}")
    os.mkdir(f"{folder}/shm", 0o755)
    os.symlink("/proc/self/fd", f"{folder}/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{folder}/{name}")
    kernel.make_read_only(folder, devices=True)


def _device(name: str, number: int, target: str) -> None:
    source = os.open(f"/dev/{name}", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(source)
        if not stat.S_ISCHR(status.st_mode) or status.st_rdev != number:
            raise OSError(f"/dev/{name} is not that device")
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o444))
        kernel.mount(f"/proc/self/fd/{source}", target, "", kernel.MS_BIND)
    finally:
        os.close(source)
