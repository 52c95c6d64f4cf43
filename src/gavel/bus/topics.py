"""The topics: their names, their settings, how they are made, and what a caller may ask about them.

- `submissions.<language>` and `submissions.<language>.batch`: accepted submissions, a topic for each lane
- `events`: what judging says
- `control`: hints to workers
- `workers`: heartbeats, compacted
- `submissions.dead`: records and events that could not be handled

Every function that takes `bootstrap` talks to the broker, blocks up to its `timeout_s`, and raises GavelError
BROKER_UNAVAILABLE when that has passed. Call them from a thread where an event loop runs.
"""

import functools
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2, submission_pb2
from gavel.telemetry.log import logger

_LOG = logger("gavel.bus.topics")

EVENTS = "events"
CONTROL = "control"
WORKERS = "workers"
DEAD = "submissions.dead"
RECORD_BYTES_MOST = 1_000_000
"""The largest record in bytes, key and headers included: librdkafka's own default."""

_LANGUAGE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MIB = 1024 * 1024
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_POLL_S = 0.05
_RETRY_AFTER_MS = 1000
_REPORT_EVERY_S = 10.0
_reported: dict[str, float] = {}
"""When each code of a broker error was last written to the log."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """How many partitions a topic is made with; one that exists keeps what it has.

    These suit one machine: a fetch names all partitions of its reader, which costs a broker at rest too.
    """

    interactive: int = 4
    batch: int = 1
    events: int = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is to be made; `settings` are the broker's own names."""

    name: str
    partitions: int
    settings: Mapping[str, str]


def submissions_topic(language: str, lane: submission_pb2.Lane = submission_pb2.LANE_INTERACTIVE) -> str:
    """The topic of a language (`cpp`, or `cpp@20`, whose version does not matter here) and lane.

    Raises ValueError for what cannot be a Kattis code.
    """
    code = language.partition("@")[0]
    if not _LANGUAGE.fullmatch(code) or code == "dead":
        raise ValueError(f"not a language code: {language!r}")
    return f"submissions.{code}.batch" if lane == submission_pb2.LANE_BATCH else f"submissions.{code}"


def partition_for(submission_id: UUID, count: int) -> int:
    """The partition of a submission, in [0, count): the same on every replica, evenly spread.

    The low 62 bits of the id are digest or random bits, so they need no further hashing.
    """
    return (submission_id.int & ((1 << 62) - 1)) % count


