"""Single records of the log, for what the projection does not tell yet."""

import threading
import time
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition
from google.protobuf.message import DecodeError

from gavel.bus import topics
from gavel.rpc.positions import ReadToken
from gavel.submission.v1 import submission_pb2, submission_record_pb2

ANSWER_TIMEOUT_S = 3.0
"""Most that one question to the broker may take."""
TOPIC_ID_AGE_S = 30.0
"""How old a topic's id may be: only a topic that was deleted and made anew has another one."""


class SubmissionLog:
    """Asks the broker about `submissions.*`; blocks, for threads."""

    def __init__(self, bootstrap: str, languages: Iterable[str]) -> None:
        self._bootstrap = bootstrap
        self._topics = tuple(
            topics.submissions_topic(language, lane)
            for language in languages
            for lane in (submission_pb2.LANE_INTERACTIVE, submission_pb2.LANE_BATCH)
        )
        self._ids: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def record(self, token: ReadToken) -> submission_record_pb2.SubmissionRecord | None:
        """The record that a read token names; None when none lies there. GavelError BROKER_UNAVAILABLE.

        A token is no proof: it is the caller's to compare what the record says.
        """
        if token.topic not in self._topics:
            return None
        try:
            if self._topic_id(token.topic) != token.position.topic_id:
                return None
        except LookupError:
            return None
        value = self._value(token)
        if value is None:
            return None
        try:
            return submission_record_pb2.SubmissionRecord.FromString(value)
        except DecodeError:
            return None

    def _value(self, token: ReadToken) -> bytes | None:
        where = TopicPartition(token.topic, token.position.partition, token.position.offset)
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "gavel-records",  # the library wants a name; the broker never hears of it
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "queued.min.messages": 1,
                "fetch.wait.max.ms": 100,
                "error_cb": topics.report_error,
                "log_level": 0,
            }
        )
        try:
            _, end = consumer.get_watermark_offsets(where, timeout=ANSWER_TIMEOUT_S)
            if where.offset >= end:
                return None
            consumer.assign([where])
            message = consumer.poll(ANSWER_TIMEOUT_S)
            if message is None:
                raise topics.unavailable(TimeoutError("a record did not come in time"))
            # An error here is about this partition: the offset is no longer kept.
            return None if message.error() is not None else message.value()
        except KafkaException as error:
            raise topics.unavailable(error) from error
        finally:
            consumer.close()

    def _topic_id(self, topic: str) -> str:
        """LookupError when there is no such topic."""
        with self._lock:
            held = self._ids.get(topic)
            if held is None or time.monotonic() - held[1] > TOPIC_ID_AGE_S:
                found = topics.topic_id(self._bootstrap, topic, timeout_s=ANSWER_TIMEOUT_S)
                held = self._ids[topic] = (found, time.monotonic())
            return held[0]
