"""The seccomp deny list, assembled as classic BPF. Pure.

In two programs, of which the kernel applies both: one that init puts on itself when its box is made, and a
short one of what init still needs, which each program gets before its exec. (Installing the whole list for
every run took 0.1 ms, most of it the kernel's compiling; and init is the better for being confined.)

Denied calls fail with EPERM, so that a program which merely probes for them goes on; another architecture's
calls kill the process (SIGSYS); a few are told that they succeeded. A list of what is denied, not of what is
allowed: compilers and run-time systems of sixteen languages run under it, and the namespaces, the lack of any
capability and the limits hold without it. It takes away the parts of the kernel where faults were found most,
what could make new namespaces, and what reaches beyond a box although its owner needs no right for it.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

# name: (x86-64, arm64); None where the architecture has no such call.
DENIED: Final[dict[str, tuple[int | None, int | None]]] = {
    # The address calls of sockets: all boxes are in one network namespace, see _pairs.
    "accept": (43, 202),
    "accept4": (288, 242),
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bind": (49, 200),
    "bpf": (321, 280),
    "cachestat": (451, 451),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    # The system's files are one for host and boxes: a watch would tell what everybody opens.
    "inotify_add_watch": (254, 27),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    # Its contexts are counted for the whole machine: one program could take them from every database.
    "io_setup": (206, 0),
    "io_submit": (209, 2),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "listen": (50, 201),
    "listmount": (458, 458),
    "lookup_dcookie": (212, 18),
    # What pages of a shared file prefer is kept with the file, a setting for each, in no account.
    "mbind": (237, 235),
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
    "seccomp": (317, 277),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
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
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
# Answered as if done. A program's own files lie on tmpfs, where flushes do nothing; on the host's disk they
# would make all wait (and the program too, out of reach of a kill), or drop from memory what others use. Who
# is moved between cores goes before all that wait: thirty that do nothing else let nobody watch them.
UNDONE: Final[dict[str, tuple[int | None, int | None]]] = {
    "fadvise64": (221, 223),
    "fdatasync": (75, 83),
    "fsync": (74, 82),
    "sched_setaffinity": (203, 122),
    "sync": (162, 81),
    "sync_file_range": (277, 84),
    "syncfs": (306, 267),
}
# As on a file system that has none: the kernel holds access lists, 64 KiB for each file, in no account.
UNSUPPORTED: Final[dict[str, tuple[int | None, int | None]]] = {
    "fsetxattr": (190, 7),
    "lsetxattr": (189, 6),
    "setxattr": (188, 5),
    "setxattrat": (463, 463),
}
NEEDED_BY_INIT: Final = frozenset({"mount", "mount_setattr", "umount2", "unshare"})
_CLONE3: Final = (435, 435)
# Of these the core size: see accounting.rlimits, a program could lower it to 0.
_SETRLIMIT: Final = (160, 164)
_PRLIMIT64: Final = (302, 261)
_FCNTL: Final = (72, 25)
_NOTIFY: Final = 1026
_LOCKS: Final = (6, 7, 37, 38)  # F_SETLK, F_SETLKW, and of open files
_SOCKET: Final = (41, 198)
_SOCKETPAIR: Final = (53, 199)
_MACHINES: Final = ("x86_64", "aarch64")
_AUDIT_ARCH: Final = (0xC000003E, 0xC00000B7)
_X32_BIT: Final = 0x40000000

_LOCAL: Final = 1
_STREAM: Final = 1
_SEQPACKET: Final = 5
_KIND_BITS: Final = 0xF  # the rest of socketpair's type are flags
_RLIMIT_CORE: Final = 4

_LEAF: Final = 4  # numbers that a search ends with, compared one by one

_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_BITS: Final = 0x45
_AND: Final = 0x54
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_KILL_PROCESS: Final = 0x80000000
_ERRNO: Final = 0x00050000
_DONE: Final = 0
_EPERM: Final = 1
_ENOSYS: Final = 38
_EOPNOTSUPP: Final = 95
_EAFNOSUPPORT: Final = 97
_OFFSET_NUMBER: Final = 0
_OFFSET_ARCHITECTURE: Final = 4
_OFFSET_ARGUMENTS: Final = 16  # the low half of each comes first: both machines are little-endian
_ARGUMENT_BYTES: Final = 8


class _Refusal(NamedTuple):
    """A call that fails with EPERM if an argument is one of `values`, or with `bits` has one of theirs."""

    numbers: tuple[int, int]
    argument: int
    values: tuple[int, ...]
    bits: bool = False


_REFUSALS: Final = (
    # clone: NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET. (NEWTIME is a bit of its exit signal.)
    _Refusal((56, 220), 0, (0x7E020000,), bits=True),
    # ioctl: TIOCSTI, TIOCLINUX put words into a terminal.
    _Refusal((16, 29), 1, (0x5412, 0x541C)),
    # mmap, memfd_create and shmget of huge pages, which no cgroup of memory counts.
    _Refusal((9, 222), 3, (0x40000,), bits=True),
    _Refusal((319, 279), 1, (0x4,), bits=True),
    _Refusal((29, 194), 2, (0x800,), bits=True),
    # prctl: SCHED_CORE keeps all others off the core's second thread. PR_SET_MEMORY_MERGE and madvise's
    # MERGEABLE have the kernel compare pages with all others': a write's time tells whether one is equal.
    _Refusal((157, 167), 0, (62, 67)),
    _Refusal((28, 233), 2, (12,)),
    # setsockopt: filters of a pair, SO_ATTACH_FILTER, _BPF, _REUSEPORT_CBPF, _REUSEPORT_EBPF.
    _Refusal((54, 208), 2, (26, 50, 51, 52)),
)
# A filter of its own, by prctl(PR_SET_SECCOMP): the kernel compiles and logs as it says. Init sets programs'.
_FILTER_REFUSAL: Final = _Refusal((157, 167), 0, (22,))


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _fail(number: int) -> bytes:
    return _op(_RETURN, _ERRNO | number)


def _only(number: int, body: list[bytes]) -> list[bytes]:
    """`body` for the call `number`, which must return; other calls jump over it."""
    return [_op(_JUMP_EQUAL, number, 0, len(body)), *body]


def _argument(number: int) -> bytes:
    return _op(_LOAD, _OFFSET_ARGUMENTS + number * _ARGUMENT_BYTES)


def _high_half(number: int) -> bytes:
    return _op(_LOAD, _OFFSET_ARGUMENTS + number * _ARGUMENT_BYTES + _ARGUMENT_BYTES // 2)


def _refused(refusal: _Refusal, index: int) -> list[bytes]:
    jump = _JUMP_BITS if refusal.bits else _JUMP_EQUAL
    *others, last = refusal.values
    tests = [_op(jump, value, len(others) - place, 0) for place, value in enumerate(others)]
    tests.append(_op(jump, last, 0, 1))
    return _only(
        refusal.numbers[index], [_argument(refusal.argument), *tests, _fail(_EPERM), _op(_RETURN, _ALLOW)]
    )


def _file_control(index: int) -> list[bytes]:
    """F_NOTIFY, inotify's forerunner, is refused. Locks of parts of files are answered as if taken: there may
    be any number of them, in no account (400 MB in two seconds, of a program that may have 64). Those of
    whole files are flock's, one for each open file.
    """
    commands = [
        _argument(1),
        _op(_JUMP_EQUAL, _NOTIFY, 0, 1),
        _fail(_EPERM),
        *(_op(_JUMP_EQUAL, lock, len(_LOCKS) - place, 0) for place, lock in enumerate(_LOCKS)),
        _op(_RETURN, _ALLOW),
        _fail(_DONE),
    ]
    return _only(_FCNTL[index], commands)


def _pairs(index: int) -> list[bytes]:
    """No socket but local pairs of the kinds that stay connected: nothing in them ever has an address.

    All boxes share one network namespace without interfaces (to make and unmake one takes up to a millisecond
    of CPU). A datagram socket may be disconnected, is given a name by the kernel itself (SO_PASSCRED), and
    then takes data and descriptors from any box.
    """
    kinds = [
        _argument(0),
        _op(_JUMP_EQUAL, _LOCAL, 1, 0),
        _fail(_EAFNOSUPPORT),
        _argument(1),
        _op(_AND, _KIND_BITS),
        _op(_JUMP_EQUAL, _STREAM, 2, 0),
        _op(_JUMP_EQUAL, _SEQPACKET, 1, 0),
        _fail(_EPERM),
        _op(_RETURN, _ALLOW),
    ]
    return [*_only(_SOCKET[index], [_fail(_EAFNOSUPPORT)]), *_only(_SOCKETPAIR[index], kinds)]


def _core_limit(index: int) -> list[bytes]:
    """A program's change of its own limit is answered as if done: many turn dumps off, and some end if they
    cannot. By prlimit64 another's, and one that asks for the old limit too, is refused; its other half reads.
    """
    setrlimit = [_argument(0), _op(_JUMP_EQUAL, _RLIMIT_CORE, 0, 1), _fail(_DONE), _op(_RETURN, _ALLOW)]
    process, kind, new, old = range(4)
    prlimit = [
        _argument(kind),
        _op(_JUMP_EQUAL, _RLIMIT_CORE, 0, 12),
        _argument(new),
        _op(_JUMP_EQUAL, 0, 0, 2),
        _high_half(new),
        _op(_JUMP_EQUAL, 0, 8, 0),
        _argument(process),
        _op(_JUMP_EQUAL, 0, 0, 5),
        _argument(old),
        _op(_JUMP_EQUAL, 0, 0, 3),
        _high_half(old),
        _op(_JUMP_EQUAL, 0, 0, 1),
        _fail(_DONE),
        _fail(_EPERM),
        _op(_RETURN, _ALLOW),
    ]
    return [*_only(_SETRLIMIT[index], setrlimit), *_only(_PRLIMIT64[index], prlimit)]


def _search(answers: list[tuple[int, int]]) -> list[bytes]:
    """The errno for each of the numbers, which are sorted, else allowed; a binary search.

    On installing a filter the kernel runs it once for every call number there is, so a search costs less.
    """
    if len(answers) <= _LEAF:
        pairs = ((_op(_JUMP_EQUAL, number, 0, 1), _fail(errno)) for number, errno in answers)
        return [*(part for pair in pairs for part in pair), _op(_RETURN, _ALLOW)]
    middle = len(answers) // 2
    below, above = _search(answers[:middle]), _search(answers[middle:])
    return [_op(_JUMP_AT_LEAST, answers[middle][0], len(below), 0), *below, *above]


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
    # The flags of clone3 lie in memory, out of reach of BPF; the C libraries fall back to clone.
    program += [*_only(_CLONE3[index], [_fail(_ENOSYS)]), *_pairs(index), *_file_control(index)]
    for refusal in _REFUSALS:
        program += _refused(refusal, index)
    answers = _numbers(index, DENIED, DENIED.keys() - NEEDED_BY_INIT, _EPERM)
    answers += _numbers(index, UNDONE, UNDONE, _DONE)
    answers += _numbers(index, UNSUPPORTED, UNSUPPORTED, _EOPNOTSUPP)
    return b"".join(program + _search(sorted(answers)))


def for_programs(machine: str) -> bytes:
    """The rest, on top of `for_init`, which has seen to the architecture."""
    index = _index(machine)
    denied = _search(sorted(_numbers(index, DENIED, NEEDED_BY_INIT, _EPERM)))
    refused = [*_core_limit(index), *_refused(_FILTER_REFUSAL, index)]
    return b"".join([_op(_LOAD, _OFFSET_NUMBER), *refused, *denied])


def _index(machine: str) -> int:
    if machine not in _MACHINES:
        raise ValueError(f"no seccomp filter for {machine}; Gavel runs on {' and '.join(_MACHINES)}")
    return _MACHINES.index(machine)


def _numbers(
    index: int, table: Mapping[str, tuple[int | None, int | None]], names: Iterable[str], errno: int
) -> list[tuple[int, int]]:
    return [(number, errno) for name in names if (number := table[name][index]) is not None]
