"""The client over real sockets: retries that keep the request_id, pages, uploads, errors by class."""

from hashlib import sha256
from pathlib import Path

import grpc
import pytest

from gavel import client
from gavel.client.aio import AsyncClient
from gavel.client.sync import Client
from gavel.rpc.errors import GavelError, invalid
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import file_service_pb2
from scripted import NAME, Scripted, a_test, ended, lost, running, scripted, scripted_thread


async def submitted(services: Scripted, *failures: GavelError, timeout_s: float = 30) -> client.Accepted:
    services.submissions.failures = list(failures)
    async with AsyncClient(services.address, timeout_s=timeout_s) as gavel:
        return await gavel.submit({"main.py": b"print(1)"}, language="python3", labels={"user": "u1"})


@pytest.mark.parametrize(
    "failure",
    [
        GavelError(reasons.ERROR_REASON_BROKER_UNAVAILABLE, "no acknowledgement"),
        lost(grpc.StatusCode.DEADLINE_EXCEEDED),
        lost(grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2"),
        GavelError(reasons.ERROR_REASON_OVERLOADED, "full"),
    ],
    ids=["broker", "deadline", "reset", "full"],
)
async def test_an_undecided_submit_is_sent_again_with_its_request_id(failure: GavelError) -> None:
    """One call makes one submission, however often it was sent."""
    async with scripted() as services:
        accepted = await submitted(services, failure, failure)
        creates = services.submissions.creates

    assert (accepted.name, accepted.read_token) == (NAME, b"read")
    assert accepted.submission.labels == {"user": "u1"}
    assert len(creates) == 3
    assert len({request.request_id for request in creates}) == 1
    assert all(request == creates[0] for request in creates)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (invalid("language", "unknown"), client.RequestError),
        (GavelError(reasons.ERROR_REASON_PROBLEM_NOT_FOUND, "none"), client.NotFoundError),
        (GavelError(reasons.ERROR_REASON_SOURCE_TOO_LARGE, "large"), client.RequestError),
        (GavelError(reasons.ERROR_REASON_INTERNAL, "broken"), client.PlatformError),
    ],
    ids=["invalid", "not found", "too large", "internal"],
)
async def test_what_is_decided_is_not_sent_again(failure: GavelError, kind: type[GavelError]) -> None:
    """The error's class says whose fault it is."""
    async with scripted() as services:
        with pytest.raises(kind) as caught:
            await submitted(services, failure)
        assert len(services.submissions.creates) == 1

    assert type(caught.value) is kind
    assert caught.value.reason == failure.reason
    assert caught.value.violations == failure.violations


async def test_all_tries_together_are_bounded() -> None:
    """With nobody there the last error comes when the time is up."""
    failures = [GavelError(reasons.ERROR_REASON_BROKER_UNAVAILABLE, "no acknowledgement")] * 100
    async with scripted() as services:
        with pytest.raises(client.PlatformError) as caught:
            await submitted(services, *failures, timeout_s=1.0)
        assert 2 <= len(services.submissions.creates) <= 10
    assert caught.value.reason_name == "BROKER_UNAVAILABLE"


async def test_a_cancel_whose_answer_was_lost_succeeds() -> None:
    """The second try finds its own work done; an end of another kind is an error."""
    ended = [
        GavelError(reasons.ERROR_REASON_ALREADY_ENDED, "ended", submission=NAME, state=state)
        for state in ("CANCELLED", "FINISHED")
    ]
    async with scripted() as services, AsyncClient(services.address) as gavel:
        services.submissions.failures = [lost(grpc.StatusCode.UNAVAILABLE), ended[0]]
        await gavel.cancel(NAME)
        services.submissions.failures = [ended[1]]
        with pytest.raises(client.RequestError, match="ended"):
            await gavel.cancel(NAME)


async def test_lists_follow_their_pages() -> None:
    """All of them, or the first few, without more calls than needed."""
    async with scripted() as services, AsyncClient(services.address) as gavel:
        every = [each.name async for each in gavel.list()]
        few = [each.name async for each in gavel.list(most=7)]

    assert every == [f"submissions/{number}" for number in range(1203)]
    assert few == every[:7]


