"""Files by digest, on a real folder."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gavel.rpc.errors import GavelError
from gavel.storage.keys import blob_key, source_blob_key
from gavel.storage.objects import Objects
from gavel.submission.file_servicer import sha256s_of
from gavel.submission.files import CHUNK_BYTES, FILE_BYTES, MEMORY_BYTES, SOURCE_BYTES, Files
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1.file_service_pb2 import (
    FILE_PURPOSE_SOURCE,
    FindMissingFilesRequest,
    UploadFileRequest,
)

LIMIT_BYTES = 8 * 2**20


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An empty store."""
    return Objects(f"file://{tmp_path}/objects")


def files_of(objects: Objects, spool: Path | None = None) -> Files:
    """Files that may take in 2 at one time and 8 MiB together."""
    spool_folder = str(spool) if spool else None
    return Files(objects, uploads_most=2, upload_bytes_most=LIMIT_BYTES, spool_folder=spool_folder)


def digest_of(content: bytes) -> str:
    """As the API spells it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


async def stream(messages: Sequence[UploadFileRequest]) -> AsyncIterator[UploadFileRequest]:
    """Messages as they come in."""
    for message in messages:
        yield message


def messages_of(content: bytes, chunk_bytes: int) -> list[UploadFileRequest]:
    """An upload in chunks."""
    chunks = [content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes)] or [b""]
    messages = [UploadFileRequest(data=chunk) for chunk in chunks]
    messages[0].digest = digest_of(content)
    messages[0].size_bytes = len(content)
    return messages


@given(st.binary(max_size=2_000), st.integers(1, 700))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
async def test_upload(objects: Objects, content: bytes, chunk_bytes: int) -> None:
    """Any content in any chunks lies under its digest afterwards."""
    stored = await files_of(objects).upload("local", stream(messages_of(content, chunk_bytes)))

    assert (f"sha256:{stored.sha256}", stored.size_bytes) == (digest_of(content), len(content))
    assert objects.get(blob_key("local", stored.sha256)) == content


@pytest.mark.parametrize("size_bytes", [MEMORY_BYTES, MEMORY_BYTES + 1, MEMORY_BYTES + 3 * 2**20])
async def test_upload_of_several_batches(objects: Objects, size_bytes: int) -> None:
    """A file is stored whole, whether it is held in memory or on disk meanwhile."""
    content = (bytes(range(256)) * (size_bytes // 256 + 1))[:size_bytes]

    stored = await files_of(objects).upload("local", stream(messages_of(content, 256 * 1024)))

    assert objects.get(blob_key("local", stored.sha256)) == content


CONTENT = b"content"
DIGEST = digest_of(CONTENT)
Refused = tuple[list[UploadFileRequest], reasons.ErrorReason]
REFUSED: dict[str, Refused] = {
    "nothing": ([], reasons.ERROR_REASON_INVALID_FIELD),
    "no digest": ([UploadFileRequest(data=CONTENT, size_bytes=7)], reasons.ERROR_REASON_INVALID_FIELD),
    "negative": ([UploadFileRequest(digest=DIGEST, size_bytes=-1)], reasons.ERROR_REASON_INVALID_FIELD),
    "too large": (
        [UploadFileRequest(digest=DIGEST, size_bytes=FILE_BYTES + 1)],
        reasons.ERROR_REASON_MESSAGE_TOO_LARGE,
    ),
    "more than this process holds": (
        [UploadFileRequest(digest=DIGEST, size_bytes=LIMIT_BYTES + 1)],
        reasons.ERROR_REASON_OVERLOADED,
    ),
    "chunk too large": (
        [UploadFileRequest(digest=DIGEST, size_bytes=4 * 2**20, data=b"x" * (CHUNK_BYTES + 1))],
        reasons.ERROR_REASON_MESSAGE_TOO_LARGE,
    ),
    "other bytes": (
        [UploadFileRequest(digest=DIGEST, size_bytes=7, data=b"Content")],
        reasons.ERROR_REASON_DIGEST_MISMATCH,
    ),
    "more bytes": (
        [UploadFileRequest(digest=DIGEST, size_bytes=7, data=CONTENT), UploadFileRequest(data=b"!")],
        reasons.ERROR_REASON_INVALID_FIELD,
    ),
    "fewer bytes": (
        [UploadFileRequest(digest=DIGEST, size_bytes=8, data=CONTENT)],
        reasons.ERROR_REASON_INVALID_FIELD,
    ),
    "other bytes of a large file": (
        [
            UploadFileRequest(digest=DIGEST, size_bytes=5 * 2**20, data=b"x" * 2**20),
            *[UploadFileRequest(data=b"x" * 2**20)] * 4,
        ],
        reasons.ERROR_REASON_DIGEST_MISMATCH,
    ),
    "a source of 16 MiB and a byte": (
        [UploadFileRequest(digest=DIGEST, size_bytes=SOURCE_BYTES + 1, purpose=FILE_PURPOSE_SOURCE)],
        reasons.ERROR_REASON_MESSAGE_TOO_LARGE,
    ),
    "no such purpose": (
        [UploadFileRequest(digest=DIGEST, size_bytes=7, data=CONTENT, purpose=99)],  # type: ignore[arg-type]
        reasons.ERROR_REASON_INVALID_FIELD,
    ),
    "purpose again": (
        [
            UploadFileRequest(digest=DIGEST, size_bytes=7, data=b"cont"),
            UploadFileRequest(data=b"ent", purpose=FILE_PURPOSE_SOURCE),
        ],
        reasons.ERROR_REASON_INVALID_FIELD,
    ),
    "digest again": (
        [
            UploadFileRequest(digest=DIGEST, size_bytes=7, data=b"cont"),
            UploadFileRequest(digest=DIGEST, data=b"ent"),
        ],
        reasons.ERROR_REASON_INVALID_FIELD,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refused_uploads_leave_nothing(objects: Objects, tmp_path: Path, case: str) -> None:
    """What is wrong with an upload is said, and neither store nor spool holds anything of it."""
    messages, reason = REFUSED[case]
    spool = tmp_path / "spool"
    spool.mkdir()

    with pytest.raises(GavelError) as caught:
        await files_of(objects, spool).upload("local", stream(messages))

    assert caught.value.reason == reason
    assert await objects.list_async("") == []
    assert list(spool.iterdir()) == []


async def test_uploads_are_bounded(objects: Objects) -> None:
    """While two uploads go on a third is refused; when one has ended there is room again."""
    files = files_of(objects)
    refused: list[reasons.ErrorReason] = []

    async def nested(depth: int) -> AsyncIterator[UploadFileRequest]:
        content = b"depth %d" % depth
        first, *_ = messages_of(content, 100)
        yield UploadFileRequest(digest=first.digest, size_bytes=first.size_bytes)
        try:
            await files.upload("local", nested(depth + 1))
        except GavelError as error:
            refused.append(error.reason)
        yield UploadFileRequest(data=content)

    await files.upload("local", nested(1))

    assert refused == [reasons.ERROR_REASON_OVERLOADED]
    assert len(await objects.list_async("blobs/")) == 2


async def test_missing(objects: Objects) -> None:
    """Those that are not stored come back once each, in their order; another tenant's do not count."""
    files = files_of(objects)
    stored = await files.upload("local", stream(messages_of(CONTENT, 3)))
    wanted = ["b" * 64, stored.sha256, "a" * 64, "b" * 64]

    assert await files.missing("local", wanted) == ["b" * 64, "a" * 64]
    assert await files.missing("other", wanted) == ["b" * 64, stored.sha256, "a" * 64]


