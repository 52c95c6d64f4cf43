"""What a run writes, for somebody who reads it while the run goes on."""

import os
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

BYTES_MOST: Final = 256 << 10
"""What is held of a run's output until its reader takes it; from there on its pipes are not read."""
CHUNKS_MOST: Final = 1024
"""Into how many pieces that may fall: a program may turn from one stream to the other with every byte."""
_CHUNK_BYTES_MOST: Final = 64 << 10


class LiveOutput:
    """A bounded buffer between the thread that waits for a run and the reader of its output.

    While it is full the program waits on its own pipes, as it would for a slow reader anywhere: its limits
    are watched all the same and its wall time goes on. What is left in the pipes when a run has ended is
    added in any case: at most what two pipes hold. Both streams together give at most the run's
    `output_bytes`; pieces come in the order in which they were read, which for bytes of two streams is not
    always that in which they were written. A context manager around the run and the last `take`.
    """

    def __init__(self, on_output: Callable[[], None], bytes_most: int = BYTES_MOST) -> None:
        """`on_output` is called on the run's thread whenever there is something to take; it must not wait."""
        self._on_output = on_output
        self._bytes_most = bytes_most
        self._lock = threading.Lock()
        self._chunks: deque[tuple[bool, bytearray]] = deque()
        self._held_bytes = 0
        self._waited_for = False
        self._closed = False
        self._room = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """What was not taken stays to be taken; nothing more comes. May be called again."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._room)

    def take(self) -> list[tuple[bool, bytes]]:
        """What has come since the last time: (whether it is stdout's, bytes). From any thread."""
        with self._lock:
            taken = [(is_stdout, bytes(data)) for is_stdout, data in self._chunks]
            self._chunks.clear()
            self._held_bytes = 0
            if self._waited_for and not self._closed:
                self._waited_for = False
                os.eventfd_write(self._room, 1)
        return taken

    def put(self, data: bytes, *, is_stdout: bool) -> None:
        """Of the run's thread: adds what was read, room or not."""
        if not data:
            return
        with self._lock:
            last = self._chunks[-1] if self._chunks else None
            if last is not None and last[0] is is_stdout and len(last[1]) + len(data) <= _CHUNK_BYTES_MOST:
                last[1].extend(data)
            else:
                self._chunks.append((is_stdout, bytearray(data)))
            self._held_bytes += len(data)
        self._on_output()

    def must_wait(self) -> bool:
        """Of the run's thread: whether it is full; then `room` becomes readable when it no longer is."""
        with self._lock:
            self._waited_for = self._held_bytes >= self._bytes_most or len(self._chunks) >= CHUNKS_MOST
            return self._waited_for

    @property
    def room(self) -> int:
        """Of the run's thread: the descriptor to poll."""
        return self._room

    def resume(self) -> None:
        """Of the run's thread: takes note that `room` became readable."""
        os.eventfd_read(self._room)
