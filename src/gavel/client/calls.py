"""Calls over the channels: tried again while that is safe and time is left, and the one connection of a
watch.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

import grpc
from google.protobuf.message import Message

from gavel.client import resume
from gavel.client.channels import Channels
from gavel.client.errors import GavelError, PlatformError, from_rpc
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.rpc.methods import default_deadlines
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import (
    file_service_pb2,
    file_service_pb2_grpc,
    problem_service_pb2_grpc,
    submission_service_pb2_grpc,
)

_SILENCE_S: Final = 45.0
"""A watch brings a heartbeat every 20 s; after two that did not come its connection counts as lost."""

Stub = Callable[[grpc.aio.Channel], Any]
"""One of the four below; generated stubs have no types."""


def submissions(channel: grpc.aio.Channel) -> Any:
    """The stub of SubmissionService."""
    return submission_service_pb2_grpc.SubmissionServiceStub(channel)


def problems(channel: grpc.aio.Channel) -> Any:
    """The stub of ProblemService."""
    return problem_service_pb2_grpc.ProblemServiceStub(channel)


def files(channel: grpc.aio.Channel) -> Any:
    """The stub of FileService."""
    return file_service_pb2_grpc.FileServiceStub(channel)


def results(channel: grpc.aio.Channel) -> Any:
    """The stub of ResultService."""
    return result_service_pb2_grpc.ResultServiceStub(channel)


class _Tries:
    """The tries of one call, all within one time."""

    def __init__(self, timeout_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + timeout_s
        self._failures = 0

    def left_s(self) -> float:
        """Seconds that are left."""
        return self._deadline - self._loop.time()

    async def pause(self, error: GavelError) -> None:
        """A try failed: waits until the next one, or raises the error when none may follow."""
        self._failures += 1
        wait_s = resume.delay_s(self._failures, error, random.random())
        if not resume.may_retry(error) or wait_s >= self.left_s():
            raise error
        await asyncio.sleep(wait_s)


class Calls:
    """Makes calls to one address."""

    def __init__(self, address: str, timeout_s: float) -> None:
        """`timeout_s` bounds all tries of a call together."""
        self.channels = Channels(address)
        self.timeout_s = timeout_s

    async def unary(self, stub: Stub, method: str, request: Message, *, timeout_s: float = 0.0) -> Any:
        """A unary call that is safe to send again, each try within its method's default deadline."""
        services = request.DESCRIPTOR.file.services_by_name.values()
        service = next(each for each in services if method in each.methods_by_name)
        once_s = default_deadlines()[f"/{service.full_name}/{method}"]
        return await self.tried(
            lambda channel, left_s: getattr(stub(channel), method)(request, timeout=left_s),
            timeout_s or self.timeout_s,
            once_s,
        )

    async def tried(
        self, call: Callable[[grpc.aio.Channel, float], Any], timeout_s: float, once_s: float
    ) -> Any:
        """Makes a call, given a channel and the seconds that it may take, until it is answered or the time is
        up.
        """
        tries = _Tries(timeout_s)
        while True:
            with self.channels.lease() as channel:
                try:
                    return await call(channel, min(once_s, tries.left_s()))
                except grpc.RpcError as caught:
                    error = from_rpc(caught)
            await tries.pause(error)

    async def pages(self, stub: Stub, method: str, request: Any) -> AsyncGenerator[Any, None]:
        """Every page of a list."""
        while True:
            page = await self.unary(stub, method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def read_file(self, request: file_service_pb2.ReadFileRequest) -> AsyncGenerator[bytes, None]:
        """The bytes of a file, in pieces of at most 256 KiB; whole only when it ends without an error.

        Tried again, while that is safe and time is left, until the first of them has come.
        """
        tries, has_come = _Tries(self.timeout_s), False
        while True:
            try:
                async with aclosing(self._file_read(request)) as pieces:
                    async for piece in pieces:
                        has_come = True
                        yield piece
            except GavelError as error:
                if has_come:
                    raise
                await tries.pause(error)
            else:
                return

    async def _file_read(self, request: file_service_pb2.ReadFileRequest) -> AsyncGenerator[bytes, None]:
        with self.channels.lease() as channel:
            call = files(channel).ReadFile(request)
            try:
                async for response in call:
                    yield response.data
            except grpc.RpcError as error:
                raise from_rpc(error) from None
            finally:
                call.cancel()

    async def watch(
        self, request: result_service_pb2.WatchSubmissionRequest
    ) -> AsyncGenerator[result_service_pb2.WatchSubmissionResponse, None]:
        """One connection of a watch; PlatformError when it goes silent."""
        metadata = (("x-gavel-submission", request.name.removeprefix("submissions/")),)
        with self.channels.lease() as channel:
            call = results(channel).WatchSubmission(request, metadata=metadata)
            try:
                while True:
                    async with asyncio.timeout(_SILENCE_S):
                        response = await call.read()
                    if response is grpc.aio.EOF:
                        return
                    yield response
            except TimeoutError:
                raise cut_off() from None
            except grpc.RpcError as error:
                raise from_rpc(error) from None
            finally:
                call.cancel()


def cut_off() -> GavelError:
    """A stream that ended without saying why."""
    error = PlatformError(reasons.ERROR_REASON_UNSPECIFIED, "the stream ended before its end")
    error.code = grpc.StatusCode.UNAVAILABLE
    return error
