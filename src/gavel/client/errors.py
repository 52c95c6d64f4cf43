"""What a client raises.

GavelError                the server's error: `reason_name`, `code`, `message`, `violations`, `metadata`
+-- RequestError          the request is at fault; the same one fails again
|   +-- NotFoundError     what it names does not exist
+-- PlatformError         the platform is at fault or full; the same request may work later
"""

from typing import Final

import grpc

from gavel.rpc.errors import GavelError, from_rpc_error

__all__ = ["GavelError", "NotFoundError", "PlatformError", "RequestError", "from_rpc", "typed"]

_REQUEST_CODES: Final = frozenset({
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
})  # fmt: skip


class RequestError(GavelError):
    """The request is at fault."""


class NotFoundError(RequestError):
    """What the request names does not exist."""


class PlatformError(GavelError):
    """The platform is at fault, or full."""


def typed(error: GavelError) -> GavelError:
    """The same error as the class that says what a caller can do."""
    kind: type[GavelError] = PlatformError
    if error.code is grpc.StatusCode.NOT_FOUND:
        kind = NotFoundError
    elif error.code in _REQUEST_CODES:
        kind = RequestError
    elif error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after_ms is None:
        kind = RequestError  # too large, and not too much at once
    same = kind(error.reason, error.message, violations=error.violations)
    same.code, same.metadata, same.retry_after_ms = error.code, error.metadata, error.retry_after_ms
    return same


def from_rpc(error: grpc.RpcError) -> GavelError:
    """What a stub raised, as one of these classes."""
    return typed(from_rpc_error(error))
