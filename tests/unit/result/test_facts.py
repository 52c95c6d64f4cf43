"""Judgements that would not fit into a message."""

from gavel.result.facts import MESSAGE_BYTES_MOST, fitted
from gavel.submission.v1 import submission_pb2
from judgement_log import result


def test_texts_are_left_out_until_the_message_fits() -> None:
    """Output heads go first, then the checker's feedback; verdicts and numbers stay."""
    tests = [
        result(number, stdout="o" * 4000, stderr="e" * 4000, feedback="f" * 2000) for number in range(1, 1001)
    ]
    judgement = fitted(submission_pb2.Judgement(tests=tests))

    assert judgement.ByteSize() <= MESSAGE_BYTES_MOST
    assert len(judgement.tests) == 1000
    assert not any(test.stdout or test.stderr for test in judgement.tests)
    assert all(test.feedback and test.cpu_time_ms for test in judgement.tests)


def test_what_fits_is_left_as_it_is() -> None:
    """A small judgement keeps its texts."""
    judgement = submission_pb2.Judgement(tests=[result(1, stdout="o", stderr="e", feedback="f")])
    before = judgement.SerializeToString()

    assert fitted(judgement).SerializeToString() == before
