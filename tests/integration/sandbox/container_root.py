"""Root of a user namespace, as in a rootless container: 65,536 ids, cgroup mounts that show its own part."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from delegated_cgroups import DelegatedCgroups
from ordinary_user import REPOSITORY
from sandbox_programs import wait_until

FIRST = 3_100_000
COUNT = 65_536
_ENTER = """
set -e
{cgroups}
{before}
exec "$@"
"""


class ContainerRoot:
    """Runs Python programs as that root; `close` removes what is its."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cgroups = DelegatedCgroups("gavel-container", FIRST)
        self._cgroups.give()
        os.chown(folder, FIRST, FIRST)

    def run(self, program: str, *, before: str = "", count: int = COUNT, masked: bool = False) -> str:
        """What the program printed.

        `before` are shell commands, `count` how many ids there are; `masked`: a file of /proc is covered.
        """
        enter = _ENTER.format(cgroups=self._own_part(), before=before)
        python = [sys.executable, "-B", "-c", program, str(self._folder / "state")]
        with _namespaces(count, masked=masked) as pid:
            inside = ["nsenter", "-t", str(pid), "--user", "--mount", *self._namespace]
            done = subprocess.run(
                [
                    "sh",
                    "-c",
                    self._cgroups.enter() + 'exec "$@"',
                    "sh",
                    *inside,
                    "sh",
                    "-c",
                    enter,
                    "sh",
                    *python,
                ],
                cwd="/",
                env={"PATH": os.environ["PATH"], "HOME": "/", "PYTHONPATH": str(REPOSITORY / "src")},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        self._cgroups.take()
        shutil.rmtree(self._folder)

    @property
    def _namespace(self) -> list[str]:
        return ["unshare", "--cgroup"] if self._cgroups.version == 2 else []

    def _own_part(self) -> str:
        """For a shell in it: the cgroup mounts show what is its."""
        if self._cgroups.version == 2:
            (folder,) = self._cgroups.folders
            # Not on itself: the kernel refuses that.
            return f"mount -t tmpfs none {folder.parent}\nmount -t cgroup2 none {folder.parent}"
        return "\n".join(f"mount --bind {folder} {folder.parent}" for folder in self._cgroups.folders)


@contextlib.contextmanager
def _namespaces(count: int, *, masked: bool) -> Iterator[int]:
    """A process in a user namespace of `count` ids and a mount namespace of that."""
    own = Path("/proc/self/ns/user").readlink()
    mask = "mount --bind /dev/null /proc/cmdline;" if masked else ""
    shell = f"{mask} exec unshare --user --mount cat"
    with subprocess.Popen(["unshare", "--mount", "sh", "-c", shell], stdin=subprocess.PIPE) as holder:
        namespaces = Path(f"/proc/{holder.pid}/ns")
        wait_until(lambda: (namespaces / "user").readlink() != own, "a user namespace")
        wait_until(lambda: Path(f"/proc/{holder.pid}/comm").read_text() == "cat\n", "a mount namespace")
        for kind in ("uid", "gid"):
            Path(f"/proc/{holder.pid}/{kind}_map").write_text(f"0 {FIRST} {count}")
        try:
            yield holder.pid
        finally:
            holder.kill()
