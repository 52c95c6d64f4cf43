"""What is let in and what is refused: every bad field named, all of them at once."""

from collections.abc import Callable

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from submission_requests import now_ms, request

from gavel.judging import admission as programs
from gavel.judging.languages import LANGUAGES
from gavel.rpc.errors import GavelError
from gavel.submission import admission, identity, narrowing
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import problem_pb2, submission_pb2
from gavel.submission.v1.submission_service_pb2 import CreateSubmissionRequest

Change = Callable[[CreateSubmissionRequest], object]


def refusal(made: CreateSubmissionRequest) -> GavelError:
    """What the request is refused with."""
    with pytest.raises(GavelError) as caught:
        admission.admit(made, now_ms())
    return caught.value


def outcome(made: CreateSubmissionRequest) -> GavelError | None:
    """What the request is refused with, if it is."""
    try:
        admission.admit(made, now_ms())
    except GavelError as error:
        return error
    return None


def fields(error: GavelError) -> list[str]:
    """The fields that an error names."""
    return [violation.field for violation in error.violations]


def test_admits_a_plain_request() -> None:
    """A valid request is read: language, no problem."""
    made = request()

    admitted = admission.admit(made, now_ms())

    assert str(admitted.request_id) == made.request_id
    assert (admitted.language.code, admitted.problem) == ("python3", "")


def test_a_main_class_is_an_entry_point_of_languages_that_start_one() -> None:
    """Of Java a class may be named, of Python a file alone."""
    made = request(language="java", entry_point="org.example.Solution")

    assert admission.admit(made, now_ms()).language.code == "java"
    made.language = "python3"
    with pytest.raises(GavelError):
        admission.admit(made, now_ms())
    made.entry_point = "a" * 256
    with pytest.raises(GavelError, match="longer than 255"):
        admission.admit(made, now_ms())
    made.language, made.entry_point = "java", "Other.java"
    with pytest.raises(GavelError):
        admission.admit(made, now_ms())


def test_admits_everything_at_its_limit() -> None:
    """The limits themselves are allowed."""
    made = request(
        language="cpp@20",
        argv=["x" * (programs.ARGUMENTS_BYTES // programs.ARGUMENTS)] * programs.ARGUMENTS,
        labels={f"k{index}": "v" * admission.LABEL_VALUE_BYTES for index in range(admission.LABELS)},
        entry_point="hello.py",
    )
    for index in range(programs.SOURCE_FILES - 1):
        made.sources.add(path=f"src/part{index}.h", data=b"")
    made.tests.validator_arguments.extend(["float_tolerance", "1e-6", "case_sensitive"])
    for index in range(admission.INLINE_TESTS):
        made.tests.tests.add(name=f"t{index}", input=b"1")

    assert admission.admit(made, now_ms()).language.code == "cpp"


def test_makes_a_request_id_when_there_is_none() -> None:
    """Without a request_id the server makes one of now."""
    made = request()
    made.request_id = ""

    admitted = admission.admit(made, now_ms())

    assert abs(identity.time_ms(admitted.request_id) - now_ms()) < 5_000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda r: setattr(r, "request_id", "no"), "request_id"),
        (lambda r: setattr(r, "language", ""), "language"),
        (lambda r: setattr(r, "language", "x" * 65), "language"),
        (lambda r: r.ClearField("sources"), "sources"),
        (lambda r: [r.sources.add(path=f"f{i}", data=b"x") for i in range(100)], "sources"),
        (lambda r: setattr(r.sources[0], "data", b""), "sources"),
        (lambda r: r.sources.add(path="b.py"), "sources[1].data"),
        (lambda r: r.sources.add(path="../b.py", data=b"x"), "sources[1].path"),
        (lambda r: r.sources.add(path="-o", data=b"x"), "sources[1].path"),
        (lambda r: r.sources.add(path="a b", data=b"x"), "sources[1].path"),
        (lambda r: r.sources.add(path="x" * 256, data=b"x"), "sources[1].path"),
        (lambda r: r.sources.add(path="hello.py", data=b"x"), "sources[1].path"),
        (lambda r: r.sources.add(path="hello.py/x", data=b"x"), "sources[0].path"),
        (lambda r: r.sources.add(path="b", digest="md5:1"), "sources[1].digest"),
        (lambda r: setattr(r, "entry_point", "other.py"), "entry_point"),
        (lambda r: setattr(r, "entry_point", "a" * 256), "entry_point"),
        (lambda r: r.argv.extend(["x"] * 65), "argv"),
        (lambda r: r.argv.extend(["", "\0"]), "argv[1]"),
        (lambda r: r.argv.append("ä" * 2049), "argv[0]"),
        (lambda r: r.argv.extend(["x" * 4096] * 6 + ["x"]), "argv"),
        (lambda r: setattr(r, "problem", "problems/Upper"), "problem"),
        (lambda r: setattr(r, "problem", "hello"), "problem"),
        (lambda r: r.tests.SetInParent(), "tests.tests"),
        (lambda r: [r.tests.tests.add() for _ in range(101)], "tests.tests"),
        (lambda r: r.tests.tests.add(name="a\nb"), "tests.tests[0].name"),
        (lambda r: r.tests.tests.add(name="ä" * 65), "tests.tests[0].name"),
        (lambda r: setattr(r.limits, "cpu_time_ms", 60_001), "limits.cpu_time_ms"),
        (lambda r: setattr(r.limits, "memory_bytes", -1), "limits.memory_bytes"),
        (lambda r: setattr(r, "run_policy", 9), "run_policy"),
        (lambda r: setattr(r, "lane", 9), "lane"),
        (lambda r: r.labels.update({"Bad": "x"}), "labels[Bad]"),
        (lambda r: r.labels.update({"a\n": "x"}), "labels[a?]"),
        (lambda r: r.labels.update({"user": "\0"}), "labels[user]"),
        (lambda r: r.labels.update({"user": "x" * 257}), "labels[user]"),
        (lambda r: r.labels.update({f"k{i}": "" for i in range(17)}), "labels"),
    ],
)
def test_names_the_bad_field(change: Change, field: str) -> None:
    """Each kind of bad field is INVALID_ARGUMENT with one violation that names it."""
    made = request()
    change(made)

    error = refusal(made)

    assert (error.reason, error.code) == (
        reasons.ERROR_REASON_INVALID_FIELD,
        grpc.StatusCode.INVALID_ARGUMENT,
    )
    assert fields(error) == [field]


