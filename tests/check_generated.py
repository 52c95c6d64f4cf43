"""Fails when src/gavel/*/v1 is not what protos/ gives: run `make generate` and commit."""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Generates into a folder of its own and compares file by file."""
    protos = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("protos/gavel/*/v1/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
        command = [sys.executable, "-m", "grpc_tools.protoc", "-Iprotos", *outputs, *protos]
        subprocess.run(command, cwd=ROOT, check=True)
        fresh = {path.relative_to(folder): path for path in Path(folder).rglob("*.py*") if path.is_file()}
        committed = {
            path.relative_to(ROOT / "src"): path
            for path in (ROOT / "src").glob("gavel/*/v1/*_pb2*")
            if path.is_file()
        }
        wrong = sorted(
            str(name)
            for name in fresh.keys() | committed.keys()
            if name not in fresh
            or name not in committed
            or not filecmp.cmp(fresh[name], committed[name], shallow=False)
        )
    for name in wrong:
        sys.stderr.write(f"src/{name} is not what protos/ gives; run `make generate`\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
