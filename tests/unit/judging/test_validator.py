"""The default output validator against a naive model of the specification, and against its letter."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.validator import (
    BLOCK_BYTES,
    NUMBER_BYTES_MOST,
    ArgumentError,
    Arguments,
    BytesSource,
    compare,
    parse_arguments,
)
from gavel.submission.v1.submission_pb2 import VERDICT_ACCEPTED, VERDICT_WRONG_ANSWER

WORDS = st.lists(st.sampled_from(list(b"aAbB01.-e")), min_size=1, max_size=6).map(bytes)
SPACES = st.lists(st.sampled_from(list(b" \n\t\r\v\f")), max_size=4).map(bytes)
TEXTS = st.tuples(SPACES, st.lists(st.tuples(WORDS, SPACES.filter(bool)), max_size=8)).map(
    lambda parts: parts[0] + b"".join(word + space for word, space in parts[1])
)
BLOCKS = st.integers(1, 9)


def accepts(expected: bytes, output: bytes, arguments: Arguments, block_bytes: int = 7) -> bool:
    verdict, feedback = compare(
        BytesSource(expected), BytesSource(output), arguments, block_bytes=block_bytes
    )
    assert (verdict == VERDICT_ACCEPTED) == (feedback == "")
    assert verdict in {VERDICT_ACCEPTED, VERDICT_WRONG_ANSWER}
    return verdict == VERDICT_ACCEPTED


@given(TEXTS, TEXTS, BLOCKS, st.booleans())
def test_tokens_are_compared_as_a_split_of_the_whole_would_be(
    expected: bytes, output: bytes, block_bytes: int, case_sensitive: bool
) -> None:
    """However the blocks fall, two texts match when their tokens do."""
    left, right = (text if case_sensitive else text.lower() for text in (expected, output))

    found = accepts(expected, output, Arguments(case_sensitive=case_sensitive), block_bytes)

    assert found == (left.split() == right.split())


@given(TEXTS, TEXTS, BLOCKS)
def test_sensitive_to_space_means_every_byte_of_it(expected: bytes, output: bytes, block_bytes: int) -> None:
    """With space_change_sensitive the whitespace between, before and behind the tokens has to be the same."""
    arguments = Arguments(space_change_sensitive=True)

    assert accepts(expected, output, arguments, block_bytes) == (expected.lower() == output.lower())


def lines_of(text: bytes) -> list[bytes]:
    """Without white space at their ends, and without empty lines at the end."""
    lines = [line.rstrip() for line in text.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


@given(TEXTS, TEXTS, BLOCKS, st.booleans())
def test_lines_are_compared_whole_but_for_what_nobody_sees(
    expected: bytes, output: bytes, block_bytes: int, case_sensitive: bool
) -> None:
    """With line_sensitive, blanks at the end of a line and empty lines at the end are of no account."""
    left, right = (text if case_sensitive else text.lower() for text in (expected, output))
    arguments = Arguments(line_sensitive=True, case_sensitive=case_sensitive)

    assert accepts(expected, output, arguments, block_bytes) == (lines_of(left) == lines_of(right))


@pytest.mark.parametrize(
    ("expected", "output", "feedback"),
    [
        (b"a b\n\nc\n", b"a b  \r\n\t\nc\n\n \n", ""),
        (b"a b\n", b"a  b\n", "line 1: 'a b' expected, not 'a  b'"),
        (b"a\nb\n", b"a\n\nb\n", "line 2: 'b' expected, not ''"),
        (b"a\n\nb", b"a", "the output ends early: '' expected next"),
        (b"a", b"a\n\n  b", "line 2: the output goes on behind the end of the answer: ''"),
        (b"\n" * 200_000 + b"x", b" \n" * 200_000 + b"x\n", ""),
    ],
)
def test_the_feedback_on_lines_says_where_and_what(expected: bytes, output: bytes, feedback: str) -> None:
    """Lines count from 1, also where they are many."""
    arguments = Arguments(line_sensitive=True)

    assert compare(BytesSource(expected), BytesSource(output), arguments)[1] == feedback


@given(TEXTS, BLOCKS, st.booleans(), st.booleans())
def test_the_answer_itself_is_always_right(
    text: bytes, block_bytes: int, spaced: bool, case_sensitive: bool
) -> None:
    """Whatever the arguments, an output that equals the answer is accepted."""
    for tolerance in (None, 0.0, 1e-6):
        arguments = Arguments(case_sensitive, spaced, tolerance, tolerance)
        assert accepts(text, text, arguments, block_bytes)


@given(
    st.floats(-1e9, 1e9),
    st.floats(-1e9, 1e9),
    st.floats(0, 10),
    st.floats(0, 1),
)
def test_a_number_is_right_within_either_tolerance(
    answer: float, given_value: float, absolute: float, relative: float
) -> None:
    """|s - a| at most the absolute tolerance, or at most the relative one times |a|."""
    arguments = Arguments(absolute_tolerance=absolute, relative_tolerance=relative)
    difference = abs(answer - given_value)

    found = accepts(repr(answer).encode(), repr(given_value).encode(), arguments, 64)

    assert found == (difference <= absolute or difference <= relative * abs(answer))


@pytest.mark.parametrize(
    ("answer", "output", "right"),
    [
        (b"0.0314", b"3.14000000e-2", True),
        (b"1", b"1.", True),
        (b"1", b"+.1E1", True),
        (b"1.0", b"0x1", False),  # decimal alone
        (b"1.0", b"nan", False),
        (b"1.0", b"inf", False),
        (b"1000", b"1_000", False),
        (b"nan", b"NaN", True),  # no number in the answer: compared as text
        (b"inf", b"1e999", False),
        (b"1e999", b"1e999", True),
        (b"one", b"ONE", True),
        (b"1.0", b"", False),
        (b"5", b"5.05", True),
        (b"5", b"5.2", False),
    ],
)
def test_numbers_follow_the_grammar_of_the_format(answer: bytes, output: bytes, right: bool) -> None:
    """What is a number is decided by the specification's grammar, and infinities are none."""
    assert accepts(answer, output, Arguments(absolute_tolerance=0.1)) == right