def plan(
    languages: Iterable[str], partitions: Partitions, *, replication: int, min_insync: int
) -> list[Topic]:
    """Every topic that a mesh with these languages needs.

    With one replica a record of `submissions.*` and `events` is on disk before it is acknowledged
    (`flush.messages`); with several, replication is what keeps it. `retention.bytes` bounds only what may be
    lost: elsewhere it would delete accepted records that nobody has read.
    """
    common = {"min.insync.replicas": str(min_insync), "max.message.bytes": str(_MIB)}
    kept = common | {"retention.ms": str(7 * _DAY_MS), "retention.bytes": "-1"}
    if replication == 1:
        kept |= {"flush.messages": "1"}
    accepted = kept | {"message.timestamp.type": "LogAppendTime"}
    hints = common | {"retention.ms": str(_DAY_MS), "retention.bytes": str(64 * _MIB)}
    heartbeats = hints | {
        "cleanup.policy": "compact,delete",
        "message.timestamp.type": "LogAppendTime",
        "segment.ms": str(_HOUR_MS // 6),
        "segment.bytes": str(8 * _MIB),
        "min.cleanable.dirty.ratio": "0.1",
    }
    dead = common | {"retention.ms": str(30 * _DAY_MS), "retention.bytes": str(512 * _MIB)}
    topics = [
        Topic(EVENTS, partitions.events, kept),
        Topic(CONTROL, 1, hints),
        Topic(WORKERS, 1, heartbeats),
        Topic(DEAD, 1, dead),
    ]
    for language in dict.fromkeys(languages):
        interactive = submissions_topic(language)
        batch = submissions_topic(language, submission_pb2.LANE_BATCH)
        topics += [
            Topic(interactive, partitions.interactive, accepted),
            Topic(batch, partitions.batch, accepted),
        ]
    return topics


def ensure(
    bootstrap: str,
    languages: Iterable[str],
    partitions: Partitions = Partitions(),
    *,
    replication: int = 1,
    min_insync: int = 1,
    timeout_s: float = 30.0,
) -> None:
    """Makes the topics that do not exist yet, and returns when every one has a leader.

    Safe to call again and from several processes at once. A topic that exists is left as it is.
    """
    wanted = plan(languages, partitions, replication=replication, min_insync=min_insync)
    deadline = time.monotonic() + timeout_s
    missing = {topic.name: topic for topic in wanted}
    while missing:
        led = _led(bootstrap, deadline)
        missing = {name: topic for name, topic in missing.items() if name not in led}
        if missing:
            _create(bootstrap, list(missing.values()), replication, deadline)
            time.sleep(_POLL_S)


def partition_count(bootstrap: str, topic: str, *, timeout_s: float = 10.0) -> int:
    """How many partitions a topic has, 0 when there is no such topic."""
    try:
        metadata = _admin(bootstrap).list_topics(topic, timeout=timeout_s)
    except KafkaException as error:
        raise unavailable(error) from error
    found = metadata.topics.get(topic)
    return 0 if found is None or found.error is not None else len(found.partitions)


def topic_id(bootstrap: str, topic: str, *, timeout_s: float = 10.0) -> str:
    """The broker's id of a topic, another once it was deleted and made anew. LookupError: no such topic."""
    answer = _admin(bootstrap).describe_topics(TopicCollection([topic]), request_timeout=timeout_s)[topic]
    try:
        return str(answer.result(timeout_s + 1).topic_id)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise LookupError(f"no topic {topic}") from error
        raise unavailable(error) from error
    except FutureTimeoutError as error:
        raise unavailable(error) from error


def end_offsets(
    bootstrap: str, topics: Iterable[str], *, timeout_s: float = 10.0
) -> dict[tuple[str, int], int]:
    """The offset of the record to come, by (topic, partition); topics that do not exist are left out."""
    return _offsets(bootstrap, topics, OffsetSpec.latest(), timeout_s)  # type: ignore[no-untyped-call]


def first_offsets(
    bootstrap: str, topics: Iterable[str], *, timeout_s: float = 10.0
) -> dict[tuple[str, int], int]:
    """The first offset that the broker still has, by (topic, partition); as `end_offsets`."""
    return _offsets(bootstrap, topics, OffsetSpec.earliest(), timeout_s)  # type: ignore[no-untyped-call]


def _offsets(
    bootstrap: str, topics: Iterable[str], spec: OffsetSpec, timeout_s: float
) -> dict[tuple[str, int], int]:
    deadline = time.monotonic() + timeout_s
    asked = {
        TopicPartition(topic, partition): spec
        for topic in topics
        for partition in range(partition_count(bootstrap, topic, timeout_s=_left(deadline)))
    }
    while asked:
        answers = _admin(bootstrap).list_offsets(asked, request_timeout=_left(deadline))
        try:
            return {
                (where.topic, where.partition): answer.result(_left(deadline)).offset
                for where, answer in answers.items()
            }
        except FutureTimeoutError as error:
            raise unavailable(error) from error
        except KafkaException as error:  # a leader that has only just been chosen refuses at first
            refused = error.args[0]
            # The library does not call this one retriable, since it would have to ask for the leader again.
            again = refused.retriable() or refused.code() == KafkaError.NOT_LEADER_FOR_PARTITION
            if not again or time.monotonic() >= deadline:
                raise unavailable(error) from error
            time.sleep(_POLL_S)
    return {}


def unavailable(error: Exception) -> GavelError:
    """BROKER_UNAVAILABLE for what the client library raised."""
    problem = error.args[0] if error.args else None
    words = problem.str() if isinstance(problem, KafkaError) else str(error) or type(error).__name__
    return GavelError(
        error_reason_pb2.ERROR_REASON_BROKER_UNAVAILABLE,
        f"the broker did not answer: {words}",
        retry_after_ms=_RETRY_AFTER_MS,
    )


def report_error(error: KafkaError) -> None:
    """The `error_cb` of every client: librdkafka goes on by itself, so this is for the log alone.

    While a broker is away each client tells of it several times a second: one line in ten seconds is enough.
    """
    now = time.monotonic()
    if now - _reported.get(error.name(), -_REPORT_EVERY_S) >= _REPORT_EVERY_S:
        _reported[error.name()] = now
        _LOG.warning("broker_error", code=error.name(), error=error.str())


def log_retry(what: str, error: Exception) -> None:
    """For what a thread gives up and begins anew."""
    _LOG.warning("begins_anew", what=what, error=str(error))


@functools.cache
def _admin(bootstrap: str) -> AdminClient:
    """One admin client per cluster and process: making one costs a thread and a connection."""
    settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "error_cb": report_error, "log_level": 0}
    return AdminClient(settings)


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


def _led(bootstrap: str, deadline: float) -> set[str]:
    """The topics whose every partition has a leader; waits for a broker until the deadline."""
    try:
        metadata = _admin(bootstrap).list_topics(timeout=_left(deadline))
    except KafkaException as error:
        raise unavailable(error) from error
    return {
        name
        for name, topic in metadata.topics.items()
        if topic.error is None
        and topic.partitions
        and all(partition.leader >= 0 for partition in topic.partitions.values())
    }


def _create(bootstrap: str, topics: list[Topic], replication: int, deadline: float) -> None:
    """Asks for the topics; that one exists already or that a broker is not ready shows at the next look."""
    if time.monotonic() >= deadline:
        raise unavailable(TimeoutError(f"no leader for {', '.join(topic.name for topic in topics)}"))
    wanted = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=replication,
            config=dict(topic.settings),
        )
        for topic in topics
    ]
    answers = _admin(bootstrap).create_topics(wanted, request_timeout=_left(deadline))
    for name, answer in answers.items():
        try:
            answer.result(_left(deadline) + 1)
        except KafkaException as error:
            problem = error.args[0]
            if problem.code() != KafkaError.TOPIC_ALREADY_EXISTS and not problem.retriable():
                raise ValueError(f"cannot make topic {name}: {problem.str()}") from error
        except FutureTimeoutError as error:
            raise unavailable(error) from error
