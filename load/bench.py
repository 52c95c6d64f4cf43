"""`make bench`: the figures of the mesh and of the sandbox, each in one run with what it is held against.

Everything runs on this machine: the mesh, the programs that it judges, and the generator of the load, which
is why the figures that matter are ratios and CPU time, and the wall-clock ones come with what bounds them.
A row that fails is told, and costs no other row its figures.
"""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
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


class _Rows:
    """Measured one after the other; JSON is printed as it comes, a table in the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._figures: list[Figure] = []
        self.failed: list[str] = []

    async def measure(self, name: str, row: Callable[[], Awaitable[list[Figure]]]) -> None:
        """Measures one row, or tells why that failed."""
        _say(f"measuring {name}")
        try:
            figures = await row()
        except Exception:  # whatever it is, the other rows are worth having
            traceback.print_exc()
            self.failed.append(name)
            return
        self._figures += figures
        if self._as_json:
            show(figures, as_json=True)

    def show(self) -> None:
        """The table of all that was measured."""
        if not self._as_json:
            show(self._figures, as_json=False)


async def _measure(rows: _Rows, mesh: Mesh, folder: Path, names: Sequence[str]) -> None:
    of_the_mesh: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
        "latency": lambda: whole.verdict_latency(mesh),
        "streams": lambda: streams.open_streams(mesh),
        "flow": lambda: flow.through_the_mesh(mesh, folder),
        "open-loop": lambda: whole.open_loop_of_300(mesh),
        "accept": lambda: accept.against_empty(mesh, folder),
    }
    for name in names:
        await rows.measure(name, of_the_mesh[name])


async def _sandbox() -> list[Figure]:
    return sandboxed.against_others(_say)  # on the main thread, with nothing else in the loop


def _of_a_mesh(rows: _Rows, names: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="gavel-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _say("starting a mesh")
        with Mesh(folder / "mesh", workers=["python3"]) as mesh:
            asyncio.run(_measure(rows, mesh, folder, names))


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
    rows = _Rows(as_json=arguments.json)
    if SANDBOX in chosen:
        asyncio.run(rows.measure(SANDBOX, _sandbox))
    if of_the_mesh := [name for name in chosen if name != SANDBOX]:
        _of_a_mesh(rows, of_the_mesh)
    rows.show()
    if rows.failed:
        _say(f"failed: {', '.join(rows.failed)}")
    return 1 if rows.failed else 0


if __name__ == "__main__":
    sys.exit(main())
