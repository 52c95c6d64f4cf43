"""SHA-256 digests as the API spells them."""

import hashlib
import re
from typing import Final

from gavel.rpc.errors import invalid

_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")


def sha256_hex(data: bytes) -> str:
    """64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def format_digest(sha256: str) -> str:
    """`sha256:<hexadecimal>`."""
    return f"sha256:{sha256}"


def sha256_of(digest: str) -> str:
    """The hexadecimal of a digest that was checked when it came in."""
    return digest.removeprefix("sha256:")


def parse_digest(text: str, field: str) -> str:
    """The hexadecimal of `sha256:<hexadecimal>`; INVALID_ARGUMENT that names `field` for anything else."""
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise invalid(field, "expected sha256: and 64 lower-case hexadecimal digits")
    return match[1]
