"""Programs that try to get out, or at somebody else. Each is a published escape or close to one."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sandbox_programs import COUNT_PROCESSES, Compile, MakeLimits, Run, RunPython

from gavel.sandbox import Box, Command, Kill, Sandbox

pytestmark = pytest.mark.integration

SYSCALLS = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
static void tell(const char *name, long result) { printf("%s %d\\n", name, result < 0 ? errno : 0); }
#define CALL(name, ...) tell(#name, syscall(SYS_##name, ##__VA_ARGS__))
int main(void) {
  CALL(keyctl, 0, -3, 1); CALL(add_key, "user", "x", "y", 1, -3); CALL(bpf, 0, 0, 0);
  CALL(io_uring_setup, 1, 0);
  CALL(userfaultfd, 0); CALL(perf_event_open, 0, 0, -1, -1, 0); CALL(ptrace, PTRACE_TRACEME, 0, 0, 0);
  CALL(mount, "x", "/tmp", "tmpfs", 0, 0); CALL(umount2, "/proc", 2); CALL(unshare, CLONE_NEWUSER);
  CALL(unshare, CLONE_NEWNET); CALL(setns, 0, 0); CALL(chroot, "/tmp"); CALL(pivot_root, "/tmp", "/tmp");
  CALL(kexec_load, 0, 0, 0, 0); CALL(open_by_handle_at, 3, 0, 0); CALL(name_to_handle_at, -100, "/", 0, 0, 0);
  CALL(fsopen, "tmpfs", 0); CALL(open_tree, -100, "/", 1); CALL(process_vm_readv, 1, 0, 0, 0, 0, 0);
  CALL(pidfd_getfd, 0, 0, 0); CALL(syslog, 3, 0, 0); CALL(init_module, 0, 0, ""); CALL(reboot, 0, 0, 0, 0);
  CALL(clone, CLONE_NEWUSER | 17, 0, 0, 0, 0); CALL(clone3, 0, 0); CALL(sethostname, "x", 1);
  tell("vsock", socket(40, SOCK_STREAM, 0)); tell("alg", socket(38, SOCK_SEQPACKET, 0));
  tell("netlink", socket(16, SOCK_RAW, 0)); tell("packet", socket(17, SOCK_RAW, 0));
  tell("setuid", setuid(0)); tell("setgid", setgid(0));
}
"""


def test_denied_calls(box: Box, compiled: Compile, run: Run) -> None:
    """The kernel refuses what the list denies, namespaces in every way, and all privileges."""
    box.put("calls", compiled(SYSCALLS), 0o555)

    lines = dict(line.split() for line in run(box, "/work/calls").stdout.decode().splitlines())

    assert lines.pop("clone3") == "38"
    families = {lines.pop(name) for name in ("vsock", "alg", "netlink", "packet")}
    assert families == {"97"}
    assert set(lines.values()) == {"1"}, lines


