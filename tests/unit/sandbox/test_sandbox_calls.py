"""Children that go through a table of system calls, by the code for this machine and in Python."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gavel.sandbox.inside.calls import Call, Starter

_SHELL = b"/bin/sh"


@pytest.fixture(params=[True, False], ids=["code", "python"])
def starter(request: pytest.FixtureRequest) -> Starter:
    """Both ways; where there is no code for the machine, both are the second."""
    return Starter(with_code=request.param)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Its write end is closed by the test."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)


def _children() -> set[str]:
    """Of this process, those of other tests too; zombies are among them."""
    return {pid for file in Path("/proc/self/task").glob("*/children") for pid in file.read_text().split()}


def _script(script: str, *environment: bytes) -> Call:
    return ("execve", _SHELL, (b"sh", b"-c", script.encode()), environment)


def test_a_program_finds_what_the_calls_before_it_made(
    starter: Starter, pipe: tuple[int, int], tmp_path: Path
) -> None:
    """Descriptor, umask, folder, argv and environment are those of the table; the status is its own."""
    reader, writer = pipe
    calls: list[Call] = [
        ("umask", 0o027),
        ("chdir", os.fsencode(tmp_path)),
        ("dup3", writer, 1, 0),
        _script('umask; pwd; echo "$A-$B"; exit 3', b"A=1", b"B=\xff"),
    ]
    pid = starter.execute(starter.table(calls))
    os.close(writer)
    with open(reader, "rb", closefd=False) as file:
        assert file.read() == b"0027\n" + os.fsencode(tmp_path) + b"\n1-\xff\n"
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3


def test_the_parent_is_as_it_was(starter: Starter) -> None:
    """What the child changes for itself (folder, mask, descriptors) it has not changed for its parent."""
    before = (Path.cwd(), os.umask(0o022), os.fstat(0))
    calls: list[Call] = [("chdir", b"/"), ("umask", 0), ("close_range", 0, 2, 0), _script("exit 0")]
    pid = starter.execute(starter.table(calls))
    os.waitpid(pid, 0)
    assert (Path.cwd(), os.umask(before[1]), os.fstat(0)) == (before[0], 0o022, before[2])


def test_a_call_that_fails_is_the_last_and_leaves_no_child(starter: Starter, tmp_path: Path) -> None:
    """The error names the call; nothing behind it was made."""
    before, trace = _children(), tmp_path / "trace"
    calls: list[Call] = [("chdir", b"/no/such/folder"), _script(f"touch {trace}")]
    with pytest.raises(OSError, match="chdir") as caught:
        starter.execute(starter.table(calls))
    assert caught.value.errno == errno.ENOENT
    assert not trace.exists()
    assert _children() == before


def test_a_program_that_cannot_be_executed_is_an_error(starter: Starter, tmp_path: Path) -> None:
    """Not there, or of no known format: either way with the kernel's own errno, and without a child."""
    before, nonsense = _children(), tmp_path / "nonsense"
    nonsense.write_bytes(b"\0\1\2")
    nonsense.chmod(0o755)
    for path, number in ((b"/no/such/file", errno.ENOENT), (os.fsencode(nonsense), errno.ENOEXEC)):
        with pytest.raises(OSError, match="execve") as caught:
            starter.execute(starter.table([("execve", path, (b"x",), ())]))
        assert caught.value.errno == number
    assert _children() == before


def test_what_failed_before_is_forgotten(starter: Starter, tmp_path: Path) -> None:
    """A call that succeeds and does not return leaves no result of its own."""
    table = starter.table(
        [("umask", 0o022), ("execve", os.fsencode(tmp_path / "sh"), (b"sh", b"-c", b""), ())]
    )
    with pytest.raises(OSError, match="execve"):
        starter.execute(table)
    (tmp_path / "sh").symlink_to("/bin/sh")
    os.waitpid(starter.execute(table), 0)


def test_a_number_can_be_changed_and_the_table_gone_through_again(
    starter: Starter, pipe: tuple[int, int]
) -> None:
    """As the spawner does for each box."""
    reader, writer = pipe
    table = starter.table([("umask", 0), ("dup3", writer, 1, 0), _script("umask")])
    for mask in (0o011, 0o077):
        table.set(0, 0, mask)
        os.waitpid(starter.execute(table), 0)
    os.close(writer)
    with open(reader, "rb", closefd=False) as file:
        assert file.read() == b"0011\n0077\n"
