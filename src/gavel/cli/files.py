"""The files that commands read: programs, tests' inputs and outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from gavel.cli.output import EXIT_BAD_REQUEST, fail

FILES_BYTES_MOST: Final = 16 << 20
"""What the files of one submission may hold; the other limits are the server's to tell."""


def program_files(files: list[Path], *, as_json: bool) -> dict[str, bytes]:
    """The files by their paths relative to the folder that holds them all."""
    # Not resolve(): a link is handed in under its own name.
    absolute = [Path(os.path.abspath(file)) for file in files]  # noqa: PTH100
    root = Path(os.path.commonpath([file.parent for file in absolute]))
    return {file.relative_to(root).as_posix(): file_content(file, as_json=as_json) for file in absolute}


def file_content(file: Path, *, as_json: bool) -> bytes:
    """What a file holds, `-` standing for standard input; ends the command when it cannot be read."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(FILES_BYTES_MOST + 1)
        with file.open("rb") as opened:
            data = opened.read(FILES_BYTES_MOST + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror}", EXIT_BAD_REQUEST, as_json=as_json)
    if len(data) > FILES_BYTES_MOST:
        most = f"more than the {FILES_BYTES_MOST >> 20} MiB that a submission may hold"
        fail(f"{file} holds {most}; send less", EXIT_BAD_REQUEST, as_json=as_json)
    return data
