"""Reads a problem package from a folder: which files it has, and what is in them."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gavel.client.errors import RequestError
from gavel.rpc.errors import Violation
from gavel.submission.v1 import error_reason_pb2 as reasons

FILES_MOST: Final = 20_000
_JUDGED: Final = {
    *("problem.yaml", ".timelimit", "domjudge-problem.ini", "data", "include", "submissions", "graders"),
    *("output_validator", "output_validators", "interactors", "static_validator"),
}
_TAKEN: Final = re.compile(r"[A-Za-z0-9._+][A-Za-z0-9._+-]*")
"""Names that the mesh takes."""
_WARNINGS_MOST: Final = 100
CHUNK_BYTES: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package."""

    path: str
    """Relative to the package's folder, with `/`."""
    file: Path
    sha256: str
    size_bytes: int


def read_package(folder: Path) -> list[PackageFile]:
    """Every file below the folder by path, hashed; names that begin with a dot are left out (`.git`),
    but for `.timelimit`. A link to a file or a folder of the package is what it leads to.

    RequestError when there is no such folder, when it holds more than 20,000 files, or when a link leads out
    of it or nowhere. Such a link among what judging never looks at, as a statement, is left out.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise _refused(str(folder), "is not a folder")
    found: list[PackageFile] = []
    for file in _files(root):
        path = file.relative_to(root).as_posix()
        target = _target(file)
        if target is None or not target.is_relative_to(root) or not target.is_file():
            if path.partition("/")[0] in _JUDGED:
                raise _refused(path, "is no regular file of the package")
            continue
        if len(found) == FILES_MOST:
            raise _refused(str(folder), f"holds more than {FILES_MOST:,} files")
        found.append(_hashed(path, file))
    if not found:
        raise _refused(str(folder), "holds no files")
    return found


def replace_contents(
    package: Sequence[PackageFile], contents: Mapping[str, bytes], folder: Path
) -> list[PackageFile]:
    """The package with other contents under some of its paths, or under new ones; they are written to the
    folder, which has to outlast the upload.
    """
    files = {file.path: file for file in package}
    for number, (path, content) in enumerate(contents.items()):
        written = folder / str(number)
        written.write_bytes(content)
        files[path] = _hashed(path, written)
    return [files[path] for path in sorted(files)]


def to_send(package: Sequence[PackageFile]) -> tuple[list[PackageFile], list[str]]:
    """The package without what has a name that the mesh does not take: the format says to behave as if it was
    not there. And a sentence for each such file in a folder that is judged by; leavings as
    `Solver$Edge.class` beside submissions are of no account.
    """
    sent: list[PackageFile] = []
    warnings: list[str] = []
    for file in package:
        folder, _, _ = file.path.partition("/")
        if all(_TAKEN.fullmatch(name) for name in file.path.split("/")):
            sent.append(file)
        elif folder in _JUDGED - {"submissions"}:
            warnings.append(f"{file.path} was passed over: the format has no files of such a name.")
    return sent, warnings[:_WARNINGS_MOST]


def chunks(file: Path) -> Iterator[bytes]:
    """The file's bytes in pieces of 256 KiB; at least one, which may be empty."""
    with file.open("rb") as opened:
        yield opened.read(CHUNK_BYTES)
        while piece := opened.read(CHUNK_BYTES):
            yield piece


def _files(root: Path) -> Iterator[Path]:
    for count, (folder, folders, names) in enumerate(os.walk(root, followlinks=True)):
        if count == FILES_MOST:  # links to folders of links may stand for any number of them
            raise _refused(str(root), f"holds more than {FILES_MOST:,} folders")
        place = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [name for name in folders if (place / name).is_symlink()]:
            if not _leads_on(place / name, root):
                folders.remove(name)
                names.append(name)  # no file either
        for name in sorted(names):
            # Kattis keeps a legacy package's time limit in `.timelimit`.
            if not name.startswith(".") or (name == ".timelimit" and place == root):
                yield place / name


def _leads_on(link: Path, root: Path) -> bool:
    """True for a link to a folder of the package that does not hold the link: following it has an end."""
    target = _target(link)
    above = [folder.resolve() for folder in link.parents if folder.is_relative_to(root)]
    return target is not None and target.is_relative_to(root) and target not in above


def _target(path: Path) -> Path | None:
    """Where it lies in the end; None for a link that leads nowhere, or round and round."""
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _hashed(path: str, file: Path) -> PackageFile:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return PackageFile(path, file, digest, os.fstat(opened.fileno()).st_size)


def _refused(path: str, description: str) -> RequestError:
    return RequestError(
        reasons.ERROR_REASON_INVALID_PROBLEM,
        f"{path} {description}",
        violations=(Violation(path, description),),
        path=path,
    )
