"""Where each object lies. What dies together lies together: sources and outputs by UTC day, the day of the
UUIDv7.

Tenants match `[a-z0-9][a-z0-9_-]{0,62}` (`rpc.context.tenant_of`), problems and digests are checked where
they come in: no part of a key can leave its folder, and the store refuses `..` besides.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

PROBLEMS: Final = "problems/"
"""Prefix of every problem: `problems/<tenant>/<name>`."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def day_of(submission: UUID) -> date:
    """The UTC day of a UUIDv7, by which what belongs to a submission is kept and dropped. Raises
    OverflowError beyond the year 9999.
    """
    return (_EPOCH + timedelta(milliseconds=submission.int >> 80)).date()


def blob_key(tenant: str, sha256: str) -> str:
    """A file or manifest by content."""
    return f"blobs/{tenant}/sha256/{sha256}"


def problem_key(tenant: str, name: str) -> str:
    """What a problem's name points at now."""
    return f"{PROBLEMS}{tenant}/{name}"


def source_pack_key(day: date, name: str) -> str:
    """A pack of inline sources of one day; no tenant is called `_packs`."""
    return f"sources/{day.isoformat()}/_packs/{name}"


def source_blob_key(day: date, tenant: str, sha256: str) -> str:
    """An uploaded source by content, kept as long as its day."""
    return f"sources/{day.isoformat()}/{tenant}/sha256/{sha256}"


def source_blob_keys(day: date, tenant: str, sha256: str) -> list[str]:
    """Where a source may lie that a submission of this day names, the likeliest place first.

    It is uploaded on the day of the accept or the day before; and the day of a submission, which is its
    request's, may be the day before its accept or, close to midnight, the day behind it.
    """
    return [source_blob_key(day + timedelta(days=days), tenant, sha256) for days in (0, -1, 1, -2)]


def output_key(day: date, submission: UUID, judgement: int, attempt: str, name: str) -> str:
    """What an attempt leaves; another attempt of the same judgement cannot overwrite it."""
    return f"outputs/{day.isoformat()}/{submission}/{judgement}/{attempt}/{name}"
