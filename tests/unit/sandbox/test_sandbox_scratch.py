"""What a box's init is to do with the folders, by what happened before."""

import struct

import pytest

from gavel.sandbox.frozen import Entry, Kind, Steps
from gavel.sandbox.inside.packet import Packet
from gavel.sandbox.scratch import Scratch, measure, measure_use

SIZE = (1 << 20, 100)
OTHER = (2 << 20, 200)
_TRACE_BYTES = 40 + 3 * 32 + 8
_USE_BYTES = 3 * 4
FROZEN = {"program": Entry(Kind.FILE)}


def _trace(used: int = 1, number: int = 10) -> bytes:
    """`number`: of the inode of that look, one more with each."""
    return struct.pack("<5Q", 100, 100 - used, 0, 50, 40) + bytes(3 * 32) + struct.pack("<Q", number)


def _kinds(steps: Steps) -> list[str]:
    return [name for name, *_ in steps]


def _shown(steps: Steps) -> bool:
    """The frozen program is."""
    return any(step[:3] == ("mount", "/.box/files/program", "/work/program") for step in steps)


def _run(scratch: Scratch, after: int = 1, *, number: int = 11, keep: bool = False, in_use: int = 0) -> Steps:
    """A run that leaves that trace; what is to be done behind it."""
    _, measures = scratch.before_run(*SIZE)
    use = struct.pack("<3I", 0, in_use, 0)
    return scratch.ran((_trace() if measures else b"") + _trace(after, number) + use, keep=keep)


def test_what_is_measured_has_the_size_that_is_read() -> None:
    """Of all parts together."""
    packet = Packet("x")
    folders = Scratch(*SIZE).measured
    assert sum(size for _, size in measure(packet, folders)) == _TRACE_BYTES
    assert sum(size for _, size in measure_use(packet, folders)) == _TRACE_BYTES + _USE_BYTES


def test_a_run_without_a_trace_leaves_the_folders_for_the_next() -> None:
    """Nothing is mounted or looked at anew before that."""
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    steps, measures = scratch.before_run(*SIZE)
    assert measures
    assert _kinds(steps).count("mount") == 9
    assert scratch.ran(_trace(number=10) + _trace(number=11) + bytes(_USE_BYTES), keep=False) == ()
    for number in (12, 13):
        assert scratch.before_run(*SIZE) == ((), False)
        assert scratch.ran(_trace(number=number) + bytes(_USE_BYTES), keep=False) == ()


@pytest.mark.parametrize("keep", [True, False])
def test_a_trace_goes_before_the_next_run(*, keep: bool) -> None:
    """At once, unless somebody wants to see it."""
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    done = _run(scratch, after=2, keep=keep)
    steps, measures = scratch.before_run(*SIZE)
    assert measures
    assert _kinds(done).count("umount2") == (0 if keep else 4)
    assert _kinds(steps).count("umount2") == (4 if keep else 0)
    assert _shown(steps)


def test_a_trace_that_a_later_run_leaves_is_seen_too() -> None:
    """By what there was when the folders were mounted."""
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    assert _run(scratch) == ()
    assert _kinds(_run(scratch, after=2, number=12)) == ["umount2"] * 4


@pytest.mark.parametrize("number", [0, 10, 11, 13, 1 << 20])
def test_inodes_that_are_gone_are_a_trace(number: int) -> None:
    """Made without a name they change no folder and no count, only the number of the next; 0: there was no
    room for that.
    """
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    assert _run(scratch) == ()
    assert _kinds(_run(scratch, number=number)) == ["umount2"] * 4
    assert _run(scratch) == ()


