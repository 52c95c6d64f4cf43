"""Loggers: one JSON object a line, with `submission_id` where one is bound and `trace_id` where a span is
current.

Bind with `structlog.contextvars.bound_contextvars(submission_id=...)`; it holds for the current task or
thread.
"""

from typing import Protocol, cast

import structlog


class Logger(Protocol):
    """What the services use of a structlog logger: an event in few words, its changing parts as keywords."""

    def debug(self, event: str, /, **fields: object) -> None: ...
    def info(self, event: str, /, **fields: object) -> None: ...
    def warning(self, event: str, /, **fields: object) -> None: ...
    def error(self, event: str, /, **fields: object) -> None: ...
    def exception(self, event: str, /, **fields: object) -> None: ...


def logger(name: str) -> Logger:
    """The logger of a module, named like `gavel.result.hub`."""
    return cast("Logger", structlog.get_logger(module=name))
