"""Consumers: the settings of a group, readers of whole topics without a group, and the dead letters."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, Message, TopicPartition

from gavel.bus import topics
from gavel.bus.producer import Headers, Outcome, Producer
from gavel.rpc.errors import GavelError
from gavel.telemetry.log import logger

BEGINNING = OFFSET_BEGINNING
"""The first offset that the broker still has."""
_RECORDS_A_POLL = 500
_JOIN_S = 1.0
_REASON_BYTES_MOST = 4096
_LOG = logger("gavel.bus.consumer")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read. `timestamp_ms` is the broker's clock for topics of LogAppendTime."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def of(cls, message: Message) -> Self:
        """From a message of the client library that is not an error."""
        return cls(
            message.topic() or "",
            _whole(message.partition()),
            _whole(message.offset()),
            message.timestamp()[1],
            message.key(),
            message.value(),
            tuple((name, value or b"") for name, value in _headers(message)),
        )


def consumer_config(bootstrap: str, group: str, **more: Any) -> dict[str, Any]:
    """The settings of a member of a KIP-848 group that commits by hand.

    It prefetches little, since what it holds no other member can take. It never resets an offset by itself:
    one that the broker no longer has is an error (`auto.offset.reset=error`), so the assignment must name
    offsets, BEGINNING for a partition without a commit. Session and heartbeat times are the broker's.
    """
    return {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "group.protocol": "consumer",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "queued.min.messages": 1,
        "queued.max.messages.kbytes": 1024,
        "fetch.queue.backoff.ms": 5,
        "socket.timeout.ms": 6000,  # the session's: what a commit says later than that nobody may hear
        "error_cb": topics.report_error,
        "log_level": 0,
    } | more


class Reader:
    """Reads every partition of one topic without a group: for hubs, registries and hints.

    One thread at a time. Nothing is committed. `starts` gives the offset of each partition, or one for all
    (such as BEGINNING).
    """

    def __init__(self, bootstrap: str, topic: str, starts: int | Mapping[int, int], **more: Any) -> None:
        """Raises GavelError BROKER_UNAVAILABLE; LookupError when there is no such topic."""
        count = topics.partition_count(bootstrap, topic)
        if count == 0:
            raise LookupError(f"no topic {topic}")
        self._consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "gavel-reader",  # the library wants a name; the broker never hears of it
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "fetch.error.backoff.ms": 50,
                "fetch.wait.max.ms": 2000,  # its partitions never change
                "queued.max.messages.kbytes": 16 * 1024,
                "error_cb": topics.report_error,
                "log_level": 0,
            }
            | more
        )
        self.partitions = range(count)
        self._consumer.assign(
            [
                TopicPartition(topic, partition, starts if isinstance(starts, int) else starts[partition])
                for partition in self.partitions
            ]
        )

    def read(self, timeout_s: float) -> list[Record]:
        """What has come, at most 500 records; returns with the first that are there, empty after the timeout.

        Raises KafkaException when a partition cannot be read any more: its offset or the topic is gone.
        """
        first = self._consumer.poll(timeout_s)
        if first is None:
            return []
        records = []
        for message in [first, *self._consumer.consume(_RECORDS_A_POLL - 1, 0)]:
            error = message.error()
            if error is None:
                records.append(Record.of(message))
            elif not passing(error):
                raise KafkaException(error)
        return records

    def close(self) -> None:
        """Ends it. Not while another thread reads."""
        self._consumer.close()


class ReaderThread:
    """A Reader on a thread of its own that hands batches to `handle`, and begins anew after an error.

    `handle` is called with each batch, on that thread; an error of it is the caller's own to catch.
    """

    def __init__(
        self, name: str, open_reader: Callable[[], Reader], handle: Callable[[list[Record]], None]
    ) -> None:
        """`open_reader` is called for the first time by start(), and after an error again."""
        self._open = open_reader
        self._handle = handle
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def close(self) -> None:
        """Ends it, within 0.3 s and what `handle` takes; with a mute broker it is left to end by itself."""
        self._closing.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                reader = self._open()
            except Exception as error:
                topics.log_retry(self._thread.name, error)
                self._closing.wait(0.5)
                continue
            try:
                for batch in self._batches(reader):
                    self._handle(batch)
            except KafkaException as error:
                topics.log_retry(self._thread.name, error)
                self._closing.wait(0.5)
            finally:
                reader.close()

    def _batches(self, reader: Reader) -> Iterator[list[Record]]:
        while not self._closing.is_set():
            batch = reader.read(0.2)
            if batch:
                yield batch


class DeadLetters:
    """Puts what could not be handled on `submissions.dead`, where a person looks at it."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def put(
        self,
        record: Record,
        reason: str,
        on_delivery: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Keeps the record's bytes and headers, with the reason and where it came from beside them."""
        letter = dead_letter(record, reason)
        self._producer.send_soon(
            topics.DEAD,
            letter.key,
            letter.value,
            partition=0,
            headers=letter.headers,
            on_delivery=on_delivery,
        )

    def put_hint(self, record: Record, reason: str) -> None:
        """Puts a record of `control` or `workers`, whose loss harms nobody: what hinders it is only logged.

        Every process that reads such a topic does so, also when it reads it again, so there may be several
        letters, of one key.
        """
        _LOG.warning("hint_unreadable", topic=record.topic, offset=record.offset, reason=reason)
        try:
            self.put(record, reason)
        except GavelError as error:
            _LOG.warning("hint_not_set_aside", topic=record.topic, offset=record.offset, error=str(error))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record for `submissions.dead`."""

    key: str
    value: bytes | None
    headers: Headers


def dead_letter(record: Record, reason: str) -> DeadLetter:
    """The record's bytes and headers, with the reason and where it came from beside them.

    A record so large that these would not fit beside it loses its tail, which a header tells.
    """
    headers = [
        *record.headers,
        ("gavel-reason", reason.encode()[:_REASON_BYTES_MOST]),
        ("gavel-topic", record.topic.encode()),
        ("gavel-partition", str(record.partition).encode()),
        ("gavel-offset", str(record.offset).encode()),
        ("gavel-key", record.key or b""),
        ("gavel-time-ms", str(record.timestamp_ms).encode()),
    ]
    beside = sum(len(name) + len(value) + 16 for name, value in headers)
    room = topics.RECORD_BYTES_MOST - beside - _REASON_BYTES_MOST
    value = record.value
    if value is not None and len(value) > room:
        headers.append(("gavel-size-bytes", str(len(value)).encode()))
        value = value[: max(0, room)]
    return DeadLetter(f"{record.topic}/{record.partition}/{record.offset}", value, headers)


def passing(error: KafkaError) -> bool:
    """True for an error in place of a message that librdkafka recovers from by itself; it is logged."""
    if error.fatal() or error.code() in _LASTING:
        return False
    topics.report_error(error)
    return True


_LASTING = frozenset(
    {
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 (the library's names of its own errors)
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    }
)


def _whole(number: int | None) -> int:
    return -1 if number is None else number


def _headers(message: Message) -> list[tuple[str, bytes | None]]:
    found: Any = message.headers()
    return list(found or ())
