"""Problems and their files through the API, and what lists show of them."""

import grpc
import psycopg
import pytest
from submission_mesh import Calls, Replica, accepted_record, eventually, refusal, request
from submission_packages import PACKAGE, chunks, create, sha256, upload

from gavel.rpc.errors import from_rpc_error
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.file_service_pb2 import (
    FindMissingFilesRequest,
)
from gavel.submission.v1.problem_pb2 import FileReference
from gavel.submission.v1.problem_service_pb2 import (
    CreateProblemRequest,
    DeleteProblemRequest,
    GetProblemRequest,
    ListProblemsRequest,
)

pytestmark = pytest.mark.integration


async def test_upload_and_find(calls: Calls) -> None:
    """What was uploaded is no longer missing; 3 MB in chunks arrive whole."""
    content = bytes(range(256)) * 12_000
    digest = f"sha256:{sha256(content)}"
    absent = f"sha256:{sha256(b'never')}"

    before = await calls.files.FindMissingFiles(FindMissingFilesRequest(digests=[digest, absent]))
    answer = await upload(calls, content)
    after = await calls.files.FindMissingFiles(FindMissingFilesRequest(digests=[digest, absent]))

    assert list(before.digests) == [digest, absent]
    assert (answer.digest, answer.size_bytes) == (digest, len(content))
    assert list(after.digests) == [absent]


async def test_wrong_bytes(calls: Calls) -> None:
    """Bytes of another digest are INVALID_ARGUMENT and not stored."""
    messages = list(chunks(b"right"))
    messages[1].data = b"wrong"

    error = await refusal(calls.files.UploadFile(iter(messages)))

    assert (error.code.name, error.reason_name) == ("INVALID_ARGUMENT", "DIGEST_MISMATCH")
    missing = await calls.files.FindMissingFiles(
        FindMissingFilesRequest(digests=[f"sha256:{sha256(b'right')}", f"sha256:{sha256(b'wrong')}"])
    )
    assert len(missing.digests) == 2


async def test_announced_too_large(calls: Calls) -> None:
    """A file beyond 1 GiB is refused for its first message, and a client that sends on hears the reason."""
    messages = list(chunks(b"x" * 3_000_000))
    messages[0].size_bytes = 2**30 + 1

    error = await refusal(calls.files.UploadFile(iter(messages)))

    assert (error.code, error.reason_name) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    assert error.metadata["limit_bytes"] == str(2**30)


async def test_problem(calls: Calls, replica: Replica) -> None:
    """A package becomes a problem that can be read, listed and submitted to, with its manifest pinned."""
    made = await create(calls, "problems/sum")

    got = await calls.problems.GetProblem(GetProblemRequest(name="problems/sum"))
    listed = await calls.problems.ListProblems(ListProblemsRequest())
    response = await calls.submissions.CreateSubmission(request(problem="problems/sum"))

    problem = made.problem
    assert (problem.display_name, problem.test_count, problem.limits.cpu_time_ms) == ("Sum", 2, 1_000)
    assert list(made.warnings) == []
    assert got.problem == problem
    assert [test.name for test in got.manifest.tests] == ["sample/1", "secret/01"]
    assert [each for each in listed.problems if each.name == problem.name] == [problem]
    record = accepted_record(replica.kafka, response)
    assert (record.problem.problem, record.problem.manifest_digest) == (problem.name, problem.manifest_digest)
    assert response.submission.limits.cpu_time_ms == 1_000


async def test_sizes_that_are_not_the_files(calls: Calls) -> None:
    """A reference has to say how large the stored file is: INVALID_ARGUMENT that names each wrong one."""
    for content in PACKAGE.values():
        await upload(calls, content)
    wrong = {"data/sample/1.in": 5, "data/secret/01.ans": 0}
    references = [
        FileReference(path=path, sha256=sha256(content), size_bytes=wrong.get(path, len(content)))
        for path, content in PACKAGE.items()
    ]

    error = await refusal(
        calls.problems.CreateProblem(CreateProblemRequest(name="problems/sizes", files=references))
    )

    assert (error.code.name, error.reason_name) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    places = {path: index for index, path in enumerate(PACKAGE)}
    assert [(violation.field, violation.description) for violation in error.violations] == [
        (f"files[{places['data/sample/1.in']}].size_bytes", "data/sample/1.in holds 4 bytes, not 5"),
        (f"files[{places['data/secret/01.ans']}].size_bytes", "data/secret/01.ans holds 2 bytes, not 0"),
    ]
    missing = await refusal(calls.problems.GetProblem(GetProblemRequest(name="problems/sizes")))
    assert missing.reason_name == "PROBLEM_NOT_FOUND"


