"""The client for asyncio. The blocking one drives it on a loop of its own, so the logic is here alone."""

import asyncio
import random
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import grpc

from gavel.client import calls, requests, resume
from gavel.client.calls import Calls, cut_off
from gavel.client.errors import GavelError, from_rpc
from gavel.client.events import Ended, Event
from gavel.client.packages import read_package, replace_contents, to_send
from gavel.client.programs import AsyncProgram
from gavel.client.uploads import upload_large, upload_missing
from gavel.client.values import (
    Accepted,
    InlineTest,
    Judgement,
    Language,
    Limits,
    Problem,
    Queue,
    Submission,
)
from gavel.result.v1 import result_service_pb2
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import file_service_pb2, problem_pb2, problem_service_pb2, submission_service_pb2

ADDRESS: Final = "127.0.0.1:8080"
_PAGE: Final = 500
_PROBLEM_TIMEOUT_S: Final = 120.0
"""Reading a package of many files takes the server a while."""


class AsyncClient:
    """Hands programs in, watches them being judged, and reads what was found.

    Use it as an async context manager or call `close`. Every method raises `client.GavelError` as one of its
    classes.
    """

    def __init__(self, address: str = ADDRESS, *, timeout_s: float = 30.0, patience_s: float = 120.0) -> None:
        """Connects with the first call.

        Args:
            address: `host:port` of the ingress.
            timeout_s: how long a call is tried, all of its tries together, in seconds.
            patience_s: how long a watch without a single message tries to go on, in seconds.

        """
        self._calls = Calls(address, timeout_s)
        self._patience_s = patience_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every call and connection."""
        await self._calls.channels.close()

    @property
    def connection_count(self) -> int:
        """Connections opened so far: one for each 900 calls and watches going on at once."""
        return self._calls.channels.connection_count

    async def submit(
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
        """Hands a program in; returns when it is accepted for good.

        Tries again while the answer is undecided, always with one `request_id`, so that one call makes one
        submission. A caller that wants this over restarts of its own makes the id (`uuid7()`), keeps it, and
        passes it.

        Args:
            files: path to content, at most 16 MiB; what is beyond 64 KiB with the tests is uploaded first.
            language: a code of `languages()`, a version behind `@` where one matters.
            problem: `problems/<name>` or the plain name.
            tests: tests that come along in place of a problem; with neither it is run once without input.
            validator_arguments: of the default validator, for `tests`.
            entry_point: the file that is run or compiled first, or a main class; else the language's default.
            argv: arguments of the program.
            limits: where they differ from the defaults.
            run_all: runs every test instead of stopping at the first that fails.
            batch: waits in the queue for which nobody waits.
            labels: to filter lists by.
            request_id: a UUIDv7 of the last 24 hours.

        """
        request = requests.create_submission(
            request_id=str(request_id or requests.uuid7()),
            language=language,
            files=files,
            entry_point=entry_point,
            argv=argv,
            problem=problem,
            tests=tests,
            validator_arguments=validator_arguments,
            limits=limits or Limits(),
            run_all=run_all,
            batch=batch,
            labels=labels or {},
        )
        await upload_large(self._calls, request.sources, request.tests.ByteSize())
        answer = await self._calls.unary(calls.submissions, "CreateSubmission", request)
        submission = Submission.from_proto(answer.submission)
        return Accepted(submission.name, submission, answer.read_token)

    async def run_program(
        self,
        files: Mapping[str, bytes],
        *,
        language: str,
        argv: Sequence[str] = (),
        entry_point: str = "",
        limits: Limits | None = None,
    ) -> AsyncProgram:
        """Runs a program at once, without a record, and returns when it has a slot; then it is compiled and
        started.

        While every worker is full it asks again, for at most `timeout_s`. Close what it returns, or use it in
        `async with`: that ends the program.

        Args:
            files: path to content, at most 16 MiB; what is beyond 64 KiB is uploaded first.
            language: a code of `languages()`, a version behind `@` where one matters.
            argv: arguments of the program.
            entry_point: the file that is run or compiled first, or a main class; else the language's default.
            limits: where they differ from the defaults.

        """
        start = requests.program_start(
            language=language, files=files, entry_point=entry_point, argv=argv, limits=limits or Limits()
        )
        await upload_large(self._calls, start.sources, 0)
        program = AsyncProgram(self._calls.channels)
        await program.begin(start, self._calls.timeout_s)
        return program

    async def watch(
        self,
        submission: str | Accepted,
        *,
        judgement: int = 0,
        read_token: bytes = b"",
        resume_token: bytes = b"",
    ) -> AsyncGenerator[Event, None]:
        """Tells what happens to a submission: each event once, in order, to the end (`Ended`).

        Goes on by itself after a lost connection. With an `Accepted`, or its read token, it begins before
        anything is stored; with the resume token of an event it begins behind that event.
        """
        name, read_token = _named(submission, read_token)
        progress = resume.WatchProgress(resume_token)
        loop = asyncio.get_running_loop()
        failures, last_message = 0, loop.time()
        while True:
            request = result_service_pb2.WatchSubmissionRequest(
                name=name, judgement=judgement, read_token=read_token, resume_token=progress.resume_token
            )
            try:
                async with aclosing(self._calls.watch(request)) as responses:
                    async for response in responses:
                        failures, last_message = 0, loop.time()
                        event = progress.take(response)
                        if event is not None:
                            yield event
                        if isinstance(event, Ended):
                            return
                error = cut_off()
            except GavelError as lost:
                error = lost
            failures += 1
            wait = resume.delay_s(failures, error, random.random())
            if error.reason == reasons.ERROR_REASON_RESUME_TOKEN_EXPIRED and progress.begin_again():
                continue
            if not resume.may_resume(error) or loop.time() + wait - last_message > self._patience_s:
                raise error
            await asyncio.sleep(wait)

    async def wait(
        self, submission: str | Accepted, *, judgement: int = 0, read_token: bytes = b""
    ) -> Judgement:
        """Waits for the end and returns the judgement with its tests."""
        async with aclosing(self.watch(submission, judgement=judgement, read_token=read_token)) as events:
            async for event in events:
                if isinstance(event, Ended):
                    return event.judgement
        raise cut_off()

    async def get(
        self, submission: str | Accepted, *, read_token: bytes = b"", sources: bool = False
    ) -> Submission:
        """Reads a submission with its current judgement, and with its sources if asked for."""
        name, read_token = _named(submission, read_token)
        view = submission_service_pb2.VIEW_FULL if sources else submission_service_pb2.VIEW_BASIC
        request = submission_service_pb2.GetSubmissionRequest(name=name, read_token=read_token, view=view)
        answer = await self._calls.unary(calls.submissions, "GetSubmission", request)
        return Submission.from_proto(answer.submission)

    async def list(
        self,
        *,
        problem: str = "",
        language: str = "",
        state: str = "",
        verdict: str = "",
        labels: Mapping[str, str] | None = None,
        since: datetime | None = None,
        most: int = 0,
    ) -> AsyncGenerator[Submission, None]:
        """Tells submissions, newest first, without judgements; `most` of them, or all for 0.

        `state` and `verdict` are words such as `RUNNING` and `WRONG_ANSWER`; RequestError for others.
        """
        request = requests.list_submissions(
            problem=problem, language=language, state=state, verdict=verdict, labels=labels or {}, since=since
        )
        request.page_size = min(most or _PAGE, _PAGE)
        count = 0
        async for page in self._calls.pages(calls.submissions, "ListSubmissions", request):
            for each in page.submissions:
                yield Submission.from_proto(each)
                count += 1
                if count == most:
                    return

    async def cancel(
        self, submission: str | Accepted, *, judgement: int = 0, read_token: bytes = b""
    ) -> None:
        """Asks for the end of a judgement; whether that came before its verdict, `watch` or `get` tells.

        RequestError (ALREADY_ENDED) when it has ended otherwise.
        """
        name, read_token = _named(submission, read_token)
        request = submission_service_pb2.CancelSubmissionRequest(
            name=name, judgement=judgement, read_token=read_token
        )
        try:
            await self._calls.unary(calls.submissions, "CancelSubmission", request)
        except GavelError as error:
            # An earlier try, whose answer was lost, has done it.
            if (
                error.reason != reasons.ERROR_REASON_ALREADY_ENDED
                or error.metadata.get("state") != "CANCELLED"
            ):
                raise

    async def results(self, submission: str | Accepted) -> AsyncGenerator[Judgement, None]:
        """Tells the judgements of a submission, the first one first, without tests."""
        name, _ = _named(submission, b"")
        request = result_service_pb2.ListResultsRequest(parent=name, page_size=_PAGE)
        async for page in self._calls.pages(calls.results, "ListResults", request):
            for each in page.judgements:
                yield Judgement.from_proto(each)

    async def result(self, name: str) -> Judgement:
        """Reads a judgement with its tests: `submissions/<uuid>` (the current one) or
        `.../judgements/<n>`.
        """
        answer = await self._calls.unary(
            calls.results, "GetResult", result_service_pb2.GetResultRequest(name=name)
        )
        return Judgement.from_proto(answer.judgement)

    def output(
        self, judgement: str | Accepted, test_number: int, *, offset_bytes: int = 0, length_bytes: int = 0
    ) -> AsyncGenerator[bytes, None]:
        """Tells, piece by piece, what the program wrote for a test, where `TestResult.kept_output_bytes` says
        that it is kept: from an offset on, `length_bytes` at most, or all for 0. `judgement` as for `result`.
        """
        request = file_service_pb2.ReadFileRequest(
            judgement=_named(judgement, b"")[0],
            test_number=test_number,
            offset_bytes=offset_bytes,
            length_bytes=length_bytes,
        )
        return self._calls.read_file(request)

    def source(self, submission: str | Accepted, path: str) -> AsyncGenerator[bytes, None]:
        """Tells, piece by piece, a source file of a submission, also one that `get` names by its digest."""
        request = file_service_pb2.ReadFileRequest(judgement=_named(submission, b"")[0], source_path=path)
        return self._calls.read_file(request)

    def file(
        self, digest: str, *, offset_bytes: int = 0, length_bytes: int = 0
    ) -> AsyncGenerator[bytes, None]:
        """Tells, as `output`, a file that was uploaded, such as one of a problem: `sha256:<hexadecimal>`."""
        request = file_service_pb2.ReadFileRequest(
            digest=digest, offset_bytes=offset_bytes, length_bytes=length_bytes
        )
        return self._calls.read_file(request)

    async def languages(self) -> Sequence[Language]:
        """Every language, available or not."""
        request = submission_service_pb2.ListLanguagesRequest()
        answer = await self._calls.unary(calls.submissions, "ListLanguages", request)
        return [Language.from_proto(each) for each in answer.languages]

    async def queues(self, languages: Iterable[str] = ()) -> AsyncGenerator[tuple[Queue, ...], None]:
        """Tells how long the queues are: now, then whenever that changes. Ends with an error when the
        connection does.
        """
        request = submission_service_pb2.WatchQueuesRequest(languages=languages)
        with self._calls.channels.lease() as channel:
            call = calls.submissions(channel).WatchQueues(request)
            try:
                async for answer in call:
                    yield tuple(map(Queue.from_proto, answer.queues))
            except grpc.RpcError as error:
                raise from_rpc(error) from None
            finally:
                call.cancel()

    async def problems(self) -> AsyncGenerator[Problem, None]:
        """Tells every problem by name."""
        request = problem_service_pb2.ListProblemsRequest(page_size=_PAGE)
        async for page in self._calls.pages(calls.problems, "ListProblems", request):
            for each in page.problems:
                yield Problem.from_proto(each)

    async def problem(self, name: str) -> Problem:
        """Reads a problem by `problems/<name>` or plain name."""
        request = problem_service_pb2.GetProblemRequest(name=requests.problem_name(name))
        answer = await self._calls.unary(calls.problems, "GetProblem", request)
        return Problem.from_proto(answer.problem)

    async def add_problem(
        self,
        folder: str | Path,
        *,
        name: str = "",
        uploaded: Callable[[int, int], None] | None = None,
        replaced: Mapping[str, bytes] | None = None,
    ) -> Problem:
        """Makes a problem of a package's folder, or points an existing name at it. Only files not yet there
        are sent.

        `name` defaults to the folder's own; `uploaded` is told (files sent, files to send) as it goes. What
        `replaced` holds by path is sent in place of the folder's file, or added to it.
        """
        package, warnings = to_send(await asyncio.to_thread(read_package, Path(folder)))
        with tempfile.TemporaryDirectory(prefix="gavel-package-") as spool:
            package = replace_contents(package, replaced or {}, Path(spool))
            await upload_missing(self._calls, package, uploaded or (lambda _sent, _all: None))
        request = problem_service_pb2.CreateProblemRequest(
            name=requests.problem_name(name or _folder_name(folder)),
            files=[
                problem_pb2.FileReference(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
                for file in package
            ],
        )
        answer = await self._calls.unary(
            calls.problems, "CreateProblem", request, timeout_s=_PROBLEM_TIMEOUT_S
        )
        return Problem.from_proto(answer.problem, (*warnings, *answer.warnings))

    async def delete_problem(self, name: str) -> None:
        """Removes a name; what was handed in under it is judged all the same."""
        request = problem_service_pb2.DeleteProblemRequest(name=requests.problem_name(name))
        await self._calls.unary(calls.problems, "DeleteProblem", request)


def _named(submission: str | Accepted, read_token: bytes) -> tuple[str, bytes]:
    if isinstance(submission, Accepted):
        return submission.name, read_token or submission.read_token
    return submission, read_token


def _folder_name(folder: str | Path) -> str:
    return Path(folder).resolve().name
