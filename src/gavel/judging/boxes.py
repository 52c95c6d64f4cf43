"""The boxes of one judgement: opened as needed, cancelled together from whatever thread, ended together. A
part of them, which one thread uses at a time, may be cancelled or ended alone.
"""

import threading
from types import TracebackType
from typing import Self

from gavel.judging.outcome import Cancellation, Cancelled, EngineError
from gavel.judging.verdict import Facts
from gavel.sandbox import Box, BoxSpec, Kill, Outcome, Sandbox, SandboxError


class Boxes:
    """A context manager around a judgement."""

    def __init__(self, sandbox: Sandbox, cancellation: Cancellation, spares_left: int = 0) -> None:
        """`spares_left`: how many of the sandbox's spare boxes are left to others."""
        self._sandbox = sandbox
        self._cancellation = cancellation
        self._spares_left = spares_left
        self._lock = threading.Lock()
        self._open: list[Box | Boxes] = []
        self._cancelled = False

    def __enter__(self) -> Self:
        self._cancellation.on_cancel(self.cancel)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all of them."""
        with self._lock:
            boxes, self._open = self._open, []
        for box in boxes:
            box.close()

    def part(self, spares_left: int = 0) -> "Boxes":
        """Boxes that are cancelled and ended with these, or alone."""
        part = Boxes(self._sandbox, self._cancellation, spares_left)
        self._hold(part)
        return part

    def open(self, spec: BoxSpec, files_bytes: int, files_count: int) -> Box:
        """Another box. Raises EngineError, Cancelled."""
        self.check()
        try:
            box = self._sandbox.box(spec, files_bytes, files_count, self._spares_left)
        except SandboxError as error:
            raise EngineError(f"no box: {error}") from error
        self._hold(box)
        return box

    def end(self, box: "Box | Boxes") -> None:
        """Ends a box, or a part, early."""
        with self._lock:
            self._open.remove(box)
        box.close()

    def check(self) -> None:
        """Raises Cancelled when somebody asked for the end."""
        if self._cancelled or self._cancellation.cancelled:
            raise Cancelled

    def facts(self, outcome: Outcome) -> Facts:
        """The facts of a run. Raises Cancelled: what a killed run looks like is of no account then."""
        self.check()
        if outcome.kill is Kill.CANCELLED:
            raise Cancelled
        return Facts(
            exit_code=outcome.exit_code,
            signal=outcome.signal,
            killed_for="" if outcome.kill is Kill.NONE else outcome.kill.value,
            cpu_time_ms=outcome.cpu_time_ms,
            wall_time_ms=outcome.wall_time_ms,
            memory_bytes=outcome.memory_bytes,
            output_bytes=outcome.output_bytes,
            stderr=outcome.stderr,
        )

    def cancel(self) -> None:
        """Kills what runs in them, and whatever is to run later; from any thread."""
        with self._lock:
            self._cancelled = True
            for box in self._open:
                box.cancel()

    def _hold(self, box: "Box | Boxes") -> None:
        with self._lock:
            self._open.append(box)
            if self._cancelled:
                box.cancel()
