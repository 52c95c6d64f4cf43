"""What a list of submissions, and a watch of queues, is narrowed to."""

from collections.abc import Sequence

from gavel.judging.admission import LANGUAGE_BYTES, check_language
from gavel.judging.languages import LANGUAGES
from gavel.projection.reads import SubmissionFilter
from gavel.rpc import names
from gavel.rpc.errors import GavelError
from gavel.rpc.findings import Findings
from gavel.submission.admission import check_labels
from gavel.submission.v1 import error_reason_pb2, submission_pb2, submission_service_pb2

LANGUAGES_ASKED = 100
"""Of one WatchQueues; a message has room for a million."""


def filter_of(request: submission_service_pb2.ListSubmissionsRequest) -> SubmissionFilter:
    """Reads the filters of a list. GavelError INVALID_FIELD or UNKNOWN_LANGUAGE that names every bad one."""
    findings = Findings()
    if request.problem:
        try:
            names.parse_problem(request.problem, field="problem")
        except GavelError as error:
            findings.absorb(error)
    if request.language:
        check_language(request.language, findings)
    check_labels(request.labels, findings)
    if request.state not in submission_pb2.State.values():
        findings.add("state", f"no such state: {request.state}")
    if request.verdict not in submission_pb2.Verdict.values():
        findings.add("verdict", f"no such verdict: {request.verdict}")
    time_min_us = _time_min_us(request, findings)
    if findings:
        raise findings.error()
    return SubmissionFilter(
        problem=request.problem,
        language=request.language,
        labels=dict(request.labels),
        state=request.state,
        verdict=request.verdict,
        create_time_min_us=time_min_us,
    )


def check_codes(languages: Sequence[str]) -> None:
    """Looks at the languages of WatchQueues. GavelError UNKNOWN_LANGUAGE."""
    findings = Findings()
    if len(languages) > LANGUAGES_ASKED:
        findings.add("languages", f"{len(languages)} languages, more than {LANGUAGES_ASKED}")
        raise findings.error()
    for index, language in enumerate(languages):
        if language not in LANGUAGES:
            findings.add(
                f"languages[{index}]",
                f"no language has this code; known are {', '.join(LANGUAGES)}",
                error_reason_pb2.ERROR_REASON_UNKNOWN_LANGUAGE,
                language=language[:LANGUAGE_BYTES],
            )
    if findings:
        raise findings.error()


def _time_min_us(request: submission_service_pb2.ListSubmissionsRequest, findings: Findings) -> int:
    if not request.HasField("create_time_min"):
        return 0
    try:
        # Both refuse what no calendar has; the database's ends with the year 9999 as Python's does.
        request.create_time_min.ToDatetime()
        return max(0, request.create_time_min.ToMicroseconds())
    except (ValueError, OverflowError):
        findings.add("create_time_min", "is not an instant of the years 1 to 9999")
        return 0
