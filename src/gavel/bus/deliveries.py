"""Records that must arrive: sent again until the broker acknowledges them."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gavel.bus.producer import Headers, Outcome, Producer
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2
from gavel.telemetry.log import logger

_LOG = logger("gavel.bus.deliveries")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record to deliver, and what to do when it has arrived or never can, on the producer's thread."""

    topic: str
    key: str
    value: bytes | None
    partition: int
    headers: Headers
    done: Callable[[], None]
    refused: Callable[[GavelError], None]
    """The record itself is at fault (too large): sending it again would not help."""


class Deliveries:
    """Sends parcels until they are acknowledged. Safe from any thread; `tick` is to be called once a
    second.
    """

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._lock = threading.Lock()
        self._pending_count = 0
        self._failed: deque[Parcel] = deque()

    @property
    def pending_count(self) -> int:
        """Parcels that are not acknowledged yet."""
        return self._pending_count

    def send(self, parcel: Parcel) -> None:
        """Sends it now, and again for as long as it takes."""
        with self._lock:
            self._pending_count += 1
        self._try(parcel)

    def tick(self) -> None:
        """Sends again what failed before."""
        for _ in range(len(self._failed)):
            self._try(self._failed.popleft())

    def _try(self, parcel: Parcel) -> None:
        try:
            self._producer.send_soon(
                parcel.topic,
                parcel.key,
                parcel.value,
                partition=parcel.partition,
                headers=parcel.headers,
                on_delivery=lambda outcome: self._settle(parcel, outcome),
            )
        except GavelError as error:
            self._settle(parcel, error)

    def _settle(self, parcel: Parcel, outcome: Outcome) -> None:
        if isinstance(outcome, GavelError) and not _hopeless(outcome):
            _LOG.warning("delivery_failed", topic=parcel.topic, key=parcel.key, error=str(outcome))
            self._failed.append(parcel)
            return
        with self._lock:
            self._pending_count -= 1
        if isinstance(outcome, GavelError):
            parcel.refused(outcome)
        else:
            parcel.done()


def _hopeless(error: GavelError) -> bool:
    return error.reason == error_reason_pb2.ERROR_REASON_MESSAGE_TOO_LARGE