def _run_beside(folders: int, times: bytes) -> tuple[bool, Steps]:
    """A run with so many folders of what was put, which it leaves with these times, and what follows it;
    whether it was looked at them.
    """
    scratch = Scratch(*SIZE)
    scratch.freeze({f"f{number}": Entry((Kind.MADE, Kind.LINK)[number % 2]) for number in range(folders)})
    scratch.before_run(*SIZE)
    looked = len(scratch.measured)
    untouched = bytes(32 * looked)
    first, last = _trace(), _trace(number=11)
    before = first[:40] + untouched + first[-8:]
    after = last[:40] + (times + untouched)[: len(untouched)] + last[-8:]
    return looked > 0, scratch.ran(before + after + bytes(_USE_BYTES), keep=False)


def test_times_of_folders_that_came_with_files_are_a_trace() -> None:
    """Any program may set them to the present time."""
    assert _run_beside(2, b"") == (True, ())
    looked, done = _run_beside(2, bytes(4 * 32) + b"x")
    assert (looked, _kinds(done)) == (True, ["umount2"] * 4)


def test_very_many_folders_are_made_anew_for_each_run() -> None:
    """Without a look at them."""
    looked, done = _run_beside(100, b"")
    assert (looked, _kinds(done)) == (False, ["umount2"] * 4)


def test_what_lasts_takes_no_more_space() -> None:
    """Of which it has been said how much it takes."""
    scratch = Scratch(*SIZE)
    scratch.before_put("x")
    scratch.freeze(FROZEN, 40960)
    steps, _ = scratch.before_run(*SIZE)
    assert steps[0][2:4] == ("/.box", "tmpfs")
    assert steps[0][-1] == "size=40960"


def test_links_that_last_have_their_space_beside_the_runs() -> None:
    """Which may be too small for a long target."""
    scratch = Scratch(1, 1)
    scratch.freeze({"link": Entry(Kind.LINK, "x" * 4000)})
    steps, _ = scratch.before_run(1, 1)
    assert any("size=8192,nr_inodes=6,mode=700" in step for step in steps)


def test_other_limits_change_the_folders_in_place() -> None:
    """Which leaves their trace as it was."""
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    _run(scratch)
    steps, measures = scratch.before_run(*OTHER)
    assert (_kinds(steps), measures) == (["mount"], False)
    assert "size=2097152,nr_inodes=205" in steps[0]
    assert scratch.ran(_trace(number=12) + bytes(_USE_BYTES), keep=False) == ()


def test_what_was_put_is_there_for_one_run() -> None:
    """It is a trace by itself."""
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    _run(scratch)
    assert scratch.before_put("x") == ()
    assert scratch.before_run(*SIZE) == ((), False)
    assert _kinds(scratch.ran(_trace(number=12) + bytes(_USE_BYTES), keep=False)) == ["umount2"] * 4


def test_before_it_is_frozen_work_stays() -> None:
    """Puts go to what lasts; only /tmp and /dev/shm are as new for each run."""
    scratch = Scratch(*SIZE)
    assert _kinds(scratch.before_put("x")) == ["mount", "mkdirat", "mkdirat", "mount"]
    assert scratch.before_put("x") == ()
    done = _run(scratch, after=2)
    assert [target for _, target, _ in done] == ["/tmp", "/dev/shm", "/.box/scratch"]
    scratch.freeze(FROZEN)
    steps, _ = scratch.before_run(*SIZE)
    assert _shown(steps)
    assert "umount2" not in _kinds(steps)


def test_objects_of_a_run_go_with_their_namespace() -> None:
    """System V's, which have no folder."""
    scratch = Scratch(*SIZE)
    assert _kinds(_run(scratch, in_use=1)) == ["unshare"]
    assert _kinds(_run(scratch, number=12)) == []


def test_reading_sees_what_the_last_run_left() -> None:
    """Or what the next one would find."""
    scratch = Scratch(*SIZE)
    scratch.freeze(FROZEN)
    _run(scratch, after=2, keep=True)
    assert scratch.before_get() == ()
    fresh = Scratch(*SIZE)
    fresh.freeze(FROZEN)
    assert _shown(fresh.before_get())
    assert fresh.before_run(*SIZE) == ((), False)
