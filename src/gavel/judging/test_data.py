"""What is odd about the files of a package's test data, as far as looking at them tells. Pure.

The format wants text in UTF-8 without a byte order mark, lines that end with a line feed, the last one too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gavel.submission.v1.problem_pb2 import FileReference

LOOKED_AT_BYTES_MOST = 16 << 20
"""Larger files are not read for this."""
REMARKS_MOST = 20
_SIDE_FILES = (".yaml", ".args")


def files(paths: Iterable[str]) -> list[str]:
    """The inputs and answers that are judged with, by path."""
    return sorted(
        path
        for path in paths
        if path.startswith(("data/sample/", "data/secret/"))
        and path.endswith((".in", ".ans"))
        and ".files/" not in path
    )


def oddities(path: str, data: bytes) -> list[str]:
    """Sentences about one file; empty when nothing is odd."""
    found = []
    if data.startswith(b"\xef\xbb\xbf"):
        found.append(f"{path} begins with a byte order mark.")
    if b"\r" in data:
        found.append(f"{path} holds carriage returns: lines have to end with a line feed alone.")
    if data and not data.endswith(b"\n"):
        found.append(f"{path} does not end with a line feed.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        found.append(f"{path} is not UTF-8: byte {error.start}.")
    return found


def duplicates(package: Mapping[str, FileReference]) -> Iterator[str]:
    """Sentences about inputs that are the same as an earlier one, with nothing beside them that differs."""
    first: dict[str, str] = {}
    for path in files(package):
        stem = path.removesuffix(".in")
        if not path.endswith(".in") or _has_more(stem, package):
            continue
        earlier = first.setdefault(package[path].sha256, path)
        if earlier != path:
            yield f"{path} is the same as {earlier}."


def shortened(sentences: Sequence[str]) -> list[str]:
    """The first twenty, and how many more there are."""
    more = len(sentences) - REMARKS_MOST
    return [*sentences[:REMARKS_MOST], *([f"{more} more remarks on the test data."] if more > 0 else [])]


def _has_more(stem: str, package: Mapping[str, FileReference]) -> bool:
    return any(f"{stem}{suffix}" in package for suffix in _SIDE_FILES) or any(
        path.startswith(f"{stem}.files/") for path in package
    )
