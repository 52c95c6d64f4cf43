"""Messages between service and spawner: one JSON object and up to 16 descriptors in one packet.

And their sockets, of which boxes have one too, for packets of another kind (packet.py).

The sockets are SOCK_SEQPACKET pairs, so a packet is a message. Both ends are ours.
"""

import array
import json
import mmap
import os
import socket
from collections.abc import Callable
from typing import Any, Final

MESSAGE_BYTES_MAX: Final = 160 * 1024
"""Below the default socket buffer of 208 KiB, so that one message always fits."""
DESCRIPTORS_MAX: Final = 16

_INT_BYTES: Final = array.array("i").itemsize

Message = dict[str, Any]
Answer = tuple[Message, tuple[int, ...]]
"""A message and the descriptors that go with it."""


class MessageTooLargeError(ValueError):
    """Beyond MESSAGE_BYTES_MAX."""


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


class Channel:
    """One end of a socket pair, with one buffer for all messages. Not for two threads that both receive."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        # Of pages that are there once a message needs them: most need one of forty.
        self._buffer = mmap.mmap(-1, MESSAGE_BYTES_MAX)

    @classmethod
    def pair(cls) -> tuple["Channel", socket.socket]:
        """Our end, and the socket of the other one, to be handed to another process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    @classmethod
    def of(cls, descriptor: int) -> "Channel":
        """An end that was handed over. Without the kind of socket Python would ask for it, call by call."""
        return cls(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, descriptor))

    def fileno(self) -> int:
        return self._connection.fileno()

    def set_timeout(self, seconds: float) -> None:
        """For both directions; TimeoutError when it is over."""
        self._connection.settimeout(seconds)

    def close(self) -> None:
        self._connection.close()
        self._buffer.close()

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """ConnectionError if the other end is gone (never the signal SIGPIPE)."""
        self.send_packet(encode(message), descriptors)

    def send_packet(self, packet: bytes, descriptors: tuple[int, ...] = ()) -> None:
        """Bytes that are no message; errors as above."""
        if len(descriptors) > DESCRIPTORS_MAX:
            raise ValueError(f"{len(descriptors)} descriptors, at most {DESCRIPTORS_MAX}")
        socket.send_fds(self._connection, [packet], descriptors, socket.MSG_NOSIGNAL)

    def receive(self) -> Answer | None:
        """The next message; None when the other end is gone. The descriptors are the caller's."""
        received = self.receive_packet()
        return None if received is None else (decode(received[0]), received[1])

    def receive_packet(self) -> tuple[bytes, tuple[int, ...]] | None:
        """Likewise."""
        room = socket.CMSG_SPACE(DESCRIPTORS_MAX * _INT_BYTES)
        size, control, flags, _ = self._connection.recvmsg_into([self._buffer], room, socket.MSG_CMSG_CLOEXEC)
        descriptors = array.array("i")
        for _, _, data in control:  # nothing but SCM_RIGHTS is ever sent
            descriptors.frombytes(data[: len(data) - len(data) % _INT_BYTES])
        if not size:
            return None
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            for descriptor in descriptors:
                os.close(descriptor)
            raise OSError("a truncated message")
        return self._buffer[:size], tuple(descriptors)

    def answer(self, do: Callable[[Message, tuple[int, ...]], Answer], request: Answer) -> None:
        """Does what a request asks for and sends what comes of it, or the error.

        The descriptors of both are closed.
        """
        message, descriptors = request
        answer: Message
        out: tuple[int, ...]
        try:
            answer, out = do(message, descriptors)
        except (OSError, ValueError, KeyError) as error:
            answer, out = {"error": f"{type(error).__name__}: {error}"}, ()
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self.send(answer, out)
        for descriptor in out:
            os.close(descriptor)
