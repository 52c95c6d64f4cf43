"""The seccomp program, run by a small interpreter of classic BPF instead of by the kernel."""

import struct

import pytest

from gavel.sandbox.inside import filter as seccomp

ALLOW = 0x7FFF0000
KILL = 0x80000000
EPERM = 0x00050001
DONE = 0x00050000
EOPNOTSUPP = 0x0005005F
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def both(machine: str) -> tuple[bytes, ...]:
    """What a program is under."""
    return seccomp.for_init(machine), seccomp.for_programs(machine)


def run(programs: tuple[bytes, ...], number: int, architecture: int, *arguments: int) -> int:
    """What the kernel would do with the call: the most restrictive of the answers of all programs."""
    answers = {interpret(program, number, architecture, *arguments) for program in programs}
    return KILL if KILL in answers else min(answers)


def interpret(program: bytes, number: int, architecture: int, *arguments: int) -> int:
    """Runs the instructions that the programs use."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    accumulator = place = 0
    while True:
        code, if_true, if_false, value = instructions[place]
        place += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x15:
                place += if_true if accumulator == value else if_false
            case 0x35:
                place += if_true if accumulator >= value else if_false
            case 0x45:
                place += if_true if accumulator & value else if_false
            case 0x54:
                accumulator &= value
            case 0x06:
                return value
            case _:
                raise AssertionError(f"unexpected instruction {code:#x}")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_is_allowed_or_denied_as_listed(machine: str) -> None:
    """Of all call numbers exactly the listed ones fail with EPERM or EOPNOTSUPP or do nothing; clone3 with
    ENOSYS.
    """
    program = both(machine)
    index = list(MACHINES).index(machine)
    denied = {pair[index] for pair in seccomp.DENIED.values()} - {None}
    sockets = {(41, 198)[index], (53, 199)[index]}

    answers = {number: run(program, number, MACHINES[machine]) for number in range(600)}

    assert {number for number, answer in answers.items() if answer == EPERM} == denied
    undone = {pair[index] for pair in seccomp.UNDONE.values()}
    assert {number for number, answer in answers.items() if answer == DONE} == undone
    unsupported = {pair[index] for pair in seccomp.UNSUPPORTED.values()}
    assert {number for number, answer in answers.items() if answer == EOPNOTSUPP} == unsupported
    assert answers.pop(435) == 0x00050026
    known = denied | undone | unsupported | sockets
    others = {answer for number, answer in answers.items() if number not in known}
    assert others == {ALLOW}


@pytest.mark.parametrize("machine", MACHINES)
def test_other_architectures_are_killed(machine: str) -> None:
    """i386 (and any other) calls kill the process, whatever their number."""
    program = both(machine)

    for architecture in (0x40000003, 0x40000028, 0, *(set(MACHINES.values()) - {MACHINES[machine]})):
        assert run(program, 1, architecture) == KILL


def test_x32_is_killed() -> None:
    """x32 shares the architecture of x86-64 and differs by a bit of the number."""
    program = both("x86_64")

    assert run(program, 0x40000000, MACHINES["x86_64"]) == KILL
    assert run(program, 0x40000000 | 520, MACHINES["x86_64"]) == KILL


@pytest.mark.parametrize(("machine", "clone"), [("x86_64", 56), ("aarch64", 220)])
@pytest.mark.parametrize(
    "flag", [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
)
def test_clone_makes_threads_but_no_namespaces(machine: str, clone: int, flag: int) -> None:
    """Each namespace flag is refused, alone or among those of a thread; fork and threads work."""
    program = both(machine)
    thread = 0x3D0F00

    assert run(program, clone, MACHINES[machine], 17) == ALLOW
    assert run(program, clone, MACHINES[machine], thread) == ALLOW
    assert run(program, clone, MACHINES[machine], flag | 17) == EPERM
    assert run(program, clone, MACHINES[machine], flag | thread) == EPERM


@pytest.mark.parametrize(("machine", "socket", "pair"), [("x86_64", 41, 53), ("aarch64", 198, 199)])
def test_sockets_have_no_address(machine: str, socket: int, pair: int) -> None:
    """Only a pair of local sockets can be made, of the kinds that stay connected: no datagrams, nor raw."""
    program = both(machine)
    architecture = MACHINES[machine]

    for number, families in ((socket, set()), (pair, {1})):
        allowed = {family for family in range(64) if run(program, number, architecture, family, 1) == ALLOW}
        assert allowed == families
    for flags in (0, 0x800, 0x80000):
        kinds = {kind for kind in range(16) if run(program, pair, architecture, 1, kind | flags) == ALLOW}
        assert kinds == {1, 5}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_limit_of_core_files_stays(machine: str) -> None:
    """At 0 the host's core handler would run: a program is told that it changed its own, by a pointer of any
    size, and keeps what it has. It can be read.
    """
    program = both(machine)
    index = list(MACHINES).index(machine)
    architecture, setrlimit, prlimit = MACHINES[machine], (160, 164)[index], (302, 261)[index]

    assert run(program, setrlimit, architecture, 4, 1) == DONE
    assert run(program, setrlimit, architecture, 7, 1) == ALLOW
    assert run(program, prlimit, architecture, 0, 4, 0, 1) == ALLOW
    for pointer in (1, 1 << 32, 0x7FFC_0000_0000, 0x7FFC_1234_5678):
        assert run(program, prlimit, architecture, 0, 4, pointer) == DONE
        assert run(program, prlimit, architecture, 1, 4, pointer) == EPERM
        assert run(program, prlimit, architecture, 0, 4, pointer, pointer) == EPERM
        assert run(program, prlimit, architecture, 0, 4, 0, pointer) == ALLOW
        assert run(program, prlimit, architecture, 0, 7, pointer) == ALLOW
    # The runner sets it, before the second program is on.
    assert run(program[:1], prlimit, architecture, 0, 4, 1 << 32) == ALLOW


@pytest.mark.parametrize(
    ("numbers", "refused", "allowed"),
    [
        ((9, 222), (0, 1 << 21, 3, 0x40022), (0, 1 << 21, 3, 0x22)),
        ((319, 279), (1, 0x5), (1, 0x3)),
        ((29, 194), (1, 1 << 21, 0o4777), (1, 1 << 21, 0o1777)),
        ((72, 25), (3, 1026, 1), (3, 1024, 1)),
        ((157, 167), (62, 1), (38, 1)),
        ((157, 167), (67, 1), (68, 0)),
        ((28, 233), (0, 4096, 12), (0, 4096, 13)),
        ((157, 167), (22, 2, 1), (15, 1)),
        ((54, 208), (3, 1, 26, 1), (3, 1, 8, 1)),
        ((54, 208), (3, 1, 51, 1), (3, 1, 16, 1)),
    ],
    ids=[
        "mmap of huge pages",
        "memfd of huge pages",
        "shm of huge pages",
        "dnotify",
        "core scheduling",
        "merging of all pages",
        "merging of pages",
        "a filter of calls",
        "a filter of a socket",
        "a filter of a port",
    ],
)
@pytest.mark.parametrize("machine", MACHINES)
def test_calls_refused_by_an_argument(
    machine: str, numbers: tuple[int, int], refused: tuple[int, ...], allowed: tuple[int, ...]
) -> None:
    """What is not counted, watches everybody or takes a core's other half fails; its neighbours work."""
    number = numbers[list(MACHINES).index(machine)]

    assert run(both(machine), number, MACHINES[machine], *refused) == EPERM
    assert run(both(machine), number, MACHINES[machine], *allowed) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_locks_of_parts_of_files_are_told_as_taken(machine: str) -> None:
    """Nothing counts them. What else fcntl does, reading locks among it, goes on."""
    program, number = both(machine), (72, 25)[list(MACHINES).index(machine)]

    commands = {command: run(program, number, MACHINES[machine], 3, command, 1) for command in range(2000)}

    assert {command for command, answer in commands.items() if answer == DONE} == {6, 7, 37, 38}
    assert {command for command, answer in commands.items() if answer == EPERM} == {1026}
    assert set(commands.values()) == {ALLOW, DONE, EPERM}


