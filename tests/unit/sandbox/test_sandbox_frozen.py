"""What of /work lasts, and the calls that show and hide it, made on a model of the kernel's files."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.sandbox import TooMuchToKeepError
from gavel.sandbox.frozen import Entry, Frozen, Kind, Steps, frozen, hide, in_the_way, shown, unknown

SOURCE = "/source"
KEPT = {"lib": Entry(Kind.FOLDER), "program": Entry(Kind.FILE), "link": Entry(Kind.LINK, "lib/x")}
"""Of what runs left."""

PATHS = st.lists(st.sampled_from("abcx"), min_size=1, max_size=4).map("/".join)


class Work:
    """A new /work: what each path is, and which of them show something that lasts."""

    def __init__(self, steps: Steps = ()) -> None:
        self.kinds: dict[str, str] = {}
        self.mounts: dict[str, str] = {}
        self.make(steps)

    def make(self, steps: Steps) -> None:
        """The calls, each of which has to succeed."""
        for name, *arguments in steps:
            texts = [text for text in arguments if isinstance(text, str) and text]
            if name == "mount":
                source, target = texts
                self._mount(source, target.removeprefix("/work/"))
            elif name != "mount_setattr":
                self._change(name, texts[-1].removeprefix("/work/"), arguments[-1])

    def put(self, path: str) -> None:
        """As files.put: folders are made where they are missing, what has the name is unlinked."""
        parts = path.split("/")
        for count in range(1, len(parts)):
            folder = "/".join(parts[:count])
            assert folder not in self.mounts, "a read-only folder"
            assert self.kinds.setdefault(folder, "folder") == "folder"
        assert path not in self.mounts
        assert self.kinds.get(path) != "folder"
        self.kinds[path] = "file"

    def _mount(self, source: str, target: str) -> None:
        assert source == f"{SOURCE}/{target}"
        assert self.kinds[target] in {"file", "folder"}
        assert "link" not in self.kinds.values(), "a way could lead through it"
        self.mounts[target] = self.kinds[target]

    def _change(self, name: str, path: str, last: object) -> None:
        if name == "umount2":
            del self.mounts[path]
        elif name == "unlinkat":
            assert path not in self.mounts, os.strerror(errno.EBUSY)
            assert not any(other.startswith(f"{path}/") for other in self.kinds), os.strerror(errno.ENOTEMPTY)
            assert (self.kinds.pop(path) == "folder") == bool(last)
        else:
            above = path.rpartition("/")[0]
            assert not above or self.kinds[above] == "folder"
            assert above not in self.mounts
            assert path not in self.kinds
            self.kinds[path] = {"mkdirat": "folder", "mknodat": "file", "symlinkat": "link"}[name]


def _without_clashes(paths: list[str]) -> list[str]:
    """As many of them as can stand beside each other."""
    found: list[str] = []
    for path in paths:
        if not any(
            f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/") for other in found
        ):
            found.append(path)
    return found


def _shown_as(entries: Frozen) -> dict[str, str]:
    kinds = {Kind.FILE: "file", Kind.LINK: "link"}
    return {path: kinds.get(entry.kind, "folder") for path, entry in entries.items()}


@given(st.lists(PATHS, max_size=12).map(_without_clashes), st.booleans(), PATHS)
def test_any_file_can_be_put_over_what_lasts(put: list[str], has_left: bool, path: str) -> None:
    """And all that is not in its way stays."""
    left = {"a": Entry(Kind.FOLDER), "b": Entry(Kind.LINK, "x"), "x": Entry(Kind.FILE)} if has_left else {}
    entries = frozen(put, left)
    work = Work(shown(entries, SOURCE))
    assert work.kinds == _shown_as(entries)
    assert work.mounts.keys() == {p for p, entry in entries.items() if entry.kind in {Kind.FILE, Kind.FOLDER}}

    taken = in_the_way(entries, path)
    work.make(hide(entries, taken))
    work.put(path)

    assert work.kinds.items() >= {p: k for p, k in _shown_as(entries).items() if p not in taken}.items()
    for found in taken:
        assert f"{found}/".startswith(f"{path}/") or path.startswith(f"{found}/")


@given(st.lists(PATHS, min_size=1, max_size=12).map(_without_clashes))
def test_what_was_put_lasts_file_by_file(put: list[str]) -> None:
    """Each is shown by itself, in folders that can be added to."""
    entries = frozen(put, {})
    assert [path for path, entry in entries.items() if entry.kind is Kind.FILE] == put
    assert {entry.kind for entry in entries.values()} <= {Kind.FILE, Kind.MADE}


def test_what_a_run_left_goes_before_what_was_put_there() -> None:
    """As a whole: it may hold more than was put."""
    assert frozen(["lib/a", "src/a"], KEPT) == {
        "src": Entry(Kind.MADE),
        "src/a": Entry(Kind.FILE),
        **KEPT,
    }


def test_many_files_last_by_their_folders() -> None:
    """What shows them has to fit into a packet; if not even that helps, nothing lasts."""
    many = [f"folder{number % 3}/file{number}" for number in range(1000)]
    assert set(frozen([*many, "one"], {}).values()) == {Entry(Kind.FOLDER), Entry(Kind.FILE)}
    assert len(frozen([*many, "one"], {})) == 4
    with pytest.raises(TooMuchToKeepError, match="1001"):
        frozen([name.replace("/", "-") for name in many] + ["one"], {})


def test_targets_of_links_travel_too() -> None:
    """A hundred that are as long as they may be are too many."""
    links = {f"link{number}": Entry(Kind.LINK, "x" * 4000) for number in range(100)}
    assert len(frozen([], dict(list(links.items())[:20]))) == 20
    with pytest.raises(TooMuchToKeepError, match="100"):
        frozen([], links)


def test_only_what_is_not_known_is_looked_at() -> None:
    """Files that were put and folders that came with them are known by that."""
    known, others = unknown(["program", "classes/A.class"], ["program", "classes", "other"])
    assert known == {"program": Entry(Kind.FILE), "classes": Entry(Kind.FOLDER)}
    assert others == ["other"]


def test_links_in_what_lasts_are_followed_by_programs_alone() -> None:
    """The mounts are freed of what kept links from being followed on the way to them."""
    names = [name for name, *_ in shown(KEPT, SOURCE)]
    assert names == ["mkdirat", "mount", "mknodat", "mount", "mount_setattr", "symlinkat"]
    assert shown({}, SOURCE) == ()
