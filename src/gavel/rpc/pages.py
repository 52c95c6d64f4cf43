"""Page tokens for lists by key: opaque, and bound to the other fields of the request."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message

from gavel.rpc.errors import invalid

DEFAULT_SIZE: Final = 50
MOST_SIZE: Final = 1000
_MOST_TOKEN_BYTES: Final = 4096


def encode(cursor: Mapping[str, str | int], arguments: Message) -> str:
    """Makes the `next_page_token` behind `cursor` for the list request `arguments`."""
    content = json.dumps([dict(cursor), _fingerprint(arguments)], separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode(token: str, arguments: Message) -> dict[str, str | int] | None:
    """The cursor of a `page_token`; None for the first page.

    INVALID_ARGUMENT for a token that no server made, or that belongs to a request whose other fields differ.
    """
    if not token:
        return None
    if len(token) > _MOST_TOKEN_BYTES:
        raise invalid("page_token", "expected the next_page_token of the page before")
    try:
        content = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
        cursor, fingerprint = content
        plain = {str(key): _plain(value) for key, value in cursor.items() if isinstance(value, str | int)}
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise invalid("page_token", "expected the next_page_token of the page before") from None
    if fingerprint != _fingerprint(arguments):
        raise invalid("page_token", "the other fields differ from those of the page before")
    return plain


def page_size(size: int, *, default: int = DEFAULT_SIZE, most: int = MOST_SIZE) -> int:
    """How many items a page holds: 0 is the default, more than the most is the most, below 0 is refused."""
    if size < 0:
        raise invalid("page_size", "expected 0 (the default) or a positive number")
    return min(size or default, most)


def _plain(value: str | int) -> str | int:
    """The value; ValueError for one that no database could be asked with: a caller made it."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("more than 64 bits")
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a NUL")
    str(value).encode()  # half of a surrogate pair
    return value


def _fingerprint(arguments: Message) -> str:
    rest = type(arguments)()
    rest.CopyFrom(arguments)
    for field in ("page_token", "page_size"):
        rest.ClearField(field)
    return hashlib.sha256(rest.SerializeToString(deterministic=True)).hexdigest()[:16]