def test_case_is_that_of_ascii_alone() -> None:
    """Only A to Z equal their lower-case letters; other alphabets are compared byte for byte."""
    assert accepts(b"yes", b"YES", Arguments())
    assert not accepts(b"yes", b"YES", Arguments(case_sensitive=True))
    assert not accepts("ä".encode(), "Ä".encode(), Arguments())


@pytest.mark.parametrize(
    ("expected", "output", "said"),
    [
        (b"1\n2\n3\n", b"1\n2\n4\n", "line 3: '3' expected, not '4'"),
        (b"1 2", b"1", "the output ends early: '2' expected next"),
        (b"1", b" \n ", "no output: '1' expected first"),
        (b"1", b"1\n\n2", "line 3: the output goes on behind the end of the answer: '2'"),
        (b"x" * 300, b"y", f"line 1: '{'x' * 100}'... (300 bytes) expected, not 'y'"),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 2, 3, 4096])
def test_the_feedback_says_where_and_what(
    expected: bytes, output: bytes, said: str, block_bytes: int
) -> None:
    """Line, expected and found, long tokens cut: the same whatever the blocks."""
    found = compare(BytesSource(expected), BytesSource(output), Arguments(), block_bytes=block_bytes)

    assert found == (VERDICT_WRONG_ANSWER, said)


@given(TEXTS, TEXTS, st.booleans())
def test_the_line_is_the_same_whatever_the_blocks(expected: bytes, output: bytes, spaced: bool) -> None:
    """Feedback does not depend on how the sources are read."""
    arguments = Arguments(space_change_sensitive=spaced)
    sources = BytesSource(expected), BytesSource(output)

    feedbacks = {compare(*sources, arguments, block_bytes=size)[1] for size in (1, 2, 5, 1 << 20)}

    assert len(feedbacks) == 1


