"""A pipe whose content is counted on its way."""

import os
import select
import threading
from collections.abc import Callable

_READ_BYTES = 65_536
_LOOK_MS = 200


class Relay:
    """Hands on what is written to `writes`, up to so many bytes, on a thread of its own."""

    def __init__(self, onward: int, most_bytes: int, flooded: Callable[[], None]) -> None:
        """`onward`: where it goes, closed at the end. `flooded` is called when it is more than that."""
        self._reads, self.writes = os.pipe()
        """The end to write to is the caller's, who closes it."""
        self._onward = onward
        self._most_bytes = most_bytes
        self._flooded = flooded
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self.flood_bytes = 0
        """How much was written, once that was too much."""

    def start(self) -> None:
        """Raises RuntimeError when there is no thread to spare; nothing is held then but `writes`."""
        try:
            self._thread.start()
        except RuntimeError:
            os.close(self._reads)
            os.close(self._onward)
            raise

    def ended(self) -> int:
        """Waits for its end, when nobody writes any more; the flood's bytes, 0 where there was none."""
        self._stopping.set()
        self._thread.join()
        return self.flood_bytes

    def _run(self) -> None:
        count_bytes = 0
        open_onward = True
        poll = select.poll()
        poll.register(self._reads, select.POLLIN)
        while poll.poll(_LOOK_MS) or not self._stopping.is_set():
            if not poll.poll(0):
                continue
            data = os.read(self._reads, _READ_BYTES)
            if not data:
                break
            count_bytes += len(data)
            if count_bytes > self._most_bytes:
                self.flood_bytes = count_bytes
                self._flooded()
                break
            open_onward = open_onward and self._handed_on(data)
        os.close(self._reads)
        os.close(self._onward)

    def _handed_on(self, data: bytes) -> bool:
        """False when nobody is there to read it."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._onward, view) :]
        except BrokenPipeError:
            return False
        return True
