"""`make load SCENARIO=...`: a scenario on a mesh of its own, drawn as rate, latency and backlog over time."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import grpc
import matplotlib as mpl

mpl.use("Agg")
import itertools

from matplotlib import pyplot as plt

from gavel.embedded import Mesh
from gavel.submission.v1 import submission_service_pb2, submission_service_pb2_grpc
from load.traffic import Channels, Tally, drain, fresh_labels, open_loop, percentile

DRAIN_S_MAX = 900.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A rate in submissions a second, held for some seconds."""

    rate: float
    duration_s: float


SCENARIOS = {
    "steady": (Phase(30, 60),),
    "burst": (Phase(10, 15), Phase(300, 5), Phase(10, 40)),
    "tenfold": (Phase(30, 20), Phase(300, 20), Phase(30, 20)),
}


@dataclass(slots=True)
class Course:
    """What was seen second by second; seconds count from the start."""

    sent: dict[int, int] = field(default_factory=dict)
    accept_ms: dict[int, list[float]] = field(default_factory=dict)
    backlog: dict[float, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The scenario in a line."""

    scenario: str
    accepted: int
    refused: int
    failed: int
    lost: int
    accept_p50_ms: float
    accept_p99_ms: float
    backlog_max: int
    drain_s: float
    picture: str


async def _follow_backlog(channels: Channels, course: Course, start: float) -> None:
    stub = submission_service_pb2_grpc.SubmissionServiceStub(channels.pick())
    while True:
        try:
            request = submission_service_pb2.WatchQueuesRequest(languages=["python3"])
            async for answer in stub.WatchQueues(request):
                waiting = sum(queue.waiting_count for queue in answer.queues)
                course.backlog[time.monotonic() - start] = waiting
        except grpc.aio.AioRpcError as error:
            sys.stderr.write(f"the backlog is not to be seen: {error.details()}\n")
            await asyncio.sleep(1.0)


async def _play(mesh: Mesh, name: str, picture: Path) -> Outcome:
    channels = Channels(mesh.address, streams=1000)
    course, labels, start = Course(), fresh_labels(), time.monotonic()
    follower = asyncio.create_task(_follow_backlog(channels, course, start))
    whole = Tally()
    for phase in SCENARIOS[name]:
        second = time.monotonic() - start
        sys.stderr.write(f"{phase.rate:g}/s for {phase.duration_s:g} s\n")
        tally = await open_loop(channels, phase.rate, phase.duration_s, labels)
        for number, accept_s in enumerate(tally.accept_s):
            at = int(second + number / phase.rate)
            course.sent[at] = course.sent.get(at, 0) + 1
            course.accept_ms.setdefault(at, []).append(accept_s * 1000)
        whole.accept_s += tally.accept_s
        whole.accepted |= tally.accepted
        whole.refused += tally.refused
        whole.failed += tally.failed
    sys.stderr.write("waiting for the queue to drain\n")
    drain_s, lost = await drain(channels, labels, len(whole.accepted), DRAIN_S_MAX)
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)
    await channels.close()
    _draw(name, course, picture)
    return Outcome(
        name,
        len(whole.accepted),
        whole.refused,
        whole.failed,
        lost,
        round(percentile(whole.accept_s, 0.5) * 1000, 2),
        round(percentile(whole.accept_s, 0.99) * 1000, 2),
        max(course.backlog.values(), default=0),
        round(drain_s, 2),
        str(picture),
    )


def _draw(name: str, course: Course, picture: Path) -> None:
    figure, (rate, latency, backlog) = plt.subplots(3, 1, sharex=True, figsize=(9, 8), layout="constrained")
    figure.suptitle(f"{name}: one machine, two cores, python3")
    seconds = sorted(course.sent)
    rate.step(seconds, [course.sent[second] for second in seconds], where="post", label="accepted")
    moments = sorted(course.backlog)
    ended = [
        course.backlog[before] - course.backlog[after] + _sent_between(course, before, after)
        for before, after in itertools.pairwise(moments)
    ]
    spans = [max(0.05, after - before) for before, after in itertools.pairwise(moments)]
    rate.plot(moments[1:], [count / span for count, span in zip(ended, spans, strict=True)], label="ended")
    rate.set_ylabel("submissions/s")
    rate.legend()
    for share, label in ((0.5, "p50"), (0.99, "p99")):
        values = [percentile(course.accept_ms[second], share) for second in seconds]
        latency.plot(seconds, values, label=f"accept {label}")
    latency.set_ylabel("ms")
    latency.set_yscale("log")
    latency.legend()
    backlog.plot(moments, [course.backlog[moment] for moment in moments])
    backlog.set_ylabel("waiting or running")
    backlog.set_xlabel("seconds")
    for axes in (rate, latency, backlog):
        axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    plt.close(figure)


def _sent_between(course: Course, start: float, end: float) -> float:
    """How many were accepted between two instants; a second's share for a part of it."""
    return sum(
        count * max(0.0, min(end, second + 1) - max(start, second)) for second, count in course.sent.items()
    )


def main() -> int:
    """Plays the scenario and prints one line, or one JSON object; exit status 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m load.run", description=__doc__)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else on stdout")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the picture")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    picture = arguments.out / f"load-{arguments.scenario}.png"
    with tempfile.TemporaryDirectory(prefix="gavel-load-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        sys.stderr.write("starting a mesh\n")
        with Mesh(folder / "mesh", workers=["python3"]) as mesh:
            outcome = asyncio.run(_play(mesh, arguments.scenario, picture))
    if arguments.json:
        print(json.dumps(asdict(outcome)))
    else:
        print(" ".join(f"{key}={value}" for key, value in asdict(outcome).items()))
    return 1 if outcome.lost or outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
