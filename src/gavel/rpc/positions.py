"""Places in the log as clients carry them: the read token of an accept and the resume token of a watch.

Both are opaque to clients. A checksum tells a damaged token from a wrong one; it is no signature, so a token
proves nothing: whoever is handed one still checks whose record lies there.

Names of topics and their ids are interned: ten thousand watches hold the same few.
"""

import struct
import sys
import zlib
from dataclasses import dataclass
from typing import Final, Self

from gavel.rpc.errors import invalid

LAST_ORDINAL: Final = 2**31 - 1
"""The ordinal of a judgement's end: behind every test that became visible with the same event."""

_POSITION: Final = struct.Struct(">IqI")
_MOST_BYTES: Final = 512
_MOST_OFFSET: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one partition; compares by offset and ordinal, so only within one partition of one topic."""

    topic_id: str
    """The broker's id of the topic: a topic that was made anew has another one, and its offsets begin at 0.
    """
    partition: int
    offset: int
    ordinal: int = 0
    """Place among what one event made visible: 0 for the event itself, a test's number, LAST_ORDINAL for the
    end.
    """

    def __lt__(self, other: Self) -> bool:
        return (self.offset, self.ordinal) < (other.offset, other.ordinal)

    def __le__(self, other: Self) -> bool:
        return (self.offset, self.ordinal) <= (other.offset, other.ordinal)

    def __gt__(self, other: Self) -> bool:
        return other < self

    def __ge__(self, other: Self) -> bool:
        return other <= self

    def encode(self) -> bytes:
        """The token."""
        return _sealed(
            b"P", _POSITION.pack(self.partition, self.offset, self.ordinal) + self.topic_id.encode("ascii")
        )

    @classmethod
    def decode(cls, token: bytes, field: str) -> Self:
        """Reads a token; INVALID_ARGUMENT that names `field` when no server made it."""
        return cls._from_body(_opened(b"P", token, field), field)

    @classmethod
    def _from_body(cls, body: bytes, field: str) -> Self:
        if len(body) <= _POSITION.size:
            raise _malformed(field)
        partition, offset, ordinal = _POSITION.unpack_from(body)
        try:
            topic_id = sys.intern(body[_POSITION.size :].decode("ascii"))
        except UnicodeDecodeError:
            raise _malformed(field) from None
        if not 0 <= offset <= _MOST_OFFSET or ordinal > LAST_ORDINAL:
            raise _malformed(field)
        return cls(topic_id, partition, offset, ordinal)


@dataclass(frozen=True, slots=True)
class ReadToken:
    """Where the record of an accept lies."""

    topic: str
    """`submissions.<language>` or its batch lane."""
    position: Position
    accept_time_ms: int = 0
    """Instant of the accept by the broker's clock, 0 where unknown: does a window of events go back to it?"""

    def encode(self) -> bytes:
        """The token."""
        topic = self.topic.encode("ascii")
        position = self.position
        numbers = _POSITION.pack(position.partition, position.offset, position.ordinal)
        time = self.accept_time_ms.to_bytes(8, "big")
        return _sealed(b"R", time + bytes([len(topic)]) + topic + numbers + position.topic_id.encode("ascii"))

    @classmethod
    def decode(cls, token: bytes, field: str) -> Self:
        """Reads a token; INVALID_ARGUMENT that names `field` when no server made it."""
        body = _opened(b"R", token, field)
        length = body[8] if len(body) > 8 else 0
        try:
            topic = sys.intern(body[9 : 9 + length].decode("ascii"))
        except UnicodeDecodeError:
            raise _malformed(field) from None
        position = Position._from_body(body[9 + length :], field)  # noqa: SLF001 - same module
        return cls(topic, position, int.from_bytes(body[:8], "big"))


def _sealed(kind: bytes, body: bytes) -> bytes:
    content = kind + body
    return content + zlib.crc32(content).to_bytes(4, "big")


def _opened(kind: bytes, token: bytes, field: str) -> bytes:
    content, checksum = token[:-4], token[-4:]
    if not content.startswith(kind) or len(token) > _MOST_BYTES:
        raise _malformed(field)
    if zlib.crc32(content).to_bytes(4, "big") != checksum:
        raise _malformed(field)
    return content[1:]


def _malformed(field: str) -> Exception:
    return invalid(field, "expected a token that this API answered with")
