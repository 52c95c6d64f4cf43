"""The sandbox as root of a container's user namespace, and what an operator may allow there."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from container_root import ContainerRoot
from ordinary_user import unavailable

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(unavailable()), reason=unavailable() or "-"),
]

REPORT = """
import json, sys
from gavel.sandbox import Sandbox, SandboxUnavailable
try:
    with Sandbox(sys.argv[1], allow_unenforced=ALLOWED) as sandbox:
        with sandbox.box() as box:
            print(json.dumps(open(f"/proc/{box.pid}/uid_map").read().split()))
        print(json.dumps([[line.limit, line.enforced, line.how] for line in sandbox.report]))
except SandboxUnavailable as error:
    print(json.dumps([error.limit, error.reason, error.remedy]))
"""
NO_NETWORK_NAMESPACES = "echo 0 >/proc/sys/user/max_net_namespaces"


@pytest.fixture
def container() -> Iterator[ContainerRoot]:
    """Its root, with a folder of its own."""
    root = ContainerRoot(Path(tempfile.mkdtemp(prefix="gavel-container-")))
    yield root
    root.close()


def report(allowed: str = "()") -> str:
    return REPORT.replace("ALLOWED", allowed)


def test_every_probe_holds(container: ContainerRoot) -> None:
    """Its boxes get ids of the container's, of the upper end, and all limits hold."""
    ids, lines = map(json.loads, container.run(report()).splitlines())

    assert all(enforced for _, enforced, _ in lines)
    assert {"memory", "isolation", "network"} <= {limit for limit, _, _ in lines}
    assert 60_000 < int(ids[1]) < 65_534  # as the container sees them
    assert int(ids[4]) == int(ids[1]) + 1


def test_too_few_ids_are_refused(container: ContainerRoot) -> None:
    """A single id for all would be half a sandbox."""
    limit, reason, remedy = json.loads(container.run(report(), count=1))

    assert limit == "isolation"
    assert "2048 are free" in reason
    assert "65536 ids" in remedy


def test_a_covered_proc_is_refused(container: ContainerRoot) -> None:
    """The kernel gives no new /proc to who sees only part of one, as in many containers."""
    limit, _, remedy = json.loads(container.run(report(), masked=True))

    assert limit == "isolation"
    assert "systempaths=unconfined" in remedy


def test_no_network_namespace_is_refused(container: ContainerRoot) -> None:
    """Not silently: it names the limit and the remedy."""
    limit, _, remedy = json.loads(container.run(report(), before=NO_NETWORK_NAMESPACES))

    assert limit == "network"
    assert "max_net_namespaces" in remedy


def test_an_allowed_exception_starts_and_says_so(container: ContainerRoot) -> None:
    """The worker takes work, all other limits are proved, and the report tells what does not hold."""
    out = container.run(report('("network",)'), before=NO_NETWORK_NAMESPACES)
    held = {limit: (enforced, how) for limit, enforced, how in json.loads(out.splitlines()[1])}

    assert [limit for limit, (enforced, _) in held.items() if not enforced] == ["network"]
    assert "No space left" in held["network"][1]
    assert "allowed by configuration" in held["network"][1]
    assert "isolation" in held


def test_an_exception_without_need_changes_nothing(container: ContainerRoot) -> None:
    """What is allowed to fail is still enforced wherever it can be."""
    out = container.run(report('("network", "swap", "cpu_weight")'))

    assert all(enforced for _, enforced, _ in json.loads(out.splitlines()[1]))
