"""The command as people and programs call it, against a server on a real socket."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from gavel.result.v1 import result_service_pb2 as result
from gavel.rpc.errors import GavelError, invalid
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import submission_pb2
from scripted import (
    NAME,
    Scripted,
    a_test,
    ended,
    heartbeat,
    lost,
    queued,
    running,
    scripted_thread,
)

GAVEL = str(Path(sys.executable).with_name("gavel"))


@pytest.fixture
def services() -> Iterator[Scripted]:
    def prepare(running_services: Scripted) -> None:
        running_services.results.log = [queued(2), heartbeat(), running(), a_test(1), a_test(2), ended()]

    with scripted_thread(prepare) as started:
        yield started


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "main.py"
    file.write_bytes(b"print(1)")
    return file


@pytest.fixture
def gavel(services: Scripted) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "GAVEL_ADDRESS": services.address}
        return subprocess.run(
            [GAVEL, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            **options,
        )

    return call


def lines(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Every line of standard output, each of which must be an object."""
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert all(isinstance(each, dict) for each in found)
    return found


def end(state: int, verdict: int = 0) -> result.WatchSubmissionResponse:
    judgement = submission_pb2.Judgement(name=f"{NAME}/judgements/1", state=state, verdict=verdict)
    return result.WatchSubmissionResponse(ended=judgement)


def test_json_tells_each_event_and_at_last_the_whole(gavel: Any, program: Path, services: Scripted) -> None:
    """Also over a lost connection; the last line has what a program needs, enumerations without their
    prefix.
    """
    services.results.stops = [(4, lost(grpc.StatusCode.UNAVAILABLE))]
    ran = gavel("submit", program, "--json")
    told = lines(ran)

    assert ran.returncode == 0
    assert [line["event"] for line in told] == ["accepted", "queued", "running", "test", "test", "ended"]
    last = told[-1]
    assert last["submission"] == NAME
    assert (last["state"], last["verdict"]) == ("FINISHED", "ACCEPTED")
    assert {"cpu_time_ms", "memory_bytes", "tests"} <= last.keys()


def test_text_ends_with_the_verdict(gavel: Any, program: Path) -> None:
    """Without a terminal there are plain lines, and nothing that steers one."""
    ran = gavel("submit", program)

    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout
    assert "queued, 2 ahead" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("ACCEPTED")


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (ended(), 0),
        (end(submission_pb2.STATE_FINISHED, submission_pb2.VERDICT_WRONG_ANSWER), 1),
        (end(submission_pb2.STATE_CANCELLED), 1),
        (end(submission_pb2.STATE_FAILED), 3),
    ],
    ids=["accepted", "wrong answer", "cancelled", "failed"],
)
@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
def test_the_exit_status_says_how_it_ended(
    gavel: Any, services: Scripted, last: result.WatchSubmissionResponse, status: int, flags: list[str]
) -> None:
    """0 accepted, 1 another end, 3 the platform's fault."""
    services.results.log = [running(), last]

    assert gavel("watch", NAME, *flags).returncode == status


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (invalid("language", "unknown"), 2),
        (GavelError(reasons.ERROR_REASON_PROBLEM_NOT_FOUND, "there is no problem x"), 2),
        (GavelError(reasons.ERROR_REASON_INTERNAL, "unforeseen error"), 3),
    ],
    ids=["invalid", "not found", "internal"],
)
def test_a_refusal_is_one_line_and_an_object(
    gavel: Any, services: Scripted, program: Path, failure: GavelError, status: int
) -> None:
    """2 when the request was bad, 3 when the platform failed; what to do next stands behind the semicolon."""
    services.submissions.failures = [failure, failure]
    text = gavel("submit", program)
    ran = gavel("submit", program, "--json")

    assert (text.returncode, text.stdout) == (status, "")
    assert text.stderr.startswith(f"gavel: {failure.message}; ")
    assert text.stderr.count("\n") == 1
    (line,) = lines(ran)
    assert (ran.returncode, line["event"], line["reason"]) == (status, "failed", failure.reason_name)


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit"],
        ["submit", "nowhere.py"],
        ["submit", "main.py", "--cpu-time", "2"],
        ["submit", "main.py", "--memory", "lots"],
        ["submit", "main.py", "--label", "user"],
        ["submit", "main.py", "--problem", "x", "--stdin", "main.py"],
        ["submit", "main.txt"],
        ["submit", "main.py", "--unknown"],
        ["get", "nonsense", "--address", "nowhere"],
        ["list", "--state", "SLEEPING"],
        ["problem", "add", "nowhere"],
        ["frobnicate"],
        ["list", "--verdict", "WA"],
        ["submit", "main.py", "--stdin", "-", "--expected", "-"],
        ["submit", "main.py", "--cpu-time", "0s"],
        ["submit", "main.py", "--arg", "\udcff"],
        ["problem", "show", "\udcff"],
        ["up", "--detach", "--data-dir", "main.txt"],
        ["up", "--data-dir", "/proc/nowhere"],
    ],
    ids=" ".join,
)
def test_a_call_that_is_wrong_ends_with_2(gavel: Any, program: Path, arguments: list[str]) -> None:
    """One line on standard error that begins with the command's name; with --json an object as well."""
    (program.parent / "main.txt").write_bytes(b"")
    text = gavel(*arguments, cwd=program.parent)
    ran = gavel(*arguments, "--json", cwd=program.parent)

    assert (text.returncode, text.stdout) == (2, "")
    assert text.stderr.startswith("gavel: ")
    assert text.stderr.count("\n") == 1
    assert (ran.returncode, lines(ran)[-1]["event"]) == (2, "failed")


