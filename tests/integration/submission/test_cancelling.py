"""Cancelling: who may, and what reaches the log."""

import dataclasses
import secrets

import pytest
from submission_mesh import Calls, Replica, Writer, ended, eventually, id_of, records_from, refusal, request

from gavel.bus import topics
from gavel.rpc.positions import ReadToken
from gavel.submission.v1 import submission_record_pb2
from gavel.submission.v1.submission_service_pb2 import CancelSubmissionRequest
from gavel.worker.v1.judgement_event_pb2 import JudgementEvent

pytestmark = pytest.mark.integration


def ends(replica: Replica, topic: str) -> dict[int, int]:
    """The next offset of each partition of a topic."""
    return {partition: end for (_, partition), end in topics.end_offsets(replica.kafka, [topic]).items()}


@pytest.mark.parametrize("stored", [True, False])
async def test_cancel(calls: Calls, replica: Replica, writer: Writer, *, stored: bool) -> None:
    """A CANCELLED event lies in the submission's partition of `events`, and a hint on `control`.

    The row says whose the submission is; before it is stored the record that the token names does.
    """
    response = await calls.submissions.CreateSubmission(request())
    name = response.submission.name
    if stored:
        writer.store(response)
        wanted = CancelSubmissionRequest(name=name)
    else:
        wanted = CancelSubmissionRequest(name=name, read_token=response.read_token)
    events, control = ends(replica, topics.EVENTS), ends(replica, topics.CONTROL)

    await calls.submissions.CancelSubmission(wanted)

    (message,) = records_from(replica.kafka, topics.EVENTS, events)
    event = JudgementEvent.FromString(message.value())
    submission_id = id_of(response)
    assert message.partition() == topics.partition_for(submission_id, len(events))
    assert message.key() == str(submission_id).encode()
    assert (event.submission_id, event.tenant, event.judgement) == (str(submission_id), "local", 1)
    assert event.WhichOneof("event") == "cancelled"
    (hint,) = records_from(replica.kafka, topics.CONTROL, control)
    cancel = submission_record_pb2.ControlRecord.FromString(hint.value()).cancel
    assert (cancel.submission_id, cancel.judgement) == (str(submission_id), 1)


async def test_ended_already(calls: Calls, replica: Replica, writer: Writer) -> None:
    """A judgement that has ended is FAILED_PRECONDITION, with its state, and nothing is produced."""
    response = await calls.submissions.CreateSubmission(request())
    writer.store(response)
    writer.judge(ended(response))
    events = ends(replica, topics.EVENTS)

    error = await refusal(
        calls.submissions.CancelSubmission(CancelSubmissionRequest(name=response.submission.name))
    )

    assert (error.code.name, error.reason_name) == ("FAILED_PRECONDITION", "ALREADY_ENDED")
    assert (error.metadata["state"], error.metadata["submission"]) == ("FINISHED", response.submission.name)
    assert ends(replica, topics.EVENTS) == events


async def test_foreign_tenant(calls: Calls, replica: Replica, writer: Writer) -> None:
    """Neither a row nor a token lets a stranger cancel."""
    response = await calls.submissions.CreateSubmission(request())
    other = (("x-gavel-tenant", "stranger"),)
    events = ends(replica, topics.EVENTS)
    wanted = CancelSubmissionRequest(name=response.submission.name, read_token=response.read_token)

    by_token = await refusal(calls.submissions.CancelSubmission(wanted, metadata=other))
    writer.store(response)
    by_row = await refusal(calls.submissions.CancelSubmission(wanted, metadata=other))

    assert {by_token.reason_name, by_row.reason_name} == {"FOREIGN_TENANT"}
    assert ends(replica, topics.EVENTS) == events


async def test_token_must_be_the_submissions_own(calls: Calls, replica: Replica) -> None:
    """Tokens of another submission, of no record and of another topic are refused; none is a proof."""
    response = await calls.submissions.CreateSubmission(request())
    other = await calls.submissions.CreateSubmission(request())
    token = ReadToken.decode(response.read_token, "read_token")
    ahead = dataclasses.replace(token, position=dataclasses.replace(token.position, offset=10**9))
    elsewhere = dataclasses.replace(token, topic="events")
    remade = dataclasses.replace(token, position=dataclasses.replace(token.position, topic_id="x" * 22))
    events = ends(replica, topics.EVENTS)

    for wrong in (other.read_token, ahead.encode(), elsewhere.encode(), remade.encode()):
        error = await refusal(
            calls.submissions.CancelSubmission(
                CancelSubmissionRequest(name=response.submission.name, read_token=wrong)
            )
        )
        assert (error.code.name, error.violations[0].field) == ("INVALID_ARGUMENT", "read_token")

    assert ends(replica, topics.EVENTS) == events


async def test_no_such_judgement(calls: Calls, writer: Writer) -> None:
    """A judgement that nobody asked for is NOT_FOUND, with and without a row; a negative one is malformed."""
    response = await calls.submissions.CreateSubmission(request())
    name = response.submission.name
    by_token = CancelSubmissionRequest(name=name, read_token=response.read_token, judgement=2)

    before = await refusal(calls.submissions.CancelSubmission(by_token))
    writer.store(response)
    after = await refusal(calls.submissions.CancelSubmission(CancelSubmissionRequest(name=name, judgement=2)))
    negative = await refusal(
        calls.submissions.CancelSubmission(CancelSubmissionRequest(name=name, judgement=-1))
    )

    assert (before.reason_name, after.reason_name) == ("SUBMISSION_NOT_FOUND", "SUBMISSION_NOT_FOUND")
    assert (negative.code.name, negative.violations[0].field) == ("INVALID_ARGUMENT", "judgement")


async def test_unknown_submission(calls: Calls, writer: Writer) -> None:
    """Without row and token it is NOT_FOUND once the writers have passed all that the log holds."""
    submission_id = id_of(await calls.submissions.CreateSubmission(request()))
    unknown = type(submission_id)(int=submission_id.int ^ secrets.randbits(12) << 64 ^ 1 << 64)
    writer.pass_ends(unknown)

    error = await refusal(
        calls.submissions.CancelSubmission(CancelSubmissionRequest(name=f"submissions/{unknown}"))
    )

    assert error.reason_name == "SUBMISSION_NOT_FOUND"


async def test_cancelled_is_logged(calls: Calls, replica: Replica) -> None:
    """The log tells of a cancellation once it is in the broker."""
    response = await calls.submissions.CreateSubmission(request())
    wanted = CancelSubmissionRequest(name=response.submission.name, read_token=response.read_token)

    await calls.submissions.CancelSubmission(wanted)

    await eventually(lambda: f'"{id_of(response)}"' in replica.log and '"cancelled"' in replica.log)