async def test_only_missing_files_of_a_package_are_sent(tmp_path: Path) -> None:
    """In chunks of 256 KiB, a few at once, equal files once; the problem names every file."""
    package = tmp_path / "hello"
    for number in range(12):
        (package / "data/secret").mkdir(parents=True, exist_ok=True)
        (package / f"data/secret/{number}.in").write_bytes(b"%d" % (number // 2))
    (package / "problem.yaml").write_bytes(b"")
    (package / "large.bin").write_bytes(bytes(700_000))
    (package / ".git").mkdir()
    (package / ".git/config").write_bytes(b"secret")
    told: list[tuple[int, int]] = []
    async with scripted() as services, AsyncClient(services.address) as gavel:
        problem = await gavel.add_problem(package, uploaded=lambda sent, most: told.append((sent, most)))
        first_uploads = services.files.uploads
        (package / "problem.yaml").write_bytes(b"name: Hello")
        await gavel.add_problem(package, name="other")

        assert (problem.name, problem.test_count) == ("problems/hello", 14)
        assert problem.warnings == ("generators are ignored",)
        assert first_uploads == 8
        assert services.files.uploads == 9
        assert 1 < services.files.most_at_once <= 4
        assert max(services.files.chunks) == 256 << 10
        assert told[:8] == [(number, 8) for number in range(1, 9)]
        first, second = services.problems.creates
        assert second.name == "problems/other"
        assert [file.path for file in first.files] == [file.path for file in second.files]
        assert all(not file.path.startswith(".") for file in first.files)


async def test_what_is_too_large_for_a_request_is_uploaded_before() -> None:
    """As few files as that takes, the largest first; sent again they are there already."""
    files = {"a.py": b"a" * 30_000, "b.py": b"b" * 300_000, "c.py": b"c" * 36_000, "d.py": b""}
    large = {path: "sha256:" + sha256(files[path]).hexdigest() for path in ("b.py", "c.py")}
    async with scripted() as services, AsyncClient(services.address) as gavel:
        await gavel.submit(files, language="python3")
        await gavel.submit(files, language="python3")
        await gavel.submit({"a.py": files["a.py"]}, language="python3")

        first, second, small = services.submissions.creates
        stored = services.files.stored
    assert stored == {digest: files[path] for path, digest in large.items()}
    assert services.files.uploads == 2
    assert services.files.purposes == {file_service_pb2.FILE_PURPOSE_SOURCE}
    assert list(first.sources) == list(second.sources)
    assert {source.path: source.digest or source.data for source in first.sources} == files | large
    assert small.sources[0].data == files["a.py"]


async def test_files_of_a_package_may_be_sent_with_other_contents(tmp_path: Path) -> None:
    """Under paths of the folder, whose own files stay as they are, and under new ones."""
    (tmp_path / "problem.yaml").write_bytes(b"name: Mine")
    (tmp_path / "data.in").write_bytes(b"1")
    replaced = {"problem.yaml": b"name: Changed", "data.ans": b"2"}
    async with scripted() as services, AsyncClient(services.address) as gavel:
        await gavel.add_problem(tmp_path, name="copy", replaced=replaced)

        (request,) = services.problems.creates
        sent = {file.path: services.files.stored[f"sha256:{file.sha256}"] for file in request.files}
    assert sent == {"data.ans": b"2", "data.in": b"1", "problem.yaml": b"name: Changed"}
    assert (tmp_path / "problem.yaml").read_bytes() == b"name: Mine"


def test_the_blocking_client_does_the_same(tmp_path: Path) -> None:
    """Submit, watch, wait, list and upload from a thread without a loop."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p/problem.yaml").write_bytes(b"name: x")
    with scripted_thread(cut_once) as services, Client(services.address) as gavel:
        accepted = gavel.submit({"main.py": b""}, language="python3")
        events = list(gavel.watch(accepted))
        judgement = gavel.wait(accepted)
        with gavel.list() as listed:
            first = next(listed)
        problem = gavel.add_problem(tmp_path / "p")

    assert [type(event).__name__ for event in events] == ["Running", "Tested", "Ended"]
    assert judgement.verdict == "ACCEPTED"
    assert first.name == "submissions/0"
    assert problem.name == "problems/p"


def cut_once(services: Scripted) -> None:
    services.results.log = [running(), a_test(1), ended()]
    services.results.stops = [(2, lost(grpc.StatusCode.UNAVAILABLE))]
