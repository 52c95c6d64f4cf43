"""What is let in of any program that is handed in, to be judged or only to be run.

Each check tells all that it finds. The numbers stand in docs/reference/limits.md.
"""

from collections.abc import Mapping, Sequence

from gavel.judging import limits as run_limits
from gavel.judging.languages import LANGUAGES, Language, UnknownLanguage, parse_language
from gavel.judging.paths import PATH_BYTES, clashes, path_fault
from gavel.rpc.errors import GavelError, Violation
from gavel.rpc.findings import Findings
from gavel.storage import digests
from gavel.submission.v1 import error_reason_pb2, submission_pb2

INLINE_BYTES = 64 * 1024
"""Sources and inline tests together: contents, paths, names and validator arguments."""
SOURCES_BYTES = 16 * 1024 * 1024
"""All source files together, those that were uploaded included."""
SOURCE_FILES = 100
ARGUMENTS = 64
ARGUMENT_BYTES = 4 * 1024
ARGUMENTS_BYTES = 24 * 1024
"""Of all arguments together. They reach a box in one message, in which a byte may take six."""
LANGUAGE_BYTES = 64


def check_language(text: str, findings: Findings) -> Language | None:
    """The language that a text names; finds what is wrong with it otherwise."""
    if not text:
        findings.add("language", f"is empty; known are {', '.join(LANGUAGES)}")
        return None
    if len(text) > LANGUAGE_BYTES:
        findings.add("language", f"is longer than {LANGUAGE_BYTES} bytes")
        return None
    try:
        return parse_language(text)[0]
    except UnknownLanguage as error:
        reason = error_reason_pb2.ERROR_REASON_UNKNOWN_LANGUAGE
        findings.add("language", str(error), reason, language=text)
        return None


def check_sources(
    sources: Sequence[submission_pb2.SourceFile],
    entry_point: str,
    language: Language | None,
    findings: Findings,
) -> None:
    """Finds files that cannot be: none or too many, bad paths, nothing in them; and an entry point that is
    neither among them nor a class of a language that starts one.
    """
    if not sources:
        findings.add("sources", f"no file; 1 to {SOURCE_FILES} are needed")
        return
    if len(sources) > SOURCE_FILES:
        findings.add("sources", f"{len(sources)} files, more than {SOURCE_FILES}")
        return
    paths = [source.path for source in sources]
    for index, path in enumerate(paths):
        if fault := path_fault(path):
            findings.add(f"sources[{index}].path", fault)
    if len(paths) > 1:
        for index, description in clashes(paths):
            findings.add(f"sources[{index}].path", description)
    _check_contents(sources, findings)
    if len(entry_point) > PATH_BYTES:  # no file is named like that, and no command could hold it
        findings.add("entry_point", f"is longer than {PATH_BYTES} bytes")
        return
    is_class = language is not None and language.starts_by_class(entry_point)
    if entry_point and entry_point not in paths and not is_class:
        findings.add("entry_point", "is not the path of one of the sources")


def check_arguments(argv: Sequence[str], findings: Findings) -> None:
    """Finds arguments of the program that cannot be: too many, too long, with a NUL byte."""
    if len(argv) > ARGUMENTS:
        findings.add("argv", f"{len(argv)} arguments, more than {ARGUMENTS}")
        return
    for index, argument in enumerate(argv):
        if "\0" in argument:
            findings.add(f"argv[{index}]", "holds a NUL byte")
        elif len(argument.encode()) > ARGUMENT_BYTES:
            findings.add(f"argv[{index}]", f"is longer than {ARGUMENT_BYTES} bytes")
    size = sum(len(argument.encode()) for argument in argv)
    if size > ARGUMENTS_BYTES:
        findings.add("argv", f"{size} bytes in all, more than {ARGUMENTS_BYTES}")


def check_limits(limits: submission_pb2.Limits, findings: Findings) -> None:
    """Finds limits out of their bounds."""
    for field, description in run_limits.check(limits):
        findings.add(field, description)


def refuse_size(sources: Sequence[submission_pb2.SourceFile], beside_bytes: int, what: str) -> None:
    """Raises SOURCE_TOO_LARGE when the sources hold, with `beside_bytes` of something else, more than
    64 KiB; `what` says what they are.
    """
    size = sum(len(source.data) + len(source.path) for source in sources) + beside_bytes
    if size > INLINE_BYTES:
        raise source_too_large(what, size, INLINE_BYTES)


def uploaded_sha256s(sources: Sequence[submission_pb2.SourceFile]) -> list[str]:
    """The bare digests of the sources that are named by one."""
    return [digests.sha256_of(source.digest) for source in sources if source.digest]


def check_uploaded(
    sources: Sequence[submission_pb2.SourceFile], sizes_bytes: Mapping[str, int | None]
) -> int:
    """How many bytes all sources hold; `sizes_bytes` tells that of each bare digest, None for one that is not
    stored.

    Raises GavelError MISSING_FILES, SOURCE_TOO_LARGE.
    """
    in_all_bytes = 0
    missing: dict[str, str] = {}
    for index, source in enumerate(sources):
        size_bytes = len(source.data)
        if source.digest:
            found_bytes = sizes_bytes[digests.sha256_of(source.digest)]
            if found_bytes is None:
                missing[f"sources[{index}].digest"] = source.digest
                continue
            size_bytes = found_bytes
        in_all_bytes += size_bytes
    if missing:
        raise _missing(missing)
    if in_all_bytes > SOURCES_BYTES:
        raise source_too_large("the sources", in_all_bytes, SOURCES_BYTES)
    return in_all_bytes


def _missing(digests_by_field: Mapping[str, str]) -> GavelError:
    violations = [
        Violation(field, f"{digest} has not been uploaded as a source")
        for field, digest in digests_by_field.items()
    ]
    first = violations[0]
    return GavelError(
        error_reason_pb2.ERROR_REASON_MISSING_FILES,
        f"{first.field}: {first.description}",
        violations=violations,
        digest=digests_by_field[first.field],
        count=str(len(violations)),
    )


def source_too_large(what: str, size_bytes: int, limit_bytes: int) -> GavelError:
    """SOURCE_TOO_LARGE."""
    return GavelError(
        error_reason_pb2.ERROR_REASON_SOURCE_TOO_LARGE,
        f"{what} hold {size_bytes} bytes, more than {limit_bytes}",
        size_bytes=str(size_bytes),
        limit_bytes=str(limit_bytes),
    )


def _check_contents(sources: Sequence[submission_pb2.SourceFile], findings: Findings) -> None:
    empty = True
    for index, source in enumerate(sources):
        content = source.WhichOneof("content")
        if content is None:
            findings.add(f"sources[{index}].data", "neither data nor digest is set")
        elif content == "digest":
            empty = False
            _check_digest(source.digest, f"sources[{index}].digest", findings)
        elif source.data:
            empty = False
    if empty:
        findings.add("sources", "every file is empty")


def _check_digest(text: str, field: str, findings: Findings) -> None:
    try:
        digests.parse_digest(text, field)
    except GavelError as error:
        findings.absorb(error)
