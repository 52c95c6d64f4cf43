"""Reading files: those that were uploaded, and outputs that results link to."""

import os

import grpc
import pytest
from submission_mesh import Calls, Writer, ended, id_of, request
from submission_packages import chunks, sha256, upload

from gavel.rpc.errors import GavelError, from_rpc_error
from gavel.storage.keys import blob_key
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.file_service_pb2 import FILE_PURPOSE_SOURCE, ReadFileRequest
from gavel.worker.v1 import judgement_event_pb2

pytestmark = pytest.mark.integration

KIB = 1024
CONTENT = os.urandom(700 * KIB + 1)
STRANGER = (("x-gavel-tenant", "stranger"),)


async def read(
    calls: Calls,
    tenant: tuple[tuple[str, str], ...] = (),
    come: list[bytes] | None = None,
    **wanted: object,
) -> list[bytes]:
    """The pieces that come, which `come` takes too."""
    come = [] if come is None else come
    call = calls.files.ReadFile(ReadFileRequest(**wanted), metadata=tenant)  # type: ignore[arg-type]
    async for response in call:
        come.append(response.data)
    return come


async def refused(
    calls: Calls,
    tenant: tuple[tuple[str, str], ...] = (),
    come: list[bytes] | None = None,
    **wanted: object,
) -> GavelError:
    """What a read is refused with; `come` takes the pieces that came before."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await read(calls, tenant, come, **wanted)
    return from_rpc_error(caught.value)


async def judged(calls: Calls, writer: Writer, objects: Objects, content: bytes = CONTENT) -> str:
    """The name of a submission whose first test links to an output, and whose second does not."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)
    key = f"outputs/test/{id_of(response)}/1.out"
    objects.put(key, content)
    results = judgement_event_pb2.TestResults()
    link = submission_pb2.OutputObject(key=key, sha256=sha256(content), size_bytes=len(content))
    results.tests.add(number=1, test="secret/1", output=link)
    results.tests.add(number=2, test="secret/2")
    facts = results.SerializeToString()
    objects.put(f"{key}.facts", facts)
    tests = judgement_event_pb2.TestResultsObject(
        key=f"{key}.facts", sha256=sha256(facts), size_bytes=len(facts)
    )
    writer.judge(ended(response, tests))
    return str(response.submission.name)


async def test_an_uploaded_file_comes_back(calls: Calls) -> None:
    """In pieces of at most 256 KiB; also one without a byte."""
    for content in (CONTENT, b""):
        digest = (await upload(calls, content)).digest
        pieces = await read(calls, digest=digest)

        assert b"".join(pieces) == content
        assert all(0 < len(piece) <= 256 * KIB for piece in pieces)


async def test_an_output_that_a_result_links_to(calls: Calls, writer: Writer, objects: Objects) -> None:
    """By the submission or one of its judgements."""
    name = await judged(calls, writer, objects)

    assert b"".join(await read(calls, judgement=name, test_number=1)) == CONTENT
    assert b"".join(await read(calls, judgement=f"{name}/judgements/1", test_number=1)) == CONTENT


async def test_the_sources_of_a_submission(calls: Calls, writer: Writer) -> None:
    """Those that came along and those that were uploaded, whole and in part; no others."""
    digest = (await calls.files.UploadFile(chunks(CONTENT, purpose=FILE_PURPOSE_SOURCE))).digest
    made = request()
    made.sources.add(path="data/big.txt", digest=digest)
    response = await calls.submissions.CreateSubmission(made)
    writer.store(response)
    name = response.submission.name

    async def source(path: str, **part: int) -> bytes:
        return b"".join(await read(calls, judgement=name, source_path=path, **part))

    assert await source(made.sources[0].path) == made.sources[0].data
    assert await source(made.sources[0].path, offset_bytes=2, length_bytes=3) == made.sources[0].data[2:5]
    assert await source("data/big.txt") == CONTENT
    assert await source("data/big.txt", offset_bytes=5, length_bytes=300 * KIB) == CONTENT[5 : 5 + 300 * KIB]
    missing = await refused(calls, judgement=name, source_path="other.txt")
    foreign = await refused(calls, STRANGER, judgement=name, source_path="data/big.txt")
    assert (missing.reason_name, foreign.reason_name) == ("FILE_NOT_FOUND", "FOREIGN_TENANT")


@pytest.mark.parametrize(
    ("offset_bytes", "length_bytes"),
    [(0, 1), (1, 0), (300 * KIB, 300 * KIB), (len(CONTENT) - 1, 10), (len(CONTENT), 0), (0, 2**40)],
)
async def test_a_part_of_it(calls: Calls, offset_bytes: int, length_bytes: int) -> None:
    """From the offset on, fewer bytes where it ends."""
    digest = (await upload(calls, CONTENT)).digest

    pieces = await read(calls, digest=digest, offset_bytes=offset_bytes, length_bytes=length_bytes)

    end = offset_bytes + length_bytes if length_bytes else None
    assert b"".join(pieces) == CONTENT[offset_bytes:end]


