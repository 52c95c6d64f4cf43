"""Init's executable and its interpreter: what becomes of packets. Without boxes: nothing here starts or ends
anything.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gavel.sandbox.inside import calls, executor
from gavel.sandbox.inside.packet import (
    HERE,
    NEXT,
    PACKET_BYTES_MAX,
    InitError,
    Label,
    Packet,
    PacketTooLargeError,
    answered,
)

INSIDE = Path(executor.__file__).parent
# As the spawner's child, but in no namespace of its own.
INTERPRETER = f"""
import sys
sys.path.insert(0, {str(INSIDE.parent)!r})
from inside import interpreter
interpreter.serve(int(sys.argv[1]))
"""


def _assembled(source: str, folder: Path) -> bytes:
    made, content = folder / "made.o", folder / "made.bin"
    subprocess.run(["as", "-o", made, INSIDE / source], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", made, content], check=True)
    return content.read_bytes()


_ASSEMBLER = pytest.mark.skipif(
    executor.executable() is None or shutil.which("as") is None, reason="no assembler of these instructions"
)


@_ASSEMBLER
@pytest.mark.parametrize(("source", "code"), [("executor.S", executor._CODE), ("calls.S", calls._CODE)])
def test_the_instructions_are_those_of_the_source(source: str, code: bytes, tmp_path: Path) -> None:
    """What runs is what can be read."""
    assert _assembled(source, tmp_path) == code


@_ASSEMBLER
def test_the_handlers_are_where_the_source_has_them(tmp_path: Path) -> None:
    """The kernel is told these addresses."""
    made = tmp_path / "made.o"
    subprocess.run(["as", "-o", made, INSIDE / "executor.S"], check=True)
    listed = subprocess.run(["nm", made], check=True, capture_output=True, text=True).stdout
    places = {name: int(at, 16) for at, _, name in map(str.split, listed.splitlines())}
    code = (executor.executable() or b"").index(executor._CODE)
    assert 0x400000 + code + places["handler"] == executor.HANDLER
    assert 0x400000 + code + places["restorer"] == executor.RESTORER
    assert 0x400000 + code + places["nothing"] == executor.NOTHING
    for name in ("STATE", "BUFFER", "BUFFER_BYTES", "CONTROL"):
        assert getattr(executor, name) == places[name]


class Init:
    """One that goes, in the rights of this process."""

    def __init__(self, command: list[str | Path]) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        given = theirs.fileno()
        # The executable finds its socket as CONTROL, the interpreter moves it there.
        words = 'exec "$@" "$0" 3<&"$0"' if len(command) == 1 else 'exec "$@" "$0"'
        with theirs:
            self.process = subprocess.Popen(
                ["bash", "-c", words, str(given), *command], pass_fds=(given,), stdin=subprocess.DEVNULL
            )

    def send(self, packet: Packet, *descriptors: int, lives_on: bool = True) -> None:
        """Without an answer."""
        socket.send_fds(self.socket, [packet.finished(lives_on=lives_on)], descriptors)

    def ask(self, packet: Packet, *descriptors: int) -> bytes:
        """With one."""
        self.send(packet, *descriptors)
        return self.answer()

    def answer(self) -> bytes:
        """The next one, whatever it answers."""
        return answered(self.socket.recv(PACKET_BYTES_MAX))

    def close(self) -> int:
        """Its exit code once its socket has ended."""
        self.socket.close()
        return self.process.wait(10)


@pytest.fixture(params=["executable", "interpreter"])
def init(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Init]:
    """Both are to do the same."""
    command: list[str | Path] = [sys.executable, "-I", "-S", "-c", INTERPRETER]
    if request.param == "executable":
        program = executor.executable()
        if program is None:
            pytest.skip("there is none for this machine")
        path = tmp_path / "init"
        path.write_bytes(program)
        path.chmod(0o500)
        command = [path]
    made = Init(command)
    yield made
    made.close()


def _where(packet: Packet) -> Label:
    label = Label()
    packet.mark(label)
    return label


def test_results_are_answered(init: Init) -> None:
    """Of the calls asked for, in their order, and what they wrote to the memory."""
    packet = Packet("asking")
    room = packet.room(8)
    pid = _where(packet)
    packet.call("getpid")
    mask = _where(packet)
    packet.call("umask", 0o123)
    packet.call("prlimit64", 0, 7, 0, room_of_limit := packet.room(16))
    packet.answer((room, 8), (room_of_limit, 16), results=(mask, pid))
    found = struct.unpack("<qqqQQ", init.ask(packet))
    assert found[1] == init.process.pid
    assert found[2] == 0
    assert 0 < found[3] <= found[4]
    again = Packet("asking")
    mask = _where(again)
    again.call("umask", 0)
    again.answer(results=(mask,))
    assert struct.unpack("<q", init.ask(again)) == (0o123,)


def test_a_failure_leads_where_it_says(init: Init, tmp_path: Path) -> None:
    """To the next call, to a place of its own, or to the end of all."""
    packet = Packet("asking")
    elsewhere = Label()
    packet.call("mkdirat", HERE, "/no/such/folder", 0o700, otherwise=NEXT)
    packet.call("mkdirat", HERE, f"{tmp_path}/one", 0o700)
    packet.call("mkdirat", HERE, f"{tmp_path}/one", 0o700, otherwise=elsewhere)
    packet.call("mkdirat", HERE, f"{tmp_path}/two", 0o700)
    packet.mark(elsewhere)
    packet.call("mkdirat", HERE, f"{tmp_path}/three", 0o700)
    packet.answer()
    assert init.ask(packet) == b""
    assert {path.name for path in tmp_path.iterdir()} - {"init"} == {"one", "three"}


def test_the_call_that_failed_is_told_and_nothing_is_done_after(init: Init, tmp_path: Path) -> None:
    """Not the rest of its packet, and no packet behind it, although it was not waited for."""
    packet = Packet("making a folder")
    packet.call("getpid")
    packet.call("mkdirat", HERE, "/no/such/folder", 0o700)
    packet.call("mkdirat", HERE, f"{tmp_path}/one", 0o700)
    packet.end()
    init.send(packet)
    later = Packet("another")
    later.call("mkdirat", HERE, f"{tmp_path}/two", 0o700)
    later.answer()
    init.send(later)
    with pytest.raises(InitError, match="making a folder: mkdirat: No such file or directory"):
        init.answer()
    init.close()
    assert {path.name for path in tmp_path.iterdir()} <= {"init"}


def test_before_it_is_a_box_it_ends_with_what_failed(init: Init) -> None:
    """Nobody would end it."""
    packet = Packet("beginning")
    packet.call("mkdirat", HERE, "/no/such/folder", 0o700)
    packet.end()
    init.send(packet, lives_on=False)
    with pytest.raises(InitError, match="beginning: mkdirat"):
        init.answer()
    assert init.process.wait(10) == 1


def test_descriptors_come_and_go(init: Init, tmp_path: Path) -> None:
    """They have the numbers that they are to have, are answered where asked for, and are closed behind a
    packet.
    """
    (tmp_path / "file").write_text("content")
    given = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3):  # which the numbers would not be if any were left
        packet = Packet("opening")
        packet.call("openat", executor.FIRST_GIVEN, "file", os.O_RDONLY, 0)
        packet.answer(descriptor=executor.FIRST_GIVEN + 1)
        init.send(packet, given)
        data, (found, *others), _, _ = socket.recv_fds(init.socket, PACKET_BYTES_MAX, 4)
        assert (answered(data), others) == (b"", [])
        assert os.read(found, 100) == b"content"
        os.close(found)
    os.close(given)


def test_it_ends_with_its_socket(init: Init) -> None:
    """As a box does with the service."""
    assert init.close() in (0, 1)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("umask"), st.integers(0, 0o777)),
            st.tuples(st.just("mkdirat"), st.just(HERE), st.text(st.characters(codec="ascii"), max_size=30)),
        ),
        max_size=30,
    )
)
@settings(max_examples=50)
def test_packets_hold_what_their_calls_point_to(made: list[tuple[Any, ...]]) -> None:
    """Addresses lie inside of the packet, and text stands there with its NUL."""
    packet = Packet("x")
    for name, *arguments in made:
        packet.call(name, *arguments)
    packet.end()
    content = packet.finished()
    (first,) = struct.unpack_from("<Q", content)
    for place, (name, *arguments) in enumerate(made):
        words = struct.unpack_from("<8q", content, first - executor.BUFFER + place * executor.ENTRY_BYTES)
        assert executor.BUFFER <= words[7] < executor.BUFFER + len(content)
        for word, argument in zip(words[1:7], arguments, strict=False):
            if isinstance(argument, str):
                at = word - executor.BUFFER
                assert content[at : at + len(argument) + 1] == argument.encode() + b"\0"
            else:
                assert word == argument
        assert packet.name_at(first + place * executor.ENTRY_BYTES) == name


def test_too_large_a_packet_is_refused() -> None:
    """It would not fit into the memory that is there for it."""
    packet = Packet("x")
    packet.strings([b"x" * PACKET_BYTES_MAX])
    with pytest.raises(PacketTooLargeError):
        packet.finished()
