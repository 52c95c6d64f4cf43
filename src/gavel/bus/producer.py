"""The producer: one synchronous confluent-kafka Producer, its poll thread, and the way back into asyncio.

Records are acknowledged by every in-sync replica and written once for each send (idempotence), in the order
of the sends within a partition. What the client holds is bounded; full means OVERLOADED at once. A record
that was not acknowledged within 8 s fails with BROKER_UNAVAILABLE, and may have been written all the same.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException

from gavel.bus import topics
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2

DELIVERY_TIMEOUT_MS = 8000
_POLL_S = 0.2
_RETRY_AFTER_MS = 500

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an acknowledged record lies.

    `timestamp_ms` is the broker's clock for topics of LogAppendTime (`submissions.*`), else this machine's.
    """

    partition: int
    offset: int
    timestamp_ms: int


Outcome = Delivery | GavelError


class Producer:
    """Sends records; safe from any thread and from any event loop. close() flushes and ends its thread."""

    def __init__(
        self,
        bootstrap: str,
        linger_ms: float = 0,
        *,
        records_most: int = 20_000,
        bytes_most: int = 64 * 1024 * 1024,
    ) -> None:
        """`linger_ms` is how long a record may wait for others; 0 where somebody waits for it."""
        self._settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": linger_ms,
            "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
            # What comes while a broker writes goes with the next request: records share requests as far as
            # it is busy, and none waits for company when it is not.
            "max.in.flight.requests.per.connection": 1,
            "compression.type": "lz4",
            "queue.buffering.max.messages": records_most,
            "queue.buffering.max.kbytes": bytes_most // 1024,
            "error_cb": self._on_error,
            "log_level": 0,
        }
        self._records_most = records_most
        self._broken = threading.Event()
        self._closing = threading.Event()
        self._settled: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[Delivery], Outcome]] = deque()
        self._inner = confluent_kafka.Producer(self._settings)
        self._thread = threading.Thread(target=self._serve, name="producer", daemon=True)
        self._thread.start()

    async def send(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers = (),
    ) -> Delivery:
        """Sends a record and returns when it is acknowledged; `partition=None` hashes the key.

        Raises GavelError OVERLOADED or MESSAGE_TOO_LARGE (nothing was sent), BROKER_UNAVAILABLE (undecided).
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Delivery] = loop.create_future()
        settle = partial(self._settle, loop, future)
        self._produce(topic, key, value, partition=partition, headers=headers, settle=settle)
        return await future

    def send_soon(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers = (),
        on_delivery: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Queues a record from any thread, without waiting.

        `on_delivery` gets the Delivery or the GavelError, on the producer's own thread: it must not block.
        Raises as send() does when nothing could be queued.
        """
        self._produce(topic, key, value, partition=partition, headers=headers, settle=on_delivery)

    def flush(self, timeout_s: float) -> int:
        """Waits until everything queued is settled; returns how many records are not."""
        left = self._inner.flush(timeout_s)
        self._hand_over()
        return left

    def close(self, timeout_s: float = DELIVERY_TIMEOUT_MS / 1000) -> int:
        """Flushes and ends the thread; returns how many records were given up. Nothing may be sent after."""
        left = self.flush(timeout_s)
        self._closing.set()
        self._thread.join()
        if left:
            self._inner.purge()
            self.flush(1)
        return left

    def _produce(
        self,
        topic: str,
        key: bytes | str | None,
        value: bytes | None,
        *,
        partition: int | None,
        headers: Headers,
        settle: Callable[[Outcome], None] | None,
    ) -> None:
        more: dict[str, Any] = {}
        if settle is not None:
            more["on_delivery"] = partial(_delivered, settle)
        if partition is not None:
            more["partition"] = partition
        if headers:
            more["headers"] = list(headers)
        try:
            self._inner.produce(topic, value, key, **more)
        except BufferError as error:
            raise GavelError(
                error_reason_pb2.ERROR_REASON_OVERLOADED,
                f"{self._records_most} records wait for the broker",
                retry_after_ms=_RETRY_AFTER_MS,
                limit=str(self._records_most),
                what="records that wait for the broker",
            ) from error
        except KafkaException as error:
            raise _failure(error.args[0]) from error

    def _settle(
        self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Delivery], outcome: Outcome
    ) -> None:
        self._settled.append((loop, future, outcome))

    def _hand_over(self) -> None:
        """Wakes every event loop once for all that was settled, not once for each record."""
        batches: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Delivery], Outcome]]] = {}
        while self._settled:
            try:
                loop, future, outcome = self._settled.popleft()
            except IndexError:  # another thread that flushes took it
                break
            batches.setdefault(loop, []).append((future, outcome))
        for loop, batch in batches.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, batch)

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._inner.poll(_POLL_S)
            self._hand_over()
            if self._broken.is_set():
                self._replace()

    def _replace(self) -> None:
        """A fatal error ends an idempotent producer for good; what it held fails, and a new one goes on."""
        broken, self._inner = self._inner, confluent_kafka.Producer(self._settings)
        self._broken.clear()
        broken.purge()
        broken.flush(1)
        self._hand_over()

    def _on_error(self, error: KafkaError) -> None:
        topics.report_error(error)
        if error.fatal():
            self._broken.set()


def _delivered(settle: Callable[[Outcome], None], error: KafkaError | None, message: Any) -> None:
    if error is not None:
        settle(_failure(error))
    else:
        settle(Delivery(message.partition(), message.offset(), message.timestamp()[1]))


def _resolve(batch: list[tuple[asyncio.Future[Delivery], Outcome]]) -> None:
    for future, outcome in batch:
        if future.done():  # its caller's deadline passed
            continue
        if isinstance(outcome, GavelError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _failure(error: KafkaError) -> GavelError:
    if error.code() in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE):
        return GavelError(
            error_reason_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
            f"the record is larger than {topics.RECORD_BYTES_MOST} bytes",
            limit_bytes=str(topics.RECORD_BYTES_MOST),
        )
    return topics.unavailable(KafkaException(error))
