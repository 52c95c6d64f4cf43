"""Reads what consumer groups have committed, without being members.

Never by `AdminClient.list_consumer_group_offsets`: when the broker answers NOT_COORDINATOR (a broker that has
just started, a coordinator that moved) librdkafka 2.16 looks for the client's own group, which an admin
client has not, and the process dies of a segmentation fault. A consumer that joined nothing asks the same
question safely.
"""

import threading
from collections.abc import Iterable

import confluent_kafka
from confluent_kafka import KafkaException, TopicPartition

from gavel.bus.consumer import consumer_config
from gavel.bus.offsets import Commit
from gavel.bus.topics import unavailable

Where = tuple[str, int]
"""Topic and partition."""


class GroupCommits:
    """Keeps one client for each group that is asked about; safe for threads. close() ends them."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._lock = threading.Lock()
        self._clients: dict[str, confluent_kafka.Consumer] = {}

    def read(self, group: str, partitions: Iterable[Where], *, timeout_s: float = 5.0) -> dict[Where, Commit]:
        """The group's commits; a partition without one, or a group that does not exist, has Commit(-1).

        GavelError BROKER_UNAVAILABLE.
        """
        asked = [TopicPartition(*where) for where in partitions]
        with self._lock:
            if group not in self._clients:
                self._clients[group] = confluent_kafka.Consumer(consumer_config(self._bootstrap, group))
            client = self._clients[group]
        try:
            answers = client.committed(asked, timeout=timeout_s)
        except KafkaException as error:
            raise unavailable(error) from error
        found: dict[Where, Commit] = {}
        for answer in answers:
            if answer.error is not None:
                raise unavailable(KafkaException(answer.error))
            commit = Commit(answer.offset, answer.metadata or "") if answer.offset >= 0 else Commit(-1)
            found[answer.topic, answer.partition] = commit
        return found

    def close(self) -> None:
        """Ends the clients."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
