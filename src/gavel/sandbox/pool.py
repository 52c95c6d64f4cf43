"""Boxes made ahead of need, for each BoxSpec asked for. A box is handed out once and never comes back."""

import os
import select
import signal
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from .inside import codec, packet
from .launcher import Asked, Launcher, answered
from .model import BoxSpec, SandboxError

_ANSWER_SECONDS: Final = 30.0
"""For any request to a box but a run; copying the largest file allowed takes well under a second."""
_BIRTH_SECONDS: Final = 10.0
"""For the spawner to answer, and for a new box to say that it is ready."""
_SPECS_MAX: Final = 64
"""More different specs than this are served without spare boxes."""


@dataclass(frozen=True, slots=True)
class Birth:
    """A new box. Closing `control` ends it."""

    control: codec.Channel
    pid: int
    pidfd: int


class _SpawnerGoneError(SandboxError):
    """It ended before it answered, or it does not answer."""


class Pool:
    """Thread-safe, without a thread of its own: who takes a spare box has the spawner make the next one, and
    does not wait for that.
    """

    def __init__(self, launcher: Launcher, spare_boxes: int) -> None:
        self._launcher = launcher
        self._spare_boxes = spare_boxes
        self._spares: dict[BoxSpec, deque[Asked]] = {}
        """Asked for, and by now most of them ready."""
        self._lock = threading.Lock()

    def take(self, spec: BoxSpec, spares_left: int = 0) -> Birth:
        """A ready box, at once if there is a spare one beyond those to be left. SandboxError if none can be
        made.
        """
        while (spare := self._pop(spec, spares_left)) is not None:
            with suppress(SandboxError):  # it never came to be: a new one tells why
                birth = self._born(spare)
                if is_alive(birth):
                    self._fill(spec)  # not before: where none can be made the spares come to an end
                    return birth
                discard(birth)
        try:
            made = self._born(self._launcher.ask_for_box(spec))
        except _SpawnerGoneError:  # there is another one when it is asked again
            made = self._born(self._launcher.ask_for_box(spec))
        # Only now: a spec of which no box can be made is not tried behind its caller's back.
        with self._lock:
            if len(self._spares) < _SPECS_MAX:
                self._spares.setdefault(spec, deque())
        self._fill(spec)
        return made

    def close(self) -> None:
        """For good."""
        with self._lock:
            self._spare_boxes = 0
            spares = [asked for spares in self._spares.values() for asked in spares]
            self._spares.clear()
        for asked in spares:
            asked.control.close()

    def _pop(self, spec: BoxSpec, spares_left: int) -> Asked | None:
        with self._lock:
            spares = self._spares.get(spec, ())
            return spares.popleft() if spares and len(spares) > spares_left else None

    def _lacks(self, spec: BoxSpec) -> bool:
        """Whether it should have more spares, at this moment."""
        spares = self._spares.get(spec)
        return spares is not None and len(spares) < self._spare_boxes

    def _fill(self, spec: BoxSpec) -> None:
        while self._lacks(spec):
            try:
                asked = self._launcher.ask_for_box(spec)
            except SandboxError:  # which whoever needs a new one is told
                return
            with self._lock:
                if is_wanted := self._lacks(spec):
                    self._spares[spec].append(asked)
            if not is_wanted:  # another one was quicker, or all is over
                asked.control.close()

    def _born(self, asked: Asked) -> Birth:
        """Once it is ready; a spare one was long ago."""
        control = asked.control
        control.set_timeout(_BIRTH_SECONDS)
        birth: Birth | None = None
        is_ready = False
        try:
            while birth is None or not is_ready:
                received = control.receive_packet()
                if received is None:
                    raise SandboxError("a new box ended") if birth else _SpawnerGoneError("the spawner ended")
                data, descriptors = received
                if codec.is_message(data):
                    birth = Birth(control, answered(codec.decode(data))["pid"], descriptors[0])
                else:
                    packet.answered(data)
                    is_ready = True
        except (SandboxError, OSError, packet.InitError) as error:
            if birth is not None:
                discard(birth)
            control.close()
            if isinstance(error, TimeoutError) and birth is None:
                self._launcher.end(asked.spawner)
                raise _SpawnerGoneError("the spawner does not answer") from error
            if isinstance(error, SandboxError):
                raise
            raise SandboxError(f"a new box: {error}" if isinstance(error, OSError) else str(error)) from error
        control.set_timeout(_ANSWER_SECONDS)
        return birth


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
