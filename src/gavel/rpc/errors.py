"""Errors as values: one table from reason to status code, and both directions of `google.rpc.Status`.

A servicer raises `GavelError`; the server's interceptor turns it into a status that carries exactly one
`google.rpc.ErrorInfo` (domain `gavel`, the reason's name without its prefix, every changing word in its
metadata), a `BadRequest` when fields are at fault and a `RetryInfo` when trying again helps. A client turns
it back with `from_rpc_error`. A verdict is a value and never travels this way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1.error_reason_pb2 import ErrorReason

DOMAIN: Final = "gavel"
PREFIX: Final = "ERROR_REASON_"
WORDS_BYTES_MOST: Final = 500
"""Of a message, of a field's path, of what is wrong with it and of a detail that leave a server: some
repeat what a caller sent.
"""
VIOLATIONS_BYTES_MOST: Final = 4 * 1024
"""Of all violations of a status; the rest is not told. The whole travels as a trailer, and from 8 KiB on
peers may drop it, error and all.
"""
RETRY_AFTER_MS: Final = 1000
"""The wait that RetryInfo asks for when the raiser names none, in milliseconds."""

STATUS_CODES: Final[Mapping[ErrorReason, grpc.StatusCode]] = {
    reasons.ERROR_REASON_INVALID_FIELD: grpc.StatusCode.INVALID_ARGUMENT,
    reasons.ERROR_REASON_UNKNOWN_LANGUAGE: grpc.StatusCode.INVALID_ARGUMENT,
    reasons.ERROR_REASON_LANGUAGE_UNAVAILABLE: grpc.StatusCode.FAILED_PRECONDITION,
    reasons.ERROR_REASON_SUBMISSION_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    reasons.ERROR_REASON_PROBLEM_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    reasons.ERROR_REASON_FILE_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    reasons.ERROR_REASON_SOURCE_TOO_LARGE: grpc.StatusCode.RESOURCE_EXHAUSTED,
    reasons.ERROR_REASON_MESSAGE_TOO_LARGE: grpc.StatusCode.RESOURCE_EXHAUSTED,
    reasons.ERROR_REASON_REQUEST_ID_CLOCK: grpc.StatusCode.INVALID_ARGUMENT,
    reasons.ERROR_REASON_OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    reasons.ERROR_REASON_BROKER_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    reasons.ERROR_REASON_DATABASE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    reasons.ERROR_REASON_STORAGE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    reasons.ERROR_REASON_NOT_YET_STORED: grpc.StatusCode.UNAVAILABLE,
    reasons.ERROR_REASON_ALREADY_ENDED: grpc.StatusCode.FAILED_PRECONDITION,
    reasons.ERROR_REASON_RESUME_TOKEN_EXPIRED: grpc.StatusCode.OUT_OF_RANGE,
    reasons.ERROR_REASON_INVALID_PROBLEM: grpc.StatusCode.INVALID_ARGUMENT,
    reasons.ERROR_REASON_MISSING_FILES: grpc.StatusCode.FAILED_PRECONDITION,
    reasons.ERROR_REASON_DIGEST_MISMATCH: grpc.StatusCode.INVALID_ARGUMENT,
    reasons.ERROR_REASON_NOT_IMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    reasons.ERROR_REASON_OBJECT_DAMAGED: grpc.StatusCode.DATA_LOSS,
    reasons.ERROR_REASON_DRAINING: grpc.StatusCode.UNAVAILABLE,
    reasons.ERROR_REASON_INTERNAL: grpc.StatusCode.INTERNAL,
    reasons.ERROR_REASON_FOREIGN_TENANT: grpc.StatusCode.PERMISSION_DENIED,
    reasons.ERROR_REASON_DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    reasons.ERROR_REASON_WORKER_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
}
"""The one table. `UNSPECIFIED` is missing: it is never sent."""

_RETRYABLE: Final = frozenset({
    reason for reason, code in STATUS_CODES.items() if code is grpc.StatusCode.UNAVAILABLE
} | {reasons.ERROR_REASON_OVERLOADED})  # fmt: skip
_BY_NAME: Final = {ErrorReason.Name(reason).removeprefix(PREFIX): reason for reason in STATUS_CODES}
_CODES_BY_NUMBER: Final = {code.value[0]: code for code in grpc.StatusCode}
_CORE_TOO_LARGE: Final = re.compile(r"message larger than max \((\d+) vs\. (\d+)\)")


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field of a request."""

    field: str
    """Path of the field, such as `limits.cpu_time_ms` or `sources[2].path`; for a problem package, a file's
    path.
    """
    description: str
    """What is expected there, one sentence for a person."""


