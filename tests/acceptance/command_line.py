"""Runs the command `gavel` as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    status: int
    lines: list[dict[str, Any]]
    """Standard output, one JSON object a line."""
    stderr: str


class Command:
    """`gavel ... --json` against one mesh."""

    def __init__(self, address: str) -> None:
        self._environment = os.environ | {"GAVEL_ADDRESS": address}

    def __call__(self, *words: str, stdin: bytes = b"") -> Ran:
        """Runs it to its end, at most 60 s; every line of its output has to be a JSON object."""
        program = Path(sys.executable).with_name("gavel")
        done = subprocess.run(
            [program, *words, "--json"],
            input=stdin,
            capture_output=True,
            env=self._environment,
            timeout=60,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        return Ran(done.returncode, lines, done.stderr.decode())
