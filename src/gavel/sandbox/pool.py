"""Boxes made ahead of need, for each BoxSpec asked for. A box is handed out once and never comes back."""

import os
import select
import signal
import threading
from collections import deque
from typing import Final

from .inside import packet
from .launcher import Birth, Launcher
from .model import BoxSpec, SandboxError

_READY_SECONDS: Final = 10.0
_SPECS_MAX: Final = 64
"""More different specs than this are served without spare boxes."""


class Pool:
    """Thread-safe. One thread of its own refills."""

    def __init__(self, launcher: Launcher, spare_boxes: int) -> None:
        self._launcher = launcher
        self._spare_boxes = spare_boxes
        self._spares: dict[BoxSpec, deque[Birth]] = {}
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._refill, name="sandbox-pool", daemon=True)
        self._thread.start()

    def take(self, spec: BoxSpec, spares_left: int = 0) -> Birth:
        """A ready box, at once if there is a spare one beyond those to be left. SandboxError if none can be
        made.
        """
        while (spare := self._pop(spec, spares_left)) is not None:
            if is_alive(spare):
                return spare
            discard(spare)
        made = _made_ready(self._launcher, spec)
        with self._change:
            # Only now: a spec of which no box can be made is not tried behind its caller's back.
            if len(self._spares) < _SPECS_MAX:
                self._spares.setdefault(spec, deque())
                self._change.notify()
        return made

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join()
        for spares in self._spares.values():
            for spare in spares:
                discard(spare)
        self._spares.clear()

    def _pop(self, spec: BoxSpec, spares_left: int) -> Birth | None:
        with self._change:
            spares = self._spares.get(spec)
            if spares is None or len(spares) <= spares_left:
                return None
            self._change.notify()
            return spares.popleft()

    def _wanted(self) -> BoxSpec | None:
        return next((spec for spec, spares in self._spares.items() if len(spares) < self._spare_boxes), None)

    def _refill(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closed or self._wanted() is not None)
                if self._closed:
                    return
                spec = self._wanted()
            if spec is None:
                continue
            try:
                made = _made_ready(self._launcher, spec)
            except SandboxError:
                with self._change:  # no spares of it until it is asked for again, which tells the caller why
                    for spare in self._spares.pop(spec, ()):
                        discard(spare)
                continue
            with self._change:
                self._spares.setdefault(spec, deque()).append(made)


def _made_ready(launcher: Launcher, spec: BoxSpec) -> Birth:
    birth = launcher.make_box(spec)
    birth.control.set_timeout(_READY_SECONDS)
    try:
        received = birth.control.receive_packet()
        if received is not None:
            packet.answered(received[0])
            return birth
        reason = "a new box ended"
    except packet.InitError as error:
        reason = str(error)
    except OSError as error:
        reason = f"a new box: {error}"
    discard(birth)
    raise SandboxError(reason)


def is_alive(birth: Birth) -> bool:
    poll = select.poll()
    poll.register(birth.pidfd, select.POLLIN)
    return not poll.poll(0)


def discard(birth: Birth) -> None:
    """Kills the box with all that lives in it. Does not wait for the kernel to take it down."""
    try:
        signal.pidfd_send_signal(birth.pidfd, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(birth.pidfd)
        birth.control.close()  # behind the kill: its end would wake init first
