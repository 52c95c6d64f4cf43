"""Open-loop traffic: submissions leave on a schedule, whether or not the earlier ones were answered.

Latencies count from the instant at which a submission was due, so that a stall shows in every one that
waited for it.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import grpc

from gavel.client import uuid7
from gavel.result.v1 import result_service_pb2, result_service_pb2_grpc
from gavel.submission.v1 import submission_pb2, submission_service_pb2, submission_service_pb2_grpc

#: One program of the least cost: what is measured is the mesh and not the program.
PROGRAM = b"print(1)\n"
STREAMS_PER_CHANNEL = 900
ACCEPT_DEADLINE_S = 10.0
WATCH_DEADLINE_S = 600.0
#: How long after its end a submission's row may say so at the latest.
STORED_S_MAX = 30.0


def new_request(
    labels: dict[str, str], language: str = "python3"
) -> submission_service_pb2.CreateSubmissionRequest:
    """A submission that no other equals: its id comes from a request_id of its own."""
    return submission_service_pb2.CreateSubmissionRequest(
        request_id=str(uuid7()),
        language=language,
        sources=[submission_pb2.SourceFile(path="main.py", data=PROGRAM)],
        labels=labels,
    )


@dataclass(slots=True)
class Tally:
    """What happened to the submissions of one run. Times in seconds; instants of the monotonic clock."""

    accept_s: list[float] = field(default_factory=list)
    accepted: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    failed: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def count_error(self, error: grpc.RpcError) -> None:
        """Refusals are typed and leave no trace; anything else is a failure."""
        code = error.code()
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            self.refused += 1
        else:
            self.failed += 1
        words = f"{code.name}: {(error.details() or '')[:80]}"
        self.errors[words] = self.errors.get(words, 0) + 1


class Channels:
    """Channels to the ingress, enough of them that no stream waits for another to end.

    A connection carries about a thousand streams; the next one would hang without a word.
    """

    def __init__(self, address: str, streams: int = 1) -> None:
        count = max(2, -(-streams // STREAMS_PER_CHANNEL))
        options = (("grpc.use_local_subchannel_pool", 1),)
        self._channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(count)]
        self._next = 0

    def pick(self) -> grpc.aio.Channel:
        self._next = (self._next + 1) % len(self._channels)
        return self._channels[self._next]

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()


async def create(
    channels: Channels, tally: Tally, request: submission_service_pb2.CreateSubmissionRequest, due: float
) -> submission_service_pb2.CreateSubmissionResponse | None:
    """Sends one submission; None when it was refused or failed."""
    stub = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    try:
        answer: submission_service_pb2.CreateSubmissionResponse = await stub.CreateSubmission(
            request, timeout=ACCEPT_DEADLINE_S
        )
    except grpc.aio.AioRpcError as error:
        tally.count_error(error)
        return None
    now = time.monotonic()
    tally.accept_s.append(now - due)
    tally.accepted[answer.submission.name] = now
    return answer


async def watch(
    channels: Channels, tally: Tally, accepted: submission_service_pb2.CreateSubmissionResponse
) -> None:
    """Follows one submission to its end, with its read token, as the SDK does."""
    name = accepted.submission.name
    stub = result_service_pb2_grpc.ResultServiceStub(channels.pick())
    identity = str(UUID(name.removeprefix("submissions/")))
    request = result_service_pb2.WatchSubmissionRequest(name=name, read_token=accepted.read_token)
    try:
        stream = stub.WatchSubmission(
            request, metadata=(("x-gavel-submission", identity),), timeout=WATCH_DEADLINE_S
        )
        async for event in stream:
            if event.WhichOneof("event") == "ended":
                tally.ended[name] = time.monotonic()
    except grpc.aio.AioRpcError as error:
        tally.count_error(error)


async def open_loop(
    channels: Channels,
    rate: float,
    duration_s: float,
    labels: dict[str, str],
    *,
    request: Callable[[dict[str, str]], submission_service_pb2.CreateSubmissionRequest] = new_request,
    watched: bool = False,
) -> Tally:
    """Sends `rate` submissions a second for `duration_s`; with `watched` each one is followed to its end.
    `request` makes one with the labels.
    """
    tally = Tally()
    start = time.monotonic()
    running: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        accepted = await create(channels, tally, request(labels), due)
        if watched and accepted is not None:
            await watch(channels, tally, accepted)

    for index in range(int(rate * duration_s)):
        due = start + index / rate
        delay = due - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        task = asyncio.create_task(one(due))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return tally


async def count_ended(channels: Channels, labels: dict[str, str]) -> dict[str, int]:
    """How many stored submissions with these labels stand in each state, by the lists."""
    stub = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    states: dict[str, int] = {}
    token = ""
    while True:
        request = submission_service_pb2.ListSubmissionsRequest(
            page_size=1000, page_token=token, labels=labels
        )
        page = await stub.ListSubmissions(request, timeout=30.0)
        for submission in page.submissions:
            state = submission_pb2.State.Name(submission.state).removeprefix("STATE_")
            states[state] = states.get(state, 0) + 1
        token = page.next_page_token
        if not token:
            return states


async def drain(channels: Channels, labels: dict[str, str], count: int, within_s: float) -> tuple[float, int]:
    """Waits until `count` submissions have ended; answers the seconds it took and how many had not.

    It watches the queues and lists once they are empty: lists of thousands would be load of their own.
    """
    start = time.monotonic()
    stub = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    queues = stub.WatchQueues(submission_service_pb2.WatchQueuesRequest())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            async for response in queues:
                if not any(queue.waiting_count for queue in response.queues):
                    break
    queues.cancel()
    spent = time.monotonic() - start
    while True:
        states = await count_ended(channels, labels)
        ended = sum(states.get(state, 0) for state in ("FINISHED", "CANCELLED", "FAILED"))
        if ended >= count or time.monotonic() - start > spent + STORED_S_MAX:
            return spent, max(0, count - ended)
        await asyncio.sleep(0.5)


def fresh_labels() -> dict[str, str]:
    """A label that marks the submissions of one run."""
    return {"run": secrets.token_hex(6)}


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; 0.0 without any."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
