"""The values of the port refuse what makes no sense."""

import pytest

import gavel.sandbox
from gavel.sandbox import Command, Mount


def test_the_door() -> None:
    """What callers may use, and nothing else."""
    assert set(gavel.sandbox.__all__) == {
        "EXCEPTABLE",
        "PATH_FOLDERS_MOST",
        "Box",
        "BoxBrokenError",
        "BoxSpec",
        "CannotExecuteError",
        "Command",
        "Enforcement",
        "Finding",
        "Kill",
        "Limits",
        "LiveOutput",
        "Mount",
        "Outcome",
        "Sandbox",
        "SandboxError",
        "SandboxUnavailable",
        "TooMuchToKeepError",
        "doctor",
    }


@pytest.mark.parametrize(
    "target",
    ["/", "relative", "/opt/../etc", "/opt//x", "/opt/", "/etc/x", "/work", "/tmp/x", "/proc/1", "/dev"],
)
def test_mounts_stay_out_of_the_boxs_own_folders(target: str) -> None:
    """A target is a plain absolute path, and hides nothing that the box relies on."""
    with pytest.raises(ValueError, match=r".*"):
        Mount("/opt/x", target)


def test_mounts_may_lie_where_the_toolchain_does() -> None:
    """Names that merely begin alike are free."""
    assert Mount("/root/.rustup", "/root/.rustup").target == "/root/.rustup"
    assert Mount("/opt", "/workshop").target == "/workshop"


@pytest.mark.parametrize(
    ("argv", "env"), [((), {}), (("",), {}), (("a\0b",), {}), (("a",), {"A=B": ""}), (("a",), {"": "x"})]
)
def test_commands_are_what_exec_can_take(argv: tuple[str, ...], env: dict[str, str]) -> None:
    """An empty argv, a NUL or a broken name of a variable is the caller's mistake."""
    with pytest.raises(ValueError, match=r".*"):
        Command(argv, env)
