"""The catalogue of languages, and what is found of them on a machine."""

import os
import stat
from pathlib import Path

import pytest

from gavel.judging import toolchains
from gavel.judging.deployment import Toolchains
from gavel.judging.languages import LANGUAGES, UnknownLanguage, language_of, parse_language


def test_a_code_may_name_a_standard() -> None:
    """`cpp` has a default; `cpp@17` is another; unknown ones are refused with what is known."""
    assert parse_language("cpp") == (LANGUAGES["cpp"], "20")
    assert parse_language("cpp@17") == (LANGUAGES["cpp"], "17")
    assert parse_language("python3") == (LANGUAGES["python3"], "")
    with pytest.raises(UnknownLanguage, match="cpp@17"):
        parse_language("cpp@1")
    with pytest.raises(UnknownLanguage, match="no standard"):
        parse_language("go@")
    with pytest.raises(UnknownLanguage, match="python3"):
        parse_language("COBOL")


def test_suffixes_tell_the_language_when_only_one_fits() -> None:
    """Case matters: .C is C++; files of two languages are of neither. `.py` is never PyPy's."""
    assert language_of(["a.C", "a.h"]) is LANGUAGES["cpp"]
    assert language_of(["a.c", "a.cpp"]) is None
    assert language_of(["README"]) is None
    assert language_of(["a.java", "a.py"], ("python3",)) is LANGUAGES["python3"]
    assert language_of(["a.py"]) is LANGUAGES["python3"]
    assert language_of(["a.py"], ("pypy3",)) is None


def test_every_language_is_complete() -> None:
    """Each one can be looked for, run and tested, and no command goes through a shell."""
    for language in LANGUAGES.values():
        assert language.run
        assert language.version
        assert language.install
        assert language.selftest.strip()
        assert bool(language.compile) == bool(language.artefact)
        assert not {"sh", "bash", "/bin/sh"} & {*language.compile, *language.check, *language.run}
        assert language.default_standard in {"", *language.standards}


def test_gos_cache_is_filled_with_older_releases_too() -> None:
    """What Debian 12's release lacks stops `go build`, but for patterns: these may match nothing."""
    needs = LANGUAGES["go"].warm
    assert needs is not None

    assert not {"cmp", "iter", "log/slog", "maps", "math/rand/v2", "slices", "unique"} & set(needs.argv)
    assert {"cmp...", "iter...", "maps...", "math/rand...", "slices..."} <= set(needs.argv)


def test_this_machine_has_what_the_tests_need() -> None:
    """Python at least; what is found says its version, what is not says what to install."""
    assert "python3" in Toolchains().available()
    for code in LANGUAGES:
        found = toolchains.detect(code)
        assert (found.version != "") == found.available
        assert found.available or LANGUAGES[code].install in found.reason


def test_a_toolchain_outside_the_system_folders_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real folder behind a link becomes a mount, and the program's place is the one inside the box."""
    real = tmp_path / "toolchain" / "bin" / "node"
    real.parent.mkdir(parents=True)
    real.write_text("#!/bin/sh\necho v99\n")
    real.chmod(real.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "node").symlink_to(real)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}{os.pathsep}{os.environ['PATH']}")
    toolchains.detect.cache_clear()
    try:
        found = toolchains.detect("javascript")
    finally:
        toolchains.detect.cache_clear()

    assert (found.available, found.version) == (True, "v99")
    (mount,) = found.mounts
    assert mount.source == os.path.realpath(tmp_path / "toolchain")
    assert found.programs["node"] == f"{mount.target}/bin/node"


def test_a_package_of_npm_comes_with_those_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TypeScript's compiler is in a package of its own for each platform."""
    modules = tmp_path / "npm" / "lib" / "node_modules"
    compiler = modules / "typescript" / "bin" / "tsc"
    compiler.parent.mkdir(parents=True)
    compiler.write_text("#!/bin/sh\necho Version 7\n")
    compiler.chmod(0o755)
    (modules / "@types").mkdir()
    (tmp_path / "npm" / "bin").mkdir()
    (tmp_path / "npm" / "bin" / "tsc").symlink_to(compiler)
    monkeypatch.setenv("PATH", f"{tmp_path / 'npm' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    toolchains.detect.cache_clear()
    try:
        found = toolchains.detect("typescript")
    finally:
        toolchains.detect.cache_clear()

    assert (found.available, found.version) == (True, "Version 7")
    (mount,) = found.mounts
    assert mount.source == os.path.realpath(modules)
    assert mount.target.endswith("/node_modules")
    assert found.programs["tsc"] == f"{mount.target}/typescript/bin/tsc"
    assert found.programs["types"] == f"{mount.target}/@types"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (b"gcc 12\nmore\n", "gcc 12"),
        (b"WARNING: a restricted method\nWARNING: has been called\ninfo: kotlinc 2\n", "info: kotlinc 2"),
        (b"OpenJDK 64-Bit Server VM warning: deprecated\ninfo: kotlinc 2\n", "info: kotlinc 2"),
        (b"\nwarning: that is all\n", "warning: that is all"),
    ],
)
def test_a_version_is_the_first_line_that_is_no_warning(said: bytes, version: str) -> None:
    """Java warns of what it will refuse one day before the program says anything."""
    assert toolchains.first_line(0, said, ["kotlinc", "-version"]) == version


def test_a_toolchain_that_hangs_or_fails_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking never takes longer than its deadline, and the reason says what happened and what to install."""
    fake = tmp_path / "node"
    fake.write_text("#!/bin/sh\nsleep 1000 & sleep 1000\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(toolchains, "PROBE_DEADLINE_S", 0.2)
    toolchains.detect.cache_clear()
    try:
        slow = toolchains.detect("javascript")
        fake.write_text("#!/bin/sh\nexit 3\n")
        toolchains.detect.cache_clear()
        failing = toolchains.detect("javascript")
    finally:
        toolchains.detect.cache_clear()

    assert not slow.available
    assert "did not end within" in slow.reason
    assert not failing.available
    assert "failed (3)" in failing.reason
    assert LANGUAGES["javascript"].install in slow.reason
