"""The blocking client: the asyncio one on a loop of its own, in a thread of its own. Safe for threads."""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar
from uuid import UUID

from gavel.client.aio import ADDRESS, AsyncClient
from gavel.client.events import Event
from gavel.client.programs import AsyncProgram, ProgramEvent, ProgramRun
from gavel.client.values import Accepted, InlineTest, Judgement, Language, Limits, Problem, Queue, Submission

_T = TypeVar("_T")
_END: Final = object()


class _Arriving(ABC, Generic[_T]):
    """What arrives, one after the other; closed, or left as a context manager, it ends early."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], source: AsyncIterator[_T]) -> None:
        self._run = run
        self._source = source
        self._waiting: asyncio.Task[Any] | None = None  # the loop's alone

    def __iter__(self) -> Iterator[_T]:
        return self

    def __next__(self) -> _T:
        item: Any = self._run(self._next())
        if item is _END:
            raise StopIteration
        return item  # type: ignore[no-any-return]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the call behind it."""
        self._run(self._close())

    async def _next(self) -> _T | object:
        self._waiting = asyncio.current_task()
        with suppress(StopAsyncIteration):
            return await anext(self._source)
        return _END

    async def _close(self) -> None:
        # An interrupt leaves the wait for the next one behind, in whatever state.
        if self._waiting is not None and not self._waiting.done():
            self._waiting.cancel()
            await asyncio.wait([self._waiting])
        await self._end()

    @abstractmethod
    async def _end(self) -> None:
        """On the loop, when nobody waits for the next one."""


class Stream(_Arriving[_T]):
    """An iterator over what arrives; close it, or use it as a context manager, to end it early."""

    def __init__(
        self, run: Callable[[Coroutine[Any, Any, Any]], Any], source: AsyncGenerator[_T, None]
    ) -> None:
        super().__init__(run, source)
        self._generator = source

    async def _end(self) -> None:
        await self._generator.aclose()


class Program(_Arriving[ProgramEvent]):
    """As `AsyncProgram`: an iterator over what happens to a program that runs, which may be written to from
    another thread meanwhile. Closing it kills the program.
    """

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], program: AsyncProgram) -> None:
        super().__init__(run, program)
        self._program = program

    async def _end(self) -> None:
        await self._program.close()

    @property
    def worker(self) -> str:
        """`workers/<id>`: where it runs."""
        return self._program.worker

    def write(self, data: bytes) -> None:
        """Sends bytes to its standard input; waits while it does not read."""
        self._run(self._program.write(data))

    def end_input(self) -> None:
        """Ends its standard input."""
        self._run(self._program.end_input())

    def communicate(self, data: bytes = b"") -> ProgramRun:
        """Sends `data`, ends the input, and waits for the end, with all of the output in memory."""
        return self._run(self._program.communicate(data))  # type: ignore[no-any-return]


