"""The limit of open files, in processes of their own."""

import resource
import subprocess
import sys

import pytest

from gavel.open_files import MOST, share
from gavel.storage.feeds import FeedCache

_RAISE = "import resource; from gavel import open_files; open_files.allow(); print(*resource.getrlimit(7))"


@pytest.mark.parametrize(
    ("soft", "hard", "expected"), [(256, 512, 512), (1024, 4096, 4096), (300, 300, 300), (4096, 4096, 4096)]
)
def test_a_process_may_open_what_it_is_allowed(soft: int, hard: int, expected: int) -> None:
    """Its soft limit is its hard one, up to what anybody needs."""
    assert resource.RLIMIT_NOFILE == 7
    told = subprocess.run(
        [
            "bash",
            "-c",
            f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$0" -c "$1"',
            sys.executable,
            _RAISE,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.split() == [str(min(expected, MOST)), str(hard)]


def test_a_cache_of_open_files_takes_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what may be open when it is made: the rest has use for it too."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (20, 20))
    assert share(4, 1024) == 5
    cache = FeedCache(1 << 20)
    for number in range(9):
        cache.add(str(number), b"x")
    assert [key for key in map(str, range(9)) if key in cache._held] == ["4", "5", "6", "7", "8"]
    cache.close()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (20_000, 20_000))
    assert share(4, 1024) == 1024
