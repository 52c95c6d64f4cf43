"""The seccomp deny list, assembled as classic BPF. Pure.

In two programs, of which the kernel applies both: one that init puts on itself when its box is made, and a
short one of what init still needs, which each program gets before its exec. (Installing the whole list for
every run took 0.1 ms, most of it the kernel's compiling; and init is the better for being confined.)

Denied calls fail with EPERM, so that a program which merely probes for them goes on; another architecture's
calls kill the process (SIGSYS). A list of what is denied, not of what is allowed: compilers and run-time
systems of sixteen languages run under it, and the namespaces, the lack of any capability and the limits hold
without it. It takes away the parts of the kernel where faults were found most, and what could make new
namespaces.
"""

import struct
from collections.abc import Iterable
from typing import Final

# name: (x86-64, arm64); None where the architecture has no such call.
DENIED: Final[dict[str, tuple[int | None, int | None]]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "cachestat": (451, 451),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "listmount": (458, 458),
    "lookup_dcookie": (212, 18),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "statmount": (457, 457),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
NEEDED_BY_INIT: Final = frozenset({"mount", "umount2", "unshare"})
_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_SOCKET: Final = (41, 198)
_SOCKETPAIR: Final = (53, 199)
_IOCTL: Final = (16, 29)
_MACHINES: Final = ("x86_64", "aarch64")
_AUDIT_ARCH: Final = (0xC000003E, 0xC00000B7)
_X32_BIT: Final = 0x40000000

# NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET. (CLONE_NEWTIME is a bit of the exit signal to clone.)
_NAMESPACE_FLAGS: Final = 0x7E020000
# socket fails for every family, socketpair for all but local ones, which have no name: all boxes share one
# network namespace without interfaces (to make and unmake one takes up to a millisecond of CPU), so nothing
# in it may have an address.
_LOCAL: Final = 1
_TERMINAL_INJECTION: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

_LEAF: Final = 4  # numbers that a search ends with, compared one by one

_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_BITS: Final = 0x45
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_KILL_PROCESS: Final = 0x80000000
_ERRNO: Final = 0x00050000
_EPERM: Final = 1
_ENOSYS: Final = 38
_EAFNOSUPPORT: Final = 97
_OFFSET_NUMBER: Final = 0
_OFFSET_ARCHITECTURE: Final = 4
_OFFSET_ARGUMENT_0: Final = 16  # the low half: both machines are little-endian
_OFFSET_ARGUMENT_1: Final = 24


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _fail(number: int) -> bytes:
    return _op(_RETURN, _ERRNO | number)


def _only(number: int, body: list[bytes]) -> list[bytes]:
    """`body` for the call `number`, which must return; other calls jump over it."""
    return [_op(_JUMP_EQUAL, number, 0, len(body)), *body]


def _argument_checks(index: int) -> list[bytes]:
    pairs = [
        _op(_LOAD, _OFFSET_ARGUMENT_0),
        _op(_JUMP_EQUAL, _LOCAL, 1, 0),
        _fail(_EAFNOSUPPORT),
        _op(_RETURN, _ALLOW),
    ]
    namespaces = [
        _op(_LOAD, _OFFSET_ARGUMENT_0),
        _op(_JUMP_BITS, _NAMESPACE_FLAGS, 0, 1),
        _fail(_EPERM),
        _op(_RETURN, _ALLOW),
    ]
    injections = [
        _op(_LOAD, _OFFSET_ARGUMENT_1),
        _op(_JUMP_EQUAL, _TERMINAL_INJECTION[0], 1, 0),
        _op(_JUMP_EQUAL, _TERMINAL_INJECTION[1], 0, 1),
        _fail(_EPERM),
        _op(_RETURN, _ALLOW),
    ]
    return [
        *_only(_SOCKET[index], [_fail(_EAFNOSUPPORT)]),
        *_only(_SOCKETPAIR[index], pairs),
        *_only(_CLONE[index], namespaces),
        # Its flags lie in memory, out of reach of BPF; the C libraries fall back to clone.
        *_only(_CLONE3[index], [_fail(_ENOSYS)]),
        *_only(_IOCTL[index], injections),
    ]


def _search(numbers: list[int]) -> list[bytes]:
    """EPERM for the numbers, which are sorted, else allowed; a binary search.

    On installing a filter the kernel runs it once for every call number there is, so a search costs less.
    """
    if len(numbers) <= _LEAF:
        denied = [part for number in numbers for part in (_op(_JUMP_EQUAL, number, 0, 1), _fail(_EPERM))]
        return [*denied, _op(_RETURN, _ALLOW)]
    middle = len(numbers) // 2
    below, above = _search(numbers[:middle]), _search(numbers[middle:])
    return [_op(_JUMP_AT_LEAST, numbers[middle], len(below), 0), *below, *above]


def for_init(machine: str) -> bytes:
    """All but what init needs. `machine`: x86_64 or aarch64; ValueError for others: no run is unfiltered."""
    index = _index(machine)
    program = [
        _op(_LOAD, _OFFSET_ARCHITECTURE),
        _op(_JUMP_EQUAL, _AUDIT_ARCH[index], 1, 0),
        _op(_RETURN, _KILL_PROCESS),
        _op(_LOAD, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        program += [_op(_JUMP_AT_LEAST, _X32_BIT, 0, 1), _op(_RETURN, _KILL_PROCESS)]
    return b"".join(
        program + _argument_checks(index) + _search(_numbers(index, DENIED.keys() - NEEDED_BY_INIT))
    )


def for_programs(machine: str) -> bytes:
    """The rest, on top of `for_init`, which has seen to the architecture."""
    index = _index(machine)
    return b"".join([_op(_LOAD, _OFFSET_NUMBER), *_search(_numbers(index, NEEDED_BY_INIT))])


def _index(machine: str) -> int:
    if machine not in _MACHINES:
        raise ValueError(f"no seccomp filter for {machine}; Gavel runs on {' and '.join(_MACHINES)}")
    return _MACHINES.index(machine)


def _numbers(index: int, names: Iterable[str]) -> list[int]:
    return sorted(number for name in names if (number := DENIED[name][index]) is not None)