class Client:
    """As `AsyncClient`, whose methods say what each of these does; `list`, `watch` and the like are
    iterators.
    """

    def __init__(self, address: str = ADDRESS, *, timeout_s: float = 30.0, patience_s: float = 120.0) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gavel-client", daemon=True)
        self._thread.start()
        self._client = self._run(_made(address, timeout_s, patience_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every call and connection, and the thread."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connection_count(self) -> int:
        """Connections opened so far."""
        return self._client.connection_count

    def submit(
        self,
        files: Mapping[str, bytes],
        *,
        language: str,
        problem: str = "",
        tests: Sequence[InlineTest] = (),
        validator_arguments: Sequence[str] = (),
        entry_point: str = "",
        argv: Sequence[str] = (),
        limits: Limits | None = None,
        run_all: bool = False,
        batch: bool = False,
        labels: Mapping[str, str] | None = None,
        request_id: UUID | None = None,
    ) -> Accepted:
        return self._run(
            self._client.submit(
                files,
                language=language,
                problem=problem,
                tests=tests,
                validator_arguments=validator_arguments,
                entry_point=entry_point,
                argv=argv,
                limits=limits,
                run_all=run_all,
                batch=batch,
                labels=labels,
                request_id=request_id,
            )
        )

    def run_program(
        self,
        files: Mapping[str, bytes],
        *,
        language: str,
        argv: Sequence[str] = (),
        entry_point: str = "",
        limits: Limits | None = None,
    ) -> Program:
        started = self._client.run_program(
            files, language=language, argv=argv, entry_point=entry_point, limits=limits
        )
        return Program(self._run, self._run(started))

    def watch(
        self,
        submission: str | Accepted,
        *,
        judgement: int = 0,
        read_token: bytes = b"",
        resume_token: bytes = b"",
    ) -> Stream[Event]:
        return Stream(
            self._run,
            self._client.watch(
                submission, judgement=judgement, read_token=read_token, resume_token=resume_token
            ),
        )

    def wait(self, submission: str | Accepted, *, judgement: int = 0, read_token: bytes = b"") -> Judgement:
        return self._run(self._client.wait(submission, judgement=judgement, read_token=read_token))

    def get(
        self, submission: str | Accepted, *, read_token: bytes = b"", sources: bool = False
    ) -> Submission:
        return self._run(self._client.get(submission, read_token=read_token, sources=sources))

    def list(
        self,
        *,
        problem: str = "",
        language: str = "",
        state: str = "",
        verdict: str = "",
        labels: Mapping[str, str] | None = None,
        since: datetime | None = None,
        most: int = 0,
    ) -> Stream[Submission]:
        found = self._client.list(
            problem=problem,
            language=language,
            state=state,
            verdict=verdict,
            labels=labels,
            since=since,
            most=most,
        )
        return Stream(self._run, found)

    def cancel(self, submission: str | Accepted, *, judgement: int = 0, read_token: bytes = b"") -> None:
        self._run(self._client.cancel(submission, judgement=judgement, read_token=read_token))

    def results(self, submission: str | Accepted) -> Stream[Judgement]:
        return Stream(self._run, self._client.results(submission))

    def result(self, name: str) -> Judgement:
        return self._run(self._client.result(name))

    def output(
        self, judgement: str | Accepted, test_number: int, *, offset_bytes: int = 0, length_bytes: int = 0
    ) -> Stream[bytes]:
        pieces = self._client.output(
            judgement, test_number, offset_bytes=offset_bytes, length_bytes=length_bytes
        )
        return Stream(self._run, pieces)

    def source(self, submission: str | Accepted, path: str) -> Stream[bytes]:
        return Stream(self._run, self._client.source(submission, path))

    def file(self, digest: str, *, offset_bytes: int = 0, length_bytes: int = 0) -> Stream[bytes]:
        return Stream(
            self._run, self._client.file(digest, offset_bytes=offset_bytes, length_bytes=length_bytes)
        )

    def languages(self) -> Sequence[Language]:
        return self._run(self._client.languages())

    def queues(self, languages: Iterable[str] = ()) -> Stream[tuple[Queue, ...]]:
        return Stream(self._run, self._client.queues(languages))

    def problems(self) -> Stream[Problem]:
        return Stream(self._run, self._client.problems())

    def problem(self, name: str) -> Problem:
        return self._run(self._client.problem(name))

    def add_problem(
        self,
        folder: str | Path,
        *,
        name: str = "",
        uploaded: Callable[[int, int], None] | None = None,
        replaced: Mapping[str, bytes] | None = None,
    ) -> Problem:
        return self._run(self._client.add_problem(folder, name=name, uploaded=uploaded, replaced=replaced))

    def delete_problem(self, name: str) -> None:
        self._run(self._client.delete_problem(name))

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the client was closed meanwhile, by another thread
            work.close()
            raise
        try:
            return future.result()
        except BaseException:
            # An interrupt reaches this thread alone; the call behind it ends with it.
            future.cancel()
            raise


async def _made(address: str, timeout_s: float, patience_s: float) -> AsyncClient:
    """Inside the loop, since channels belong to the loop that they are made in."""
    return AsyncClient(address, timeout_s=timeout_s, patience_s=patience_s)
