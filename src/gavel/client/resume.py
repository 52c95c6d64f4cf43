"""The rules of going on, without I/O: which errors are tried again and when, and what a resumed watch has
told already.
"""

from dataclasses import dataclass, field
from typing import Final

import grpc

from gavel.client.errors import GavelError
from gavel.client.events import Compiled, Ended, Event, Queued, Restarted, Running, Tested
from gavel.client.events import from_proto as event_from_proto
from gavel.result.v1 import result_service_pb2
from gavel.submission.v1 import error_reason_pb2 as reasons

FIRST_DELAY_S: Final = 0.1
MOST_DELAY_S: Final = 5.0
_UNDECIDED: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
_LOST: Final = _UNDECIDED | {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}


def delay_s(failures: int, error: GavelError | None, chance: float) -> float:
    """Seconds to wait before the next try after `failures` in a row (1 for the first), 0.1 s to 5 s.

    `chance` in [0, 1) spreads it over the upper half, so that many clients do not come back at one moment. A
    server that asks for a longer wait gets it.
    """
    step = min(FIRST_DELAY_S * 2.0 ** min(failures - 1, 10), MOST_DELAY_S)
    wait = step * (0.5 + chance / 2)
    asked = error.retry_after_ms if error is not None else None
    return wait if asked is None or failures == 1 else max(wait, min(asked / 1000, MOST_DELAY_S))


def may_retry(error: GavelError) -> bool:
    """Whether a call that is safe to send twice may be sent again after this error."""
    return error.code in _UNDECIDED or _wants_retry(error) or _is_reset(error)


def may_resume(error: GavelError) -> bool:
    """Whether a watch may go on after this error, which the caller did not cause by cancelling."""
    if error.reason != reasons.ERROR_REASON_UNSPECIFIED and error.code is grpc.StatusCode.UNKNOWN:
        return False
    return error.code in _LOST or _wants_retry(error) or _is_reset(error)


def _wants_retry(error: GavelError) -> bool:
    return error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after_ms is not None


def _is_reset(error: GavelError) -> bool:
    """A server that was killed shows as INTERNAL from the proxy before it: the stream was reset."""
    return error.code is grpc.StatusCode.INTERNAL and "RST_STREAM" in error.message


@dataclass(slots=True)
class WatchProgress:
    """What one watch has told, over all of its connections.

    The server goes on behind the resume token, so nothing comes twice. Only when the token was too old does
    it tell everything again; then what was told already is left out here.
    """

    resume_token: bytes = b""
    replaying: bool = False
    _ahead: tuple[int | None] | None = None
    _attempt: str = ""
    _compiled: bool = False
    _tests: set[int] = field(default_factory=set)

    def take(self, response: result_service_pb2.WatchSubmissionResponse) -> Event | None:
        """The event to hand to the caller; None for heartbeats and what was told before."""
        if response.resume_token:
            self.resume_token = response.resume_token
        event = event_from_proto(response)
        if event is None:
            return None
        event = self._told_once(event)
        if event is not None:
            self._remember(event)
        return event

    def begin_again(self) -> bool:
        """Forgets a resume token that the server no longer takes; False when there was none."""
        had_one = bool(self.resume_token)
        self.resume_token, self.replaying = b"", True
        return had_one

    def _told_once(self, event: Event) -> Event | None:
        if isinstance(event, Queued):
            # A connection begins with the place in the queue, which need not have changed.
            return event if not self._attempt and self._ahead != (event.ahead_count,) else None
        if not self.replaying:
            return event
        if isinstance(event, Running) and event.attempt == self._attempt:
            return None
        if isinstance(event, Running) and self._attempt and not isinstance(event, Restarted):
            return _restarted(event)
        known = (isinstance(event, Compiled) and self._compiled) or (
            isinstance(event, Tested) and event.test.number in self._tests
        )
        return None if known else event

    def _remember(self, event: Event) -> None:
        match event:
            case Queued():
                self._ahead = (event.ahead_count,)
            case Running():
                self._attempt, self._compiled, self._tests = event.attempt, False, set()
            case Compiled():
                self._compiled = True
            case Tested():
                self._tests.add(event.test.number)
            case Ended():
                pass


def _restarted(event: Running) -> Restarted:
    return Restarted(
        event.resume_token,
        event.event_time,
        event.attempt,
        event.worker,
        event.test_count,
        event.language_version,
    )
