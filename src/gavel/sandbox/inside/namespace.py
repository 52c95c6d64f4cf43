"""From the spawner's child to a box whose init has no right outside it: two packets, for each template once.

The order is the point. While still the spawner's root: a copy of the template's mount namespace, in which the
template is the root, and a /proc of the new pid namespace. Then a user namespace of two ids (0: init, 1000:
programs), mapped to ids that only this box has (ids.py), and all other namespaces again inside that one: from
there on init is root of its box and of nothing else, and the mounts made before are locked together, so that
not even init could take a mask off.
"""

import os
import signal
import struct
from typing import Final

from . import executor, kernel
from .packet import ALL, SIGNAL_SET_BYTES, Packet
from .template import HIDDEN

BOX_USER: Final = 1000
NAME: Final = "gavel-box"
"""Of init, to who lists processes."""
_CONTROL: Final = executor.FIRST_GIVEN
_TEMPLATE: Final = executor.FIRST_GIVEN + 1
"""What comes with the first packet: the box's end of the service's socket, and the template's namespace."""

# Killed before anything else of the machine when its memory runs out, whatever the worker is protected from.
_OOM_SCORE: Final = b"1000"

# Readable by everyone, of no use to a program: the boot options of the machine (some hold secrets), kernel
# addresses, keys and file locks.
_MASKED: Final = ("cmdline", "kallsyms", "key-users", "keys", "locks", "sched_debug")

_ACTION: Final = struct.Struct("<4Q")
_SA_RESTORER: Final = 0x04000000
_SA_RESTART: Final = 0x10000000


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


def until_ids(masked: list[str]) -> bytes:
    """Up to the user namespace, whose ids are then to be mapped; answered to the spawner, errors to the
    service.

    The machine's /proc, which is the template's, is replaced by one of the box's own processes. In this
    order: who is not the machine's root may mount one only while a whole one is in sight.
    """
    packet = Packet("a new box", _CONTROL)
    packet.call("setns", _TEMPLATE, kernel.CLONE_NEWNS)
    packet.call("unshare", kernel.CLONE_NEWNS)
    place = f"{HIDDEN}/proc"
    flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    packet.call("mount", "proc", place, "proc", flags, "hidepid=2")
    for name in masked:
        # By the template's, read-only: of the machine's own anybody may set the times.
        packet.call("mount", "/dev/null", f"{place}/{name}", "", kernel.MS_BIND, "")
    packet.call("umount2", "/proc", kernel.MNT_DETACH)
    packet.call("mount", place, "/proc", "", kernel.MS_MOVE, "")
    packet.call("unshare", kernel.CLONE_NEWUSER)
    packet.tell(executor.CONTROL)
    packet.operate(executor.END)
    return packet.finished(lives_on=False)


def until_ready(filter_program: bytes) -> bytes:
    """The rest, once ids are mapped; answered to the service. `filter_program`: for init."""
    packet = Packet("a new box", _CONTROL)
    packet.call("setresgid", 0, 0, 0)
    packet.call("setgroups", 0, 0)
    packet.call("setresuid", 0, 0, 0)
    others = kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP
    packet.call("unshare", others)
    packet.call("sethostname", "box", len("box"))
    packet.call("prctl", kernel.PR_SET_NAME, NAME)
    # After the change of ids, which clears it. If the spawner died in between, its socket's end tells.
    packet.call("prctl", kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    packet.call("prctl", kernel.PR_SET_DUMPABLE, 0)
    packet.call("prctl", kernel.PR_SET_NO_NEW_PRIVS, 1)
    packet.call("prctl", kernel.PR_SET_SECUREBITS, kernel.SECUREBITS)
    for capability in range(kernel.CAPABILITIES):
        # No exec of a descendant ever gains a capability. What init holds now it keeps.
        packet.call("prctl", kernel.PR_CAPBSET_DROP, capability)
    # A run's timer ends it; a child's end ends a wait for the socket, and nothing else.
    for number, handler in ((signal.SIGALRM, executor.HANDLER), (signal.SIGCHLD, executor.NOTHING)):
        action = _ACTION.pack(handler, _SA_RESTORER | _SA_RESTART, executor.RESTORER, 0)
        packet.call("rt_sigaction", number, packet.data(action), 0, SIGNAL_SET_BYTES)
    packet.call("rt_sigprocmask", signal.SIG_BLOCK, packet.signals(signal.SIGCHLD), 0, SIGNAL_SET_BYTES)
    packet.call("prctl", kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, packet.filter(filter_program))
    packet.call("dup3", _CONTROL, executor.CONTROL, os.O_CLOEXEC)
    packet.call("close_range", executor.FIRST_GIVEN, ALL, 0)
    packet.tell(executor.CONTROL)
    packet.operate(executor.END)
    return packet.finished(lives_on=False)
