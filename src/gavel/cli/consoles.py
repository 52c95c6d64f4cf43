"""Rich's console, which tells of a reader that has left as every other output does."""

import errno

from rich.console import Console


class OutputConsole(Console):
    """Raises BrokenPipeError when nobody reads any more: Rich itself would exit with 1, which is a verdict
    here, and in the midst of an event loop.
    """

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "nobody reads the output")
