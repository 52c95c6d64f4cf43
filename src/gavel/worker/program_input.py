"""Standard input of a program that runs: a pipe that the event loop fills as fast as the program reads."""

import asyncio
import contextlib
import os


class InputPipe:
    """One task at a time writes. The read end is whoever's takes it; `close` ends the writing only."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self.is_closed = False

    async def write(self, data: bytes) -> None:
        """Returns when the pipe has taken all of it, which may be when the program ends."""
        left = memoryview(data)
        while left and not self.is_closed:
            try:
                left = left[os.write(self._writer, left) :]
            except BlockingIOError:
                await self._writable()
            except BrokenPipeError:  # nobody reads any more: as with a shell's pipe, the rest is lost
                self.close()

    def close(self) -> None:
        """The program sees the end of its input. May be called again."""
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().remove_writer(self._writer)
            os.close(self._writer)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_writer(self._writer, _set, ready)
        try:
            await ready
        finally:
            if not self.is_closed:
                loop.remove_writer(self._writer)


def _set(ready: asyncio.Future[None]) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):
        ready.set_result(None)
