"""The plan of the topics and what a record becomes on its way to the dead letters."""

import uuid

import pytest

from gavel.bus import topics
from gavel.bus.consumer import Record, dead_letter
from gavel.submission.v1 import submission_pb2


def settings(*, replication: int) -> dict[str, dict[str, str]]:
    """Every topic's settings, by name."""
    plan = topics.plan(["cpp"], topics.Partitions(), replication=replication, min_insync=1)
    return {topic.name: dict(topic.settings) for topic in plan}


def test_a_language_has_a_topic_for_each_lane() -> None:
    """The version that a submission asks for does not matter to the queue."""
    assert topics.submissions_topic("cpp@20") == "submissions.cpp"
    assert topics.submissions_topic("cpp", submission_pb2.LANE_BATCH) == "submissions.cpp.batch"


@pytest.mark.parametrize("language", ["", "dead", "C++", "cpp.batch", "../x", "a" * 40])
def test_what_is_no_code_has_no_topic(language: str) -> None:
    """A language that could collide with another topic's name is refused."""
    with pytest.raises(ValueError, match="not a language code"):
        topics.submissions_topic(language)


def test_the_accept_time_is_the_brokers() -> None:
    """Records of submissions carry the broker's clock, those of events their producer's."""
    found = settings(replication=1)

    assert found["submissions.cpp"]["message.timestamp.type"] == "LogAppendTime"
    assert found["submissions.cpp.batch"]["message.timestamp.type"] == "LogAppendTime"
    assert "message.timestamp.type" not in found["events"]


def test_a_single_replica_is_on_disk_before_the_accept() -> None:
    """With one replica the disk keeps a record, with several the others do."""
    assert settings(replication=1)["submissions.cpp"]["flush.messages"] == "1"
    assert settings(replication=1)["events"]["flush.messages"] == "1"
    assert "flush.messages" not in settings(replication=3)["submissions.cpp"]


def test_only_what_may_be_lost_is_bounded_in_bytes() -> None:
    """Accepted records and events are deleted by age alone, never because there are many."""
    found = settings(replication=1)

    unbounded = {name for name, kept in found.items() if kept["retention.bytes"] == "-1"}
    assert unbounded == {"submissions.cpp", "submissions.cpp.batch", "events"}
    assert found["workers"]["cleanup.policy"] == "compact,delete"


def test_submissions_spread_evenly_over_partitions() -> None:
    """Ids of one millisecond, which share their leading bits, do not share a partition."""
    counts = [0] * 8
    for _ in range(8000):
        submission = uuid.UUID(int=(1 << 80) | (7 << 76) | (2 << 62) | (uuid.uuid4().int & ((1 << 62) - 1)))
        counts[topics.partition_for(submission, 8)] += 1

    assert max(counts) < 1.2 * min(counts)


def test_a_dead_letter_keeps_the_record_and_says_why() -> None:
    """Whoever looks at it finds the bytes, the place and the reason."""
    record = Record("submissions.cpp", 3, 17, 1234, b"cpp", b"value", (("traceparent", b"x"),))

    letter = dead_letter(record, "it is damaged")

    headers = dict(letter.headers)
    assert letter.key == "submissions.cpp/3/17"
    assert letter.value == b"value"
    assert headers["traceparent"] == b"x"
    assert headers["gavel-reason"] == b"it is damaged"
    assert headers["gavel-offset"] == b"17"


def test_a_record_too_large_for_its_reason_loses_its_tail() -> None:
    """The letter still fits, and tells how large the record was."""
    record = Record("submissions.cpp", 0, 0, 0, None, b"x" * topics.RECORD_BYTES_MOST)

    letter = dead_letter(record, "r" * 10_000)

    assert letter.value is not None
    total = len(letter.value) + sum(len(name) + len(value) for name, value in letter.headers)
    assert total < topics.RECORD_BYTES_MOST
    assert dict(letter.headers)["gavel-size-bytes"] == str(topics.RECORD_BYTES_MOST).encode()
