"""`python -m gavel.mesh write` regenerates the committed `envoy/` folder, and `check` tells what is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gavel.mesh.sample import sample_files


def main() -> int:
    """Returns the exit status: 1 when the check found something."""
    parser = argparse.ArgumentParser(prog="python -m gavel.mesh", description=__doc__)
    parser.add_argument("action", choices=("write", "check"))
    parser.add_argument("--folder", type=Path, default=Path("envoy"), help="default: envoy")
    arguments = parser.parse_args()
    if arguments.action == "write":
        _write(arguments.folder)
        return 0
    # Needs the development dependencies, which `write` does not.
    from gavel.mesh.check import problems

    found = list(problems(arguments.folder))
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


def _write(folder: Path) -> None:
    """Writes what the generator gives, and removes what it no longer gives."""
    texts = dict(sample_files())
    for stale in {path for path in folder.rglob("*.yaml") if str(path.relative_to(folder)) not in texts}:
        stale.unlink()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