async def test_nobody_reads_what_is_another_tenants(calls: Calls, writer: Writer, objects: Objects) -> None:
    """Neither by digest nor by a submission's name."""
    digest = (await upload(calls, CONTENT)).digest
    name = await judged(calls, writer, objects)

    by_digest = await refused(calls, STRANGER, digest=digest)
    by_name = await refused(calls, STRANGER, judgement=name, test_number=1)

    assert (by_digest.code.name, by_digest.reason_name) == ("NOT_FOUND", "FILE_NOT_FOUND")
    assert (by_name.code.name, by_name.reason_name) == ("PERMISSION_DENIED", "FOREIGN_TENANT")


async def test_what_is_not_there_is_not_found(calls: Calls, writer: Writer, objects: Objects) -> None:
    """A test whose result links to nothing, no such test, no such judgement, no such file."""
    name = await judged(calls, writer, objects)

    for wanted in (
        {"judgement": name, "test_number": 2},
        {"judgement": name, "test_number": 3},
        {"judgement": f"{name}/judgements/2", "test_number": 1},
        {"digest": f"sha256:{sha256(b'never')}"},
    ):
        error = await refused(calls, **wanted)
        assert (wanted, error.code.name, error.reason_name) == (wanted, "NOT_FOUND", "FILE_NOT_FOUND")


async def test_before_its_end_is_stored_a_judgement_has_no_outputs(calls: Calls, writer: Writer) -> None:
    """That is no answer for good: UNAVAILABLE."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)

    error = await refused(calls, judgement=response.submission.name, test_number=1)

    assert (error.code.name, error.reason_name) == ("UNAVAILABLE", "NOT_YET_STORED")
    assert error.retry_after_ms


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({}, ["digest"]),
        (
            {"digest": f"sha256:{'0' * 64}", "judgement": "submissions/x", "test_number": 1},
            ["digest", "test_number"],
        ),
        ({"digest": "blobs/other/sha256/0"}, ["digest"]),
        ({"digest": f"sha256:{'0' * 64}", "test_number": 1}, ["test_number"]),
        ({"judgement": "submissions/../../blobs", "test_number": 1}, ["judgement"]),
        ({"judgement": "submissions/x"}, ["test_number"]),
        ({"judgement": "submissions/x", "test_number": 1, "source_path": "a"}, ["source_path"]),
        ({"digest": f"sha256:{'0' * 64}", "source_path": "a"}, ["source_path"]),
        (
            {"digest": f"sha256:{'0' * 64}", "offset_bytes": -1, "length_bytes": -1},
            ["offset_bytes", "length_bytes"],
        ),
    ],
)
async def test_bad_fields_are_named(calls: Calls, wanted: dict[str, object], fields: list[str]) -> None:
    """All at once."""
    error = await refused(calls, **wanted)

    assert (error.code.name, error.reason_name) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert [violation.field for violation in error.violations] == fields


async def test_an_offset_behind_the_end_is_a_bad_field(calls: Calls) -> None:
    """It tells how much there is."""
    digest = (await upload(calls, b"abc")).digest

    error = await refused(calls, digest=digest, offset_bytes=4)

    assert [violation.field for violation in error.violations] == ["offset_bytes"]
    assert "3 bytes" in error.message


async def test_a_damaged_object_never_comes_whole(calls: Calls, writer: Writer, objects: Objects) -> None:
    """DATA_LOSS: at once for another size and for one that is gone, behind the pieces but the last for other
    bytes.
    """
    name = await judged(calls, writer, objects)
    key = f"outputs/test/{name.removeprefix('submissions/')}/1.out"
    digest = (await upload(calls, CONTENT)).digest

    objects.put(blob_key("local", sha256(CONTENT)), CONTENT[:-1] + b"!")
    objects.put(key, CONTENT[:-1])
    for wanted in ({"digest": digest}, {"judgement": name, "test_number": 1}):
        come: list[bytes] = []
        error = await refused(calls, come=come, **wanted)
        assert (error.code.name, error.reason_name) == ("DATA_LOSS", "OBJECT_DAMAGED")
        assert sum(map(len, come)) < len(CONTENT)
    objects.put(blob_key("local", sha256(CONTENT)), CONTENT)
    await objects.delete_async(key)
    gone = await refused(calls, judgement=name, test_number=1)
    assert gone.code is grpc.StatusCode.DATA_LOSS
