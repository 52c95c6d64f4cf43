"""Everything that is wrong with a request, told at once."""

from typing import Any

from gavel.rpc.errors import GavelError, Violation
from gavel.submission.v1 import error_reason_pb2


class Findings:
    """Collects what is wrong with a request; `error` tells all of it at once."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []
        self._reasons: set[error_reason_pb2.ErrorReason] = set()
        self._metadata: dict[str, Any] = {}

    def add(
        self,
        field: str,
        description: str,
        reason: error_reason_pb2.ErrorReason = error_reason_pb2.ERROR_REASON_INVALID_FIELD,
        **metadata: str,
    ) -> None:
        self._violations.append(Violation(field, description))
        self._reasons.add(reason)
        self._metadata.update(metadata)

    def absorb(self, error: GavelError) -> None:
        """Takes over the violations of an error that a parser raised."""
        for violation in error.violations:
            self.add(violation.field, violation.description)

    def __len__(self) -> int:
        return len(self._violations)

    def error(self) -> GavelError:
        """All that was found, which must be something: with the reason of all of it, else INVALID_FIELD."""
        first, others = self._violations[0], len(self._violations) - 1
        reason = error_reason_pb2.ERROR_REASON_INVALID_FIELD
        if len(self._reasons) == 1:
            (reason,) = self._reasons
        return GavelError(
            reason,
            f"{first.field}: {first.description}" + (f" (and {others} more)" if others else ""),
            violations=self._violations,
            field=first.field,
            **self._metadata,
        )
