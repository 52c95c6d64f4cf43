"""How a run, and what a hostile program wrote in it, becomes a result. Pure."""

from gavel.judging.verdict import Facts
from gavel.submission.v1.submission_pb2 import TestResult, Verdict

HEAD_BYTES = 4_096
"""Of standard output, standard error and feedback in a test's result."""


def text(data: bytes, most_bytes: int = HEAD_BYTES) -> str:
    """Valid UTF-8 of at most `most_bytes` without NUL, which a database would refuse."""
    clean = data[:most_bytes].decode("utf-8", "replace").replace("\0", "\ufffd")
    return clean.encode()[:most_bytes].decode("utf-8", "ignore")


def test_result(number: int, name: str, verdict: Verdict, message: str, facts: Facts | None) -> TestResult:
    """A test's verdict with the facts of its run; None where none was run."""
    result = TestResult(number=number, test=name, verdict=verdict, message=text(message.encode()))
    if facts is not None:
        result.MergeFrom(
            TestResult(
                exit_code=facts.exit_code,
                signal=facts.signal,
                cpu_time_ms=facts.cpu_time_ms,
                wall_time_ms=facts.wall_time_ms,
                memory_bytes=facts.memory_bytes,
                output_bytes=facts.output_bytes,
            )
        )
    return result
