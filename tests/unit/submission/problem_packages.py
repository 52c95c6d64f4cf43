"""A small problem package, as files by path."""

from collections.abc import Mapping

from gavel.storage.digests import sha256_hex
from gavel.submission.v1 import problem_pb2

HELLO: Mapping[str, bytes] = {
    "problem.yaml": b"problem_format_version: 2025-09\nname: Hello\n"
    b"uuid: 8f7ed1ba-43f9-424e-9af4-8a5f2e428ee3\nlimits:\n"
    b"  time_limit: 1.5\n  time_resolution: 0.5\n  memory: 128\n",
    "data/sample/1.in": b"1 2\n",
    "data/sample/1.ans": b"3\n",
    "data/secret/01-small.in": b"2 2\n",
    "data/secret/01-small.ans": b"4\n",
}


def references(package: Mapping[str, bytes]) -> list[problem_pb2.FileReference]:
    """The package as CreateProblem names it."""
    return [
        problem_pb2.FileReference(path=path, sha256=sha256_hex(content), size_bytes=len(content))
        for path, content in package.items()
    ]
