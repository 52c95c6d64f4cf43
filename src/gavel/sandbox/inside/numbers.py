"""The numbers of system calls on this machine."""

import platform
from typing import Final

# x86-64, arm64.
_NUMBERS: Final = {
    "chdir": (80, 49),
    "clock_gettime": (228, 113),
    "clone": (56, 220),
    "close_range": (436, 436),
    "dup3": (292, 24),
    "execve": (59, 221),
    "execveat": (322, 281),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "fallocate": (285, 47),
    "fchmod": (91, 52),
    "getpid": (39, 172),
    "lseek": (8, 62),
    "madvise": (28, 233),
    "mkdirat": (258, 34),
    "mknodat": (259, 33),
    "mmap": (9, 222),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "msgctl": (71, 187),
    "munmap": (11, 215),
    "openat": (257, 56),
    "openat2": (437, 437),
    "pivot_root": (155, 41),
    "ppoll": (271, 73),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "semctl": (66, 191),
    "sendfile": (40, 71),
    "sendmsg": (46, 211),
    "setgroups": (116, 159),
    "sethostname": (170, 161),
    "setitimer": (38, 103),
    "setns": (308, 268),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "setsid": (112, 157),
    "shmctl": (31, 195),
    "statfs": (137, 43),
    "statx": (332, 291),
    "symlinkat": (266, 36),
    "umask": (95, 166),
    "umount2": (166, 39),
    "unlinkat": (263, 35),
    "unshare": (272, 97),
    "write": (1, 64),
}
_MACHINES: Final = ("x86_64", "aarch64")
_MACHINE: Final = platform.machine()
NUMBER: Final = {
    name: numbers[_MACHINES.index(_MACHINE)] for name, numbers in _NUMBERS.items() if _MACHINE in _MACHINES
}
"""By name; empty for another machine, of which filter.py says that no box is made there."""
