"""What `gavel run` shows of a program, and the exit status that stands for its end."""

from __future__ import annotations

import base64
import codecs
import dataclasses
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

from gavel.cli.output import json_line, printable

if TYPE_CHECKING:
    from gavel.client import CompileResult, ProgramOutput, TestResult

EXIT_NOT_COMPILED: Final = 1
EXIT_CANNOT_RUN: Final = 126
"""As a shell's, for a file that cannot be executed."""
EXIT_KILLED: Final = 128 + signal.SIGKILL

_LIMITS: Final = frozenset({
    "TIME_LIMIT_EXCEEDED",
    "WALL_TIME_LIMIT_EXCEEDED",
    "MEMORY_LIMIT_EXCEEDED",
    "OUTPUT_LIMIT_EXCEEDED",
})  # fmt: skip
_FACTS: Final = (
    "verdict",
    "message",
    "exit_code",
    "signal",
    "cpu_time_ms",
    "wall_time_ms",
    "memory_bytes",
    "output_bytes",
)


def exit_status(result: TestResult) -> int:
    """The program's own; 128 + n for signal n, as a shell has it; never 0 for a program that went beyond a
    limit.
    """
    if result.verdict == "COMPILE_ERROR":
        return EXIT_NOT_COMPILED
    if result.signal is not None:
        return 128 + result.signal
    if result.exit_code:
        return result.exit_code
    if result.verdict in _LIMITS:
        return EXIT_KILLED
    return EXIT_CANNOT_RUN if result.exit_code is None else 0


def reason_of(result: TestResult) -> str:
    """Why a program did not end by itself, in words; "" for one that did, whatever its exit code."""
    if result.verdict == "COMPILE_ERROR":
        return "it did not compile"
    by_itself = result.exit_code is not None and result.verdict not in _LIMITS
    return "" if by_itself else result.message


class PlainView:
    """The program's bytes as they are, and nothing else on standard output."""

    def __init__(self) -> None:
        self._has_written = False

    def running(self, worker: str) -> None:
        """Says nothing."""

    def compiled(self, result: CompileResult) -> None:
        """Shows what the compiler said; not after output, which then said it already."""
        if result.output and not self._has_written:
            print(printable(result.output), file=sys.stderr, flush=True)

    def output(self, event: ProgramOutput) -> None:
        """Passes it on at once."""
        self._has_written = True
        stream = sys.stdout if event.stream == "stdout" else sys.stderr
        stream.buffer.write(event.data)
        stream.buffer.flush()

    def ended(self, result: TestResult) -> None:
        """Says why, if something but the program itself ended it."""
        if reason := reason_of(result):
            print(f"gavel: {printable(reason)}", file=sys.stderr)


class JsonView:
    """One object a line: `running`, `compiled`, `stdout`, `stderr`, `ended`."""

    def __init__(self) -> None:
        self._texts = {"stdout": Text(), "stderr": Text()}

    def running(self, worker: str) -> None:
        """It has a slot."""
        json_line({"event": "running", "worker": worker})

    def compiled(self, result: CompileResult) -> None:
        """The compiler ended."""
        json_line({"event": "compiled", **dataclasses.asdict(result)})

    def output(self, event: ProgramOutput) -> None:
        """Something was written."""
        for part in self._texts[event.stream].parts(event.data):
            json_line({"event": event.stream, **part})

    def ended(self, result: TestResult) -> None:
        """The end, with the exit status of the command."""
        for stream, text in self._texts.items():
            for part in text.parts(b"", final=True):
                json_line({"event": stream, **part})
        facts = {name: getattr(result, name) for name in _FACTS}
        json_line({"event": "ended", **facts, "exit_status": exit_status(result)})


class Text:
    """The bytes of one stream as JSON can hold them, however they are cut: `data` where they are UTF-8, else
    `data_base64`.
    """

    def __init__(self) -> None:
        self._held = b""

    def parts(self, data: bytes, *, final: bool = False) -> list[dict[str, Any]]:
        """What can be told now; a letter that is not whole yet waits for the rest of it."""
        data, self._held = self._held + data, b""
        if not data:
            return []
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            text = decoder.decode(data, final)
        except UnicodeDecodeError:
            return [{"data_base64": base64.b64encode(data).decode()}]
        self._held = decoder.getstate()[0]
        return [{"data": text}] if text else []
