"""Reading submissions: rows, and the wait for rows that are on their way."""

import asyncio
import time

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from submission_mesh import Calls, Writer, ended, id_of, refusal, request

from gavel.rpc.positions import ReadToken
from gavel.storage.digests import sha256_hex
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_service_pb2 import (
    VIEW_FULL,
    GetSubmissionRequest,
    ListSubmissionsRequest,
)
from gavel.worker.v1 import judgement_event_pb2

pytestmark = pytest.mark.integration
MALFORMED = "x"


async def test_get(calls: Calls, writer: Writer) -> None:
    """A stored submission comes back as it was accepted; the sources only with VIEW_FULL."""
    made = request(labels={"user": "ann"}, language="cpp@20")
    response = await calls.submissions.CreateSubmission(made)
    writer.store(response)
    name = response.submission.name

    basic = await calls.submissions.GetSubmission(GetSubmissionRequest(name=name))
    full = await calls.submissions.GetSubmission(GetSubmissionRequest(name=name, view=VIEW_FULL))

    assert basic.submission == response.submission
    assert list(full.submission.sources) == list(made.sources)


async def test_get_waits_with_a_read_token(calls: Calls, writer: Writer) -> None:
    """With the accept's token a read waits until the row is there."""
    response = await calls.submissions.CreateSubmission(request())
    wanted = GetSubmissionRequest(name=response.submission.name, read_token=response.read_token)
    reading = asyncio.ensure_future(calls.submissions.GetSubmission(wanted, timeout=10))

    done, _ = await asyncio.wait([reading], timeout=0.3)
    assert not done
    await asyncio.to_thread(writer.store, response)

    assert (await reading).submission == response.submission


async def test_get_ends_before_its_deadline(calls: Calls) -> None:
    """When the row does not come it is NOT_YET_STORED, before the caller gives up."""
    response = await calls.submissions.CreateSubmission(request())
    wanted = GetSubmissionRequest(name=response.submission.name, read_token=response.read_token)
    began = time.monotonic()

    error = await refusal(calls.submissions.GetSubmission(wanted, timeout=1.5))

    assert (error.code.name, error.reason_name) == ("UNAVAILABLE", "NOT_YET_STORED")
    assert error.retry_after_ms
    assert time.monotonic() - began < 1.5


async def test_not_found_only_once_the_writers_have_passed(calls: Calls, writer: Writer) -> None:
    """Without a token: UNAVAILABLE while the log may hold it, NOT_FOUND once all is stored without it."""
    response = await calls.submissions.CreateSubmission(request())
    wanted = GetSubmissionRequest(name=response.submission.name)

    before = await refusal(calls.submissions.GetSubmission(wanted, timeout=1))
    writer.pass_ends(id_of(response))
    after = await refusal(calls.submissions.GetSubmission(wanted, timeout=5))

    assert (before.code.name, before.reason_name) == ("UNAVAILABLE", "NOT_YET_STORED")
    assert (after.code.name, after.reason_name) == ("NOT_FOUND", "SUBMISSION_NOT_FOUND")
    assert after.metadata["submission"] == response.submission.name


async def test_judgement(calls: Calls, writer: Writer) -> None:
    """Once judged, state, verdict and the judgement with its tests are there."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)
    writer.judge(ended(response))

    answer = await calls.submissions.GetSubmission(GetSubmissionRequest(name=response.submission.name))

    submission = answer.submission
    assert (submission.state, submission.verdict) == (
        submission_pb2.STATE_FINISHED,
        submission_pb2.VERDICT_ACCEPTED,
    )
    assert submission.judgement.worker == "workers/w1"
    assert [test.test for test in submission.judgement.tests] == ["1"]


async def test_tests_in_an_object(calls: Calls, writer: Writer, objects: Objects) -> None:
    """Tests too many for the event come from their object; were it damaged, the verdict stands alone."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)
    results = judgement_event_pb2.TestResults()
    for number in (1, 2, 3):
        results.tests.add(number=number, test=f"secret/{number}")
    content = results.SerializeToString()
    key = f"outputs/test/{id_of(response)}"
    objects.put(key, content)
    link = judgement_event_pb2.TestResultsObject(key=key, sha256=sha256_hex(content), size_bytes=len(content))
    writer.judge(ended(response, link))
    wanted = GetSubmissionRequest(name=response.submission.name)

    whole = await calls.submissions.GetSubmission(wanted)
    objects.put(key, b"damaged")
    damaged = await calls.submissions.GetSubmission(wanted)

    assert list(whole.submission.judgement.tests) == list(results.tests)
    assert list(damaged.submission.judgement.tests) == []
    assert damaged.submission.judgement.left_out_test_count == damaged.submission.judgement.test_count
    assert damaged.submission.verdict == submission_pb2.VERDICT_ACCEPTED


