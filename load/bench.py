"""`make bench`: the figures of the mesh and of the sandbox, each in one run with what it is held against.

Everything runs on this machine: the mesh, the programs that it judges, and the generator of the load, which
is why the figures that matter are ratios and CPU time, and the wall-clock ones come with what bounds them.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gavel.embedded import Mesh
from load import accept, flow, sandboxed, streams, whole
from load.figures import Figure, show


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


SANDBOX = "sandbox"
# The last one: it leaves tens of thousands of submissions that nobody judges.
OF_THE_MESH = ("latency", "streams", "flow", "open-loop", "accept")


async def _measure(mesh: Mesh, folder: Path, names: Sequence[str]) -> list[Figure]:
    figures: list[Figure] = []
    rows = {
        "latency": lambda: whole.verdict_latency(mesh),
        "streams": lambda: streams.open_streams(mesh),
        "flow": lambda: flow.through_the_mesh(mesh, folder),
        "open-loop": lambda: whole.open_loop_of_300(mesh),
        "accept": lambda: accept.against_empty(mesh, folder),
    }
    for name in names:
        _say(f"measuring {name}")
        figures += await rows[name]()
    return figures


def _of_a_mesh(names: Sequence[str]) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="gavel-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _say("starting a mesh")
        with Mesh(folder / "mesh", workers=["python3"]) as mesh:
            return asyncio.run(_measure(mesh, folder, names))


def main() -> int:
    """Measures the sandbox, then starts a mesh in a folder of its own for the other rows; prints."""
    parser = argparse.ArgumentParser(prog="python -m load.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    every = (SANDBOX, *OF_THE_MESH)
    parser.add_argument("rows", nargs="*", help=f"{', '.join(every)}; default: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(every):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    chosen = [name for name in every if name in arguments.rows or not arguments.rows]
    figures: list[Figure] = []
    if SANDBOX in chosen:
        figures += sandboxed.against_others(_say)
    if of_the_mesh := [name for name in chosen if name != SANDBOX]:
        figures += _of_a_mesh(of_the_mesh)
    show(figures, as_json=arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
