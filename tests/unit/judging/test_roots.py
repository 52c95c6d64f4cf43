"""Root filesystems per language, as far as they are looked at without a box."""

from pathlib import Path

import pytest

from gavel.judging import roots
from gavel.judging.deployment import Deployment
from gavel.sandbox import Mount
from gavel.settings import SettingsError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An image with a few programs, and links as images have them."""
    folder = tmp_path / "image"
    for name in ("usr/bin", "usr/lib/jvm/bin", "etc/alternatives", "opt/tools", "var/lib/ghc", "home"):
        (folder / name).mkdir(parents=True)
    for name in ("usr/lib/jvm/bin/java", "usr/lib/jvm/bin/javac", "usr/bin/ghc", "home/fpc"):
        (folder / name).write_text("")
        (folder / name).chmod(0o755)
    (folder / "usr/bin/java").symlink_to("/etc/alternatives/java")
    (folder / "etc/alternatives/java").symlink_to("/usr/lib/jvm/bin/java")
    (folder / "usr/bin/javac").symlink_to("../lib/jvm/bin/javac")
    (folder / "usr/bin/ruby").write_text("not executable")
    (folder / "usr/bin/mono").symlink_to("mono")
    (folder / "usr/bin/bash").symlink_to("/../../../../../../bin/nothing")
    (folder / "bin").symlink_to("usr/bin")
    return folder


def test_links_mean_places_inside(root: Path) -> None:
    """Absolute ones too; the way up ends at the root, and a circle nowhere."""
    assert roots.resolve(str(root), "/bin/java") == "/usr/lib/jvm/bin/java"
    assert roots.resolve(str(root), "/usr/bin/javac") == "/usr/lib/jvm/bin/javac"
    assert roots.resolve(str(root), "/../../usr/./lib//jvm/..") == "/usr/lib"
    assert roots.resolve(str(root), "/usr/bin/mono") is None
    assert roots.resolve(str(root), "/usr/bin/bash") is None
    assert roots.resolve(str(root), "/etc/passwd") is None
    (root / "out").symlink_to("/")
    assert roots.resolve(str(root), "/out/etc") == "/etc"


def test_programs_are_found_as_the_box_will_see_them(root: Path) -> None:
    """By their names there; further folders of the image become mounts."""
    java = roots.look("java", str(root))

    assert java.available
    assert (java.root, java.spec.root, java.version) == (str(root), str(root), "")
    assert dict(java.programs) == {"javac": "/usr/bin/javac", "java": "/usr/bin/java"}
    assert java.mounts == (Mount(f"{root}/opt", "/opt"),)
    assert roots.look("haskell", str(root)).mounts[1] == Mount(f"{root}/var/lib/ghc", "/var/lib/ghc")


def test_another_compiler_has_another_fingerprint(root: Path) -> None:
    """So that what was compiled by the old one is not taken."""
    before = roots.look("java", str(root)).fingerprint
    (root / "usr/lib/jvm/bin/javac").write_text("new")

    assert roots.look("java", str(root)).fingerprint != before


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ruby", "ruby was not found"),
        ("csharp", "mcs was not found"),
        ("bash", "bash was not found"),
        ("cpp", "g++ was not found"),
    ],
)
def test_what_an_image_lacks_is_unavailable(root: Path, code: str, said: str) -> None:
    """With the image, the program, and what to install; the machine's own programs do not count."""
    found = roots.look(code, str(root))

    assert not found.available
    assert found.reason.startswith(f"{root}: {said}. Install ")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("java", "expected LANGUAGE=/absolute/folder"),
        ("java=images/java", "expected LANGUAGE=/absolute/folder"),
        ("cobol=/usr", "no language has the code 'cobol'"),
        ("java=/nowhere", "is no root filesystem"),
        ("java=/", "is no root filesystem"),
    ],
)
def test_a_wrong_setting_is_refused(setting: str, said: str) -> None:
    """Before anything starts."""
    with pytest.raises(SettingsError, match=r"^GAVEL_ROOTS: .*") as caught:
        Deployment(roots=(setting,)).open()

    assert said in str(caught.value)


def test_a_language_has_one_root(root: Path) -> None:
    """And several languages may share one."""
    assert roots.parse_roots([f"java={root}", f"c={root}"]) == {"java": str(root), "c": str(root)}
    with pytest.raises(roots.RootsError, match="two"):
        roots.parse_roots([f"java={root}", f"java={root}"])
