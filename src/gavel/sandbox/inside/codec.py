"""Messages between service, spawner and box: one JSON object and up to 16 descriptors in one packet.

The sockets are SOCK_SEQPACKET pairs, so a packet is a message. Both ends are ours.
"""

import json
import os
import socket
from typing import Any, Final

MESSAGE_BYTES_MAX: Final = 160 * 1024
"""Below the default socket buffer of 208 KiB, so that one message always fits. Bounds argv and environment.
"""
DESCRIPTORS_MAX: Final = 16

Message = dict[str, Any]


class MessageTooLargeError(ValueError):
    """The argument list and environment together exceed MESSAGE_BYTES_MAX."""


def encode(message: Message) -> bytes:
    """Pure. Text that is not valid Unicode (undecodable file names) travels as JSON's lone surrogates."""
    data = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(data) > MESSAGE_BYTES_MAX:
        raise MessageTooLargeError(f"{len(data)} bytes, at most {MESSAGE_BYTES_MAX}")
    return data


def decode(data: bytes) -> Message:
    """Pure. ValueError for what is not one JSON object."""
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a message is a JSON object")  # noqa: TRY004 one error for all that cannot be decoded
    return message


def send(connection: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    if len(descriptors) > DESCRIPTORS_MAX:
        raise ValueError(f"{len(descriptors)} descriptors, at most {DESCRIPTORS_MAX}")
    socket.send_fds(connection, [encode(message)], descriptors)


def receive(connection: socket.socket) -> tuple[Message, tuple[int, ...]] | None:
    """The next message; None when the other end is gone. The caller owns the descriptors (close-on-exec)."""
    data, descriptors, flags, _ = socket.recv_fds(connection, MESSAGE_BYTES_MAX, DESCRIPTORS_MAX)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if not data:
        return None
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        for descriptor in descriptors:
            os.close(descriptor)
        raise OSError("a truncated message")
    return decode(data), tuple(descriptors)
