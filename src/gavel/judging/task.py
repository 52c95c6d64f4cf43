"""What a submission is judged against, in one shape: a problem's manifest, tests that came along, or one bare
run.
"""

import dataclasses
from collections.abc import Mapping

from gavel.judging import validator
from gavel.judging.validator import ArgumentError, Arguments
from gavel.submission.v1.problem_pb2 import FileReference, Manifest
from gavel.submission.v1.submission_pb2 import InlineTests
from gavel.submission.v1.submission_record_pb2 import SubmissionRecord


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are here, or an object by its digest."""

    data: bytes = b""
    sha256: str = ""
    size_bytes: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Test:
    """One run of the program."""

    number: int
    name: str
    input: Content
    expected: Content | None
    """None: the exit status alone decides."""
    visible: bool
    """False: nothing of what the program wrote, nor what a checker said, may be shown."""
    arguments: tuple[str, ...] = ()
    """Of the output validator."""
    argv: tuple[str, ...] = ()
    """Of the program, in place of the submission's."""
    files: tuple[FileReference, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """All tests in the order judged."""

    tests: tuple[Test, ...]
    manifest: Manifest | None = None
    manifest_digest: str = ""


def of_record(record: SubmissionRecord, manifest: Manifest | None) -> Task:
    """The task of a record; `manifest` is the one that its problem names."""
    if manifest is not None:
        return _of_manifest(manifest, record.problem.manifest_digest)
    if record.WhichOneof("task") == "tests":
        return Task(tuple(_inline(record.tests)))
    return Task((Test(1, "run", Content(), None, visible=True),))


def _inline(tests: InlineTests) -> list[Test]:
    arguments = tuple(tests.validator_arguments)
    return [
        Test(
            number,
            test.name or str(number),
            Content(test.input, size_bytes=len(test.input)),
            Content(test.expected, size_bytes=len(test.expected)) if test.HasField("expected") else None,
            visible=True,
            arguments=arguments,
        )
        for number, test in enumerate(tests.tests, 1)
    ]


def _of_manifest(manifest: Manifest, digest: str) -> Task:
    tests = tuple(
        Test(
            number,
            test.name,
            _reference(test.input),
            _reference(test.answer),
            visible=test.sample,
            arguments=tuple(
                test.validator_arguments if test.has_validator_arguments else manifest.validator_arguments
            ),
            argv=tuple(test.argv),
            files=tuple(test.files),
        )
        for number, test in enumerate(manifest.tests, 1)
    )
    return Task(tests, manifest, digest)


def _reference(file: FileReference) -> Content:
    return Content(sha256=file.sha256, size_bytes=file.size_bytes)


def arguments_of(test: Test, known: dict[tuple[str, ...], Arguments]) -> Arguments:
    """The test's arguments for the default validator, parsed once. Raises ArgumentError."""
    if test.arguments not in known:
        known[test.arguments] = validator.parse_arguments(test.arguments, once=False)
    return known[test.arguments]


def included_files(manifest: Manifest, language: str) -> Mapping[str, FileReference]:
    """The files that the problem puts over the submission's own, by path, for a language."""
    folders = {file.path.split("/", 1)[0] for file in manifest.include}
    chosen = language if language in folders else "default"
    return {
        file.path.split("/", 1)[1]: file for file in manifest.include if file.path.startswith(f"{chosen}/")
    }


__all__ = ["ArgumentError", "Content", "Task", "Test", "arguments_of", "included_files", "of_record"]