def test_terminal_injection_is_refused() -> None:
    """TIOCSTI and TIOCLINUX fail, other ioctls go on."""
    program = both("x86_64")

    assert run(program, 16, MACHINES["x86_64"], 0, 0x5412) == EPERM
    assert run(program, 16, MACHINES["x86_64"], 0, 0x541C) == EPERM
    assert run(program, 16, MACHINES["x86_64"], 0, 0x5413) == ALLOW


def test_unknown_machines_are_refused() -> None:
    """There is no unfiltered mode to fall back to."""
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.for_init("riscv64")
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.for_programs("riscv64")


@pytest.mark.parametrize("machine", MACHINES)
def test_init_keeps_only_what_it_needs(machine: str) -> None:
    """Init alone may mount, change mounts, unmount and unshare; all else is denied to it as to a program."""
    program = (seccomp.for_init(machine),)
    index = list(MACHINES).index(machine)
    needed = {name: seccomp.DENIED[name][index] for name in seccomp.NEEDED_BY_INIT}
    assert set(needed) == {"mount", "mount_setattr", "umount2", "unshare"}

    for name, pair in seccomp.DENIED.items():
        number = pair[index]
        if number is not None:
            assert (run(program, number, MACHINES[machine]) == ALLOW) == (name in needed), name
