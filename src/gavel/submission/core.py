"""What the service answers and records, as pure functions of what it was given."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from gavel.judging.languages import Language
from gavel.projection.rows import StoredSubmission
from gavel.projection.state import JudgementState
from gavel.rpc import names
from gavel.submission.admission import Admitted
from gavel.submission.v1 import submission_pb2, submission_record_pb2, submission_service_pb2
from gavel.worker.v1 import judgement_event_pb2, worker_pb2

FIRST_JUDGEMENT = 1


def record_of(
    tenant: str,
    submission_id: UUID,
    request: submission_service_pb2.CreateSubmissionRequest,
    admitted: Admitted,
    *,
    manifest_digest: str,
    limits: submission_pb2.Limits,
) -> submission_record_pb2.SubmissionRecord:
    """The record that carries an accepted request to its worker; complete without any other lookup.

    `manifest_digest` is that of the request's problem, in bare hexadecimal, empty without one;
    `limits` are those that apply.
    """
    record = submission_record_pb2.SubmissionRecord(
        submission_id=str(submission_id),
        tenant=tenant,
        judgement=FIRST_JUDGEMENT,
        language=request.language,
        inline=submission_record_pb2.SourceFiles(files=request.sources),
        entry_point=request.entry_point,
        argv=request.argv,
        run_policy=request.run_policy or submission_service_pb2.RUN_POLICY_STOP_AT_FIRST_FAILURE,
        lane=submission_pb2.LANE_INTERACTIVE,
        labels=request.labels,
        effective_limits=limits,
    )
    if admitted.problem:
        record.problem.problem = request.problem
        record.problem.manifest_digest = manifest_digest
    elif request.HasField("tests"):
        record.tests.CopyFrom(request.tests)
    if request.HasField("limits"):
        record.limits.CopyFrom(request.limits)
    return record


def submission_of(
    submission_id: UUID,
    request: submission_service_pb2.CreateSubmissionRequest,
    limits: submission_pb2.Limits,
    accepted_ms: int,
) -> submission_pb2.Submission:
    """The submission as it stands at the accept: QUEUED. `accepted_ms` is the broker's time since 1970."""
    submission = submission_pb2.Submission(
        name=names.submission_name(submission_id),
        language=request.language,
        problem=request.problem,
        state=submission_pb2.STATE_QUEUED,
        current_judgement=FIRST_JUDGEMENT,
        lane=submission_pb2.LANE_INTERACTIVE,
        labels=request.labels,
        limits=limits,
    )
    submission.create_time.FromMilliseconds(accepted_ms)
    return submission


def stored_submission(row: StoredSubmission, current: JudgementState | None) -> submission_pb2.Submission:
    """A submission as its row and its current judgement tell; without judgement and sources."""
    record = row.record
    submission = submission_pb2.Submission(
        name=names.submission_name(row.submission_id),
        language=record.language,
        problem=record.problem.problem,
        state=submission_pb2.STATE_QUEUED,
        current_judgement=FIRST_JUDGEMENT,
        lane=record.lane,
        labels=record.labels,
        limits=record.effective_limits,
    )
    submission.create_time.FromMicroseconds(row.create_time_us)
    if current is not None:
        submission.state = current.state
        submission.current_judgement = current.judgement
        if current.end is not None:
            submission.verdict = current.end.verdict
            if current.end.score is not None:
                submission.score = current.end.score
    return submission


def cancel_event(
    tenant: str, submission_id: UUID, judgement: int, now_ms: int
) -> judgement_event_pb2.JudgementEvent:
    """The event that ends a judgement because somebody asked for it; `now_ms` since 1970."""
    event = judgement_event_pb2.JudgementEvent(
        submission_id=str(submission_id),
        tenant=tenant,
        judgement=judgement,
        cancelled=judgement_event_pb2.Cancelled(),
    )
    event.event_time.FromMilliseconds(now_ms)
    return event


def languages_of(
    known: Mapping[str, Language], workers: Sequence[worker_pb2.Worker]
) -> list[submission_service_pb2.Language]:
    """Every language by code, with what the living workers say of it."""
    return [_language_of(code, known[code], workers) for code in sorted(known)]


def _language_of(
    code: str, language: Language, workers: Sequence[worker_pb2.Worker]
) -> submission_service_pb2.Language:
    answer = submission_service_pb2.Language(
        code=code,
        display_name=language.display_name,
        suffixes=language.suffixes if language.inferred else (),
        compiled=language.compiled,
        reason=f"No worker serves it now. {language.install}",
    )
    for worker in workers:
        served = next((served for served in worker.languages if served.code == code), None)
        if served is None:
            continue
        if not served.available:
            if not answer.available and served.reason:
                answer.reason = served.reason
                answer.testing |= served.testing
            continue
        if not answer.available:
            answer.available, answer.testing = True, False
            answer.version = served.version
            answer.reason = ""
        if not worker.draining:
            answer.slot_count += worker.slot_count
    return answer


def running_and_slots(language: str, workers: Iterable[worker_pb2.Worker]) -> tuple[int, int]:
    """Runs going on and slots of the workers that serve a language.

    A heartbeat tells a worker's runs in all, so a worker of several languages counts in full for each of
    them.
    """
    serving = [
        worker
        for worker in workers
        if any(served.code == language and served.available for served in worker.languages)
    ]
    return sum(worker.running_count for worker in serving), sum(worker.slot_count for worker in serving)
