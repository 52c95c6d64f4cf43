"""The reference page says the numbers of programs that run at once."""

from pathlib import Path

import pytest

from gavel.rpc.interceptor import MESSAGE_BYTES_MOST
from gavel.sandbox import live
from gavel.worker import program_slots, programs

LIMITS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "limits.md"


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ("slots that judgements leave free for them", f"of {program_slots.KEPT_FROM_SLOTS} slots"),
        ("time to say what is to be run", f"{programs.START_S:g} s"),
        ("time to wait for a slot", f"{programs.SLOT_S:g} s"),
        ("a message of input", f"{MESSAGE_BYTES_MOST:,} bytes"),
        ("output held for a caller that does not read", f"{live.BYTES_MOST:,} bytes"),
        ("output held for a caller that does not read", f"{live.CHUNKS_MOST:,} pieces"),
    ],
)
def test_numbers_are_the_codes(row: str, number: str) -> None:
    """Each number of limits.md is the one that the code holds to."""
    lines = LIMITS.read_text(encoding="utf-8").splitlines()
    assert number in next(line for line in lines if line.startswith(f"| {row} |"))
