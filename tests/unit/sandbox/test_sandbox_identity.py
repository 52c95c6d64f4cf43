"""Whose ids boxes have: pure reading of the files that say it, and the pairs of a block."""

import os

import pytest

from gavel.sandbox import EXCEPTABLE, Enforcement, SandboxUnavailable
from gavel.sandbox.exceptions import Exceptions
from gavel.sandbox.identity import mapped, subordinate
from gavel.sandbox.inside.ids import Block, ByPid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("alice:100000:65536\n", (100_000, 165_536)),
        ("bob:100000:65536\nalice:200000:65536\n", (200_000, 265_536)),
        ("1000:100000:65536\n", (100_000, 165_536)),
        ("alice:100000:2047\n", None),
        ("alice:0:65536\n", None),
        ("alice:100000:3000\nalice:300000:65536\n", (300_000, 365_536)),
        ("alice:100000\nalice:x:y\n# alice:1:65536\n\n", None),
        ("malice:100000:65536\n", None),
    ],
)
def test_subordinate_ids(text: str, found: tuple[int, int] | None) -> None:
    """The user's largest range, by name or number; none that is malformed, too small, or holds root."""
    assert subordinate(text, "alice", 1000) == found


def test_mapped_ids() -> None:
    """The largest range of a uid_map, as its own processes see it."""
    assert mapped("         0          0 4294967295\n") == (0, 4_294_967_295)
    assert mapped("0 1000 1\n1 100000 65536\n") == (1, 65_537)


def test_pairs_by_pid_are_out_of_everybodys_way() -> None:
    """Two for each pid, no two the same, and within what the kernel can hold."""
    ids = ByPid()
    pairs = [ids.take(pid, -1) for pid in (1, 2, 2**22)]

    assert pairs == [2_000_000_002, 2_000_000_004, 2_008_388_608]
    assert pairs[-1] + 1 < 2**31


def test_pairs_of_a_block_come_back_when_their_box_has_ended() -> None:
    """Never while it lives; the one that was free the longest first. (A pipe ends as a box does.)"""
    block = Block(1, 6)
    boxes = [os.pipe() for _ in range(4)]
    assert [block.take(0, reader) for reader, _ in boxes[:3]] == [1, 3, 5]
    with pytest.raises(OSError, match="in use by 3 boxes"):
        block.take(0, boxes[3][0])

    os.close(boxes[1][1])
    assert block.take(0, boxes[3][0]) == 3
    with pytest.raises(OSError, match="in use"):
        block.take(0, boxes[3][0])

    for number, (reader, writer) in enumerate(boxes):
        os.close(reader)
        if number != 1:
            os.close(writer)


LACK = SandboxUnavailable("swap", "swap is on", "swapoff -a")


def test_a_limit_that_does_not_hold_is_refused_unless_that_is_allowed() -> None:
    """By its name alone; the report then says what it costs."""
    with pytest.raises(SandboxUnavailable, match="swapoff"):
        Exceptions(("network",)).settle("swap", "cgroup", LACK)

    line = Exceptions(("network", "swap")).settle("swap", "cgroup", LACK)
    assert not line.enforced
    assert line.how == f"swap is on; allowed by configuration: {EXCEPTABLE['swap']}"


def test_a_limit_that_holds_is_enforced_whatever_is_allowed() -> None:
    """An exception is no switch."""
    assert Exceptions(("swap",)).settle("swap", "cgroup", None) == Enforcement("swap", True, "cgroup")


@pytest.mark.parametrize("name", ["memory", "files", "privileges", "isolation", "everything", ""])
def test_what_may_not_be_allowed(name: str) -> None:
    """Unknown names, and limits without which there is no sandbox."""
    with pytest.raises(ValueError, match="cpu_weight, network, swap"):
        Exceptions((name,))
