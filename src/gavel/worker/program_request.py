"""What a call to RunProgram asks for, looked at as a submission is. Pure."""

from gavel.judging import admission
from gavel.judging.languages import parse_language
from gavel.judging.live_run import LiveJob
from gavel.rpc.errors import GavelError, invalid
from gavel.rpc.findings import Findings
from gavel.submission.v1 import error_reason_pb2
from gavel.worker.v1 import worker_service_pb2

LANGUAGE_KEY = "x-gavel-language"
"""Request metadata by which the ingress finds a worker of the language."""


def job_of(request: worker_service_pb2.RunProgramRequest, tenant: str) -> LiveJob:
    """What the first message asks to run.

    Raises GavelError: INVALID_FIELD or UNKNOWN_LANGUAGE with a violation for every bad field;
    SOURCE_TOO_LARGE.
    """
    if request.WhichOneof("request") != "start":
        raise invalid("start", "the first message has to hold what is to be run")
    start, findings = request.start, Findings()
    language = admission.check_language(start.language, findings)
    admission.check_sources(start.sources, start.entry_point, language, findings)
    admission.check_arguments(start.argv, findings)
    admission.check_limits(start.limits, findings)
    if findings:
        raise findings.error()
    admission.refuse_size(start.sources, 0, "the sources")
    return LiveJob(
        tenant=tenant,
        language=start.language,
        sources=tuple(start.sources),
        entry_point=start.entry_point,
        argv=tuple(start.argv),
        limits=start.limits,
    )


def code_of(job: LiveJob) -> str:
    """The bare code of its language."""
    return parse_language(job.language)[0].code


def unavailable(code: str, reason: str, retry_after_ms: int | None = None) -> GavelError:
    """LANGUAGE_UNAVAILABLE: this worker cannot run programs of the language; `reason` says why."""
    return GavelError(
        error_reason_pb2.ERROR_REASON_LANGUAGE_UNAVAILABLE,
        f"{code} is not available at this worker: {reason}",
        retry_after_ms=retry_after_ms,
        language=code,
    )


def not_served(code: str) -> GavelError:
    """LANGUAGE_UNAVAILABLE: another worker may serve it."""
    return unavailable(
        code,
        f"it does not serve the language. The call's metadata {LANGUAGE_KEY}: {code} leads to one that does, "
        "if there is one; ListLanguages tells",
    )


def input_of(request: worker_service_pb2.RunProgramRequest) -> bytes | None:
    """The bytes for standard input of a later message; None where the input ends.

    Raises GavelError INVALID_FIELD.
    """
    match request.WhichOneof("request"):
        case "stdin":
            return request.stdin
        case "stdin_end":
            return None if request.stdin_end else b""
        case "start":
            raise invalid("start", "only the first message may hold it")
        case _:
            raise invalid("request", "neither stdin nor stdin_end is set")
