"""Brings the database to the schema that the code expects.

Every package `gavel.*` may hold a folder `migrations` with files `<NNNN>_<what>.sql`; a file's name is unique
over all packages, since it is what the database remembers. Migrations expand first and contract in a later
release, so that the code of both runs on the schema between.
"""

import re
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import psycopg
from yoyo import get_backend
from yoyo.migrations import Migration, MigrationList

from gavel.telemetry.log import logger

_LOCK: Final = 0x6761_7665_6C01
"""Key of the advisory lock. Unlike a row it goes with its session, however the session ends."""
_LOCK_WAIT: Final = "120s"
_FILE: Final = re.compile(r"[0-9]{4}_[a-z0-9_]+\.sql")
_log: Final = logger(__name__)


def folders() -> list[Path]:
    """The migration folders of all packages, by package name."""
    with as_file(files("gavel")) as root:
        return sorted(folder for folder in root.glob("*/migrations") if folder.is_dir())


def scripts(found: list[Path]) -> list[Path]:
    """The files of some folders; ValueError when a name is malformed or stands in two folders."""
    names: set[str] = set()
    listed = [file for folder in found for file in sorted(folder.glob("*.sql"))]
    for file in listed:
        if not _FILE.fullmatch(file.name) or file.name in names:
            raise ValueError(f"{file}: expected a name <NNNN>_<what>.sql that no other package has")
        names.add(file.name)
    return listed


def migrate(url: str) -> int:
    """Applies what is missing, under a lock; returns how many migrations that was. Safe to call from many
    processes.

    psycopg.OperationalError when the database is away or another process holds the lock for two minutes; a
    migration that fails leaves the database as the one before it left it.
    """
    listed = scripts(folders())
    known = MigrationList([Migration(file.stem, str(file), str(file.parent)) for file in listed])
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as guard:
        guard.execute("SELECT set_config('lock_timeout', %s, false)", (_LOCK_WAIT,))
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        scheme, rest = url.split("://", 1)
        if scheme not in {"postgresql", "postgres"}:
            raise ValueError("expected a URL postgresql://...")
        backend = get_backend(f"postgresql+psycopg://{rest}")
        with closing(backend.connection):
            missing = backend.to_apply(known)
            names = [migration.id for migration in missing]
            backend.apply_migrations(missing)
    _log.info("database migrated", migrations=names)
    return len(names)
