"""The table of errors, and both directions of a status."""

import re
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2

from gavel.rpc.errors import PREFIX, STATUS_CODES, GavelError, Violation, from_status, to_status
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1.error_reason_pb2 import ErrorReason

ROOT = Path(__file__).parents[3]
REASONS = [value for name, value in ErrorReason.items() if name != "ERROR_REASON_UNSPECIFIED"]


def test_every_reason_has_a_status_code() -> None:
    """A reason that is not in the table would leave as UNKNOWN."""
    assert set(STATUS_CODES) == set(REASONS)


def test_the_contract_says_the_same_codes() -> None:
    """The comment of each value in the proto begins with the code that the table has."""
    proto = (ROOT / "protos/gavel/submission/v1/error_reason.proto").read_text(encoding="utf-8")
    said = {
        name: code
        for code, name in re.findall(
            r"// ([A-Z_]+)(?:, with RetryInfo)?: [^\n]*(?:\n  //[^\n]*)*\n  (ERROR_\w+) =", proto
        )
    }

    assert said == {ErrorReason.Name(reason): code.name for reason, code in STATUS_CODES.items()}


def test_the_reference_lists_every_reason() -> None:
    """docs/reference/errors.md holds each reason with its code, and no other."""
    page = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| ([A-Z_]+) \|", page, re.MULTILINE))

    assert listed == {
        ErrorReason.Name(reason).removeprefix(PREFIX): code.name for reason, code in STATUS_CODES.items()
    }


@pytest.mark.parametrize("reason", REASONS, ids=ErrorReason.Name)
def test_a_status_reads_back_as_the_error(reason: ErrorReason) -> None:
    """Reason, code, message, violations, metadata and delay survive the wire."""
    error = GavelError(
        reason, "what is wrong", violations=[Violation("a.b", "why")], retry_after_ms=1500, language="cpp"
    )
    back = from_status(to_status(error))

    assert (back.reason, back.code, back.message) == (reason, STATUS_CODES[reason], "what is wrong")
    assert back.violations == (Violation("a.b", "why"),)
    assert (back.retry_after_ms, back.metadata) == (1500, {"language": "cpp"})


def test_each_kind_of_detail_stands_once() -> None:
    """However many violations there are, they share one BadRequest."""
    error = GavelError(
        reasons.ERROR_REASON_INVALID_FIELD, "m", violations=[Violation("a", "x"), Violation("b", "y")]
    )
    kinds = [detail.TypeName() for detail in to_status(error).details]

    assert kinds == ["google.rpc.ErrorInfo", "google.rpc.BadRequest"]


def test_a_status_fits_into_a_trailer_whatever_it_repeats() -> None:
    """Peers drop trailers from 8 KiB on, and with them the error: RESOURCE_EXHAUSTED arrives in its place."""
    violations = [Violation(f"files[{index}].path", "\U0001f984" * 1_000_000) for index in range(100)]
    status = to_status(
        GavelError(
            reasons.ERROR_REASON_INVALID_FIELD,
            "\U0001f984" * 1_000_000,
            violations=violations,
            path="x" * 9_999,
        )
    )
    back = from_status(status)

    assert status.ByteSize() + 3 * len(status.message.encode()) < 8 * 1024
    assert back.reason == reasons.ERROR_REASON_INVALID_FIELD
    assert [violation.field for violation in back.violations[:2]] == ["files[0].path", "files[1].path"]
    assert back.violations[0].description == "\U0001f984" * 125 + "..."
    short = [Violation(f"sources[{index}].path", "is given twice") for index in range(60)]
    told = from_status(to_status(GavelError(reasons.ERROR_REASON_INVALID_FIELD, "m", violations=short)))
    assert list(told.violations) == short


def test_an_error_info_of_another_domain_is_not_ours() -> None:
    """A proxy's reason is no reason of ours; code and message stay."""
    status = to_status(GavelError(reasons.ERROR_REASON_OVERLOADED, "full"))
    info = error_details_pb2.ErrorInfo(reason="OVERLOADED", domain="example.com")
    status.details[0].Pack(info)
    back = from_status(status)

    assert back.reason == reasons.ERROR_REASON_UNSPECIFIED
    assert (back.code, back.message) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "full")
