"""What a submission is judged against, in one shape: a problem's manifest, tests that came along, or one bare
run.
"""

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Mapping

from gavel.judging import validator
from gavel.judging.limits import TESTS_AT_ONCE_MOST
from gavel.judging.outcome import BrokenProblem
from gavel.judging.package_metadata import FilledTooLarge, replace_constants
from gavel.judging.validator import ArgumentError, Arguments
from gavel.submission.v1 import problem_pb2
from gavel.submission.v1.problem_pb2 import FileReference, Manifest, ManifestTest
from gavel.submission.v1.submission_pb2 import InlineTests
from gavel.submission.v1.submission_record_pb2 import SourceFiles, SubmissionRecord

FILES_BYTES_MOST = 64 << 20
"""Of the files that a problem adds to a submission, and of each program of its own: memory holds them."""
FILES_MOST = 1_000
"""Likewise, and beside each test: a box has room for some thousand."""
_CONSTANTS_BYTES_MOST = 1 << 20
"""Constants are put into no larger file: looking for them holds the whole process up."""
_CONSTANTS_LETTERS_MOST = 16 << 20
"""By which a file of the problem may grow when its constants are put in place."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One judgement to make."""

    submission_id: uuid.UUID
    tenant: str
    record: SubmissionRecord
    sources: SourceFiles
    """The record's own, or read from its pack."""


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
    sample: bool
    """True: it may be seen unless nothing may."""
    arguments: tuple[str, ...] = ()
    """Of the output validator."""
    argv: tuple[str, ...] = ()
    """Of the program, in place of the submission's."""
    files: tuple[FileReference, ...] = ()
    static: bool = False
    """True: no run, but the static validator's look at the sources."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """All tests in the order of the manifest."""

    tests: tuple[Test, ...]
    manifest: Manifest
    """The problem's; without a problem one that has the tests' names alone."""
    manifest_digest: str = ""
    """Empty without a problem."""

    @property
    def tests_at_once(self) -> int:
        """How many tests of a submission may run at the same time; 1 where not every test is a run."""
        if self.manifest.submit_answer or any(test.static for test in self.tests):
            return 1
        return min(max(1, self.manifest.tests_at_once), TESTS_AT_ONCE_MOST)


def of_record(record: SubmissionRecord, manifest: Manifest | None) -> Task:
    """The task of a record; `manifest` is the one that its problem names."""
    if manifest is not None:
        return _of_manifest(manifest, record.problem.manifest_digest)
    if record.WhichOneof("task") == "tests":
        return _without_problem(_inline(record.tests))
    return _without_problem([Test(1, "run", Content(), None, sample=True)])


def _without_problem(tests: list[Test]) -> Task:
    """All may be seen: whoever asks brought them along."""
    names = [ManifestTest(name=test.name, sample=True) for test in tests]
    return Task(tuple(tests), Manifest(tests=names, shown=problem_pb2.SHOWN_EVERYTHING))


def _inline(tests: InlineTests) -> list[Test]:
    arguments = tuple(tests.validator_arguments)
    return [
        Test(
            number,
            test.name or str(number),
            Content(test.input, size_bytes=len(test.input)),
            Content(test.expected, size_bytes=len(test.expected)) if test.HasField("expected") else None,
            sample=True,
            arguments=arguments,
        )
        for number, test in enumerate(tests.tests, 1)
    ]


def _of_manifest(manifest: Manifest, digest: str) -> Task:
    tests = tuple(
        Test(
            number,
            test.name,
            content_of(test.input),
            content_of(test.answer),
            sample=test.sample,
            arguments=tuple(
                test.validator_arguments if test.has_validator_arguments else manifest.validator_arguments
            ),
            argv=tuple(test.argv),
            files=tuple(test.files),
            static=test.static_validation,
        )
        for number, test in enumerate(manifest.tests, 1)
    )
    return Task(tests, manifest, digest)


def content_of(file: FileReference) -> Content:
    """What the reference names."""
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


def check_size(files: Iterable[FileReference], what: str) -> None:
    """Raises BrokenProblem for files that are too many or too large together, before any is read."""
    fault = size_fault([file.size_bytes for file in files])
    if fault:
        raise BrokenProblem(f"{what} {fault}")


def size_fault(sizes_bytes: Collection[int]) -> str:
    """What is wrong with files of these sizes, or nothing."""
    if len(sizes_bytes) > FILES_MOST:
        return f"holds {len(sizes_bytes)} files; at most {FILES_MOST} are supported"
    if sum(sizes_bytes) > FILES_BYTES_MOST:
        return f"holds {sum(sizes_bytes)} bytes; at most {FILES_BYTES_MOST} are supported"
    return ""


def with_constants(data: bytes, constants: Mapping[str, str]) -> bytes:
    """The file with the package's constants in place; unchanged when it is not text, or more than 1 MiB.
    Raises BrokenProblem for one that grows too large.
    """
    if not constants or len(data) > _CONSTANTS_BYTES_MOST or b"{{" not in data:
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    try:
        return replace_constants(text, constants, len(text) + _CONSTANTS_LETTERS_MOST).encode()
    except FilledTooLarge as error:
        raise BrokenProblem("a file of the problem grows too large", str(error)) from error


__all__ = [
    "ArgumentError",
    "Content",
    "Job",
    "Task",
    "Test",
    "arguments_of",
    "check_size",
    "content_of",
    "included_files",
    "of_record",
    "size_fault",
    "with_constants",
]