def test_validator_arguments_are_read() -> None:
    """Arguments that the default validator does not know are refused."""
    made = request()
    made.tests.tests.add()
    made.tests.validator_arguments.append("no_such_argument")

    assert fields(refusal(made)) == ["tests.validator_arguments"]


def test_names_every_bad_field_at_once() -> None:
    """One answer names them all, in the order of the request."""
    made = request(language="nope", entry_point="x", argv=["\0"], labels={"B": ""}, lane=7)
    made.sources.add(path="/etc/passwd", data=b"x")
    made.limits.processes = 5000

    error = refusal(made)

    assert error.reason == reasons.ERROR_REASON_INVALID_FIELD
    assert fields(error) == [
        "language",
        "sources[1].path",
        "entry_point",
        "argv[0]",
        "limits.processes",
        "lane",
        "labels[B]",
    ]


@pytest.mark.parametrize("language", ["nope", "cpp@99", "Python3", "python3@", "cpp@", "\N{SNOWMAN}"])
def test_unknown_language(language: str) -> None:
    """A code or standard that Gavel does not know is UNKNOWN_LANGUAGE and repeats the code."""
    made = request(language=language)

    error = refusal(made)

    assert (error.reason, error.metadata["language"]) == (reasons.ERROR_REASON_UNKNOWN_LANGUAGE, language)
    assert fields(error) == ["language"]


@pytest.mark.parametrize("off_ms", [-identity.PAST_MS - 60_000, identity.AHEAD_MS + 60_000])
def test_wrong_clock(off_ms: int) -> None:
    """A request_id of another day is REQUEST_ID_CLOCK and repeats the id."""
    made = request()
    made.request_id = str(identity.make_request_id(now_ms() + off_ms))

    error = refusal(made)

    assert (error.reason, error.metadata["request_id"]) == (
        reasons.ERROR_REASON_REQUEST_ID_CLOCK,
        made.request_id,
    )


def test_batch_lane_comes_later() -> None:
    """It is UNIMPLEMENTED, and the answer names the field."""
    made = request(lane=submission_pb2.LANE_BATCH)

    error = refusal(made)

    assert (error.reason, error.code) == (
        reasons.ERROR_REASON_NOT_IMPLEMENTED,
        grpc.StatusCode.UNIMPLEMENTED,
    )
    assert fields(error) == ["lane"]


def test_too_large() -> None:
    """More than 64 KiB of sources and inline tests together is RESOURCE_EXHAUSTED and tells both numbers."""
    made = request()
    made.sources[0].data = b"x" * 40_000
    made.tests.tests.add(input=b"y" * 40_000)

    error = refusal(made)

    assert (error.reason, error.code) == (
        reasons.ERROR_REASON_SOURCE_TOO_LARGE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    )
    assert error.metadata["limit_bytes"] == "65536"
    assert int(error.metadata["size_bytes"]) > 80_000


