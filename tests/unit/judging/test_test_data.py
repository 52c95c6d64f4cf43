"""What is odd about test data."""

from __future__ import annotations

import pytest

from gavel.judging.test_data import duplicates, files, oddities, shortened
from gavel.submission.v1.problem_pb2 import FileReference


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1 2\n", []),
        (b"", []),
        ("\u00e9\n".encode(), []),
        (b"1 2", ["line feed"]),
        (b"1\r\n", ["carriage returns"]),
        (b"\xef\xbb\xbf1\n", ["byte order mark"]),
        (b"a\xff\n", ["not UTF-8: byte 1"]),
        (b"\xef\xbb\xbf\xff\r", ["byte order mark", "carriage returns", "line feed", "not UTF-8"]),
    ],
)
def test_text_has_to_be_as_the_format_has_it(data: bytes, words: list[str]) -> None:
    """One sentence for each oddity; files may be empty."""
    found = oddities("data/secret/1.in", data)
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_inputs_and_answers_that_are_judged_with_are_looked_at() -> None:
    """Neither what programs are given beside them nor what is not judged."""
    assert files(
        [
            "data/secret/1.in",
            "data/sample/1.ans",
            "data/secret/1.files/x.in",
            "data/invalid_input/1.in",
            "data/secret/1.md",
        ]
    ) == ["data/sample/1.ans", "data/secret/1.in"]


def test_the_same_input_twice_is_told_unless_something_else_differs() -> None:
    """A test with arguments, settings or files of its own may have the same input on purpose."""
    package = {
        path: FileReference(path=path, sha256=digest)
        for path, digest in {
            "data/sample/1.in": "a",
            "data/secret/1.in": "a",
            "data/secret/2.in": "a",
            "data/secret/2.args": "c",
            "data/secret/3.in": "a",
            "data/secret/3.files/x": "d",
            "data/secret/4.in": "b",
            "data/secret/1.ans": "b",
        }.items()
    }
    assert list(duplicates(package)) == ["data/secret/1.in is the same as data/sample/1.in."]


def test_many_remarks_are_cut_short() -> None:
    """The first twenty, and how many there are besides."""
    assert shortened(["x"] * 20) == ["x"] * 20
    assert shortened(["x"] * 23)[20:] == ["3 more remarks on the test data."]
