"""Requests for the tests of this folder."""

import time

from gavel.submission import identity
from gavel.submission.v1 import submission_service_pb2


def request(**fields: object) -> submission_service_pb2.CreateSubmissionRequest:
    """A valid request of one file; `fields` are set on top."""
    made = submission_service_pb2.CreateSubmissionRequest(
        request_id=str(identity.make_request_id(now_ms())), language="python3"
    )
    made.sources.add(path="hello.py", data=b"print('hello')\n")
    made.MergeFrom(submission_service_pb2.CreateSubmissionRequest(**fields))  # type: ignore[arg-type]
    return made


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
