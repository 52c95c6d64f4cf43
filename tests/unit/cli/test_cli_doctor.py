"""What `gavel doctor` says of languages."""

from pathlib import Path

import pytest

from gavel.cli.doctor import _languages
from gavel.judging.languages import LANGUAGES, use_languages

FILE = """
[nope]
suffixes = [".nope"]
programs = { nope = ["no-such-program"] }
version = ["{nope}"]
run = ["{nope}"]
selftest = "x"
"""


@pytest.fixture(autouse=True)
def _own_languages_afterwards() -> object:
    yield
    use_languages("")


def test_every_language_is_told_with_its_version_or_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the deployment too, and where a root filesystem is looked at."""
    (tmp_path / "languages.toml").write_text(FILE)
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr" / "bin" / "ruby").write_text("")
    (tmp_path / "usr" / "bin" / "ruby").chmod(0o755)
    monkeypatch.setenv("GAVEL_LANGUAGES_FILE", str(tmp_path / "languages.toml"))
    monkeypatch.setenv("GAVEL_ROOTS", f"ruby={tmp_path},java={tmp_path}")

    found = {check.name: check for check in _languages()}

    assert list(found) == [f"language: {code}" for code in LANGUAGES]
    assert found["language: python3"].detail.startswith("Python 3")
    assert found["language: nope"].remedy == "no-such-program was not found. Install nope"
    assert found["language: ruby"].detail == f"found in {tmp_path}; a worker tries it out"
    assert found["language: java"].remedy.startswith(f"{tmp_path}: javac was not found. Install a JDK")


def test_a_wrong_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep a mesh from starting."""
    monkeypatch.setenv("GAVEL_LANGUAGES_FILE", "/nowhere")

    (check,) = _languages()

    assert (check.ok, check.needed) == (False, True)
    assert check.detail.startswith("GAVEL_LANGUAGES_FILE: /nowhere")
