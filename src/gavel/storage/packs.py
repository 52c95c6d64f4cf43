"""Packs: many small items in one object, each found by offset and length."""

from collections.abc import Sequence


def build_pack(items: Sequence[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """The pack's bytes, and (offset, length) in bytes of each item in the order given."""
    places: list[tuple[int, int]] = []
    offset = 0
    for item in items:
        places.append((offset, len(item)))
        offset += len(item)
    return b"".join(items), places
