"""`make bench`: the figures of the mesh, each in one run with what it is held against.

Everything runs on this machine: the mesh, the programs that it judges, and the generator of the load, which
is why the figures that matter are ratios and CPU time, and the wall-clock ones come with what bounds them.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from gavel.embedded import Mesh
from load import accept, streams, whole
from load.figures import Figure, show


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


async def _measure(mesh: Mesh, folder: Path, names: set[str]) -> list[Figure]:
    figures: list[Figure] = []
    rows = {
        "latency": lambda: whole.verdict_latency(mesh),
        "streams": lambda: streams.open_streams(mesh),
        "open-loop": lambda: whole.open_loop_of_300(mesh),
        # The last one: it leaves tens of thousands of submissions that nobody judges.
        "accept": lambda: accept.against_empty(mesh, folder),
    }
    for name, row in rows.items():
        if names and name not in names:
            continue
        _say(f"measuring {name}")
        figures += await row()
    return figures


def main() -> int:
    """Starts a mesh in a folder of its own, measures, prints."""
    parser = argparse.ArgumentParser(prog="python -m load.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("rows", nargs="*", help="latency, streams, open-loop, accept; default: all")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gavel-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _say("starting a mesh")
        with Mesh(folder / "mesh", workers=["python3"]) as mesh:
            figures = asyncio.run(_measure(mesh, folder, set(arguments.rows)))
    show(figures, as_json=arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
