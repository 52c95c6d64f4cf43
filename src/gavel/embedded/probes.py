"""Asks a server whether it is ready, the way its users will: each probe answers within its timeout.

The clients of these servers are imported when a probe first runs: grpcio must not be there before the first
process is started, and `gavel up` should show its first line at once.
"""

from __future__ import annotations

import logging
import socket
import urllib.error
import urllib.request

_SILENT = logging.getLogger("gavel.embedded.probes")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

HTTP_OK = 200


def listens(host: str, port: int, timeout_seconds: float = 0.5) -> bool:
    """Somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout_seconds):
            return True
    except OSError:
        return False


def kafka_answers(bootstrap: str, timeout_seconds: float = 2.0) -> bool:
    """The broker answers a metadata request and has registered itself."""
    host, port = bootstrap.rsplit(":", 1)
    if not listens(host, int(port)):
        return False
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}, logger=_SILENT)
    try:
        return len(client.list_topics(timeout=timeout_seconds).brokers) == 1
    except KafkaException:
        return False


def postgres_answers(url: str, timeout_seconds: int = 2) -> bool:
    """The database lets the role in and is ready for its first query.

    No query follows: the time limit of psycopg covers connecting alone, and a server that is stopped between
    the two would hold the caller.
    """
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=timeout_seconds).close()
    except psycopg.Error:
        return False
    return True


def http_answers(url: str, timeout_seconds: float = 1.0) -> bool:
    """A GET answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == HTTP_OK)
    except (urllib.error.URLError, OSError):
        return False


def grpc_serves(address: str, service: str = "", timeout_seconds: float = 2.0) -> bool:
    """The server's gRPC health says SERVING for a service; "" means the whole server."""
    host, port = address.rsplit(":", 1)
    if not listens(host.strip("[]"), int(port)):
        return False
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service), timeout=timeout_seconds
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
