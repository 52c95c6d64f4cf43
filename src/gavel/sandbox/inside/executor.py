"""The init of a box: an executable of some five hundred bytes that makes the system calls of packets
(packet.py).

What it does is in executor.S; here are the bytes that `as` makes of it, and the head of an ELF file. Pure.
Where there is none for the machine, interpreter.py does the same.
"""

import platform
import struct
from typing import Final

STATE: Final = 0x10000000
"""In its memory: the last result that led elsewhere, and the address of its entry."""
STATE_BYTES: Final = 16
BUFFER: Final = 0x10001000
"""Where a packet comes to lie."""
BUFFER_BYTES: Final = 0x28000
CONTROL: Final = 3
"""Its socket. What comes with a packet are the descriptors from FIRST_GIVEN on, in order."""
FIRST_GIVEN: Final = 4
ENTRY_BYTES: Final = 64
RESULT_OFFSET: Final = 56
"""Of an entry's last word."""
# Operations, in the place of a system call's number.
END: Final = -1
"""Waits for the next packet."""
START: Final = -2
"""A child goes through the entries at the first argument, up to its execve; its pid is the result."""
SUPERVISE: Final = -3
"""Collects what ends until that child has; then kills and collects the rest. The result is its wait status.
Whatever comes by the socket meanwhile has it kill all.
"""
BROKEN: Final = -4
"""Nothing that comes from now on is done."""

_MACHINE: Final = "x86_64"
_CODE: Final = bytes.fromhex(
    "bd00000010488d85800000004889455048c7455801000000488d8dc000000048894d6048c745685000000048c7000010"
    "001048c7400800800200bf03000000488d7540ba00000040b82f0000000f054885c00f8e620100004585f675a8488b1c"
    "2500100010488b034c8b63384885c0783b488b7b08488b7310488b53184c8b53204c8b43284c8b4b300f054889433848"
    "85c079124d85e4740d4889450048895d084c89e3ebbf4883c340ebb948ffc00f8450ffffff48ffc0741048ffc0743241"
    "be01000000e93bffffffbf1141000031f631d24531d24531c0b8380000000f054189c54885c075a3488b5b08e974ffff"
    "ff48c7c7ffffffff488d7510ba010000004531d2b83d0000000f054531ff4885c00f8874ffffff74094139c574634c8d"
    "7d28c7452003000000c7452401000000488d7d20be010000004c89fa4c8d552841b808000000b80f0100000f054885c0"
    "7e9fbf03000000488d7518ba0800000031c00f054885c07e5148c7c7ffffffffbe09000000b83e0000000f05e970ffff"
    "ff8b45104889433848c7c7ffffffffbe09000000b83e0000000f0548c7c7ffffffff31f631d24531d2b83d0000000f05"
    "4885c079e6e9ecfeffff31ffb8e70000000f0548c7c7ffffffffbe09000000b83e0000000f05c3b80f0000000f05"
)
_LOADED_AT: Final = 0x400000
_CODE_OFFSET: Final = 0x100
HANDLER: Final = _LOADED_AT + _CODE_OFFSET + 0x1C3
"""Of a signal that ends what runs; of one that does nothing; and where both return to."""
NOTHING: Final = _LOADED_AT + _CODE_OFFSET + 0x1D6
RESTORER: Final = _LOADED_AT + _CODE_OFFSET + 0x1D7

_PAGE_BYTES: Final = 0x1000
_ELF_HEAD: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_PART: Final = struct.Struct("<IIQQQQQQ")
_EXECUTABLE, _X86_64 = 2, 62
_LOAD, _STACK = 1, 0x6474E551
_READ, _WRITE, _EXECUTE = 4, 2, 1


def executable() -> bytes | None:
    """The file; None where there is none for this machine."""
    if platform.machine() != _MACHINE:
        return None
    size = _CODE_OFFSET + len(_CODE)
    memory = BUFFER + BUFFER_BYTES - STATE
    parts = (
        (_LOAD, _READ | _EXECUTE, 0, _LOADED_AT, _LOADED_AT, size, size, _PAGE_BYTES),
        (_LOAD, _READ | _WRITE, 0, STATE, STATE, 0, memory, _PAGE_BYTES),
        (_STACK, _READ | _WRITE, 0, 0, 0, 0, 0, 0),
    )
    head = _ELF_HEAD.pack(
        b"\x7fELF\x02\x01\x01",
        _EXECUTABLE,
        _X86_64,
        1,
        _LOADED_AT + _CODE_OFFSET,
        _ELF_HEAD.size,
        0,
        0,
        _ELF_HEAD.size,
        _PART.size,
        len(parts),
        0,
        0,
        0,
    )
    return (head + b"".join(_PART.pack(*part) for part in parts)).ljust(_CODE_OFFSET, b"\0") + _CODE
