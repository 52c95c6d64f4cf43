"""An ordinary user of this machine, with subordinate ids and cgroups of his own, for as long as a test lasts.

His lines of /etc/passwd, /etc/subuid and /etc/subgid are there in a mount namespace of his processes alone.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import delegated_cgroups
from delegated_cgroups import DelegatedCgroups

UID = 61_234
SUBORDINATE = 3_000_000
REPOSITORY = Path(__file__).parents[3]

# What newuidmap does, for machines without it: the kernel asks for a privileged writer of the maps. Only the
# user can reach it, and it is there for the test alone.
_MAPPER = """
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char path[64];
  const char *kind = strstr(argv[0], "newgidmap") ? "gid" : "uid";
  snprintf(path, sizeof path, "/proc/%s/%s_map", argv[1], kind);
  if (setuid(0)) return 2;
  FILE *map = fopen(path, "w");
  if (!map) { perror(path); return 1; }
  for (int i = 2; i + 2 < argc; i += 3) fprintf(map, "%s %s %s\\n", argv[i], argv[i + 1], argv[i + 2]);
  if (fclose(map)) { perror(path); return 1; }
  return 0;
}
"""
_ENTER = """
set -e
for file in passwd group subuid subgid; do
  [ ! -e "$0/$file" ] || mount --bind "$0/$file" "/etc/$file"
done
exec setpriv --reuid {uid} --regid {uid} --groups 0,{uid} "$@"
"""


class OrdinaryUser:
    """Runs Python programs as that user; `close` removes what is his."""

    def __init__(self, folder: Path) -> None:
        """`folder`: a new one that everybody may enter."""
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(0o700)
        self.cgroups = DelegatedCgroups(f"gavel-{UID}", UID)
        (folder / "passwd").write_text(f"root:x:0:0::/:/bin/sh\nordinary:x:{UID}:{UID}::/:/bin/sh\n")
        (folder / "group").write_text(f"root:x:0:\nordinary:x:{UID}:\n")
        for kind in ("uid", "gid"):
            (folder / f"sub{kind}").write_text(f"ordinary:{SUBORDINATE}:65536\n")
            if not shutil.which(f"new{kind}map"):
                self._make_mapper(self.home / f"new{kind}map")
        os.chown(self.home, UID, UID)
        self.cgroups.give()

    @staticmethod
    def _make_mapper(path: Path) -> None:
        subprocess.run(["gcc", "-x", "c", "-", "-o", str(path)], input=_MAPPER.encode(), check=True)
        path.chmod(0o4755)

    def start(self, program: str, *arguments: str) -> "subprocess.Popen[str]":
        """The user's Python runs `program` with the package on its path."""
        enter = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            self.cgroups.enter() + _ENTER.format(uid=UID),
            str(self.folder),
        ]
        python = [sys.executable, "-B", "-c", program, *arguments]
        path = f"{self.home}:{os.environ['PATH']}"
        return subprocess.Popen(
            [*enter, *python],
            cwd="/",
            env={"PATH": path, "HOME": "/", "PYTHONPATH": str(REPOSITORY / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, program: str, *arguments: str) -> str:
        """What it printed. AssertionError with its errors if it fails."""
        with self.start(program, *arguments) as process:
            out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        return out

    def close(self) -> None:
        self.cgroups.take()
        shutil.rmtree(self.folder)


def unavailable() -> str:
    """Why this machine has no ordinary user for the tests; empty if it can."""
    if os.geteuid() != 0:
        return "only root makes users"
    python = Path(sys.executable)
    for folder in (REPOSITORY, *REPOSITORY.parents, *python.parents, *python.resolve().parents):
        if folder.stat().st_mode & 0o005 != 0o005:
            return f"{folder} is closed to other users"
    return delegated_cgroups.unavailable()