I386 = """
#include <stdio.h>
int main(void) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory"); printf("%ld\\n", r); }
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls of i386 exist on x86-64 only")
def test_i386_calls(box: Box, compiled: Compile, run: Run) -> None:
    """The 32-bit gate has other numbers, so it is closed as a whole."""
    box.put("gate", compiled(I386), 0o555)

    ran = run(box, "/work/gate")

    assert ran.outcome.signal is not None or ran.outcome.exit_code == 139
    assert ran.stdout == b""


def test_no_privileges(box: Box, run: Run) -> None:
    """Another user and group than root, no groups, no capability in any set, none to be had by exec."""
    status = run(box, "cat", "/proc/self/status").stdout.decode()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert (fields["Uid"], fields["Gid"], fields["Groups"].strip()) == ("1000\t1000\t1000\t1000",) * 2 + ("",)
    assert {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


def test_boxes_are_different_users_of_the_host(sandbox: Sandbox, limits: MakeLimits) -> None:
    """Neither root nor anybody's id outside, and not the neighbour's."""
    ids = set()
    for _ in range(2):
        with sandbox.box() as box:
            owner = Path(f"/proc/{box.pid}/uid_map").read_text().split()
            ids |= {int(owner[1]), int(owner[4])}
            assert int(Path(f"/proc/{box.pid}/loginuid").stat().st_uid) in {0, int(owner[1])}

    assert len(ids) == 4
    assert min(ids) >= 2_000_000_000


def test_init_has_no_right_outside_its_box(box: Box) -> None:
    """Not the program alone: what watches over it is root of the box's user namespace and of no other."""
    for kind in ("user", "mnt", "net", "ipc", "uts", "cgroup", "pid"):
        assert Path(f"/proc/{box.pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink(), kind


def test_the_system_is_read_only_and_small(box: Box, run: Run) -> None:
    """Nothing but the listed folders is there, and none of it can be written."""
    listing = run(
        box,
        "sh",
        "-c",
        "ls -A / /etc /dev; touch /usr/x /etc/x /dev/x /x /proc/x /.box/x /bin/x && echo wrote",
    )

    root, dev, etc = listing.stdout.decode().split("\n\n")
    assert set(root.split("\n")[1:]) <= {
        ".box", "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr", "work",
    }  # fmt: skip
    assert not {"shadow", "ssh", "ssl", "hostname", "resolv.conf"} & set(etc.split("\n"))
    assert set(dev.split()[1:]) - {"wrote"} == {
        "fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero",
    }  # fmt: skip
    assert "wrote" not in listing.stdout.decode()


def test_proc_shows_the_box_alone(box: Box, python: RunPython, run: Run) -> None:
    """No process but the run's own, not even init; no setting can be written; keys and locks are hidden."""
    shown = run(box, "sh", "-c", "ls /proc/1 2>&1; cat /proc/locks /proc/keys").stdout

    assert python(box, COUNT_PROCESSES).stdout == b"1\n"
    assert shown.count(b"\n") == 1
    assert b"No such file" in shown
    writes = run(
        box,
        "sh",
        "-c",
        "for f in sys/kernel/core_pattern self/oom_score_adj sys/kernel/hostname; do echo 1 >/proc/$f; done",
    )
    assert writes.outcome.stderr.count(b"Read-only") + writes.outcome.stderr.count(b"denied") == 3


def test_network(box: Box, python: RunPython) -> None:
    """No interface but a loopback that is down: not the internet, not a listener on this very machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = (
            "import socket\n"
            f"for address in (('127.0.0.1', {port}), ('169.254.169.254', 80), ('1.1.1.1', 53)):\n"
            "  try: socket.create_connection(address, 1); print('connected')\n"
            "  except OSError as error: print(error.errno)\n"
        )
        assert set(python(box, program).stdout.split()) == {b"97"}


def test_pairs_of_sockets_work(box: Box, python: RunPython) -> None:
    """What runtimes use between their own processes and threads is there: socket pairs, asyncio, pipes."""
    program = (
        "import asyncio, socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))\n"
        "async def main(): return await asyncio.to_thread(lambda: 7)\nprint(asyncio.run(main()))\n"
    )
    assert python(box, program).stdout == b"b'x'\n7\n"


def test_neighbours_share_nothing(sandbox: Sandbox, limits: MakeLimits) -> None:
    """Two boxes at once: no file, no System V memory, no process of the other, no socket to reach it."""
    leave = (
        "import ctypes, time\n"
        "for p in ('/dev/shm/x', '/tmp/x', '/work/x'): open(p, 'w').write('secret')\n"
        "print(ctypes.CDLL(None).shmget(4242, 4096, 0o1666), flush=True)\n"
        "time.sleep(60)\n"
    )
    look = (
        "import ctypes, os, socket\n"
        "found = [p for p in ('/dev/shm/x', '/tmp/x', '/work/x') if os.path.exists(p)]\n"
        "if ctypes.CDLL(None).shmget(4242, 4096, 0o666) != -1: found.append('shm')\n"
        "for family in range(64):\n"
        "  try: socket.socket(family); found.append(family)\n"
        "  except OSError: pass\n"
        "found += [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]\n"
        "print(found)\n"
    )
    reader, writer = os.pipe()

    def occupy() -> None:
        command = Command(("/usr/bin/python3", "-c", leave), stdout=writer)
        with contextlib.ExitStack() as stack:
            stack.enter_context(first.run(command, limits(wall_time_ms=60_000)))

    with sandbox.box() as first, sandbox.box() as second:
        occupant = threading.Thread(target=occupy)
        occupant.start()
        assert int(os.read(reader, 100)) >= 0
        with second.run(Command(("/usr/bin/python3", "-c", look)), limits()) as outcome:
            assert os.read(outcome.stdout, 1000) == b"[]\n", outcome.stderr
        first.cancel()
        occupant.join()
    os.close(reader)
    os.close(writer)


LINKS = (
    "ln -s /etc/passwd link; ln -s /proc/self/root/etc root; ln -s / slash; ln -s ../../../etc dots;"
    "mkfifo fifo; mkdir folder; ln -s /etc/passwd folder/link; ln -s folder inner; echo ok >folder/file;"
    "ln folder/file hard"
)


@pytest.mark.parametrize("frozen", [False, True])
def test_links_are_never_followed_out(box: Box, run: Run, frozen: bool) -> None:
    """Judge0 CVE-2024-28185, go-judge #176: a link that a program left leads nowhere, reading or writing."""
    if frozen:
        box.freeze()
    assert run(box, "sh", "-c", LINKS).outcome.exit_code == 0

    for path in (
        "link",
        "root/passwd",
        "slash/etc/passwd",
        "dots/passwd",
        "fifo",
        "folder",
        "folder/link",
        "inner/file",
    ):
        assert box.get(path, 100) is None, path
    assert box.names("slash") == []
    assert box.get("folder/file", 100) == b"ok\n"
    assert box.get("hard", 100) == b"ok\n"


def test_writing_replaces_links_and_refuses_linked_folders(
    sandbox: Sandbox, run: Run, tmp_path: Path
) -> None:
    """Judge0 CVE-2024-28189: the host creates, never follows, and never changes an owner."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    with sandbox.box() as box:
        run(box, "ln", "-s", str(victim), "/work/link")
        box.put("link", b"mine")
        assert box.get("link", 10) == b"mine"
        run(box, "ln", "-s", "/tmp", "/work/folder")
        box.put("folder/x", b"mine")
        with pytest.raises(Exception, match="putting folder/x: openat2"):
            box.names()

    assert victim.read_text() == "untouched"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\0b", "a/."])
def test_paths_of_the_caller_are_plain(box: Box, path: str) -> None:
    """A path that could lead out is the caller's mistake, whichever way it goes."""
    with pytest.raises(ValueError, match="plain"):
        box.get(path, 1)
    with pytest.raises(ValueError, match="plain"):
        box.put(path, b"")


def test_stdin_is_a_private_copy(box: Box, python: RunPython, tmp_path: Path) -> None:
    """The program gets an offset of its own, no path of the host, no lock, and cannot change it."""
    data = tmp_path / "input"
    data.write_bytes(b"0123456789")
    program = (
        "import os, fcntl\n"
        "print(os.read(0, 4)); print(os.readlink('/proc/self/fd/0'))\n"
        "fcntl.flock(0, fcntl.LOCK_EX)\n"
        "for how in (os.O_RDWR, os.O_WRONLY | os.O_TRUNC):\n"
        "  try: fd = os.open('/proc/self/fd/0', how); os.write(fd, b'x'); print('wrote')\n"
        "  except OSError as error: print(error.errno)\n"
    )
    with data.open("rb") as file:
        file.seek(5)
        ran = python(box, program, stdin=file.fileno())
        assert file.tell() == 5

    assert ran.stdout.splitlines()[:2] == [b"b'0123'", b"/memfd:stdin (deleted)"]
    assert b"wrote" not in ran.stdout
    assert data.read_bytes() == b"0123456789"


def test_nothing_is_inherited(box: Box, python: RunPython) -> None:
    """Three descriptors, no environment but the given one, default signals, an empty mask."""
    program = (
        "import os, signal\nprint(sorted(os.listdir('/proc/self/fd')), sorted(os.environ))\n"
        "print([l for l in open('/proc/self/status') if l.startswith(('SigBlk', 'ShdPnd'))])\n"
    )
    ran = python(box, program)
    ignored = int(
        python(box, "print(open('/proc/self/status').read().split('SigIgn:')[1].split()[0])").stdout, 16
    )

    assert ran.stdout.startswith(b"['0', '1', '2', '3'] ")  # 3: the listing itself
    assert b"GAVEL" not in ran.stdout
    assert ran.stdout.count(b"0000000000000000") == 2
    # SIGPIPE and SIGXFSZ, which Python itself ignores; no program sets the C library's own 32 and 33.
    assert ignored & (1 << 31) - 1 == 1 << 12 | 1 << 24


WORKER = """
import os, resource, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD})
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.umask(0o077)
os.setgroups([0, 4, 27])
os.set_inheritable(os.dup2(os.open("/etc/shadow", os.O_RDONLY), 200), True)
def dare(do, *arguments):  # in many containers root lacks the right to
    try: do(*arguments)
    except (OSError, ValueError): pass
dare(lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"))
dare(resource.setrlimit, resource.RLIMIT_RTPRIO, (50, 50))
dare(resource.setrlimit, resource.RLIMIT_NICE, (40, 40))
dare(resource.setrlimit, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
from gavel.sandbox import Command, Limits, Sandbox
limits = Limits(2000, 10_000, 16 << 20, 0, 8, 1 << 20)
with Sandbox(sys.argv[1], spare_boxes=0) as sandbox, sandbox.box() as box:
    for script in (
        "cat /proc/self/status; cat /proc/self/oom_score_adj; umask; ls /proc/self/fd",
        "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
    ):
        with box.run(Command(("/bin/sh", "-c", script)), limits) as outcome:
            print(os.read(outcome.stdout, 1 << 16).decode(), outcome.kill, outcome.stderr)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives itself such rights")
def test_what_the_worker_has_reaches_no_program(tmp_path: Path) -> None:
    """Masks, ignored signals, umask, groups, open files, protection from the OOM killer, real-time rights.

    So protected, a program over its memory limit could not be killed for it.
    """
    out = subprocess.run(
        [sys.executable, "-c", WORKER, str(tmp_path / "state")], capture_output=True, text=True, check=True
    ).stdout
    fields = dict(line.split(":\t", 1) for line in out.splitlines() if ":\t" in line)
    lines = out.splitlines()

    assert {fields[name] for name in ("SigBlk", "SigIgn", "ShdPnd")} == {"0" * 16}
    assert fields["Groups"].strip() == ""
    score = lines.index("1000")
    assert lines[score : score + 6] == ["1000", "0022", "0", "1", "2", "3"]
    assert "memory b" in lines[-1]


LEAVE_TRACES = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
static const char *own[] = {"/tmp", "/work", "/dev/shm", "/usr"};
static int touch(const char *path, const struct stat *s, int kind, struct FTW *at) {
  for (int i = 0; i < 4; i++) if (!strncmp(path, own[i], strlen(own[i]))) return FTW_SKIP_SUBTREE;
  if (!strncmp(path, "/proc/", 6) && path[6] >= '0' && path[6] <= '9') return FTW_SKIP_SUBTREE;
  if (!utimensat(AT_FDCWD, path, 0, AT_SYMLINK_NOFOLLOW)) printf("times %s\\n", path);
  if (!lsetxattr(path, "user.x", "1", 1, 0)) printf("attribute %s\\n", path);
  if (!S_ISLNK(s->st_mode) && !chmod(path, 0777)) printf("mode %s\\n", path);
  return 0;
}
int main(void) { nftw("/", touch, 50, FTW_PHYS | FTW_ACTIONRETVAL); puts("done"); }
"""


def test_nothing_shared_can_be_marked(box: Box, compiled: Compile, run: Run) -> None:
    """Not the times, the mode or an attribute of any file that another box or the host has too."""
    box.put("traces", compiled(LEAVE_TRACES), 0o555)

    assert run(box, "/work/traces").stdout == b"done\n"


def test_a_daemon_does_not_outlive_its_run(box: Box, python: RunPython) -> None:
    """DMOJ judge-server#318: neither a double fork nor a session of its own survives."""
    program = (
        "import os, time\n"
        "for _ in range(5):\n"
        "  if not os.fork():\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"
        "    os.closerange(0, 3); time.sleep(60); os._exit(0)\n"
    )
    assert python(box, program).outcome.kill is Kill.NONE
    assert python(box, COUNT_PROCESSES).stdout == b"1\n"


def test_orphans_do_not_use_up_the_process_limit(box: Box, python: RunPython) -> None:
    """Init collects them while the program runs."""
    program = (
        "import os, time\n"
        "for i in range(60):\n"
        "  p = os.fork()\n"
        "  if not p:\n"
        "    if os.fork(): os._exit(0)\n"
        "    os._exit(0)\n"
        "  os.waitpid(p, 0); time.sleep(0.001)\n"
        "print('done')\n"
    )
    assert python(box, program, processes=10, cpu_time_ms=9000).stdout == b"done\n"


def test_output_hidden_in_a_socket_holds_nobody_up(box: Box, python: RunPython) -> None:
    """A pipe's end in a socket that nobody reads outlives all processes; the run ends all the same."""
    program = (
        "import array, socket\n"
        "a, b = socket.socketpair()\n"
        "a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [1, b.fileno()]))])\n"
        "b.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [1, a.fileno()]))])\n"
        "print('ok', flush=True)\n"
    )
    assert python(box, program).stdout == b"ok\n"


def test_a_program_cannot_signal_init(box: Box, python: RunPython) -> None:
    """Kill everything, by number or at large: init stays, and the box goes on."""
    program = "import os\nfor p in (1, -1):\n  try: os.kill(p, 9)\n  except OSError as e: print(e.errno)"
    python(box, program)

    assert python(box, "print('alive')").stdout == b"alive\n"
