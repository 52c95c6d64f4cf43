"""Becomes another program: `launcher.py <parent> <orphan signal> <uid|''> <read-anywhere|''> <nice> <argv>`.

Run as a file by `python -ISE`, it imports nothing of gavel, so that it costs some 15 ms. In this order: let
others go first if told so, give up root if told so, keep only the right to pass closed folders if told so,
ask the kernel for a signal when the parent dies (changing the user would clear that), check that it has not
died yet, exec.
"""

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522


class CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


_libc = ctypes.CDLL(None, use_errno=True)


def prctl(*arguments: int) -> None:
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:5]]
    if _libc.prctl(*padded) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl{arguments}: {os.strerror(error)}")


def keep_only(capability: int) -> None:
    bit = 1 << capability
    header = CapHeader(CAPABILITY_VERSION_3, 0)
    data = (CapData * 2)(CapData(bit, bit, bit), CapData(0, 0, 0))
    if _libc.capset(ctypes.byref(header), data) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"capset: {os.strerror(error)}")
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def let_others_go_first(nice: int) -> None:
    """Within the session by niceness, and as a session where the kernel shares CPUs among those."""
    os.nice(nice)
    try:
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")
    except OSError:  # this kernel shares CPUs among processes alone
        return


def main(parent: int, orphan_signal: int, user: tuple[str, str], nice: int, argv: list[str]) -> None:
    uid, read_anywhere = user
    if nice:
        let_others_go_first(nice)
    if uid:
        if read_anywhere:
            prctl(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(int(uid), int(uid), int(uid))
        os.setresuid(int(uid), int(uid), int(uid))
        if read_anywhere:
            keep_only(CAP_DAC_READ_SEARCH)
    prctl(PR_SET_PDEATHSIG, orphan_signal)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), (sys.argv[3], sys.argv[4]), int(sys.argv[5]), sys.argv[6:])