async def test_deleting_a_problem(calls: Calls, replica: Replica) -> None:
    """Its name is gone at once where it was asked for, and from lists; what was accepted keeps its
    manifest; the name may be made anew.
    """
    made = await create(calls, "problems/gone")
    await create(calls, "problems/stays")
    response = await calls.submissions.CreateSubmission(request(problem="problems/gone"))

    await calls.problems.DeleteProblem(DeleteProblemRequest(name="problems/gone"))

    for call in (
        calls.problems.GetProblem(GetProblemRequest(name="problems/gone")),
        calls.submissions.CreateSubmission(request(problem="problems/gone")),
        calls.problems.DeleteProblem(DeleteProblemRequest(name="problems/gone")),
    ):
        error = await refusal(call)
        assert (error.code.name, error.reason_name) == ("NOT_FOUND", "PROBLEM_NOT_FOUND")
    listed = await calls.problems.ListProblems(ListProblemsRequest(page_size=1000))
    assert "problems/stays" in {problem.name for problem in listed.problems}
    assert "problems/gone" not in {problem.name for problem in listed.problems}
    record = accepted_record(replica.kafka, response)
    assert record.problem.manifest_digest == made.problem.manifest_digest
    assert (await create(calls, "problems/gone")).problem.manifest_digest == made.problem.manifest_digest


async def test_limits_beyond_the_problem(calls: Calls) -> None:
    """A submission may lower a problem's limits and not raise them."""
    await create(calls, "problems/limits")
    lower = request(problem="problems/limits", limits=submission_pb2.Limits(cpu_time_ms=500))
    higher = request(problem="problems/limits", limits=submission_pb2.Limits(cpu_time_ms=1_001))

    response = await calls.submissions.CreateSubmission(lower)
    error = await refusal(calls.submissions.CreateSubmission(higher))

    assert response.submission.limits.cpu_time_ms == 500
    assert [violation.field for violation in error.violations] == ["limits.cpu_time_ms"]


async def test_invalid_package(calls: Calls) -> None:
    """What is wrong with a package is told with the file's path."""
    package = {path: content for path, content in PACKAGE.items() if path != "data/secret/01.ans"}

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await create(calls, "problems/broken", package)

    error = from_rpc_error(caught.value)

    assert (error.code.name, error.reason_name) == ("INVALID_ARGUMENT", "INVALID_PROBLEM")
    assert error.violations[0].field.startswith("data/secret/01")
    missing = await refusal(calls.problems.GetProblem(GetProblemRequest(name="problems/broken")))
    assert missing.reason_name == "PROBLEM_NOT_FOUND"


async def test_list_in_pages(calls: Calls) -> None:
    """Pages go through all problems by name, each once."""
    names = [f"problems/page-{number}" for number in range(5)]
    for name in reversed(names):
        await create(calls, name)

    seen: list[str] = []
    token = ""
    while True:
        page = await calls.problems.ListProblems(ListProblemsRequest(page_size=2, page_token=token))
        seen += [problem.name for problem in page.problems]
        token = page.next_page_token
        if not token:
            break

    assert [name for name in seen if "page-" in name] == names
    assert seen == sorted(set(seen))


async def test_rows_are_made_from_objects(calls: Calls, replica: Replica, rows_url: str) -> None:
    """A row that was lost is there again after a start: the objects are the truth."""
    await create(calls, "problems/lost")
    with psycopg.connect(rows_url) as connection:
        connection.execute("DELETE FROM problems")
    second = Replica(replica.kafka, rows_url, replica.storage)

    second.start()

    def listed() -> bool:
        with psycopg.connect(rows_url) as connection:
            rows = connection.execute("SELECT name FROM problems WHERE tenant = 'local'").fetchall()
        return ("lost",) in rows

    await eventually(listed)
    assert second.stop() == 0
