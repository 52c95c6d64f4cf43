"""The packets of runs, and what is read of their answers."""

import struct

import pytest

from gavel.sandbox.inside.packet import PACKET_BYTES_MAX, PacketTooLargeError
from gavel.sandbox.runner import Job, packet_of

TRUE = Job(("true",), (("PATH", "/bin"),), "/work", ((7, 1024),), 1500, 2, reopen=False)
PLACES = struct.Struct("<qqqQqqqq")


def _calls(job: Job = TRUE) -> list[str]:
    return packet_of(job, (("umount2", "/tmp", 2),), ("tmp",), measures=True)._packet._names


def test_the_timer_begins_with_the_program() -> None:
    """What a box takes to come to it is nobody's time."""
    calls = _calls()
    assert calls[0] == "umount2"
    start = calls.index("operation -2")
    assert calls[start + 1] == "setitimer"
    assert "setitimer" not in calls[:start]
    assert calls.index("operation -3") > start


def test_a_program_enters_its_cgroups_last_unless_root_has_to() -> None:
    """The accounts start with the program; who may only move itself has to before it gives up its rights."""
    calls = _calls()
    assert calls[calls.index("chdir") : calls.index("faccessat")] == [
        "chdir",
        "prctl",
        "write",
        "write",
        "clock_gettime",
        "write",
    ]
    reopened = _calls(Job(TRUE.argv, TRUE.env, TRUE.cwd, TRUE.rlimits, TRUE.wall_time_ms, 2, reopen=True))
    assert reopened.count("openat") == 2
    assert reopened.index("write") < reopened.index("setresuid")


def test_a_run_like_one_before_has_its_packet() -> None:
    """And one of other steps has another."""
    first = packet_of(TRUE, (), ("tmp",), measures=False)
    assert packet_of(TRUE, (), ("tmp",), measures=False) is first
    assert packet_of(TRUE, (), ("tmp",), measures=True) is not first
    assert packet_of(TRUE, (), ("shm",), measures=False) is not first
    assert packet_of(TRUE, (("unshare", 1),), ("tmp",), measures=False) is not first


def test_times_and_status_are_read() -> None:
    """The wall time is from the exec to the end; one that never came to its exec had none."""
    run = packet_of(TRUE, (), ("tmp",), measures=False)
    ended = run.ended(PLACES.pack(256, 0, 0, 0, 5, 1_000_000, 6, 3_500_000) + b"rest")
    assert (ended.status, ended.wall_time_us, ended.error, ended.measured) == (256, 1_002_500, None, b"rest")
    assert run.ended(PLACES.pack(9, 0, 0, 0, 0, 0, 6, 0)).wall_time_us == 0


@pytest.mark.parametrize(
    ("call", "message"), [("faccessat", "true is not on /bin"), ("chdir", "true: chdir: No such file")]
)
def test_why_a_program_did_not_start(call: str, message: str) -> None:
    """By the call that failed."""
    run = packet_of(TRUE, (), ("tmp",), measures=False)
    entry = run._packet._first + 64 * run._packet._names.index(call)
    error = run.ended(PLACES.pack(127 << 8, 5, -2, entry, 0, 0, 6, 0)).error
    assert error is not None
    assert error.errno == 2
    assert message in str(error)


def test_room_for_arguments() -> None:
    """Small ones cost eight bytes each beside themselves; what does not fit is refused."""
    many = tuple((f"A{n}", "x") for n in range(9_000))
    packet_of(Job(TRUE.argv, many, "/work", (), 1, 2, reopen=False), (), ("tmp",), measures=False)
    with pytest.raises(PacketTooLargeError):
        packet_of(
            Job(("x" * PACKET_BYTES_MAX,), (), "/work", (), 1, 2, reopen=False), (), ("tmp",), measures=False
        )
