"""The pure part of the client: ids, requests, delays, packages, values."""

import os
import time
from pathlib import Path
from uuid import UUID

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel import client
from gavel.client import packages, requests, resume, values
from gavel.rpc.errors import GavelError
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import submission_pb2, submission_service_pb2


def test_a_request_id_is_a_uuid_of_version_7_with_the_time_of_now() -> None:
    """No two alike, and the server can read the clock in it."""
    before = time.time_ns() // 1_000_000
    ids = {client.uuid7() for _ in range(1000)}
    after = time.time_ns() // 1_000_000

    assert len(ids) == 1000
    for each in ids:
        assert (each.version, each.variant) == (7, "specified in RFC 4122")
        assert before <= each.int >> 80 <= after


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_delays_grow_from_a_tenth_of_a_second_to_five(failures: int, chance: float) -> None:
    """Spread over the upper half of each step, so that nobody comes back at one moment."""
    wait_s = resume.delay_s(failures, None, chance)
    step_s = min(0.1 * 2 ** min(failures - 1, 20), 5.0)

    assert step_s / 2 <= wait_s <= step_s


def test_a_longer_wait_that_the_server_asks_for_is_kept_from_the_second_try_on() -> None:
    """The first try again is at once, since another replica may serve; later ones as asked, 5 s at most."""
    error = GavelError(reasons.ERROR_REASON_OVERLOADED, "full", retry_after_ms=3000)
    long = GavelError(reasons.ERROR_REASON_OVERLOADED, "full", retry_after_ms=60_000)

    assert resume.delay_s(1, error, 0.5) < 0.1
    assert resume.delay_s(2, error, 0.5) == 3.0
    assert resume.delay_s(2, long, 0.5) == 5.0


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_an_error_of_a_call_is_the_requests_or_the_platforms(code: grpc.StatusCode) -> None:
    """Every code has a class, and what may be tried again is never the request's fault."""
    bare = GavelError(reasons.ERROR_REASON_UNSPECIFIED, "m")
    bare.code = code
    error = client.errors.typed(bare)

    assert isinstance(error, client.RequestError | client.PlatformError)
    assert error.code is code
    if resume.may_retry(error):
        assert isinstance(error, client.PlatformError)


@pytest.mark.parametrize(
    ("paths", "code"),
    [(["main.py"], "python3"), (["a.cpp", "a.h"], "cpp"), (["src/Main.java", "README"], "java")],
)
def test_a_language_is_known_by_its_suffix(paths: list[str], code: str) -> None:
    """Files that belong to no language do not disturb."""
    assert requests.language_of(paths, LANGUAGES) == code


@pytest.mark.parametrize(
    "paths", [["README"], ["a.py", "b.cpp"], ["py"]], ids=["none", "several", "no suffix"]
)
def test_a_language_that_cannot_be_known_is_asked_for(paths: list[str]) -> None:
    """The error names the field."""
    with pytest.raises(client.RequestError) as caught:
        requests.language_of(paths, LANGUAGES)
    assert caught.value.violations[0].field == "language"


def test_a_request_says_what_was_asked() -> None:
    """Tests keep the difference between an empty expected answer and none."""
    request = create(tests=[client.InlineTest(b"1", b""), client.InlineTest(b"2")], run_all=True, batch=True)

    assert [test.HasField("expected") for test in request.tests.tests] == [True, False]
    assert request.run_policy == submission_service_pb2.RUN_POLICY_RUN_ALL
    assert request.lane == submission_pb2.LANE_BATCH
    assert request.limits.cpu_time_ms == 500
    assert create(problem="hello").problem == create(problem="problems/hello").problem == "problems/hello"
    assert create().WhichOneof("task") is None
    with pytest.raises(client.RequestError):
        create(problem="hello", tests=[client.InlineTest()])


def test_a_list_is_narrowed_by_names_that_there_are() -> None:
    """The error tells them; a problem may stand without its collection."""
    plain = {"problem": "", "language": "", "state": "", "verdict": "", "labels": {}, "since": None}
    request = requests.list_submissions(**plain | {"problem": "hello", "verdict": "WRONG_ANSWER"})  # type: ignore[arg-type]

    assert (request.problem, request.verdict) == ("problems/hello", submission_pb2.VERDICT_WRONG_ANSWER)
    assert requests.list_submissions(**plain) == submission_service_pb2.ListSubmissionsRequest()  # type: ignore[arg-type]
    for field, name in (("state", "DONE"), ("verdict", "UNSPECIFIED"), ("verdict", "VERDICT_ACCEPTED")):
        with pytest.raises(client.RequestError, match="expected one of") as caught:
            requests.list_submissions(**plain | {field: name})  # type: ignore[arg-type]
        assert caught.value.violations[0].field == field


