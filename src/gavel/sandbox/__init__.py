"""One command under limits. Knows nothing of judging; see docs/internals/sandbox.md for what holds it in.

with Sandbox(state_dir) as sandbox, sandbox.box(BoxSpec()) as box:
    box.put("hello.c", source)
    compiled = box.run(Command(("gcc", "hello.c")), limits)
    box.freeze()
    with box.run(Command(("./a.out",), stdin=data), limits) as outcome: ...
"""

from .box import Box
from .doctor import doctor
from .exceptions import EXCEPTABLE
from .live import LiveOutput
from .model import (
    PATH_FOLDERS_MOST,
    BoxBrokenError,
    BoxSpec,
    CannotExecuteError,
    Command,
    Enforcement,
    Finding,
    Kill,
    Limits,
    Mount,
    Outcome,
    SandboxError,
    SandboxUnavailable,
    TooMuchToKeepError,
)
from .sandbox import Sandbox

__all__ = [
    "EXCEPTABLE",
    "PATH_FOLDERS_MOST",
    "Box",
    "BoxBrokenError",
    "BoxSpec",
    "CannotExecuteError",
    "Command",
    "Enforcement",
    "Finding",
    "Kill",
    "Limits",
    "LiveOutput",
    "Mount",
    "Outcome",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "TooMuchToKeepError",
    "doctor",
]
