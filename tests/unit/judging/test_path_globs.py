"""Glob patterns of submissions.yaml."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.path_globs import expanded, matches, names

NAMES = st.text(
    st.characters(codec="ascii", exclude_characters="/{},*\n\r", categories=["L", "N", "P", "S"]), min_size=1
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("accepted", "accepted/a.py", True),
        ("accepted/", "accepted/a.py", True),
        ("accepted/*", "accepted/a.py", True),
        ("accepted/*", "accepted", False),
        ("*/a.py", "accepted/a.py", True),
        ("*", "accepted/a.py", True),
        ("*.py", "accepted/a.py", False),
        ("accepted*a.py", "accepted/a.py", False),
        ("accepted/author.{py,cpp}", "accepted/author.cpp", True),
        ("{accepted,wrong_answer}/{a,b{c,d}}.py", "wrong_answer/bd.py", True),
        ("{accepted/a,x}.py", "accepted/a.py", True),
        ("secret/*-easy", "secret/01-easy", True),
        ("secret/*-easy", "secret/01-easy/deeper", True),
        ("secret/*-easy", "secret/01-hard", False),
        ("a[bc]?.py", "ab1.py", False),
        ("a[bc]?.py", "a[bc]?.py", True),
        ("{a", "{a", True),
        ("a}", "a}", True),
    ],
)
def test_stars_stay_within_a_name_and_braces_choose(glob: str, path: str, expected: bool) -> None:
    """A match of a folder is a match of what lies in it; signs that other globs know are letters."""
    assert matches(glob, path) is expected


@given(PATHS, st.data())
def test_a_path_is_matched_by_itself_its_folders_and_stars(path: str, data: st.DataObject) -> None:
    """Whatever signs are in it; `names` alone tells it from its folders."""
    parts = path.split("/")
    count = data.draw(st.integers(1, len(parts)))
    starred = ["*" if data.draw(st.booleans()) else part for part in parts[:count]]
    glob = "/".join(starred)
    assert matches(glob, path)
    assert names(glob, path) is (count == len(parts))
    assert not matches(f"{path}/x", path)


@given(st.text(alphabet="ab{},*/", max_size=40), st.text(alphabet="ab{},/", max_size=12))
def test_braces_mean_the_union_of_what_they_stand_for(glob: str, path: str) -> None:
    """A glob matches what one of its expansions matches."""
    try:
        found = expanded(glob)
    except ValueError:
        return
    assert matches(glob, path) == any(matches(each, path) for each in found)


def test_what_stands_for_too_much_is_refused() -> None:
    """A glob may not expand beyond 1,000, nor have more than 255 letters; neither takes long to find out."""
    with pytest.raises(ValueError, match="1,000 patterns"):
        expanded("{a,b}" * 50)
    with pytest.raises(ValueError, match="255 letters"):
        expanded("{" * 256)
