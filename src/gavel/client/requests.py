"""Builds the requests of a submit and of a run, without I/O."""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from gavel.client.errors import RequestError
from gavel.client.values import InlineTest, Language, Limits
from gavel.rpc.errors import Violation
from gavel.submission.v1 import error_reason_pb2 as reasons
from gavel.submission.v1 import submission_pb2, submission_service_pb2
from gavel.worker.v1 import worker_service_pb2


def uuid7() -> UUID:
    """A new UUID of version 7: 48 bits of milliseconds since 1970, then chance."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def timestamp(time: datetime) -> Timestamp:
    """Of a time; one without a zone is UTC."""
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def problem_name(name: str) -> str:
    """`problems/<name>` of that or of the plain name."""
    return name if name.startswith("problems/") else f"problems/{name}"


def list_submissions(
    *,
    problem: str,
    language: str,
    state: str,
    verdict: str,
    labels: Mapping[str, str],
    since: datetime | None,
) -> submission_service_pb2.ListSubmissionsRequest:
    """The request, without a page; RequestError for a state or verdict that there is not."""
    return submission_service_pb2.ListSubmissionsRequest(
        problem=problem_name(problem) if problem else "",
        language=language,
        state=_number(submission_pb2.State, "STATE_", state, "state"),
        verdict=_number(submission_pb2.Verdict, "VERDICT_", verdict, "verdict"),
        labels=labels,
        create_time_min=None if since is None else timestamp(since),
    )


def create_submission(
    *,
    request_id: str,
    language: str,
    files: Mapping[str, bytes],
    entry_point: str,
    argv: Sequence[str],
    problem: str,
    tests: Sequence[InlineTest],
    validator_arguments: Sequence[str],
    limits: Limits,
    run_all: bool,
    batch: bool,
    labels: Mapping[str, str],
) -> submission_service_pb2.CreateSubmissionRequest:
    """The request; RequestError when it names a problem and tests at once, TypeError for a file of text."""
    request = submission_service_pb2.CreateSubmissionRequest(
        request_id=request_id,
        language=language,
        sources=_sources(files),
        entry_point=entry_point,
        argv=argv,
        limits=limits.to_proto(),
        run_policy=_policy(run_all=run_all),
        lane=submission_pb2.LANE_BATCH if batch else submission_pb2.LANE_INTERACTIVE,
        labels=labels,
    )
    if problem and tests:
        raise _invalid("tests", "a problem brings its own tests: name one of the two")
    if problem:
        request.problem = problem_name(problem)
    elif tests:
        request.tests.CopyFrom(_inline(tests, validator_arguments))
    return request


def program_start(
    *, language: str, files: Mapping[str, bytes], entry_point: str, argv: Sequence[str], limits: Limits
) -> worker_service_pb2.RunProgramStart:
    """What to run at once; TypeError for a file of text."""
    return worker_service_pb2.RunProgramStart(
        language=language,
        sources=_sources(files),
        entry_point=entry_point,
        argv=argv,
        limits=limits.to_proto(),
    )


def language_of(paths: Sequence[str], languages: Sequence[Language]) -> str:
    """The code of the one language that some of the files belong to by their suffix; RequestError for none or
    several.
    """
    found = {
        language.code
        for language in languages
        for path in paths
        if PurePosixPath(path).name.endswith(tuple(language.suffixes))
    }
    if len(found) == 1:
        return found.pop()
    if found:
        raise _invalid(
            "language", f"the files belong to several languages, {', '.join(sorted(found))}: name one"
        )
    raise _invalid("language", f"no language is known by the suffix of {', '.join(paths)}: name one")


def _number(kind: Any, prefix: str, name: str, field: str) -> Any:
    """The number of a name that stands without its prefix; 0 of none."""
    known = [each.removeprefix(prefix) for each, number in kind.items() if number]
    if name and name not in known:
        raise _invalid(field, f"expected one of {', '.join(known)}, found {name!r}")
    return kind.Value(prefix + name) if name else 0


def _sources(files: Mapping[str, bytes]) -> list[submission_pb2.SourceFile]:
    for path, data in files.items():
        if isinstance(data, str):
            raise TypeError(f"files[{path!r}] is a str; bytes are needed: encode it")
    return [submission_pb2.SourceFile(path=path, data=data) for path, data in files.items()]


def _inline(tests: Sequence[InlineTest], arguments: Sequence[str]) -> submission_pb2.InlineTests:
    inline = submission_pb2.InlineTests(validator_arguments=arguments)
    for test in tests:
        inline.tests.add(name=test.name, input=test.input, expected=test.expected)
    return inline


def _policy(*, run_all: bool) -> submission_service_pb2.RunPolicy:
    if run_all:
        return submission_service_pb2.RUN_POLICY_RUN_ALL
    return submission_service_pb2.RUN_POLICY_STOP_AT_FIRST_FAILURE


def _invalid(field: str, description: str) -> RequestError:
    return RequestError(
        reasons.ERROR_REASON_INVALID_FIELD,
        f"{field}: {description}",
        violations=(Violation(field, description),),
        field=field,
    )
