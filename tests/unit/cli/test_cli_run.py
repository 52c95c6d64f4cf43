"""What `gavel run` makes of a program's end and of its bytes."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.cli.run_view import Text, exit_status, reason_of
from gavel.client import TestResult as Result


def result(verdict: str, **facts: Any) -> Result:
    """The end of a run."""
    values: dict[str, Any] = {"cpu_time_ms": 1, "wall_time_ms": 1, "memory_bytes": 1, "output_bytes": 1}
    return Result(number=1, test="run", verdict=verdict, **values, **facts)


@pytest.mark.parametrize(
    ("ended", "status", "is_told"),
    [
        (result("ACCEPTED", exit_code=0), 0, False),
        (result("RUN_TIME_ERROR", exit_code=7, message="ended with exit code 7"), 7, False),
        (result("RUN_TIME_ERROR", signal=11, message="ended by signal 11"), 139, True),
        (result("SECURITY_VIOLATION", signal=31, message="ended by signal 31"), 159, True),
        (result("TIME_LIMIT_EXCEEDED", signal=9, message="killed"), 137, True),
        (result("TIME_LIMIT_EXCEEDED", exit_code=0, message="used 2.1 s"), 137, True),
        (result("MEMORY_LIMIT_EXCEEDED", exit_code=1, message="MemoryError"), 1, True),
        (result("COMPILE_ERROR"), 1, True),
        (result("RUN_TIME_ERROR", message="what was compiled cannot be run"), 126, True),
    ],
)
def test_the_exit_status_stands_for_the_end(ended: Result, status: int, is_told: bool) -> None:
    """As a shell has it; whatever did not end by itself is told in words, and is never 0."""
    assert exit_status(ended) == status
    assert bool(reason_of(ended)) is is_told


@given(st.text(), st.lists(st.integers(0, 40), max_size=8))
def test_text_survives_however_it_is_cut(text: str, cuts: list[int]) -> None:
    """UTF-8 cut within letters comes as text all the same."""
    data, reader, parts = text.encode("utf-8"), Text(), []
    for cut in cuts:
        parts += reader.parts(data[:cut])
        data = data[cut:]
    parts += reader.parts(data)
    parts += reader.parts(b"", final=True)
    assert all(list(part) == ["data"] for part in parts)
    assert "".join(part["data"] for part in parts) == text


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_no_byte_is_lost_or_changed(pieces: list[bytes]) -> None:
    """What is no text travels in base64."""
    reader, parts = Text(), []
    for piece in pieces:
        parts += reader.parts(piece)
    parts += reader.parts(b"", final=True)
    told = b"".join(
        part["data"].encode() if "data" in part else base64.b64decode(part["data_base64"]) for part in parts
    )
    assert told == b"".join(pieces)
