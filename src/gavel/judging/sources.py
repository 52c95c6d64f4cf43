"""The files of a submission, with those that its problem puts over them."""

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Sequence

from gavel.judging.building import Files
from gavel.judging.languages import Language
from gavel.judging.store import Store
from gavel.judging.task import Job, Task, check_size, content_of, included_files, with_constants
from gavel.storage.digests import sha256_of
from gavel.storage.keys import day_of
from gavel.submission.v1.submission_pb2 import SourceFile


@contextlib.contextmanager
def opened(store: Store, job: Job, task: Task, language: Language) -> Iterator[tuple[Files, tuple[str, ...]]]:
    """All files, and the paths of those that are the problem's. Raises BrokenProblem, EngineError."""
    with handed_in(store, job.tenant, day_of(job.submission_id), job.sources.files) as files:
        included = included_files(task.manifest, language.code)
        check_size(included.values(), "what the problem includes")
        for path, reference in included.items():
            data = store.read(job.tenant, content_of(reference))
            files[path] = with_constants(data, task.manifest.constants)
        yield files, tuple(included)


@contextlib.contextmanager
def handed_in(
    store: Store, tenant: str, day: dt.date, sources: Sequence[SourceFile]
) -> Iterator[dict[str, bytes | int]]:
    """The files of a program by path; those that are named by a digest are of this day's. Raises
    MissingSource, EngineError.
    """
    with contextlib.ExitStack() as open_files:
        files: dict[str, bytes | int] = {}
        for source in sources:
            if source.digest:
                descriptor = store.open_source(tenant, day, sha256_of(source.digest))
                open_files.callback(os.close, descriptor)
                files[source.path] = descriptor
            else:
                files[source.path] = source.data
        yield files


def refusal(task: Task, language: Language, files: Files, included: tuple[str, ...]) -> str:
    """Why the problem does not take this submission at all; "" when it does."""
    manifest = task.manifest
    if manifest.languages and not manifest.submit_answer and language.code not in manifest.languages:
        return f"This problem takes no {language.display_name}, only: {', '.join(manifest.languages)}."
    size_bytes = sum(size_of(data) for path, data in files.items() if path not in included)
    if 0 < manifest.code_bytes < size_bytes:
        return f"The source files hold {size_bytes} bytes; this problem takes {manifest.code_bytes} at most."
    return ""


def size_of(data: bytes | int) -> int:
    """Of a file, in bytes."""
    return len(data) if isinstance(data, bytes) else os.fstat(data).st_size
