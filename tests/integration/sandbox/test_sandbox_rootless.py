"""The sandbox of a worker that is not root, for real: a user with subordinate ids and cgroups of his own."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ordinary_user import SUBORDINATE, UID, OrdinaryUser, unavailable
from sandbox_programs import descendants, wait_until

import run_groups

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(unavailable()), reason=unavailable() or "-"),
]

STARTED = """
import json, os, sys, tempfile
from gavel.sandbox import *
state = tempfile.mkdtemp()
def text(outcome):
    with outcome: return os.read(outcome.stdout, 1 << 16).decode()
limits = Limits(cpu_time_ms=2000, wall_time_ms=20_000, memory_bytes=64 << 20, stack_bytes=0, processes=8,
                output_bytes=1 << 20)
def sh(box, script): return text(box.run(Command(("/bin/sh", "-c", script)), limits))
"""
REFUSED = """
import json, tempfile
from gavel.sandbox import Sandbox, SandboxUnavailable
try:
    Sandbox(tempfile.mkdtemp()).start()
    print(json.dumps("started"))
except SandboxUnavailable as error:
    print(json.dumps([error.limit, error.reason, error.remedy]))
"""
EXPECTED = {
    "kernel", "isolation", "privileges", "memory", "swap", "processes", "cpu_time", "cpu_weight",
    "wall_time", "output", "files", "links", "network", "neighbours",
}  # fmt: skip


@pytest.fixture
def user() -> Iterator[OrdinaryUser]:
    """An ordinary user with all that a worker of his needs."""
    folder = Path(tempfile.mkdtemp(prefix="gavel-user-"))
    folder.chmod(0o755)
    user = OrdinaryUser(folder)
    yield user
    user.close()


def test_every_probe_holds(user: OrdinaryUser) -> None:
    """No limit is left out or weakened: the same proof as root's, line by line."""
    out = user.run(
        STARTED + "with Sandbox(state) as sandbox: print(json.dumps([[l.limit, l.enforced, l.how] "
        "for l in sandbox.report]))"
    )
    report = json.loads(out)

    assert [enforced for _, enforced, _ in report] == [True] * len(EXPECTED)
    assert {limit for limit, _, _ in report} == EXPECTED
    assert any(f"rootless: user namespace of uid {UID}" in how for _, _, how in report)


def test_programs_are_neither_the_user_nor_each_other(user: OrdinaryUser) -> None:
    """To the kernel a box's root, its programs, its neighbours and the worker are all different users."""
    out = user.run(
        STARTED
        + "with Sandbox(state) as sandbox, sandbox.box() as a, sandbox.box() as b:\n"
        + "  a.put('mine', b'original')\n"
        + "  print(sh(a, 'chmod 777 mine; echo x >mine; id -u; id -G; cat /work/mine; echo'))\n"
        + "  for box in a, b:\n"
        + "    for kind in 'ug': print(open(f'/proc/{box.pid}/{kind}id_map').read())\n"
    )
    files, *maps = out.split("\n\n")
    ids = [{int(line.split()[1]) for line in lines.splitlines()} for lines in maps if lines.strip()]

    assert files.split() == ["1000", "1000", "original"]
    assert [len(found) for found in ids] == [2] * 4
    assert ids[0] == ids[1] != ids[2] == ids[3]  # user and group ids are the same numbers
    assert SUBORDINATE <= min(set.union(*ids)) <= max(set.union(*ids)) < SUBORDINATE + 2048


def test_what_is_the_users_own_is_out_of_reach(user: OrdinaryUser) -> None:
    """No file, group or process of his, and not what watches over the box."""
    secret = user.home / "secret"
    secret.write_text("TOLD")
    os.chown(secret, UID, UID)
    hostile = f"cat {secret} 2>&1; kill -9 1 2>&1; grep Groups /proc/self/status; kill -9 -1"
    out = user.run(
        STARTED
        + "with Sandbox(state) as sandbox, sandbox.box() as box:\n"
        + "  print(sh(box, sys.argv[1]), sh(box, 'echo alive'))\n",
        hostile,
    )

    assert "TOLD" not in out
    assert "Groups:\t \n" in out
    assert out.rstrip().endswith("alive")


