"""A flag that ends a run from another thread."""

import threading
from collections.abc import Callable


class Cancellation:
    """Set once; whoever registered is called at once, on the thread that cancels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether it was set."""
        return self._cancelled

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Calls back when it is set, immediately when it is set already."""
        with self._lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return
        callback()

    def cancel(self) -> None:
        """Sets it."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
