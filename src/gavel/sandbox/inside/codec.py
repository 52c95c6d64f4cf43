"""Messages between service and spawner: one JSON object and up to 16 descriptors in one packet.

And their sockets, of which boxes have one too, for packets of another kind (packet.py).

The sockets are SOCK_SEQPACKET pairs, so a packet is a message. Both ends are ours.
"""

import array
import contextlib
import json
import mmap
import os
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

MESSAGE_BYTES_MAX: Final = 160 * 1024
"""Below the default socket buffer of 208 KiB, so that one message always fits."""
DESCRIPTORS_MAX: Final = 16

_INT_BYTES: Final = array.array("i").itemsize
_ROOM: Final = socket.CMSG_SPACE(DESCRIPTORS_MAX * _INT_BYTES)
_TIME: Final = struct.Struct("@ll")  # struct timeval
_buffers: list[mmap.mmap] = []
"""For what is received; as many as there ever were receivers at once. Of pages that are there once a message
needs them: most need one of forty.
"""

Message = dict[str, Any]
Answer = tuple[Message, tuple[int, ...]]
"""A message and the descriptors that go with it."""


class MessageTooLargeError(ValueError):
    """Beyond MESSAGE_BYTES_MAX."""


def is_message(data: bytes) -> bool:
    """Pure. Whether it is one, and not a packet of another kind."""
    return data[:1] == b"{"


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
    """One end of a socket pair."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

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
        # By the kernel: Python's own timeouts poll before each message.
        time = _TIME.pack(int(seconds), int(seconds % 1 * 1e6))
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self._connection.setsockopt(socket.SOL_SOCKET, option, time)

    def close(self) -> None:
        self._connection.close()

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """ConnectionError if the other end is gone (never the signal SIGPIPE)."""
        self.send_packet(encode(message), descriptors)

    def send_packet(self, packet: bytes, descriptors: tuple[int, ...] = ()) -> None:
        """Bytes that are no message. ConnectionError as above; TimeoutError if it is not taken."""
        if len(descriptors) > DESCRIPTORS_MAX:
            raise ValueError(f"{len(descriptors)} descriptors, at most {DESCRIPTORS_MAX}")
        try:
            socket.send_fds(self._connection, [packet], descriptors, socket.MSG_NOSIGNAL)
        except BlockingIOError as error:
            raise TimeoutError("a message is not taken") from error

    def receive(self) -> Answer | None:
        """The next message; None when the other end is gone (ConnectionError if it had not read all). The
        descriptors are the caller's.
        """
        received = self.receive_packet()
        return None if received is None else (decode(received[0]), received[1])

    def receive_packet(self) -> tuple[bytes, tuple[int, ...]] | None:
        """Likewise."""
        try:
            buffer = _buffers.pop()
        except IndexError:  # of which another thread may have taken the last
            buffer = mmap.mmap(-1, MESSAGE_BYTES_MAX)
        try:
            size, control, flags, _ = self._connection.recvmsg_into([buffer], _ROOM, socket.MSG_CMSG_CLOEXEC)
            data = buffer[:size]
        except BlockingIOError as error:
            raise TimeoutError("no message comes") from error
        finally:
            _buffers.append(buffer)
        descriptors = array.array("i")
        for _, _, rights in control:  # nothing but SCM_RIGHTS is ever sent
            descriptors.frombytes(rights[: len(rights) - len(rights) % _INT_BYTES])
        if not size:
            return None
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            for descriptor in descriptors:
                os.close(descriptor)
            raise OSError("a truncated message")
        return data, tuple(descriptors)

    def answer(self, do: Callable[[Message, tuple[int, ...]], Answer], request: Answer) -> None:
        """Does what a request asks for and sends what comes of it, or the error: by the socket that came
        along, if one did, where somebody still listens.

        The descriptors of both are closed.
        """
        message, descriptors = request
        answer: Message
        out: tuple[int, ...]
        try:
            answer, out = do(message, descriptors)
        except (OSError, ValueError, KeyError) as error:
            answer, out = {"error": f"{type(error).__name__}: {error}"}, ()
        if descriptors:
            other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, descriptors[0])
            try:
                socket.send_fds(other, [encode(answer)], out, socket.MSG_NOSIGNAL)
            except OSError as error:  # too many descriptors in flight, or nobody listens any more
                with contextlib.suppress(OSError):
                    other.send(encode({"error": str(error)}), socket.MSG_NOSIGNAL)
            other.detach()
        else:
            self.send(answer, out)
        for descriptor in (*descriptors, *out):
            os.close(descriptor)
