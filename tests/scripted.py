"""A server on a real socket whose services follow a script, and a proxy before it that can be cut."""

import asyncio
import hashlib
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc

from gavel.result.v1 import result_service_pb2 as result
from gavel.result.v1 import result_service_pb2_grpc
from gavel.rpc.errors import GavelError
from gavel.rpc.server import Server
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import (
    file_service_pb2,
    file_service_pb2_grpc,
    problem_pb2,
    problem_service_pb2,
    problem_service_pb2_grpc,
    submission_pb2,
    submission_service_pb2,
    submission_service_pb2_grpc,
)

NAME = "submissions/019abcde-0000-7000-8000-000000000001"


class Submissions(submission_service_pb2_grpc.SubmissionServiceServicer):
    """Fails as often as it was told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.failures: list[GavelError] = []
        self.creates: list[submission_service_pb2.CreateSubmissionRequest] = []
        self.cancels: list[submission_service_pb2.CancelSubmissionRequest] = []
        self.count = 1203

    async def CreateSubmission(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.creates.append(request)
        if self.failures:
            raise self.failures.pop(0)
        submission = submission_pb2.Submission(
            name=NAME, language=request.language, state=submission_pb2.STATE_QUEUED, labels=request.labels
        )
        return submission_service_pb2.CreateSubmissionResponse(submission=submission, read_token=b"read")

    async def CancelSubmission(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.cancels.append(request)
        if self.failures:
            raise self.failures.pop(0)
        return submission_service_pb2.CancelSubmissionResponse()

    async def ListLanguages(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        python = submission_service_pb2.Language(
            code="python3", display_name="Python 3", available=True, version="Python 3.11", suffixes=[".py"]
        )
        rust = submission_service_pb2.Language(
            code="rust", display_name="Rust", reason="apt install rustc", suffixes=[".rs"]
        )
        return submission_service_pb2.ListLanguagesResponse(languages=[python, rust])

    async def ListSubmissions(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        first = int(request.page_token or 0)
        last = min(first + request.page_size, self.count)
        partial = submission_pb2.VERDICT_PARTIAL
        names = [
            submission_pb2.Submission(name=f"submissions/{number}", verdict=partial, score=number)
            for number in range(first, last)
        ]
        return submission_service_pb2.ListSubmissionsResponse(
            submissions=names, next_page_token=str(last) if last < self.count else ""
        )


class Results(result_service_pb2_grpc.ResultServiceServicer):
    """Serves one log: a watch begins behind its resume token, which is an index into it."""

    def __init__(self) -> None:
        self.log: list[result.WatchSubmissionResponse] = []
        self.stops: list[tuple[int, GavelError | None]] = []
        self.oldest = 0
        self.requests: list[result.WatchSubmissionRequest] = []
        self.metadata: list[dict[str, str]] = []
        self.gate: asyncio.Event | None = None
        self.hold = False
        self.open = 0

    async def WatchSubmission(  # noqa: N802 - gRPC's name
        self, request: Any, context: Any
    ) -> AsyncIterator[result.WatchSubmissionResponse]:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        first = int(request.resume_token or 0)
        if request.resume_token and first < self.oldest:
            raise GavelError(reasons.ERROR_REASON_RESUME_TOKEN_EXPIRED, "too old")
        self.open += 1
        try:
            for number in range(first, len(self.log)):
                if self.stops and self.stops[0][0] == number:
                    error = self.stops.pop(0)[1]
                    if error is None:
                        return
                    raise error
                response = result.WatchSubmissionResponse()
                response.CopyFrom(self.log[number])
                response.resume_token = str(number + 1).encode()
                yield response
            if self.hold:
                await asyncio.Event().wait()
            if self.gate is not None:
                await self.gate.wait()
                yield ended()
        finally:
            self.open -= 1


class Files(file_service_pb2_grpc.FileServiceServicer):
    """Stores what is uploaded, by digest."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.uploads = 0
        self.at_once = 0
        self.most_at_once = 0
        self.chunks: list[int] = []
        self.purposes: set[int] = set()

    async def FindMissingFiles(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        missing = [digest for digest in request.digests if digest not in self.stored]
        return file_service_pb2.FindMissingFilesResponse(digests=missing)

    async def UploadFile(self, requests: AsyncIterator[Any], _context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.uploads += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        first = await anext(requests)
        self.purposes.add(first.purpose)
        data = first.data
        async for message in requests:
            assert not message.digest
            data += message.data
            self.chunks.append(len(message.data))
        self.at_once -= 1
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        if digest != first.digest or len(data) != first.size_bytes:
            raise GavelError(reasons.ERROR_REASON_DIGEST_MISMATCH, "other bytes", digest=first.digest)
        self.stored[digest] = data
        return file_service_pb2.UploadFileResponse(digest=digest, size_bytes=len(data))


class Problems(problem_service_pb2_grpc.ProblemServiceServicer):
    """Answers with what it was sent."""

    def __init__(self) -> None:
        self.creates: list[problem_service_pb2.CreateProblemRequest] = []

    async def CreateProblem(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.creates.append(request)
        problem = problem_pb2.Problem(name=request.name, test_count=len(request.files))
        return problem_service_pb2.CreateProblemResponse(problem=problem, warnings=["generators are ignored"])


class Scripted:
    """The services and where they listen."""

    def __init__(self) -> None:
        self.submissions, self.results = Submissions(), Results()
        self.files, self.problems = Files(), Problems()
        self.server = Server("127.0.0.1:0", [])
        add = submission_service_pb2_grpc.add_SubmissionServiceServicer_to_server
        add(self.submissions, self.server.grpc)
        result_service_pb2_grpc.add_ResultServiceServicer_to_server(self.results, self.server.grpc)
        file_service_pb2_grpc.add_FileServiceServicer_to_server(self.files, self.server.grpc)
        problem_service_pb2_grpc.add_ProblemServiceServicer_to_server(self.problems, self.server.grpc)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    """A running server."""
    services = Scripted()
    await services.server.start()
    try:
        yield services
    finally:
        await services.server.stop(0)


@contextmanager
def scripted_thread(prepare: Callable[[Scripted], None]) -> Iterator[Scripted]:
    """A running server on a loop in another thread, for what blocks."""
    started: queue.Queue[tuple[Scripted, Callable[[], object]]] = queue.Queue()

    async def serve() -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with scripted() as services:
            prepare(services)
            started.put((services, lambda: loop.call_soon_threadsafe(done.set)))
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    services, stop = started.get(timeout=10)
    try:
        yield services
    finally:
        stop()
        thread.join()


class Proxy:
    """Passes bytes on until it is cut; then it takes new connections again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self.cut()
        self._server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Resets every connection, as a machine that is gone does."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, back}
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.get_running_loop().create_task(_pass_on(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    except ConnectionError:
        return
    finally:
        target.transport.abort()


def queued(ahead: int) -> result.WatchSubmissionResponse:
    return result.WatchSubmissionResponse(queued=result.Queued(ahead_count=ahead))


def running(attempt: str = "a1") -> result.WatchSubmissionResponse:
    return result.WatchSubmissionResponse(running=result.Running(attempt=attempt, test_count=3))


def a_test(number: int) -> result.WatchSubmissionResponse:
    test = submission_pb2.TestResult(number=number, verdict=submission_pb2.VERDICT_ACCEPTED)
    return result.WatchSubmissionResponse(test=test)


def heartbeat() -> result.WatchSubmissionResponse:
    return result.WatchSubmissionResponse(heartbeat=result.Heartbeat())


def ended() -> result.WatchSubmissionResponse:
    judgement = submission_pb2.Judgement(
        name=f"{NAME}/judgements/1",
        state=submission_pb2.STATE_FINISHED,
        verdict=submission_pb2.VERDICT_ACCEPTED,
        test_count=3,
    )
    return result.WatchSubmissionResponse(ended=judgement)


def lost(code: grpc.StatusCode, message: str = "lost") -> GavelError:
    """An error as a proxy makes it: a code and no reason that we know."""
    error = GavelError(reasons.ERROR_REASON_UNSPECIFIED, message)
    error.code = code
    return error
