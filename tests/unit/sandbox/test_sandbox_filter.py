"""The seccomp program, run by a small interpreter of classic BPF instead of by the kernel."""

import struct

import pytest

from gavel.sandbox.inside import filter as seccomp

ALLOW = 0x7FFF0000
KILL = 0x80000000
EPERM = 0x00050001
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
            case 0x06:
                return value
            case _:
                raise AssertionError(f"unexpected instruction {code:#x}")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_is_allowed_or_denied_as_listed(machine: str) -> None:
    """Of all call numbers exactly the listed ones fail with EPERM, and clone3 with ENOSYS."""
    program = both(machine)
    index = list(MACHINES).index(machine)
    denied = {pair[index] for pair in seccomp.DENIED.values()} - {None}
    sockets = {(41, 198)[index], (53, 199)[index]}

    answers = {number: run(program, number, MACHINES[machine]) for number in range(600)}

    assert {number for number, answer in answers.items() if answer == EPERM} == denied
    assert answers.pop(435) == 0x00050026
    others = {answer for number, answer in answers.items() if number not in denied | sockets}
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
    """Only a pair of local sockets can be made, which nobody else can reach."""
    program = both(machine)

    for number, families in ((socket, set()), (pair, {1})):
        allowed = {family for family in range(64) if run(program, number, MACHINES[machine], family) == ALLOW}
        assert allowed == families


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
    """Init alone may mount, unmount and unshare; all else is denied to it as to a program."""
    program = (seccomp.for_init(machine),)
    index = list(MACHINES).index(machine)
    needed = {name: seccomp.DENIED[name][index] for name in ("mount", "umount2", "unshare")}

    for name, pair in seccomp.DENIED.items():
        number = pair[index]
        if number is not None:
            assert (run(program, number, MACHINES[machine]) == ALLOW) == (name in needed), name
