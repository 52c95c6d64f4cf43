"""Reading the folder that a validator leaves, which is as hostile as any program's."""

from collections.abc import Mapping

from gavel.judging.outcome import BrokenProblem
from gavel.judging.plan import PATH
from gavel.sandbox import Box

_FOLDERS_DEEP_MOST = 8
OWN = ".gavel"
"""The file by which the folder is there before the validator starts."""


def left(box: Box, folder: str, wanted: Mapping[str, int] | None, bytes_most: int) -> dict[str, bytes]:
    """The files of the box's folder by their paths in it.

    `wanted` are names of files directly in it, each with how many bytes of it are read; None: all files, at
    most `bytes_most` together. Raises BrokenProblem for more, SandboxError.
    """
    if wanted is None:
        return _all(box, folder, bytes_most)
    there = {name: box.get(f"{folder}/{name}", wanted[name]) for name in box.names(folder) if name in wanted}
    return {name: data for name, data in there.items() if data is not None}


def _all(box: Box, folder: str, bytes_most: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    room_bytes = bytes_most
    inner = [""]
    while inner:
        above = inner.pop()
        for name in box.names(f"{folder}/{above}".removesuffix("/")):
            path = f"{above}/{name}" if above else name
            if path == OWN or PATH.fullmatch(path) is None:
                continue
            data = box.get(f"{folder}/{path}", room_bytes + 1)
            if data is None:
                if path.count("/") < _FOLDERS_DEEP_MOST:
                    inner.append(path)
                continue
            files[path] = data
            room_bytes -= len(data)
            if room_bytes < 0:
                raise BrokenProblem("the output validator left too much in its feedback folder")
    return files