def test_kill_9_of_the_worker(user: OrdinaryUser) -> None:
    """Spawner, boxes and programs die with it, and the user's next start removes the cgroups it left."""
    service = user.start(
        STARTED
        + "with Sandbox(state, spare_boxes=0) as sandbox, sandbox.box() as box:\n"
        + "  print(sandbox.spawner_pid, flush=True)\n"
        + "  sh(box, 'sleep 60 & sleep 60')\n"
    )
    assert service.stdout is not None
    assert service.stderr is not None
    spawner = int(service.stdout.readline())
    wait_until(lambda: len(descendants(spawner)) >= 4, "the program starts")
    below = descendants(spawner) | {spawner}
    left = run_groups.owners([service.pid])

    service.send_signal(signal.SIGKILL)
    service.wait()
    service.stdout.close()
    service.stderr.close()

    wait_until(lambda: not any(Path(f"/proc/{pid}/root").exists() for pid in below), "processes outlive it")
    assert left
    if user.cgroups.version == 1:
        assert all(path.stat().st_mode & 0o077 == 0 for path in left)  # its files are open to all, it is not
    user.run(STARTED + "with Sandbox(state, spare_boxes=0): pass")
    assert not any(path.exists() for path in left)


def test_two_workers_of_one_user_share_no_id(user: OrdinaryUser) -> None:
    """Each has a block of its own, and gives it back at its end."""
    both = (
        STARTED
        + "from gavel.sandbox.identity import identify\n"
        + "first, second = identify(), identify()\n"
        + "second.close()\n"
        + "print(json.dumps([one.subordinate for one in (first, second, identify())]))\n"
    )
    first, second, third = json.loads(user.run(both))

    assert first == [SUBORDINATE, SUBORDINATE]
    assert second == third == [SUBORDINATE + 2048, SUBORDINATE + 2048]


def test_ids_are_used_again_once_a_box_is_gone(user: OrdinaryUser) -> None:
    """With a block of four ids there are two boxes at a time, as often as one likes, and never a third."""
    out = user.run(
        STARTED
        + "import time\nfrom gavel.sandbox import identity\nidentity._BLOCK = 4\n"
        + "def box_soon():\n"
        + "  deadline = time.monotonic() + 10\n"
        + "  while True:\n"
        + "    try: return sandbox.box()\n"
        + "    except SandboxError:  # the last ones are not dead yet\n"
        + "      if time.monotonic() > deadline: raise\n"
        + "with Sandbox(state, spare_boxes=0) as sandbox:\n"
        + "  for _ in range(8):\n"
        + "    with box_soon() as a, box_soon() as b: sh(a, 'true'); sh(b, 'true')\n"
        + "  with box_soon(), box_soon():\n"
        + "    try: sandbox.box()\n"
        + "    except SandboxError as error: print(error)\n"
    )

    assert "all ids are in use by 2 boxes" in out


@pytest.mark.parametrize("text", ["", "somebody:3000000:65536\n", "ordinary:3000000:100\n", "ordinary:x:y\n"])
def test_without_subordinate_ids_it_is_refused(user: OrdinaryUser, text: str) -> None:
    """One id for all would be half a sandbox: refused, with the command that helps."""
    (user.folder / "subuid").write_text(text)

    limit, reason, remedy = json.loads(user.run(REFUSED))

    assert limit == "isolation"
    assert "subordinate ids" in reason
    assert "usermod --add-subuids" in remedy


def test_without_cgroups_it_is_refused(user: OrdinaryUser) -> None:
    """No memory limit, no run: refused, with the command that helps."""
    user.cgroups.take()

    limit, _, remedy = json.loads(user.run(REFUSED))

    assert limit == "memory, processes, cpu_time"
    if user.cgroups.version == 1:
        assert "chown" in remedy
        assert f"gavel-{UID}" in remedy
    else:
        assert "systemd-run --user --scope -p Delegate=yes" in remedy


def test_without_the_mappers_it_is_refused(user: OrdinaryUser) -> None:
    """They are programs of the system with a right that this user lacks."""
    if shutil.which("newuidmap"):
        pytest.skip("this machine has them")
    (user.home / "newgidmap").unlink()

    limit, reason, remedy = json.loads(user.run(REFUSED))

    assert (limit, reason) == ("isolation", "there is no newgidmap")
    assert "uidmap" in remedy


def test_a_state_folder_of_somebody_else_is_refused(user: OrdinaryUser) -> None:
    """What lies in it becomes part of every box: only the worker itself may write there."""
    user.home.chmod(0o777)

    limit, reason, _ = json.loads(user.run(REFUSED.replace("tempfile.mkdtemp()", repr(str(user.home)))))

    assert limit == "isolation"
    assert "only this user can write to" in reason