def test_uploaded_sources_are_there_and_not_too_much() -> None:
    """Each that is missing is named; all sources together are bounded, those sent along included."""
    made = request()
    inline_bytes = len(made.sources[0].data)
    for name in ("a", "b", "c"):
        made.sources.add(path=name, digest="sha256:" + name * 64)
    sha256s = programs.uploaded_sha256s(made.sources)
    assert sha256s == ["a" * 64, "b" * 64, "c" * 64]

    assert programs.check_uploaded(made.sources, dict.fromkeys(sha256s, 7)) == inline_bytes + 21
    with pytest.raises(GavelError) as caught:
        programs.check_uploaded(made.sources, {"a" * 64: None, "b" * 64: 7, "c" * 64: None})
    assert caught.value.reason == reasons.ERROR_REASON_MISSING_FILES
    assert fields(caught.value) == ["sources[1].digest", "sources[3].digest"]
    assert caught.value.metadata["digest"] == "sha256:" + "a" * 64
    with pytest.raises(GavelError) as caught:
        programs.check_uploaded(
            made.sources, {"a" * 64: programs.SOURCES_BYTES - inline_bytes, "b" * 64: 0, "c" * 64: 1}
        )
    assert caught.value.reason == reasons.ERROR_REASON_SOURCE_TOO_LARGE


def test_problem_bounds_limits() -> None:
    """Limits beyond the problem's are refused, with the language's factor taken into account."""
    made = request(language="java", problem="problems/x")
    made.limits.cpu_time_ms = 2_500
    made.limits.memory_bytes = 2**30
    rules = problem_pb2.Manifest(time_factors={"java": 2.0})
    rules.limits.cpu_time_ms = 1_000
    rules.limits.memory_bytes = 2**29

    with pytest.raises(GavelError) as caught:
        admission.limits_under(made, LANGUAGES["java"], rules, 1)

    assert fields(caught.value) == ["limits.cpu_time_ms", "limits.memory_bytes"]


def test_problem_bounds_languages_and_code() -> None:
    """A problem may take few languages and little code."""
    made = request()
    rules = problem_pb2.Manifest(languages=["cpp"])

    with pytest.raises(GavelError) as caught:
        admission.limits_under(made, LANGUAGES["python3"], rules, 1)

    assert fields(caught.value) == ["language"]

    with pytest.raises(GavelError) as caught:
        admission.limits_under(made, LANGUAGES["python3"], problem_pb2.Manifest(code_bytes=3), 4)

    assert caught.value.reason == reasons.ERROR_REASON_SOURCE_TOO_LARGE


def test_limits_that_apply() -> None:
    """What applies has every field set: asked for, else the problem's, else the platform's default."""
    made = request(problem="problems/x")
    made.limits.processes = 3
    rules = problem_pb2.Manifest()
    rules.limits.cpu_time_ms = 1_000

    limits = admission.limits_under(made, LANGUAGES["python3"], rules, 1)

    assert (limits.processes, limits.cpu_time_ms, limits.wall_time_ms) == (3, 1_000, 3_000)
    assert all(getattr(limits, field.name) > 0 for field in submission_pb2.Limits.DESCRIPTOR.fields)


@given(st.binary(max_size=300))
def test_any_bytes_are_admitted_or_refused(data: bytes) -> None:
    """No message that can be read makes anything else than an admission or a typed refusal."""
    made = request()
    try:
        made.MergeFromString(data)
    except Exception:  # not a message: the server refuses it before
        return

    error = outcome(made)

    assert error is None or error.violations or error.reason == reasons.ERROR_REASON_SOURCE_TOO_LARGE


@given(
    st.lists(st.text(max_size=12), max_size=4),
    st.text(max_size=12),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)
def test_any_texts_are_admitted_or_refused(paths: list[str], language: str, labels: dict[str, str]) -> None:
    """Whatever texts say, the answer is an admission or violations of fields that exist."""
    made = request(language=language, labels=labels)
    for path in paths:
        made.sources.add(path=path, data=b"x")

    error = outcome(made)

    known = set(CreateSubmissionRequest.DESCRIPTOR.fields_by_name)
    assert error is None or {field.split("[")[0].split(".")[0] for field in fields(error)} <= known


def test_a_million_languages_are_refused_at_once() -> None:
    """WatchQueues takes a hundred; a message has room for millions, each of which was a violation."""
    narrowing.check_codes(["cpp"] * 100)
    with pytest.raises(GavelError) as caught:
        narrowing.check_codes([""] * 2_000_000)
    assert [violation.field for violation in caught.value.violations] == ["languages"]
