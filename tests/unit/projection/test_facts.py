"""Judgements that would not fit into a message."""

from gavel.projection.facts import MESSAGE_BYTES_MOST, fitted
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
    assert judgement.left_out_test_count == 0
    assert not any(test.stdout or test.stderr for test in judgement.tests)
    assert all(test.feedback and test.cpu_time_ms for test in judgement.tests)


def test_references_to_outputs_go_too() -> None:
    """They are text as well: a key and a digest for each test."""
    output = submission_pb2.OutputObject(key="k" * 200, sha256="0" * 64, size_bytes=5000)
    tests = [result(number, output=output) for number in range(1, 20_001)]
    judgement = fitted(submission_pb2.Judgement(tests=tests))

    assert judgement.ByteSize() <= MESSAGE_BYTES_MOST
    assert len(judgement.tests) == 20_000
    assert not any(test.HasField("output") for test in judgement.tests)


def test_tests_that_do_not_fit_even_bare_are_counted() -> None:
    """As many as fit stay, the first ones, with their names; never is the message too large."""
    tests = [
        submission_pb2.TestResult(number=number, test=f"secret/{'n' * 500}/{number}", message="m")
        for number in range(1, 10_001)
    ]
    judgement = fitted(submission_pb2.Judgement(test_count=10_000, first_failed_test=9_999, tests=tests))

    assert 0.99 * MESSAGE_BYTES_MOST < judgement.ByteSize() <= MESSAGE_BYTES_MOST
    assert [test.number for test in judgement.tests] == list(range(1, len(judgement.tests) + 1))
    assert judgement.left_out_test_count == 10_000 - len(judgement.tests) > 0
    assert all(test.test and not test.message for test in judgement.tests)
    assert judgement.first_failed_test == 9_999


def test_what_fits_is_left_as_it_is() -> None:
    """A small judgement keeps its texts."""
    judgement = submission_pb2.Judgement(tests=[result(1, stdout="o", stderr="e", feedback="f")])
    before = judgement.SerializeToString()

    assert fitted(judgement).SerializeToString() == before
