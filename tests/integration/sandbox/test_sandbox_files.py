"""The folders of a box over its life: put, run, freeze, run, get."""

import os
from pathlib import Path

import pytest
from sandbox_programs import MakeLimits, Run, RunPython

from gavel.sandbox import (
    Box,
    BoxBrokenError,
    CannotExecuteError,
    Command,
    Sandbox,
    SandboxError,
    TooMuchToKeepError,
)

pytestmark = pytest.mark.integration


def test_put_and_get(box: Box, run: Run, tmp_path: Path) -> None:
    """Data and descriptors go in, with folders on the way; programs read them and cannot change them."""
    source = tmp_path / "source"
    source.write_bytes(b"from a descriptor")
    with source.open("rb") as file:
        file.seek(3)
        box.put("a/b/one", file.fileno())
    box.put("two", b"x" * 3_000_000)

    ran = run(box, "sh", "-c", "cat a/b/one; echo x >>a/b/one; rm -f two; mv a c; echo new >a/b/three")

    assert ran.stdout == b"from a descriptor"
    assert box.get("a/b/one", 100) == b"from a descriptor"
    assert box.get("two", 5) == b"x" * 5
    assert box.get("a/b/three", 100) == b"new\n"
    assert box.get("absent", 1) is None
    assert box.names() == ["a", "two"]
    assert box.names("a/b") == ["one", "three"]
    assert box.names("absent") == []


def test_what_does_not_fit_is_an_error(sandbox: Sandbox) -> None:
    """A put beyond the box's size fails as the platform's error: the next call tells, and the box is gone."""
    with sandbox.box(files_bytes=1 << 20) as box:
        box.put("large", b"x" * (2 << 20))
        box.put("small", b"x")
        with pytest.raises(SandboxError, match="No space"):
            box.names()
        with pytest.raises(BoxBrokenError):
            box.put("small", b"x")