async def test_sources_lie_by_day(objects: Objects) -> None:
    """One is there for submissions of the day of its upload and the days around it, and is no package's
    file; asked for it is missing when it is older than yesterday.
    """
    files = files_of(objects)
    messages = messages_of(CONTENT, 100)
    messages[0].purpose = FILE_PURPOSE_SOURCE
    today = dt.datetime.now(dt.UTC).date()
    stored = await files.upload("local", stream(messages))
    old = hashlib.sha256(b"old").hexdigest()
    objects.put(source_blob_key(today - dt.timedelta(days=2), "local", old), b"old")

    assert objects.get(source_blob_key(today, "local", stored.sha256)) == CONTENT
    assert await files.missing("local", [stored.sha256]) == [stored.sha256]
    assert await files.missing("local", [stored.sha256, old], sources=True) == [old]
    assert await files.missing("other", [stored.sha256], sources=True) == [stored.sha256]
    found = {
        days: (await files.source_sizes("local", today + dt.timedelta(days=days), [stored.sha256]))
        for days in range(-2, 4)
    }
    there = {days for days, sizes in found.items() if sizes == {stored.sha256: len(CONTENT)}}
    assert there == {-1, 0, 1, 2}
    assert await files.source_sizes("other", today, [stored.sha256]) == {stored.sha256: None}


def test_digests_are_checked() -> None:
    """Every malformed digest is named, and more than 20,000 are too many."""
    request = FindMissingFilesRequest(digests=["sha256:" + "a" * 64, "x", "sha256:" + "A" * 64])
    with pytest.raises(GavelError) as caught:
        sha256s_of(request)
    assert [violation.field for violation in caught.value.violations] == ["digests[1]", "digests[2]"]

    with pytest.raises(GavelError) as caught:
        sha256s_of(FindMissingFilesRequest(digests=["x"] * 20_001))
    assert [violation.field for violation in caught.value.violations] == ["digests"]