def test_a_call_without_a_command_shows_what_there_is(gavel: Any) -> None:
    """And nothing on standard error but that; the version can be asked for."""
    bare, version = gavel(), gavel("--version")

    assert (bare.returncode, version.returncode) == (2, 0)
    assert "submit" in bare.stdout + bare.stderr
    assert "gavel: " not in bare.stderr
    assert re.fullmatch(r"gavel [0-9]+\.[0-9][^ ]*\n", version.stdout)


def test_nobody_there_ends_with_3_and_says_how_to_start(
    gavel: Any, program: Path, unused_tcp_port: int
) -> None:
    """The option after the subcommand wins over the environment."""
    ran = gavel("submit", program, "--address", f"127.0.0.1:{unused_tcp_port}")

    assert ran.returncode == 3
    assert "gavel up" in ran.stderr


def test_several_files_are_one_program(gavel: Any, services: Scripted, tmp_path: Path) -> None:
    """Paths count from the folder that holds them all; options become the request."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "main.py").write_bytes(b"import lib.x")
    (tmp_path / "lib/x.py").write_bytes(b"")
    (tmp_path / "in").write_bytes(b"1\n")
    (tmp_path / "out").write_bytes(b"")
    ran = gavel(
        "submit", tmp_path / "main.py", tmp_path / "lib/x.py", "--stdin", tmp_path / "in", "--expected",
        tmp_path / "out", "--cpu-time", "1.5s", "--memory", "64MiB", "--arg", "-v", "--label", "user=u1",
        "--run-all", "--no-watch", "--json",
    )  # fmt: skip
    (request,) = services.submissions.creates

    assert (ran.returncode, [line["event"] for line in lines(ran)]) == (0, ["accepted"])
    assert [source.path for source in request.sources] == ["main.py", "lib/x.py"]
    assert (request.language, list(request.argv), dict(request.labels)) == ("python3", ["-v"], {"user": "u1"})
    assert (request.limits.cpu_time_ms, request.limits.memory_bytes) == (1500, 64 << 20)
    (test,) = request.tests.tests
    assert (test.input, test.HasField("expected"), test.expected) == (b"1\n", True, b"")
    assert services.results.requests == []


def test_what_a_program_wrote_cannot_steer_the_terminal(gavel: Any, services: Scripted) -> None:
    """Control characters of an output are shown as what they are."""
    test = submission_pb2.TestResult(
        number=1, verdict=submission_pb2.VERDICT_WRONG_ANSWER, stdout="\x1b]0;pwned\x07\x9b31m"
    )
    last = end(submission_pb2.STATE_FINISHED, submission_pb2.VERDICT_WRONG_ANSWER)
    last.ended.tests.append(test)
    services.results.log = [running(), last]
    ran = gavel("watch", NAME)

    assert "\\x1b]0;pwned\\x07\\x9b31m" in ran.stdout
    assert not any(each in ran.stdout for each in "\x1b\x07\x9b")


def test_lists_and_languages_have_one_object_a_line(gavel: Any) -> None:
    """Lists stop where they are told to; a language says what is missing."""
    listed = lines(gavel("list", "--json", "--most", "3"))
    languages = lines(gavel("languages", "--json"))

    assert [each["submission"] for each in listed] == ["submissions/0", "submissions/1", "submissions/2"]
    assert [(each["score"], "tests" in each) for each in listed] == [(0, False), (1, False), (2, False)]
    assert gavel("list", "--most", "1", "--verdict", "wrong answer").stdout.rstrip().endswith(" PARTIAL 0")
    assert [(each["id"], each["available"], each["version"], each["reason"]) for each in languages] == [
        ("python3", True, "Python 3.11", ""),
        ("rust", False, "", "apt install rustc"),
    ]


def test_a_problem_is_added_from_its_folder(gavel: Any, tmp_path: Path) -> None:
    """The last line names it; warnings go to standard error for people."""
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello/problem.yaml").write_bytes(b"name: Hello")
    told = lines(gavel("problem", "add", tmp_path / "hello", "--json"))
    text = gavel("problem", "add", tmp_path / "hello", "--name", "other")

    assert told[0] == {"event": "uploaded", "sent": 1, "total": 1}
    assert (told[-1]["problem"], told[-1]["warnings"]) == ("problems/hello", ["generators are ignored"])
    assert text.stdout.startswith("problems/other ")
    assert "warning: generators are ignored" in text.stderr


def test_an_interrupt_leaves_the_judging_and_says_how_to_come_back(services: Scripted, program: Path) -> None:
    """Ctrl-C ends the command with 130."""
    services.results.log = [queued(2), running(), queued(1)]
    services.results.hold = True
    process = subprocess.Popen(
        [GAVEL, "submit", str(program), "--address", services.address, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "running":
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate(timeout=20)

    assert (process.returncode, f"gavel watch {NAME}" in errors) == (130, True), errors


def test_a_reader_of_little_that_leaves_is_none_either(tmp_path: Path) -> None:
    """What fits into a buffer is written at the end."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/kafka.log").write_text("a line\n" * 100)
    reading, writing = os.pipe()
    os.close(reading)
    argv = [GAVEL, "logs", "kafka", "--data-dir", str(tmp_path)]
    with os.fdopen(writing) as left:
        ran = subprocess.run(argv, stdout=left, stderr=subprocess.PIPE, check=False)

    assert (ran.stderr, ran.returncode) == (b"", 141)


@pytest.mark.parametrize("flags", ["", "--json"], ids=["text", "json"])
def test_a_reader_that_leaves_is_no_error(services: Scripted, flags: str) -> None:
    """`gavel list | head -1` ends quietly, as by SIGPIPE: 0 would be a verdict of some commands."""
    services.submissions.count = 5000
    pipe = f"set -o pipefail; {GAVEL} list --most 0 --address {services.address} {flags} | head -1"
    ran = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False)

    assert (ran.stdout.count("\n"), ran.stderr, ran.returncode) == (1, "", 141)