class GavelError(Exception):
    """A failure that a caller is told about.

    `retry_after_ms` is filled with 1,000 for the reasons that ask to be tried again. `code` is the gRPC
    status code; on a client it is what arrived, even when `reason` is UNSPECIFIED because no ErrorInfo came
    along.
    """

    def __init__(
        self,
        reason: ErrorReason,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        retry_after_ms: int | None = None,
        **metadata: str,
    ) -> None:
        super().__init__(message)
        if retry_after_ms is None and reason in _RETRYABLE:
            retry_after_ms = RETRY_AFTER_MS
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.retry_after_ms = retry_after_ms
        self.metadata: Mapping[str, str] = metadata
        self.code: grpc.StatusCode = STATUS_CODES.get(reason, grpc.StatusCode.UNKNOWN)

    @property
    def reason_name(self) -> str:
        """The reason as ErrorInfo carries it, such as `INVALID_FIELD`."""
        return ErrorReason.Name(self.reason).removeprefix(PREFIX)


def invalid(field: str, description: str) -> GavelError:
    """INVALID_ARGUMENT for one field."""
    return GavelError(
        reasons.ERROR_REASON_INVALID_FIELD,
        f"{field}: {description}",
        violations=(Violation(field, description),),
        field=field,
    )


def unimplemented(method: str) -> GavelError:
    """UNIMPLEMENTED for a call that is defined and comes with a later version; `method` is
    `package.Service/Method`.
    """
    return GavelError(
        reasons.ERROR_REASON_NOT_IMPLEMENTED, f"{method} comes with a later version", method=method
    )


def to_status(error: GavelError) -> status_pb2.Status:
    """Makes the status that leaves the server: of bounded size, whatever the error repeats."""
    status = status_pb2.Status(code=error.code.value[0], message=_cut(error.message))
    metadata = {key: _cut(value) for key, value in error.metadata.items()}
    info = error_details_pb2.ErrorInfo(reason=error.reason_name, domain=DOMAIN, metadata=metadata)
    status.details.add().Pack(info)
    if error.violations:
        status.details.add().Pack(_bad_request(error.violations))
    if error.retry_after_ms is not None:
        delay = Duration()
        delay.FromMilliseconds(error.retry_after_ms)
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def _bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    request = error_details_pb2.BadRequest()
    size_bytes = 0
    for violation in violations:
        told = error_details_pb2.BadRequest.FieldViolation(
            field=_cut(violation.field), description=_cut(violation.description)
        )
        size_bytes += told.ByteSize() + 4  # the tag and the length before it
        if size_bytes > VIOLATIONS_BYTES_MOST:
            break
        request.field_violations.append(told)
    return request


def _cut(text: str) -> str:
    data = text.encode()
    return text if len(data) <= WORDS_BYTES_MOST else f"{data[:WORDS_BYTES_MOST].decode(errors='ignore')}..."


def from_status(status: status_pb2.Status) -> GavelError:
    """Reads a status as `to_status` makes it, also the `refused_status` of a batch. Unknown details are
    passed over.
    """
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    found = error_details_pb2.ErrorInfo()
    retry_after_ms: int | None = None
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            found.CopyFrom(info)
        elif detail.Unpack(retry):
            retry_after_ms = retry.retry_delay.ToMilliseconds()
        else:
            detail.Unpack(request)
    error = GavelError(
        _BY_NAME.get(found.reason, reasons.ERROR_REASON_UNSPECIFIED),
        status.message,
        violations=[Violation(each.field, each.description) for each in request.field_violations],
    )
    error.metadata = dict(found.metadata)
    error.retry_after_ms = retry_after_ms
    error.code = _CODES_BY_NUMBER.get(status.code, grpc.StatusCode.UNKNOWN)
    return error


def from_rpc_error(error: grpc.RpcError) -> GavelError:
    """Turns what a stub raised back into the error that the server meant.

    Without our details (a proxy, gRPC itself, another server) the reason is UNSPECIFIED and code and message
    are kept; a message that gRPC itself found too large is MESSAGE_TOO_LARGE, a deadline that passed here is
    DEADLINE_EXCEEDED.
    """
    code = error.code()
    details = error.details() or ""
    try:
        status = rpc_status.from_call(error)
    except ValueError:
        # The trailer tells of another status than the call: a proxy replaced one of the two.
        status = None
    if status is not None:
        return from_status(status)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and (sizes := _CORE_TOO_LARGE.search(details)):
        return too_large(int(sizes[2]))
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return GavelError(reasons.ERROR_REASON_DEADLINE_EXCEEDED, details or "the call did not end in time")
    unknown = GavelError(reasons.ERROR_REASON_UNSPECIFIED, details or code.name)
    unknown.code = code
    return unknown


def too_large(limit_bytes: int) -> GavelError:
    """RESOURCE_EXHAUSTED for a message above the limit."""
    return GavelError(
        reasons.ERROR_REASON_MESSAGE_TOO_LARGE,
        f"the message is larger than {limit_bytes} bytes",
        limit_bytes=str(limit_bytes),
    )
