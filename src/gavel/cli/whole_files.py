"""`gavel get ID --output TEST` and `--source PATH`: a whole file, to a file or to the standard output."""

from __future__ import annotations

import contextlib
import sys
from itertools import chain
from typing import TYPE_CHECKING

from gavel.cli.output import EXIT_BAD_REQUEST, fail, json_line
from gavel.judging.report import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gavel.client import Client, Submission, TestResult


def write_output(
    client: Client, submission: Submission, wanted: str, to: Path | None, *, as_json: bool
) -> None:
    """Writes the standard output of a test, by its name or number, to a file or to this command's."""
    test = _test(submission, wanted)
    if test is None:
        fail(
            f"there is no test {wanted} that was run; gavel get {submission.name} shows which were",
            EXIT_BAD_REQUEST,
            as_json=as_json,
        )
    pieces = _pieces(client, submission, test)
    if pieces is None:
        fail(
            f"the whole output of test {wanted} is not kept, or the problem does not show it; "
            f"gavel get {submission.name} tells what is known",
            EXIT_BAD_REQUEST,
            as_json=as_json,
        )
    written_bytes = _written(pieces, to)
    if as_json:
        json_line({"event": "output", "test": test.test, "file": str(to), "size_bytes": written_bytes})


def write_source(client: Client, submission: str, path: str, to: Path | None, *, as_json: bool) -> None:
    """Writes a source file of a submission to a file or to this command's standard output."""
    written_bytes = _written(client.source(submission, path), to)
    if as_json:
        json_line({"event": "source", "path": path, "file": str(to), "size_bytes": written_bytes})


def _written(pieces: Iterable[bytes], to: Path | None) -> int:
    written_bytes = 0
    # The first piece comes before the file is touched: a refusal leaves it as it is.
    begun = iter(pieces)
    head = next(begun, b"")
    with contextlib.nullcontext(sys.stdout.buffer) if to is None else to.open("wb") as file:
        for piece in chain([head], begun):
            written_bytes += file.write(piece)
        file.flush()
    return written_bytes


def _test(submission: Submission, wanted: str) -> TestResult | None:
    tests = submission.judgement.tests if submission.judgement is not None else ()
    run = [test for test in tests if test.verdict != "SKIPPED"]
    by_name = next((test for test in run if test.test == wanted), None)
    return by_name or next((test for test in run if str(test.number) == wanted), None)


def _pieces(client: Client, submission: Submission, test: TestResult) -> Iterator[bytes] | None:
    """None where not all of it can be had."""
    if test.kept_output_bytes and submission.judgement is not None:
        return client.output(submission.judgement.name, test.number)
    head = test.stdout.encode()
    return iter([head]) if 0 < len(head) < HEAD_BYTES else None
