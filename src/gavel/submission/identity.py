"""Who a submission is: its id, derived from the request that asks for it.

The id takes its 48 time bits from `request_id` and 74 bits of SHA-256 over the tenant and every field of the
request. So the same request is the same submission on every replica and for ever, and nobody can write into
somebody else's.

The bytes that are hashed are our own encoding, since protobuf promises none: fields in the order of their
numbers, each text and byte string behind its length (4 bytes, big endian), repeated fields and maps behind
their count, maps sorted by key, a byte for the choice of a `oneof` and for presence, integers in 8 bytes,
big endian, two's complement. `DOMAIN` names the encoding: another encoding needs another domain.
"""

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from struct import Struct
from uuid import UUID

from gavel.submission.v1 import submission_pb2, submission_service_pb2

DOMAIN = b"gavel.submission.identity.v1"

PAST_MS = 24 * 3600 * 1000
"""How far the time of a request_id may lie back. One wrong clock must not make a table partition."""
AHEAD_MS = 10 * 60 * 1000
"""How far the time of a request_id may lie ahead."""

_TEXT_LENGTH = 36
_HASH_BITS = 74
_VERSION_7 = 7 << 76
_VARIANT = 2 << 62
_LOW_62 = (1 << 62) - 1

_LENGTH = Struct(">I").pack
_CHOICE = Struct(">B").pack
_TWO_INTEGERS = Struct(">2q").pack
_SEVEN_INTEGERS = Struct(">7q").pack


def parse_request_id(text: str) -> UUID | None:
    """The UUIDv7 written in the 36 character form, or None."""
    if len(text) != _TEXT_LENGTH:
        return None
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    # The 36 characters must be the hyphenated form; UUID() also takes braces and stray hyphens.
    if text.lower() != str(parsed) or parsed.version != 7:
        return None
    return parsed


def time_ms(identifier: UUID) -> int:
    """The time of a UUIDv7 in milliseconds since 1970."""
    return identifier.int >> 80


def within_window(request_id: UUID, now_ms: int) -> bool:
    """Whether the id's time lies within 24 hours ago and 10 minutes ahead."""
    return now_ms - PAST_MS <= time_ms(request_id) <= now_ms + AHEAD_MS


def make_request_id(now_ms: int) -> UUID:
    """A fresh UUIDv7, for a request that came without one."""
    return _uuid7(now_ms, secrets.randbits(_HASH_BITS))


def submission_id(
    tenant: str, request_id: UUID, request: submission_service_pb2.CreateSubmissionRequest
) -> UUID:
    """The submission that `request` of `tenant` asks for; `request_id` stands for the request's own text."""
    digest = sha256(canonical(tenant, request_id, request)).digest()
    return _uuid7(time_ms(request_id), int.from_bytes(digest[:10], "big") >> 6)


def canonical(
    tenant: str, request_id: UUID, request: submission_service_pb2.CreateSubmissionRequest
) -> bytes:
    """The bytes that are hashed: injective, so that two requests that differ in any field differ here."""
    parts: list[bytes] = []
    _put(parts, DOMAIN)
    _put(parts, tenant.encode())
    parts.append(request_id.bytes)
    _put(parts, request.language.encode())
    sources = request.sources
    parts.append(_LENGTH(len(sources)))
    for source in sources:
        _put_source(parts, source)
    _put(parts, request.entry_point.encode())
    _put_texts(parts, request.argv)
    task = request.WhichOneof("task")
    if task == "problem":
        parts.append(_CHOICE(1))
        _put(parts, request.problem.encode())
    elif task == "tests":
        parts.append(_CHOICE(2))
        _put_tests(parts, request.tests)
    else:
        parts.append(_CHOICE(0))
    _put_limits(parts, request)
    parts.append(_TWO_INTEGERS(request.run_policy, request.lane))
    _put_labels(parts, request.labels)
    return b"".join(parts)


def _uuid7(at_ms: int, rest: int) -> UUID:
    """Puts 48 bits of time and 74 other bits together."""
    return UUID(int=at_ms << 80 | _VERSION_7 | rest >> 62 << 64 | _VARIANT | rest & _LOW_62)


def _put(parts: list[bytes], value: bytes) -> None:
    parts.append(_LENGTH(len(value)))
    parts.append(value)


def _put_texts(parts: list[bytes], values: Sequence[str]) -> None:
    parts.append(_LENGTH(len(values)))
    for value in values:
        _put(parts, value.encode())


def _put_source(parts: list[bytes], source: submission_pb2.SourceFile) -> None:
    _put(parts, source.path.encode())
    content = source.WhichOneof("content")
    if content == "data":
        parts.append(_CHOICE(1))
        _put(parts, source.data)
    elif content == "digest":
        parts.append(_CHOICE(2))
        _put(parts, source.digest.encode())
    else:
        parts.append(_CHOICE(0))


def _put_tests(parts: list[bytes], tests: submission_pb2.InlineTests) -> None:
    parts.append(_LENGTH(len(tests.tests)))
    for test in tests.tests:
        _put(parts, test.name.encode())
        _put(parts, test.input)
        if test.HasField("expected"):
            parts.append(_CHOICE(1))
            _put(parts, test.expected)
        else:
            parts.append(_CHOICE(0))
    _put_texts(parts, tests.validator_arguments)


def _put_limits(parts: list[bytes], request: submission_service_pb2.CreateSubmissionRequest) -> None:
    if not request.HasField("limits"):
        parts.append(_CHOICE(0))
        return
    limits = request.limits
    parts.append(_CHOICE(1))
    parts.append(
        _SEVEN_INTEGERS(
            limits.cpu_time_ms,
            limits.wall_time_ms,
            limits.memory_bytes,
            limits.stack_bytes,
            limits.processes,
            limits.output_bytes,
            limits.files_bytes,
        )
    )


def _put_labels(parts: list[bytes], labels: Mapping[str, str]) -> None:
    parts.append(_LENGTH(len(labels)))
    for key in sorted(labels):
        _put(parts, key.encode())
        _put(parts, labels[key].encode())
