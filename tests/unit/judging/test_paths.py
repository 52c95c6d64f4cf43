"""Relative paths: which may be, and which may be together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.paths import PATH_BYTES, clashes, path_fault


@pytest.mark.parametrize(
    "path", ["a.py", "a/b.py", "...", ".hidden", "a/.b", "x+y.c++", "A_b-c.1", "x" * 255]
)
def test_good_paths(path: str) -> None:
    """Letters, digits and a few signs, in segments."""
    assert path_fault(path) is None


def test_a_path_that_cannot_be_is_named() -> None:
    """`sources[0].path` says little to who has named his file himself."""
    assert str(path_fault("my prog.py")).startswith("'my prog.py' is not a relative path")


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/..",
        "a/./b",
        "-o",
        "a/-o",
        "a b",
        "a\n",
        "ä",
        "a\0",
        "x" * 256,
    ],
)
def test_bad_paths(path: str) -> None:
    """Nothing that leaves the folder, is taken for an option, or is no path."""
    assert path_fault(path) is not None


@given(st.lists(st.sampled_from(["a", "b", "..", ".", "", "-c", "c.d", "~"]), max_size=6))
def test_a_good_path_stays_in_its_folder(segments: list[str]) -> None:
    """A path is good exactly when each of its segments is."""
    path = "/".join(segments)
    good = bool(segments) and all(segment in {"a", "b", "c.d"} for segment in segments)

    assert (path_fault(path) is None) == good


def test_many_segments_take_no_time() -> None:
    """The longest path of the shortest segments is refused as fast as any."""
    assert path_fault("a/" * (PATH_BYTES // 2) + "!") is not None


def test_clashes() -> None:
    """A path given twice, and a file that another path uses as a folder, are found by their index."""
    assert clashes(["a", "b/c", "b/d", "e"]) == []
    assert [index for index, _ in clashes(["a", "a/b", "x/y/z", "x/y", "q", "q"])] == [0, 3, 5]


def test_a_path_as_large_as_a_message_costs_nothing() -> None:
    """Each of its two million folders was a text of its own: the process was killed for want of memory."""
    assert clashes(["a/" * (2 << 20), "b", "b/c"]) == [(1, "is a file, but another path uses it as a folder")]
