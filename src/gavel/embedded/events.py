"""What a supervisor says while it works, one value for each line that a person or a program reads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    PROGRESS = "progress"
    """A step of the start; `message` says what is waited for."""
    READY = "ready"
    """A part answers its users, `seconds` after its start."""
    UP = "up"
    """All parts are ready; `address` is the ingress."""
    ENDED = "ended"
    """A part ended by itself; it is started again after `seconds`."""
    STOPPED = "stopped"
    """A part was stopped."""
    DOWN = "down"
    """Everything is stopped."""
    FAILED = "failed"
    """The start failed; `message` says which part and why. Nothing is left running."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `time` is in seconds since 1970."""

    kind: Kind
    message: str = ""
    part: str | None = None
    address: str | None = None
    pid: int | None = None
    seconds: float | None = None
    time: float = field(default_factory=time.time)

    def to_json(self) -> str:
        """One line of JSON, without what does not apply."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps({"event": facts.pop("kind"), **facts})

    @classmethod
    def from_json(cls, line: str) -> Event:
        """The inverse of `to_json`; ValueError if it is something else."""
        facts = json.loads(line)
        if not isinstance(facts, dict) or "event" not in facts:
            raise ValueError(f"not an event: {line!r}")
        return cls(Kind(facts.pop("event")), **facts)


Listener = Callable[[Event], None]