def test_a_token_as_long_as_the_output_takes_linear_time() -> None:
    """8 MiB without any whitespace in blocks of 4 KiB: seconds, were the parts joined at every block."""
    token = b"7" * (8 << 20)

    assert accepts(token, token, Arguments(), 4096)
    assert not accepts(token, token + b"7", Arguments(), 4096)
    assert accepts(
        b" " * (8 << 20) + b"x", b" " * (8 << 20) + b"X", Arguments(space_change_sensitive=True), 4096
    )


def test_arguments_are_those_of_the_format() -> None:
    """float_tolerance stands for both tolerances; the others for one each. line_sensitive is Gavel's own."""
    assert parse_arguments(["line_sensitive", "case_sensitive"]) == Arguments(True, line_sensitive=True)
    assert parse_arguments([]) == Arguments()
    assert parse_arguments(["case_sensitive", "space_change_sensitive"]) == Arguments(True, True)
    assert parse_arguments(["float_tolerance", "1e-6"]) == Arguments(False, False, 1e-6, 1e-6)
    assert parse_arguments(["float_relative_tolerance", "1", "float_absolute_tolerance", "2"]) == Arguments(
        absolute_tolerance=2.0, relative_tolerance=1.0
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["float_tolerance"],
        ["float_tolerance", "x"],
        ["float_tolerance", "-1"],
        ["float_tolerance", "nan"],
        ["float_tolerance", "1e-6", "float_absolute_tolerance", "1e-6"],
        ["float_tolerance", "1", "float_tolerance", "1"],
        ["ignore_case"],
        ["line_sensitive", "space_change_sensitive"],
        ["line_sensitive", "float_tolerance", "1"],
        [""],
    ],
)
def test_other_arguments_are_refused(arguments: list[str]) -> None:
    """Unknown words, missing or bad numbers, and a tolerance given twice."""
    with pytest.raises(ArgumentError):
        parse_arguments(arguments)


def test_in_legacy_packages_the_last_tolerance_counts() -> None:
    """A folder's flags stand behind the problem's, so the same one may come twice."""
    found = parse_arguments(["float_tolerance", "1", "float_absolute_tolerance", "3"], once=False)

    assert found == Arguments(absolute_tolerance=3.0, relative_tolerance=1.0)


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_words_are_arguments_or_a_refusal(words: list[str]) -> None:
    """Nothing but ArgumentError comes out of words that nobody foresaw."""
    try:
        found = parse_arguments(words)
    except ArgumentError:
        return
    assert isinstance(found, Arguments)
    assert not re.search("tolerance", " ".join(words)) or found != Arguments()


def test_a_long_token_holds_nobody_up() -> None:
    """Millions of digits and a letter took seconds in which the process did nothing else; a number is at most
    1 MiB long, and case is compared part by part.
    """
    tolerant = Arguments(absolute_tolerance=1e-6)
    began = time.monotonic()
    assert not accepts(b"1", b"1" * (16 << 20) + b"x", tolerant, BLOCK_BYTES)
    assert time.monotonic() - began < 1.0

    assert accepts(b"1", b"1." + b"0" * (NUMBER_BYTES_MOST - 2), tolerant, BLOCK_BYTES)
    assert not accepts(b"1", b"1." + b"0" * NUMBER_BYTES_MOST, tolerant, BLOCK_BYTES)
    word = b"aB" * BLOCK_BYTES
    assert accepts(word, word.swapcase(), Arguments(), BLOCK_BYTES)
    assert not accepts(word + b"a", word + b"b", Arguments(), BLOCK_BYTES)
    assert not accepts(word, word + b"a", Arguments(), BLOCK_BYTES)
