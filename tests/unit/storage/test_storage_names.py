"""Digests, keys and packs."""

import hashlib
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.rpc.errors import GavelError
from gavel.storage import digests, keys, packs


@given(st.binary(max_size=200))
def test_a_digest_reads_back(data: bytes) -> None:
    """What is formatted parses to the same hexadecimal."""
    sha256 = digests.sha256_hex(data)

    assert sha256 == hashlib.sha256(data).hexdigest()
    assert digests.parse_digest(digests.format_digest(sha256), "digest") == sha256


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "A" * 64, "a" * 64, "sha256:" + "a" * 64 + "\n"])
def test_a_malformed_digest_names_its_field(text: str) -> None:
    """Anything but lower-case hexadecimal of the right length is the caller's fault."""
    with pytest.raises(GavelError) as caught:
        digests.parse_digest(text, "digests[3]")
    assert caught.value.violations[0].field == "digests[3]"


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_every_item_of_a_pack_lies_where_it_is_said_to(items: list[bytes]) -> None:
    """Offset and length cut each item out again."""
    pack, places = packs.build_pack(items)

    assert [pack[offset : offset + length] for offset, length in places] == items


def test_keys_lie_where_the_design_says() -> None:
    """Readers of stored rows depend on these."""
    day, submission = date(2026, 11, 24), UUID("019abcde-0000-7000-8000-000000000001")

    assert keys.blob_key("local", "ab") == "blobs/local/sha256/ab"
    assert keys.problem_key("local", "hello") == "problems/local/hello"
    assert keys.source_pack_key(day, "0") == "sources/2026-11-24/_packs/0"
    assert keys.source_blob_key(day, "local", "ab") == "sources/2026-11-24/local/sha256/ab"
    assert keys.output_key(day, submission, 1, "x", "tests") == f"outputs/2026-11-24/{submission}/1/x/tests"
