"""What is let in: looks at every field of a request and names every bad one, before anything is produced or
stored.

All that is malformed is told in one INVALID_ARGUMENT. Only a well-formed request is then refused for what
this version does not do (UNIMPLEMENTED) or for its size (RESOURCE_EXHAUSTED). The numbers stand in
docs/reference/limits.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from gavel.judging import limits as run_limits
from gavel.judging.admission import (
    LANGUAGE_BYTES,
    check_arguments,
    check_language,
    check_limits,
    check_sources,
    refuse_size,
    source_too_large,
)
from gavel.judging.languages import Language
from gavel.judging.validator import parse_arguments
from gavel.rpc import names
from gavel.rpc.errors import GavelError, Violation
from gavel.rpc.findings import Findings
from gavel.submission import identity
from gavel.submission.v1 import error_reason_pb2, problem_pb2, submission_pb2, submission_service_pb2

INLINE_TESTS = 100
TEST_NAME_BYTES = 128
VALIDATOR_ARGUMENTS = 64
LABELS = 16
LABEL_VALUE_BYTES = 256
BATCH_REQUESTS = 100

LABEL_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")

_CREATE = "gavel.submission.v1.SubmissionService/CreateSubmission"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that is well-formed: what was read from its texts."""

    request_id: UUID
    """The request's own, or the one made for it."""
    language: Language
    """The language asked for, whatever standard of it."""
    problem: str
    """The problem's bare name; empty without one."""


def admit(request: submission_service_pb2.CreateSubmissionRequest, now_ms: int) -> Admitted:
    """Reads a request. `now_ms` is the time since 1970.

    Raises GavelError: INVALID_FIELD, UNKNOWN_LANGUAGE or REQUEST_ID_CLOCK with a violation for every bad
    field; NOT_IMPLEMENTED for the batch lane; SOURCE_TOO_LARGE.
    """
    findings = Findings()
    request_id = _request_id(request.request_id, now_ms, findings)
    language = check_language(request.language, findings)
    check_sources(request.sources, request.entry_point, language, findings)
    check_arguments(request.argv, findings)
    problem = _task(request, findings)
    if request.HasField("limits"):
        check_limits(request.limits, findings)
    if request.run_policy not in submission_service_pb2.RunPolicy.values():
        findings.add("run_policy", f"no such policy: {request.run_policy}")
    if request.lane not in submission_pb2.Lane.values():
        findings.add("lane", f"no such lane: {request.lane}")
    if request.labels:
        check_labels(request.labels, findings)
    if language is None or findings:
        raise findings.error()
    _refuse_unimplemented(request)
    beside_bytes = request.tests.ByteSize() if request.HasField("tests") else 0
    refuse_size(request.sources, beside_bytes, "sources and inline tests")
    return Admitted(request_id, language, problem)


def limits_under(
    request: submission_service_pb2.CreateSubmissionRequest,
    language: Language,
    rules: problem_pb2.Manifest | None,
    sources_bytes: int,
) -> submission_pb2.Limits:
    """The limits that apply to an admitted request, under its problem's rules (None: it has no problem);
    `sources_bytes` is what its source files hold.

    Raises GavelError INVALID_FIELD for limits beyond the problem's and for a language that the problem does
    not take; SOURCE_TOO_LARGE for more code than it takes.
    """
    if rules is None:
        return run_limits.resolve(request.limits, None, language)
    findings = Findings()
    if rules.languages and language.code not in rules.languages:
        findings.add("language", f"the problem takes {', '.join(rules.languages)} alone")
    of_problem = run_limits.of_problem(rules, language)
    if request.HasField("limits"):
        for field, description in run_limits.check(request.limits, of_problem):
            findings.add(field, description)
    if findings:
        raise findings.error()
    if 0 < rules.code_bytes < sources_bytes:
        raise source_too_large("the sources", sources_bytes, rules.code_bytes)
    return run_limits.resolve(request.limits, of_problem, language)


def check_labels(labels: Mapping[str, str], findings: Findings) -> None:
    """Finds labels that cannot be: too many, bad keys, long values."""
    if len(labels) > LABELS:
        findings.add("labels", f"{len(labels)} labels, more than {LABELS}")
        return
    for key, value in labels.items():
        if not LABEL_KEY.fullmatch(key):
            findings.add(f"labels[{_shown(key)}]", f"the key does not match {LABEL_KEY.pattern}")
        elif "\0" in value:
            findings.add(f"labels[{key}]", "the value holds a NUL byte")
        elif len(value.encode()) > LABEL_VALUE_BYTES:
            findings.add(f"labels[{key}]", f"the value is longer than {LABEL_VALUE_BYTES} bytes")


def _request_id(text: str, now_ms: int, findings: Findings) -> UUID:
    if not text:
        return identity.make_request_id(now_ms)
    request_id = identity.parse_request_id(text)
    if request_id is None:
        findings.add("request_id", "is not a UUIDv7 in the 36 character form")
        return UUID(int=0)
    if not identity.within_window(request_id, now_ms):
        findings.add(
            "request_id",
            "its time is not within 24 hours ago and 10 minutes ahead of this server's clock",
            error_reason_pb2.ERROR_REASON_REQUEST_ID_CLOCK,
            request_id=text,
        )
    return request_id


def _task(request: submission_service_pb2.CreateSubmissionRequest, findings: Findings) -> str:
    """The bare name of the problem, if there is one; checks inline tests."""
    task = request.WhichOneof("task")
    if task == "problem":
        try:
            return names.parse_problem(request.problem, field="problem")
        except GavelError as error:
            findings.absorb(error)
    elif task == "tests":
        _check_tests(request.tests, findings)
    return ""


def _check_tests(tests: submission_pb2.InlineTests, findings: Findings) -> None:
    count = len(tests.tests)
    if not 1 <= count <= INLINE_TESTS:
        findings.add("tests.tests", f"{count} tests; 1 to {INLINE_TESTS} are needed")
    else:
        for index, test in enumerate(tests.tests):
            name = test.name
            if not name:
                continue
            if not name.isprintable() or len(name.encode()) > TEST_NAME_BYTES:
                description = f"must be printable and at most {TEST_NAME_BYTES} bytes long"
                findings.add(f"tests.tests[{index}].name", description)
    arguments = tests.validator_arguments
    if not arguments:
        return
    if len(arguments) > VALIDATOR_ARGUMENTS:
        findings.add("tests.validator_arguments", f"{len(arguments)}, more than {VALIDATOR_ARGUMENTS}")
        return
    try:
        parse_arguments(list(arguments))
    except ValueError as error:
        findings.add("tests.validator_arguments", str(error))


def _refuse_unimplemented(request: submission_service_pb2.CreateSubmissionRequest) -> None:
    """The batch lane is defined and comes with a later version."""
    if request.lane == submission_pb2.LANE_BATCH:
        later = Violation("lane", "the batch lane comes with a later version")
        raise GavelError(
            error_reason_pb2.ERROR_REASON_NOT_IMPLEMENTED,
            f"{later.field}: {later.description}",
            violations=[later],
            method=_CREATE,
        )


def _shown(text: str) -> str:
    """What an error repeats of a text that somebody sent: its head, printable."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LANGUAGE_BYTES])
