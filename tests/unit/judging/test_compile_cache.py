"""What compiling made is kept within a bound, and never taken for something else."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.compile_cache import CompileCache, key_of
from gavel.judging.report import text


def test_an_entry_comes_back_as_it_was_put(tmp_path: Path) -> None:
    """Files by path; another key has nothing."""
    cache = CompileCache(str(tmp_path))
    cache.put("a", {"program": b"\x7fELF", "classes/x/Main.class": b""})

    assert cache.get("a") == {"program": b"\x7fELF", "classes/x/Main.class": b""}
    assert cache.get("b") is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    """Beyond the bound; what was just asked for stays."""
    cache = CompileCache(str(tmp_path), bytes_most=25_000)
    for age, key in enumerate("abc"):
        cache.put(key, {"program": os.urandom(7_000)})
        os.utime(tmp_path / key, (age, age))
    assert cache.get("a") is not None

    cache.put("d", {"program": os.urandom(7_000)})

    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_a_damaged_entry_is_dropped(tmp_path: Path) -> None:
    """It is compiled anew then."""
    cache = CompileCache(str(tmp_path))
    cache.put("a", {"program": b"x" * 100})
    (tmp_path / "a").write_bytes(b"nonsense")

    assert cache.get("a") is None
    assert not (tmp_path / "a").exists()


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_keys_differ_when_anything_does(left: list[bytes], right: list[bytes]) -> None:
    """Also when the parts would read the same one behind the other."""
    assert (key_of(left) == key_of(right)) == (left == right)


@given(st.binary(max_size=60), st.integers(0, 50))
def test_any_bytes_become_text_within_the_bound(data: bytes, most_bytes: int) -> None:
    """Valid UTF-8 without NUL, never longer than asked for."""
    found = text(data, most_bytes)

    assert len(found.encode()) <= most_bytes
    assert "\0" not in found
