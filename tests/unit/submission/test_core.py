"""Records and answers, made of values alone."""

import dataclasses
from types import MappingProxyType
from uuid import UUID

from submission_requests import now_ms, request

from gavel.judging.languages import LANGUAGES
from gavel.projection.rows import Slice, StoredSubmission
from gavel.projection.state import END_ORDINAL, End, JudgementState, Place
from gavel.submission import admission, core
from gavel.submission.v1 import submission_pb2, submission_record_pb2, submission_service_pb2
from gavel.worker.v1 import worker_pb2

ID = UUID("01936b2f-7c00-7abc-8def-0123456789ab")
LIMITS = submission_pb2.Limits(cpu_time_ms=2_000)


def record_of(made: submission_service_pb2.CreateSubmissionRequest) -> submission_record_pb2.SubmissionRecord:
    """The record of a request."""
    admitted = admission.admit(made, now_ms())
    return core.record_of("local", ID, made, admitted, manifest_digest="ab" * 32, limits=LIMITS)


def test_record_is_complete() -> None:
    """A worker finds all in the record: sources, entry point, arguments, tests, limits asked for, labels."""
    made = request(language="cpp@20", argv=["x"], labels={"user": "ann"}, entry_point="hello.py")
    made.tests.tests.add(input=b"1", expected=b"2")
    made.limits.processes = 3

    record = record_of(made)

    assert (record.submission_id, record.tenant, record.judgement) == (str(ID), "local", 1)
    assert (record.language, record.entry_point, list(record.argv)) == ("cpp@20", "hello.py", ["x"])
    assert list(record.inline.files) == list(made.sources)
    assert (record.tests, record.limits, record.effective_limits) == (made.tests, made.limits, LIMITS)
    assert record.run_policy == submission_service_pb2.RUN_POLICY_STOP_AT_FIRST_FAILURE
    assert record.lane == submission_pb2.LANE_INTERACTIVE
    assert dict(record.labels) == {"user": "ann"}
    assert not record.HasField("problem")


def test_record_pins_the_problem() -> None:
    """The record names the problem and the manifest that it pointed at."""
    record = record_of(request(problem="problems/hello"))

    assert (record.problem.problem, record.problem.manifest_digest) == ("problems/hello", "ab" * 32)
    assert record.WhichOneof("task") == "problem"


def test_answer_of_an_accept() -> None:
    """The submission is QUEUED, its time the broker's."""
    made = request(problem="problems/hello", labels={"user": "ann"})

    submission = core.submission_of(ID, made, LIMITS, 1_700_000_000_123)

    assert submission.name == f"submissions/{ID}"
    assert submission.state == submission_pb2.STATE_QUEUED
    assert submission.create_time.ToMilliseconds() == 1_700_000_000_123
    assert (submission.problem, dict(submission.labels)) == ("problems/hello", {"user": "ann"})
    assert (submission.limits, submission.current_judgement) == (LIMITS, 1)


def test_stored_submission_follows_its_judgement() -> None:
    """Without a judgement it is QUEUED; with one, its state and verdict are the judgement's."""
    made = request(problem="problems/hello")
    row = StoredSubmission(
        ID, "local", 1_700_000_000_123_456, record_of(made), Slice(), Slice(), "submissions.python3", 0, 7
    )
    end = End(Place(9, END_ORDINAL), 1, submission_pb2.STATE_FINISHED, submission_pb2.VERDICT_ACCEPTED)
    ended = JudgementState(ID, 2, "local", 9, end=end)
    scored = JudgementState(ID, 2, "local", 9, end=dataclasses.replace(end, score=0.0))

    queued = core.stored_submission(row, None)
    finished = core.stored_submission(row, ended)

    assert (queued.state, queued.current_judgement) == (submission_pb2.STATE_QUEUED, 1)
    assert (finished.state, finished.verdict, finished.current_judgement) == (
        submission_pb2.STATE_FINISHED,
        submission_pb2.VERDICT_ACCEPTED,
        2,
    )
    assert [core.stored_submission(row, each).HasField("score") for each in (ended, scored)] == [False, True]
    assert (finished.limits, finished.problem) == (LIMITS, "problems/hello")
    assert finished.create_time.ToMicroseconds() == 1_700_000_000_123_456


def test_cancel_event() -> None:
    """The event names submission, tenant and judgement, and no attempt."""
    event = core.cancel_event("local", ID, 2, 5_000)

    assert (event.submission_id, event.tenant, event.judgement) == (str(ID), "local", 2)
    assert (event.WhichOneof("event"), event.attempt) == ("cancelled", "")
    assert event.event_time.ToMilliseconds() == 5_000


def worker(name: str, *languages: worker_pb2.WorkerLanguage, draining: bool = False) -> worker_pb2.Worker:
    """A worker of four slots, one of them busy."""
    return worker_pb2.Worker(
        name=f"workers/{name}", languages=languages, slot_count=4, running_count=1, draining=draining
    )


def served(code: str, *, available: bool = True, reason: str = "") -> worker_pb2.WorkerLanguage:
    """A language as a worker tells of it."""
    return worker_pb2.WorkerLanguage(code=code, available=available, version=f"{code} 1", reason=reason)


def test_languages() -> None:
    """Every language is told of: served ones with version and slots, others with the reason."""
    known = MappingProxyType({code: LANGUAGES[code] for code in ("python3", "cpp", "java")})
    workers = [
        worker("a", served("cpp", available=False, reason="no g++"), served("python3")),
        worker("b", served("python3")),
        worker("c", served("python3"), draining=True),
    ]

    cpp, java, python3 = core.languages_of(known, workers)

    assert (python3.code, python3.available, python3.version) == ("python3", True, "python3 1")
    assert (python3.slot_count, python3.reason, list(python3.suffixes)) == (8, "", [".py", ".py3"])
    assert (cpp.code, cpp.available, cpp.reason, cpp.compiled) == ("cpp", False, "no g++", True)
    assert (java.available, java.slot_count) == (False, 0)
    assert LANGUAGES["java"].install in java.reason


def test_a_language_is_tested_until_one_worker_serves_it() -> None:
    """That it is being tried out is a fact of its own, so that nobody has to compare words."""
    known = MappingProxyType({code: LANGUAGES[code] for code in ("c", "cpp", "java")})
    tested = [worker_pb2.WorkerLanguage(code=code, reason="wait", testing=True) for code in ("c", "cpp")]
    workers = [worker("a", *tested), worker("b", served("c"), served("java", available=False, reason="no"))]

    c, cpp, java = core.languages_of(known, workers)

    assert [(each.available, each.testing) for each in (c, cpp, java)] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_running_and_slots() -> None:
    """Workers that serve the language count, others do not."""
    workers = [
        worker("a", served("cpp")),
        worker("b", served("cpp", available=False)),
        worker("c", served("c")),
    ]

    assert core.running_and_slots("cpp", workers) == (1, 4)
