"""Migrations on a real database."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from gavel.db import migrate

pytestmark = pytest.mark.integration


def test_migrating_twice_changes_nothing_the_second_time(database_url: str) -> None:
    """Everything is applied once, and each table of the migrations is there."""
    first = migrate.migrate(database_url)
    assert first == sum(len(list(folder.glob("*.sql"))) for folder in migrate.folders())
    assert migrate.migrate(database_url) == 0


def test_two_processes_at_once_do_not_disturb_each_other(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One applies, the other waits for it and finds nothing to do."""
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE once (number int);\nSELECT pg_sleep(0.3);\n")
    monkeypatch.setattr(migrate, "folders", lambda: [tmp_path])
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(migrate.migrate(database_url))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 1]


def test_a_failing_migration_leaves_the_schema_before_it(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before it stays, nothing of it does, and the next try takes it up again."""
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE good (number int);\n")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE half (number int);\nSELECT 1/0;\n")
    monkeypatch.setattr(migrate, "folders", lambda: [tmp_path])
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate.migrate(database_url)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename IN ('good', 'half')"
        ).fetchall()
    assert rows == [("good",)]
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE half (number int);\n")
    assert migrate.migrate(database_url) == 1


def test_one_name_in_two_packages_is_refused(tmp_path: Path) -> None:
    """The database remembers names alone, so the second file would never be applied."""
    for package in ("a", "b"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "0001_same.sql").write_text("SELECT 1;")
    with pytest.raises(ValueError, match="no other package"):
        migrate.scripts([tmp_path / "a", tmp_path / "b"])


def test_the_command_migrates(database_url: str) -> None:
    """`python -m gavel.db migrate` ends with 0, any other call with 2."""
    call = [sys.executable, "-m", "gavel.db"]
    environment = os.environ | {"GAVEL_DATABASE_URL": database_url}
    assert subprocess.run([*call, "migrate"], env=environment, check=False).returncode == 0
    wrong = subprocess.run(call, env=environment, check=False, stderr=subprocess.PIPE)
    assert (wrong.returncode, b"usage" in wrong.stderr) == (2, True)