@pytest.mark.parametrize("size", [1, 4096, 4097, 32 << 10])
def test_a_small_file_fits_as_a_whole_or_not_at_all(sandbox: Sandbox, size: int) -> None:
    """Where a page too little is left, and where there is just enough."""
    pages = -(-size // 4096)
    content = bytes(number % 251 for number in range(size))
    with sandbox.box(files_bytes=64 << 10) as box:
        box.put("other", b"x" * ((16 - pages) * 4096))
        box.put("whole", content)
        assert box.get("whole", 1 << 20) == content
    with sandbox.box(files_bytes=64 << 10) as box:
        box.put("other", b"x" * ((17 - pages) * 4096))
        box.put("whole", content)
        with pytest.raises(SandboxError, match="No space"):
            box.names()


@pytest.mark.parametrize("before", [0, 100])
def test_files_of_any_size_arrive(box: Box, before: int) -> None:
    """Small ones in the packet, larger ones as descriptors, and behind many files all of them so."""
    sizes = [0, 1, 4095, 4096, (32 << 10) - 1, 32 << 10, (32 << 10) + 1, 100_000]
    for number in range(before):
        box.put(f"before/{number}", b"")
    for size in sizes:
        box.put(f"{size}/file", bytes(number % 251 for number in range(size)), 0o555)
    for size in sizes:
        assert box.get(f"{size}/file", 1 << 20) == bytes(number % 251 for number in range(size))


def test_a_small_file_replaces_what_many_were_put_for(sandbox: Sandbox, limits: MakeLimits) -> None:
    """A file with the name of a folder of several hundred: all of it is taken out of sight in one packet."""
    with sandbox.box() as box:
        for number in range(350):
            box.put(f"d/{number}", b"x")
        box.freeze()
        box.put("d", b"x" * (32 << 10))
        with box.run(Command(("wc", "-c", "d"), {}, b""), limits()) as outcome:
            assert os.read(outcome.stdout, 100) == b"32768 d\n"


def test_before_any_run_there_is_what_was_put(box: Box, run: Run) -> None:
    """Then `freeze` asks nobody what there is; programs may add to folders of it."""
    box.put("folder/given", b"given")
    box.freeze()
    assert run(box, "sh", "-c", "echo x >folder/new; ls folder").stdout == b"given\nnew\n"
    assert run(box, "ls", "folder").stdout == b"given\n"


def test_nothing_runs_without_a_file_that_did_not_fit(sandbox: Sandbox, limits: MakeLimits) -> None:
    """The program of a run behind a failed put is not started."""
    reader, writer = os.pipe()
    command = Command(("/bin/echo", "ran"), {}, b"", stdout=writer)
    with sandbox.box(files_bytes=1 << 20) as box:
        box.put("large", b"x" * (2 << 20))
        with pytest.raises(SandboxError, match="No space"):
            box.run(command, limits())
    os.close(writer)
    assert os.read(reader, 100) == b""
    os.close(reader)


def test_work_lasts_and_scratch_does_not(box: Box, run: Run) -> None:
    """Before freeze, what a run leaves in /work is there for the next; /tmp and /dev/shm are new."""
    run(box, "sh", "-c", "echo 1 >/work/x; echo 1 >/tmp/x; echo 1 >/dev/shm/x")

    assert run(box, "sh", "-c", "ls -A /work /tmp /dev/shm").stdout.split() == [
        b"/dev/shm:",
        b"/tmp:",
        b"/work:",
        b"x",
    ]


def test_frozen_files_stay_as_they_are(box: Box, run: Run) -> None:
    """After freeze each run sees what was frozen and cannot change it; what it adds no later run sees."""
    box.put("given", b"given")
    box.put("folder/deep/given", b"deep")
    run(box, "sh", "-c", "mkdir d; echo frozen >d/mine; ln -s d/mine link; ln -s mine d/inner; mkfifo d/fifo")
    box.freeze(["d", "link"])
    look = "cat given folder/deep/given link d/inner; ls -A . folder/deep d /tmp"
    fresh = run(box, "sh", "-c", look).stdout
    assert fresh.startswith(b"givendeepfrozen\nfrozen\n.:\nd\nfolder\ngiven\nlink\n")

    for change in (
        "echo x >given",
        "echo x >folder/deep/given",
        "echo x >d/mine",
        "echo x >link",
        "echo x >d/new",
        "rm -f given",
        "rm -f link",
        "rm -rf folder",
        "rm -rf d",
        "mv d e",
        "mv folder e",
        "echo x >e; mv e given",
        "echo x >e; mv -T e link",
        "chmod 777 given",
        "touch given d/mine",
        "ln given e || ln d/mine e",
    ):
        assert run(box, "sh", "-c", f"{change}").outcome.exit_code != 0, change

    added = (
        "echo new >new && echo new >folder/deep/new && mkdir folder/other && mv new folder/ && cat folder/new"
    )
    assert run(box, "sh", "-c", added).stdout == b"new\n"
    assert box.get("folder/deep/new", 10) == b"new\n"
    assert box.get("d/mine", 10) == b"frozen\n"
    assert run(box, "sh", "-c", look).stdout == fresh


def test_only_what_is_named_is_kept(box: Box, run: Run) -> None:
    """Of what runs left; what was put is there in any case, also in a folder that a run had made."""
    run(
        box,
        "sh",
        "-c",
        "mkdir lib classes; echo 1 >lib/left; echo 2 >classes/A; echo 3 >program; echo 4 >other",
    )
    box.put("lib/put", b"5")
    box.freeze(["program", "classes", "absent"])
    assert run(box, "sh", "-c", "ls -A . lib classes").stdout == (
        b".:\nclasses\nlib\nprogram\n\nclasses:\nA\n\nlib:\nput\n"
    )


def test_a_folder_that_became_a_link_is_followed_nowhere(box: Box, run: Run) -> None:
    """By whoever shows the files in it: the box ends, as a failure of the platform."""
    run(box, "mkdir", "folder")
    box.put("folder/passwd", b"mine")
    run(box, "sh", "-c", "mv folder away; ln -s /etc folder")
    box.freeze([])
    with pytest.raises(SandboxError, match="mount"):
        run(box, "cat", "folder/passwd")


@pytest.mark.parametrize("count", [100, 2000])
def test_many_files_are_kept(box: Box, run: Run, count: int) -> None:
    """Where they are too many for one by one, by their folders, to which nothing can be added then."""
    for number in range(count):
        box.put(f"src/{number % 7}/{number}", b"x")
    box.freeze([])
    assert run(box, "sh", "-c", "cat src/*/* | wc -c").stdout == f"{count}\n".encode()
    assert run(box, "touch", "src/new").outcome.exit_code == (0 if count == 100 else 1)
    box.put("src/new", b"put")
    assert box.get("src/new", 10) == b"put"


def test_too_many_files_are_refused(box: Box) -> None:
    """By name, before anything runs."""
    for number in range(600):
        box.put(f"file{number}", b"")
    with pytest.raises(TooMuchToKeepError, match="600"):
        box.freeze([])


def test_files_put_after_freeze_are_for_one_run(box: Box, run: Run) -> None:
    """A checker's input: there for the next run: Run, gone after it."""
    box.freeze()
    box.put("io/answer", b"42")
    assert run(box, "sh", "-c", "cat io/answer; echo fine >io/feedback").stdout == b"42"
    assert box.get("io/feedback", 100) == b"fine\n"
    assert box.get("io/answer", 100) == b"42"

    box.put("io/answer", b"43")

    assert run(box, "sh", "-c", "cat io/*").stdout == b"43"
    assert run(box, "ls", "-A").stdout == b""


@pytest.mark.parametrize(
    "left",
    [
        "mkdir -p io/answer/deep; echo x >io/answer/deep/x",
        "ln -s / io",
        "mkfifo io",
        "echo x >io",
        "mkdir io; ln -s /etc/passwd io/answer",
    ],
)
def test_what_a_compiler_left_is_in_no_files_way(box: Box, run: Run, left: str) -> None:
    """A file put after freeze is there for the next run whatever had its name, or that of its folder."""
    assert run(box, "sh", "-c", left).outcome.exit_code == 0
    box.freeze()

    for answer in (b"42", b"43"):
        box.put("other", b"7")
        box.put("io/answer", answer)
        assert run(box, "sh", "-c", "cat io/answer other; echo new >io/new").stdout == answer + b"7"
        assert box.get("io/new", 10) == b"new\n"

    assert run(box, "ls", "-A").stdout == (b"" if left.startswith("mkfifo") else b"io\n")


@pytest.mark.parametrize("path", ["a", "a/b", "a/b/c", "x/y", "x", "n", "n/new", "l/io"])
def test_a_file_may_be_put_over_any_that_lasts(box: Box, run: Run, path: str) -> None:
    """For one run; the next finds what was frozen."""
    for frozen in ("a/b/c", "a/d", "x"):
        box.put(frozen, b"frozen")
    run(box, "sh", "-c", "mkdir n; echo 1 >n/left; ln -s n l")
    box.freeze(["n", "l"])
    look = "find . | sort; cat a/b/c a/d x l/left"
    fresh = run(box, "sh", "-c", look).stdout

    for _ in range(2):
        box.put("other", b"7")
        box.put(path, b"put")
        assert run(box, "cat", path, "other").stdout == b"put7"
    assert run(box, "sh", "-c", look).stdout == fresh


def test_without_keep_nothing_is_left(box: Box, run: Run) -> None:
    """What a run wrote is dropped at once."""
    box.freeze()
    run(box, "sh", "-c", "echo new >new", keep=False)

    assert box.get("new", 10) is None


@pytest.mark.parametrize(
    "trace",
    [
        "echo x >/tmp/x",
        "echo x >/tmp/x; rm /tmp/x",
        "mkdir /dev/shm/d",
        "touch new; rm new",
        "chmod 000 .; touch .",
        "ln -s x link",
    ],
)
def test_a_run_finds_its_folders_as_if_new(box: Box, run: Run, trace: str) -> None:
    """Not even the times of the folders tell a run what an earlier one did."""
    box.freeze()
    look = "stat -c '%n %a %s %X %Y' /tmp /dev/shm /work; ls -A /tmp /dev/shm /work"
    fresh = run(box, "sh", "-c", f"sleep 1.1; {look}").stdout
    run(box, "sh", "-c", trace)
    first = run(box, "sh", "-c", look).stdout
    run(box, "sh", "-c", trace)
    second = run(box, "sh", "-c", look).stdout

    def without_times(text: bytes) -> list[bytes]:
        return [line.rsplit(b" ", 2)[0] for line in text.splitlines()]

    assert without_times(fresh) == without_times(first) == without_times(second)


def test_what_was_touched_tells_nothing(box: Box, run: Run, python: RunPython) -> None:
    """The next run finds folders that came with files, and links, as old as /work."""
    box.put("folder/deep/file", b"x")
    run(box, "ln", "-s", "/etc/passwd", "link")
    box.freeze(["link"])
    look = (
        "import os, time; made = os.stat('.').st_ctime\n"
        "print(max(os.lstat(path).st_ctime for path in ('folder/deep', 'link')) - made < 0.2)\n"
        "time.sleep(max(0, made + 0.3 - time.time())); os.utime({path!r}, follow_symlinks=False)"
    )
    for path in ("folder/deep", "link", "folder"):
        assert python(box, look.replace("{path!r}", repr(path))).stdout == b"True\n"
    assert python(box, look.replace("{path!r}", "'.'")).stdout == b"True\n"


_HOLES = """
import os
os.truncate(os.open("hole", os.O_CREAT | os.O_RDWR), 1 << 20)
os.posix_fallocate(os.open("reserved", os.O_CREAT | os.O_RDWR), 0, 1 << 20)
os.mkdir("folder")
os.truncate(os.open("folder/hole", os.O_CREAT | os.O_RDWR), 1 << 20)
open("full", "w").write("x")
"""
_SEEN = """
import mmap, os, signal
for path in ("hole", "reserved", "folder/hole"):
    file = os.open(path, os.O_RDONLY)
    status, space = os.fstat(file), os.fstatvfs(file)
    print(path, status.st_blocks, space.f_bfree, os.lseek(file, 0, os.SEEK_HOLE))
    if os.fork() == 0:
        shown = mmap.mmap(file, 0, prot=mmap.PROT_READ)
        shown[5 * 4096]
        shown.madvise(21)  # MADV_PAGEOUT: what was never written to goes
        os._exit(0)
    print(os.wait()[1] in {0, signal.SIGBUS})
"""


def test_holes_of_what_was_left_hold_no_message(box: Box, python: RunPython) -> None:
    """Whoever maps a hole and reads there has the kernel fill it, for the next run to see."""
    assert python(box, _HOLES).outcome.exit_code == 0
    box.freeze()
    first = python(box, _SEEN).stdout
    assert first.splitlines()[::2][:2] == [b"hole 2048 0 1048576", b"reserved 2048 0 1048576"]
    assert first.splitlines()[1::2] == [b"True"] * 3
    assert python(box, _SEEN).stdout == first


def test_holes_that_are_too_large_are_refused(sandbox: Sandbox, run: Run) -> None:
    """They would not fit if they were filled."""
    for size in ("2M", "4T"):
        with sandbox.box(files_bytes=1 << 20) as box:
            assert run(box, "truncate", "-s", size, "hole", files_bytes=1 << 45).outcome.exit_code == 0
            with pytest.raises(TooMuchToKeepError, match="holes"):
                box.freeze()


def test_long_links_take_no_space_of_a_run(box: Box, python: RunPython) -> None:
    """Which may have hardly any."""
    links = "import os\nfor number in range(20): os.symlink('x' * 4000, str(number))"
    assert python(box, links).outcome.exit_code == 0
    box.freeze()
    look = "import os; print(len(os.readlink('7'))); os.truncate(os.open('x', os.O_CREAT | os.O_WRONLY), 9)"
    assert python(box, look, files_bytes=1, files_count=1).stdout == b"4000\n"


def test_system_v_memory_ends_with_its_run(box: Box, python: RunPython) -> None:
    """Shared memory, semaphores and message queues can be used, and no later run finds them."""
    make = (
        "import ctypes; c = ctypes.CDLL(None)\n"
        "print(c.shmget(7, 4096, 0o1666) >= 0, c.semget(7, 1, 0o1666) >= 0, c.msgget(7, 0o1666) >= 0)"
    )
    look = (
        "import ctypes; c = ctypes.CDLL(None); print(c.shmget(7, 4096, 0), c.semget(7, 1, 0), c.msgget(7, 0))"
    )

    for _ in range(2):
        assert python(box, make).stdout == b"True True True\n"
        assert python(box, look).stdout == b"-1 -1 -1\n"


def test_commands_that_cannot_run(box: Box, limits: MakeLimits) -> None:
    """The platform's error with its errno, not a verdict; the box goes on."""
    box.put("text", b"no program", 0o555)
    box.put("data", b"#!/bin/sh", 0o444)
    for name, number in (
        ("nowhere", 2),
        ("/work/absent", 2),
        ("/work/data", 13),
        ("/work/text", 8),
        ("/work", 13),
    ):
        with pytest.raises(CannotExecuteError) as caught:
            box.run(Command((name,)), limits())
        assert caught.value.errno == number, name
    with pytest.raises(CannotExecuteError):
        box.run(Command(("true",), cwd="/absent"), limits())
    with pytest.raises(CannotExecuteError) as caught:
        box.run(Command(("true", "x" * 200_000)), limits())
    assert caught.value.errno == 7

    with box.run(Command(("true",)), limits()) as outcome:
        assert outcome.exit_code == 0


def test_a_command_that_is_too_large_costs_the_box_nothing(box: Box, run: Run, limits: MakeLimits) -> None:
    """Also where it would have been the first, for which folders are mounted."""
    box.freeze()
    with pytest.raises(CannotExecuteError):
        box.run(Command(("true", "x" * 200_000)), limits())
    assert run(box, "sh", "-c", "echo 1 > /tmp/x; cat /tmp/x").stdout == b"1\n"
    assert run(box, "ls", "/tmp", "/dev/shm").stdout == b"/dev/shm:\n\n/tmp:\n"


def test_a_command_that_is_too_large_keeps_no_trace_of_the_run_before(
    box: Box, run: Run, limits: MakeLimits
) -> None:
    """What was to be tidied up before it is tidied up before the next one."""
    box.freeze()
    leave = "echo 1 > /tmp/x; echo 1 > /work/x; echo 1 > /dev/shm/x"
    assert run(box, "sh", "-c", leave, keep=True).outcome.exit_code == 0
    with pytest.raises(CannotExecuteError):
        box.run(Command(("true", "x" * 200_000)), limits())
    assert run(box, "sh", "-c", "cat /tmp/x /work/x /dev/shm/x").stdout == b""


@pytest.mark.parametrize("path", ["\ud800", "a/" * 300 + "file"])
def test_a_file_that_cannot_be_named_is_as_if_not_put(box: Box, run: Run, path: str) -> None:
    """The box is as it was, also where that would have been the first that was asked of it."""
    with pytest.raises(SandboxError):
        box.put(path, b"x")
    box.put("a/b", b"1")
    assert run(box, "sh", "-c", "echo 2 > file; cat a/b file").stdout == b"12\n"


def test_names_that_are_no_text_and_deep_folders(box: Box, run: Run) -> None:
    """Are read and written as any others."""
    deep = "a/" * 250
    made = f"mkdir -p {deep}; echo 1 > {deep}x; printf 2 > $(printf 'b\\377\\n.c')"
    assert run(box, "sh", "-c", made).outcome.exit_code == 0
    (odd,) = set(box.names()) - {"a"}
    assert odd.startswith("b\udcff")
    assert box.get(odd, 10) == b"2"
    box.put(odd, b"3")
    box.freeze()
    box.put(f"{deep}y", b"4")
    assert box.get(odd, 10) == b"3"
    assert [box.get(f"{deep}{name}", 10) for name in "xy"] == [None, b"4"]  # that of the run is hidden


def test_standard_streams_can_be_opened_by_name(box: Box, limits: MakeLimits) -> None:
    """Pipes of the service's as well; what a run said it cannot take back."""
    (asked, question), (answer, told) = os.pipe(), os.pipe()
    os.write(question, b"asked\n")
    os.close(question)
    script = "cat </dev/stdin >/dev/stdout; echo said >/dev/stderr; cat </dev/stdout || cat </dev/stderr"
    command = Command(("sh", "-c", script), {"PATH": "/usr/bin:/bin"}, asked, stdout=told)
    with box.run(command, limits()) as outcome:
        os.close(told)
        assert os.read(answer, 100) == b"asked\n"
        assert outcome.stderr.startswith(b"said\n")
        assert outcome.stderr.count(b"Permission denied") == 2
    os.close(asked)
    os.close(answer)

    with box.run(Command(("sh", "-c", "echo said >/dev/stdout"), command.env), limits()) as outcome:
        assert os.read(outcome.stdout, 100) == b"said\n"


def test_stdout_is_sealed(box: Box, limits: MakeLimits) -> None:
    """What a run wrote cannot change any more, and is read from its start."""
    with box.run(Command(("echo", "hello")), limits()) as outcome:
        assert os.read(outcome.stdout, 100) == b"hello\n"
        with pytest.raises(PermissionError):
            os.write(outcome.stdout, b"x")
