"""What a servicer may ask about the call that it is serving."""

import re
import time
from contextvars import ContextVar
from typing import Any, Final

import grpc

from gavel.rpc.errors import invalid

TENANT_KEY: Final = "x-gavel-tenant"
LOCAL_TENANT: Final = "local"
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

deadline_s: Final[ContextVar[float | None]] = ContextVar("gavel_deadline_s", default=None)
"""`time.monotonic()` at which the current call ends; set by the interceptor."""


def time_left_s() -> float | None:
    """Seconds until the current call's deadline, the caller's or the method's default; None for a stream
    without one.
    """
    deadline = deadline_s.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def tenant_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Whose call it is: the metadata `x-gavel-tenant` that the ingress sets from the verified identity, else
    `local`.

    The ingress strips copies that come from outside. INVALID_ARGUMENT for a name that could not stand in an
    object's key: tenants match `[a-z0-9][a-z0-9_-]{0,62}`.
    """
    for key, value in context.invocation_metadata() or ():
        if key == TENANT_KEY:
            tenant = value if isinstance(value, str) else value.decode("ascii", "replace")
            if not _TENANT.fullmatch(tenant):
                raise invalid(TENANT_KEY, f"expected {_TENANT.pattern}")
            return tenant
    return LOCAL_TENANT
