"""From the spawner's fork to a box whose init has no right outside it.

The order is the point. While still the spawner's root: a copy of the template's mount namespace, in which the
template is the root, and a /proc of the new pid namespace. Then a user namespace of two ids (0: init, 1000:
programs), mapped to ids that only this box has (ids.py), and all other namespaces again inside that one: from
there on init is root of its box and of nothing else, and the mounts made before are locked together, so that
not even init could take a mask off.
"""

import os
import signal
from typing import Final

from . import calls, kernel
from .template import HIDDEN

BOX_USER: Final = 1000
READY: Final = b"m"
"""What spawner and child tell each other when ids are mapped."""
CONTROL: Final = 3
_TO_SPAWNER: Final = 4
_FROM_SPAWNER: Final = 5
_LAST_DESCRIPTOR: Final = 0xFFFFFFFF
_FIRST_MOVE: Final = 1  # of a descriptor, in the table

# Killed before anything else of the machine when its memory runs out, whatever the worker is protected from.
_OOM_SCORE: Final = b"1000"

# Readable by everyone, of no use to a program: the boot options of the machine (some hold secrets), kernel
# addresses, keys and file locks.
_MASKED: Final = ("cmdline", "kallsyms", "key-users", "keys", "locks", "sched_debug")


def current() -> int:
    """The mount namespace of the caller, as a descriptor."""
    return os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)


def maskable() -> list[str]:
    """Which of the files of /proc to hide exist. The spawner asks once, not every box."""
    return [name for name in _MASKED if os.path.exists(f"/proc/{name}")]


def write_id_maps(pid: int, first: int) -> None:
    """By the spawner, which alone may: maps the new user namespace of `pid` to `first` and the next id."""
    text = f"0 {first} 1\n{BOX_USER} {first + 1} 1\n".encode()
    for name, data in (("oom_score_adj", _OOM_SCORE), ("uid_map", text), ("gid_map", text)):
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)


class Entry:
    """The way from the spawner's fork into a box of one template: laid out once, gone by each box."""

    def __init__(self, template: int, masked: list[str], filter_program: kernel.Filter) -> None:
        """`template`: its mount namespace; `masked`: see `maskable`; `filter_program`: for init."""
        enter: list[calls.Call] = [("setns", template, kernel.CLONE_NEWNS)]
        before = [*enter, *_descriptors(), *_mounts(masked)]
        self._handshake = len(before) + 2
        self._table = calls.Table([*before, *_ids(), *_rights(filter_program)])

    def fork(self, starter: calls.Starter, control: int, to_spawner: int, from_spawner: int) -> int:
        """The pid, in the spawner; 0 in the child, of whose descriptors only `control` is left, as CONTROL.

        The child first asks by `to_spawner` for its ids to be mapped, and waits for a byte `from_spawner`.
        """
        given = (control, to_spawner, from_spawner)
        for place, descriptor in enumerate(given):
            far = max(given) + 1 + place
            self._table.set(_FIRST_MOVE + place, 0, descriptor)
            self._table.set(_FIRST_MOVE + place, 1, far)
            self._table.set(_FIRST_MOVE + len(given) + place, 0, far)
        return starter.fork(self._table, kernel.CLONE_NEWPID)

    def check(self) -> None:
        """In the child. OSError means that there is no box."""
        self._table.check()
        if self._table.result(self._handshake) != len(READY):
            raise OSError("the spawner went away")


def _descriptors() -> list[calls.Call]:
    """All but three are closed. These first move out of each other's way; `fork` fills in the numbers."""
    kept = (CONTROL, _TO_SPAWNER, _FROM_SPAWNER)
    return [
        *(("dup3", -1, -1, os.O_CLOEXEC) for _ in kept),
        *(("dup3", -1, number, os.O_CLOEXEC) for number in kept),
        ("close_range", kept[-1] + 1, _LAST_DESCRIPTOR, 0),
    ]


def _mounts(masked: list[str]) -> list[calls.Call]:
    """The machine's /proc, which is the template's, is replaced by one of the box's own processes.

    In this order: who is not the machine's root may mount one only while a whole one is in sight.
    """
    flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    place = f"{HIDDEN}/scratch".encode()
    return [
        ("unshare", kernel.CLONE_NEWNS),
        ("mount", b"proc", place, b"proc", flags, b"hidepid=2"),
        # By the template's, read-only: of the machine's own anybody may set the times.
        *(("mount", b"/dev/null", place + b"/" + name.encode(), b"", kernel.MS_BIND, b"") for name in masked),
        ("umount2", b"/proc", kernel.MNT_DETACH),
        ("mount", place, b"/proc", b"", kernel.MS_MOVE, b""),
    ]


def _ids() -> list[calls.Call]:
    return [
        ("unshare", kernel.CLONE_NEWUSER),
        ("write", _TO_SPAWNER, READY, len(READY)),
        ("read", _FROM_SPAWNER, None, len(READY)),
        ("setresgid", 0, 0, 0),
        ("setgroups", 0, 0),
        ("setresuid", 0, 0, 0),
    ]


def _rights(filter_program: kernel.Filter) -> list[calls.Call]:
    others = kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP
    return [
        ("unshare", others),
        ("sethostname", b"box", len(b"box")),
        # After the change of ids, which clears it. If the spawner died in between, the socket's end tells.
        ("prctl", kernel.PR_SET_PDEATHSIG, signal.SIGKILL),
        ("prctl", kernel.PR_SET_DUMPABLE, 0),
        ("prctl", kernel.PR_SET_NO_NEW_PRIVS, 1),
        ("prctl", kernel.PR_SET_SECUREBITS, kernel.SECUREBITS),
        # No exec of a descendant ever gains a capability. What init holds now it keeps.
        *(("prctl", kernel.PR_CAPBSET_DROP, capability) for capability in range(kernel.CAPABILITIES)),
        ("close_range", _TO_SPAWNER, _FROM_SPAWNER, 0),
        ("prctl", kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, filter_program.address),
    ]
