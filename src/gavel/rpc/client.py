"""Channels as every client of the API opens them."""

from typing import Any, Final, Literal, overload

import grpc

_OPTIONS: Final[list[tuple[str, Any]]] = [
    # A judgement with the heads of all of its tests is larger than gRPC's default of 4 MiB.
    ("grpc.max_receive_message_length", 64 << 20),
    # A peer that vanished without a word is noticed by streams within 40 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Channels to one address do not share a connection: a proxy allows some 1,000 streams on each.
    ("grpc.use_local_subchannel_pool", 1),
    # The SDK retries with its request_id, the proxy on reads; a third layer would multiply both.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5_000),
]


@overload
def channel(address: str, *, asynchronous: Literal[True]) -> grpc.aio.Channel: ...
@overload
def channel(address: str, *, asynchronous: Literal[False]) -> grpc.Channel: ...
def channel(address: str, *, asynchronous: bool) -> grpc.Channel | grpc.aio.Channel:
    """A plaintext channel to `host:port`.

    Calls name their deadline themselves, by `methods.default_deadlines` where they have none of their own. It
    is not given as a service config: grpcio fires such a deadline up to two seconds early, keeps it from the
    server, and cuts longer ones down to it.
    """
    if asynchronous:
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    return grpc.insecure_channel(address, options=_OPTIONS)
