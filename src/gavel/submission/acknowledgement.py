"""Waiting for the broker's acknowledgement, bounded by the call's deadline."""

import asyncio
import time
from collections.abc import Awaitable

from gavel.bus.producer import Delivery
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2

TIMEOUT_S = 8.0
"""Most that a call waits for the broker; less where its deadline comes first."""
MARGIN_S = 0.25
"""Kept of the deadline for the answer's way back, so that the caller sees our error and not its own
time-out.
"""


def deadline_of(timeout_s: float) -> float:
    """When (monotonic seconds) a call that has `timeout_s` left stops waiting for the broker."""
    return time.monotonic() + min(timeout_s - MARGIN_S, TIMEOUT_S)


async def acknowledged(deadline: float, sending: Awaitable[Delivery]) -> Delivery:
    """Awaits the acknowledgement until the deadline (monotonic seconds); then it is undecided:
    BROKER_UNAVAILABLE.
    """
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            return await sending
    except TimeoutError:
        raise GavelError(
            error_reason_pb2.ERROR_REASON_BROKER_UNAVAILABLE,
            "the broker did not acknowledge in time; the same request may be sent again",
        ) from None
