"""Problem packages as mappings of paths to contents, for the tests of reading them."""

import hashlib
from collections.abc import Mapping

import pytest

from gavel.judging.package import InvalidPackage, build_manifest
from gavel.submission.v1.problem_pb2 import FileReference, Manifest

TESTS = {
    "data/sample/1.in": "1",
    "data/sample/1.ans": "1",
    "data/secret/01.in": "2",
    "data/secret/01.ans": "2",
}
MODERN = "problem_format_version: 2025-09\nname: {sv: Summa, en: Sum}\nuuid: x\nlimits: {time_limit: 1}\n"
LEGACY = "name: Sum\nlimits: {time_limit: 1}\n"


def made(files: Mapping[str, str | bytes]) -> tuple[Manifest, list[str]]:
    """The package's manifest and warnings."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    references = [
        FileReference(path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for path, data in contents.items()
    ]
    return build_manifest(references, contents.__getitem__)


def refused(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """What is wrong with it, by place."""
    with pytest.raises(InvalidPackage) as caught:
        made(files)
    return dict(caught.value.violations)


def pairs(*names: str) -> dict[str, str]:
    """Tests by name, such as `secret/a/1`."""
    return {f"data/{name}{suffix}": "" for name in names for suffix in (".in", ".ans")}