def test_a_file_of_text_is_named() -> None:
    """GRPC's own words name no argument."""
    with pytest.raises(TypeError, match=r"files\['main.py'\] is a str"):
        create(files={"main.py": "print(1)"})


def test_a_value_that_this_release_does_not_know_is_shown_as_its_number() -> None:
    """Enumerations of the contract may grow."""
    assert values.verdict_name(submission_pb2.VERDICT_WRONG_ANSWER) == "WRONG_ANSWER"
    assert values.verdict_name(0) == ""
    assert values.verdict_name(99) == "99"


def test_unset_facts_are_none_and_zero_is_zero() -> None:
    """A program that exited with 0 did not exit with nothing."""
    exited = values.TestResult.from_proto(submission_pb2.TestResult(number=1, exit_code=0))
    killed = values.TestResult.from_proto(submission_pb2.TestResult(number=1, signal=9))

    assert (exited.exit_code, exited.signal) == (0, None)
    assert (killed.exit_code, killed.signal) == (None, 9)


def test_a_package_is_read_in_order_with_its_links_inside(tmp_path: Path) -> None:
    """A link to a file of the package is that file; hidden files are left out."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b/x").write_bytes(b"x")
    (tmp_path / "a").symlink_to("b/x")
    (tmp_path / ".hidden").write_bytes(b"")
    found = packages.read_package(tmp_path)

    assert [(file.path, file.size_bytes) for file in found] == [("a", 1), ("b/x", 1)]
    assert found[0].sha256 == found[1].sha256
    assert list(packages.chunks(found[0].file)) == [b"x"]


def test_a_link_to_a_folder_of_the_package_is_that_folder(tmp_path: Path) -> None:
    """Links that lead round, out or nowhere are of no account where nothing is judged by them."""
    (tmp_path / "data/secret/a").mkdir(parents=True)
    (tmp_path / "data/secret/a/1.in").write_bytes(b"1")
    (tmp_path / "data/secret/b").symlink_to("a")
    (tmp_path / "generators").mkdir()
    (tmp_path / "generators/again").symlink_to("..")
    (tmp_path / "generators/loop").symlink_to("loop")
    (tmp_path / "input_validators").symlink_to("/etc")
    (tmp_path / "problem.pdf").symlink_to("../problem.pdf")

    found = packages.read_package(tmp_path)

    assert [file.path for file in found] == ["data/secret/a/1.in", "data/secret/b/1.in"]


def test_names_that_the_mesh_does_not_take_stay(tmp_path: Path) -> None:
    """The format says to behave as if they were not there; what lies where is judged is told."""
    paths = ["data/secret/a b.in", "statement/sz\u00fcrke.png", "submissions/accepted/S$Edge.class"]
    paths += ["submissions/accepted/S.java", "statement/-x/y.md", "problem.yaml", ".timelimit"]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")

    sent, warnings = packages.to_send(packages.read_package(tmp_path))

    assert [file.path for file in sent] == [
        ".timelimit",
        "problem.yaml",
        "submissions/accepted/S.java",
    ]
    assert warnings == ["data/secret/a b.in was passed over: the format has no files of such a name."]


def test_a_package_that_is_none_is_refused(tmp_path: Path) -> None:
    """No folder, an empty one, a link that leads out of it, round or nowhere, a pipe."""
    (tmp_path / "empty").mkdir()
    links = {"out": "/etc/passwd", "folder": "/etc", "round": "..", "loop": "x", "dangling": "nothing"}
    for name, target in links.items():
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "problem.yaml").write_bytes(b"")
        (tmp_path / name / "data/x").symlink_to(target)
    (tmp_path / "pipe/data").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe/data/fifo")
    for folder in ("nowhere", "empty", *links, "pipe"):
        with pytest.raises(client.RequestError) as caught:
            packages.read_package(tmp_path / folder)
        assert caught.value.reason_name == "INVALID_PROBLEM"


def create(**changes: object) -> submission_service_pb2.CreateSubmissionRequest:
    plain = {
        "request_id": str(UUID(int=0)),
        "language": "python3",
        "files": {"main.py": b"print(1)"},
        "entry_point": "",
        "argv": (),
        "problem": "",
        "tests": (),
        "validator_arguments": (),
        "limits": client.Limits(cpu_time_ms=500),
        "run_all": False,
        "batch": False,
        "labels": {},
    }
    return requests.create_submission(**{**plain, **changes})  # type: ignore[arg-type]


LANGUAGES = [
    client.Language(
        code, code, available=True, version="", reason="", suffixes=suffixes, slot_count=1, compiled=True
    )
    for code, suffixes in (("python3", (".py",)), ("cpp", (".cpp", ".cc")), ("java", (".java",)))
]