async def test_tests_too_many_for_a_message(calls: Calls, writer: Writer, objects: Objects) -> None:
    """Their texts are left out, then the last of them, so that a client with gRPC's limit takes it."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)
    results = judgement_event_pb2.TestResults()
    for number in range(1, 12_001):
        results.tests.add(number=number, test=f"secret/{'n' * 400}/{number}", stdout="o" * 1000)
    content = results.SerializeToString()
    key = f"outputs/test/{id_of(response)}"
    objects.put(key, content)
    link = judgement_event_pb2.TestResultsObject(key=key, sha256=sha256_hex(content), size_bytes=len(content))
    writer.judge(ended(response, link))

    answer = await calls.submissions.GetSubmission(GetSubmissionRequest(name=response.submission.name))

    judgement = answer.submission.judgement
    assert answer.ByteSize() < 4 << 20
    assert judgement.verdict == submission_pb2.VERDICT_ACCEPTED
    assert len(judgement.tests) + judgement.left_out_test_count == 12_000
    assert judgement.left_out_test_count > 0
    assert not any(test.stdout for test in judgement.tests)


async def test_foreign_tenant(calls: Calls, writer: Writer) -> None:
    """Another tenant's submission is PERMISSION_DENIED, and not in one's lists."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)
    other = (("x-gavel-tenant", "stranger"),)
    wanted = GetSubmissionRequest(name=response.submission.name)

    error = await refusal(calls.submissions.GetSubmission(wanted, metadata=other))
    listed = await calls.submissions.ListSubmissions(ListSubmissionsRequest(), metadata=other)

    assert (error.code.name, error.reason_name) == ("PERMISSION_DENIED", "FOREIGN_TENANT")
    assert list(listed.submissions) == []


async def test_list(calls: Calls, writer: Writer) -> None:
    """Pages go through all of a tenant's submissions, newest first, each once."""
    tenant = (("x-gavel-tenant", "lister"),)
    accepted = []
    for number in range(5):
        made = request(labels={"user": "ann", "number": str(number)}, language="cpp" if number == 3 else "")
        accepted.append(await calls.submissions.CreateSubmission(made, metadata=tenant))
        writer.store(accepted[-1])
    names = [response.submission.name for response in accepted]

    seen: list[str] = []
    token = ""
    while True:
        page = await calls.submissions.ListSubmissions(
            ListSubmissionsRequest(page_size=2, page_token=token), metadata=tenant
        )
        seen += [submission.name for submission in page.submissions]
        token = page.next_page_token
        if not token:
            break

    assert seen == sorted(names, reverse=True)

    async def listed(**filters: object) -> list[str]:
        answer = await calls.submissions.ListSubmissions(
            ListSubmissionsRequest(**filters),  # type: ignore[arg-type]
            metadata=tenant,
        )
        return [submission.name for submission in answer.submissions]

    later = Timestamp()
    later.FromMilliseconds(accepted[-1].submission.create_time.ToMilliseconds() + 1)
    assert await listed(language="cpp") == [names[3]]
    assert await listed(labels={"number": "1", "user": "ann"}) == [names[1]]
    assert await listed(state=submission_pb2.STATE_FINISHED) == []
    assert await listed(problem="problems/none") == []
    assert await listed(create_time_min=later) == []
    assert len(await listed(create_time_min=accepted[0].submission.create_time)) == 5


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (GetSubmissionRequest(name="submissions/1"), "name"),
        (GetSubmissionRequest(name="01936b2f-7c00-7abc-8def-0123456789ab"), "name"),
        (
            GetSubmissionRequest(name="submissions/01936b2f-7c00-7abc-8def-0123456789ab", read_token=b"x"),
            "read_token",
        ),
        (GetSubmissionRequest(name="submissions/01936b2f-7c00-7abc-8def-0123456789ab", view=9), "view"),
        (ListSubmissionsRequest(page_size=-1), "page_size"),
        (ListSubmissionsRequest(page_token=MALFORMED), "page_token"),
        (ListSubmissionsRequest(language="nope"), "language"),
        (ListSubmissionsRequest(problem="Nope"), "problem"),
        (ListSubmissionsRequest(labels={"A": "b"}), "labels[A]"),
        (ListSubmissionsRequest(state=77), "state"),
        (ListSubmissionsRequest(verdict=77), "verdict"),
        (ListSubmissionsRequest(create_time_min=Timestamp(seconds=2**60)), "create_time_min"),
    ],
)
async def test_malformed_reads(
    calls: Calls, wanted: GetSubmissionRequest | ListSubmissionsRequest, field: str
) -> None:
    """Malformed names, tokens and filters are INVALID_ARGUMENT and named."""
    get = isinstance(wanted, GetSubmissionRequest)
    call = calls.submissions.GetSubmission if get else calls.submissions.ListSubmissions

    error = await refusal(call(wanted))

    assert (error.code.name, [violation.field for violation in error.violations]) == (
        "INVALID_ARGUMENT",
        [field],
    )


async def test_page_token_belongs_to_its_list(calls: Calls, writer: Writer) -> None:
    """A page token with other filters is refused."""
    tenant = (("x-gavel-tenant", "pager"),)
    for _ in range(2):
        writer.store(await calls.submissions.CreateSubmission(request(), metadata=tenant))
    page = await calls.submissions.ListSubmissions(ListSubmissionsRequest(page_size=1), metadata=tenant)

    error = await refusal(
        calls.submissions.ListSubmissions(
            ListSubmissionsRequest(page_token=page.next_page_token, language="cpp"), metadata=tenant
        )
    )

    assert error.violations[0].field == "page_token"


async def test_token_names_the_record(calls: Calls) -> None:
    """The read token holds the broker's own place and time of the record."""
    response = await calls.submissions.CreateSubmission(request())

    token = ReadToken.decode(response.read_token, "read_token")

    assert token.accept_time_ms == response.submission.create_time.ToMilliseconds()
