"""The ends of the log: where a submission's record would lie at the latest, had it been accepted by now."""

from typing import Any, Final
from uuid import UUID

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from gavel.bus import topics
from gavel.projection.positions import LogPosition

_TIMEOUT_S: Final = 3.0


class LogEnds:
    """Asks the broker; for threads."""

    def __init__(self, bootstrap: str) -> None:
        settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "error_cb": topics.report_error,
            "log_level": 0,
        }
        self._admin = AdminClient(settings)

    def of(self, submission_id: UUID) -> list[LogPosition]:
        """The end offset of the submission's partition of every topic that its record may lie in.

        GavelError BROKER_UNAVAILABLE when the broker takes longer than 3 s over one of three questions.
        """
        try:
            asked = {
                TopicPartition(topic, topics.partition_for(submission_id, count)): topic_id
                for topic, (topic_id, count) in self._topics().items()
            }
            if not asked:
                return []
            latest = {where: OffsetSpec.latest() for where in asked}  # type: ignore[no-untyped-call]
            answers = self._admin.list_offsets(latest, request_timeout=_TIMEOUT_S)
            return [
                LogPosition(asked[where], where.partition, answer.result(_TIMEOUT_S).offset)
                for where, answer in answers.items()
            ]
        except (KafkaException, TimeoutError) as error:
            raise topics.unavailable(error) from error

    def _topics(self) -> dict[str, tuple[str, int]]:
        """Id and number of partitions of every `submissions.*` topic."""
        listed = self._admin.list_topics(timeout=_TIMEOUT_S).topics
        names = [name for name in listed if name.startswith("submissions.") and name != topics.DEAD]
        if not names:
            return {}
        answers = self._admin.describe_topics(TopicCollection(names), request_timeout=_TIMEOUT_S)
        described = [answer.result(_TIMEOUT_S) for answer in answers.values()]
        return {topic.name: (str(topic.topic_id), len(topic.partitions)) for topic in described}
