"""Positions: offsets that keep growing when a topic is made anew.

A topic that was deleted and made anew begins at offset 0 again, with another id. The projection gives every
id that it meets under one name the next *generation*, and rows compare `generation * 2^48 + offset`.
"""

from typing import Final, NamedTuple

_OFFSET_BITS: Final = 48
"""2^48 records: at 100,000 a second and partition, 89 years."""


class LogPosition(NamedTuple):
    """How far a partition has been stored: everything below `next_offset`."""

    topic_id: str
    partition: int
    next_offset: int


def position(generation: int, offset: int) -> int:
    """The position of an offset."""
    return (generation << _OFFSET_BITS) + offset


def split(of: int) -> tuple[int, int]:
    """Generation and offset of a position."""
    return of >> _OFFSET_BITS, of & ((1 << _OFFSET_BITS) - 1)
