"""A program that is run at once and alone: no tests, no record, what it writes handed on while it runs.

The path is that of judging: the same toolchains, builder, compile cache, boxes, limits and allowances, and
the same verdict of the same facts.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence

from gavel.judging import allowances, limits, sources, verdict
from gavel.judging.admission import check_uploaded, uploaded_sha256s
from gavel.judging.boxes import Boxes
from gavel.judging.building import Files, Program
from gavel.judging.engine import Engine
from gavel.judging.outcome import Cancellation, EngineError, MissingSource
from gavel.judging.plan import fill
from gavel.judging.report import test_result
from gavel.judging.running import CannotRun, executed
from gavel.sandbox import Box, Command, LiveOutput, Outcome, SandboxError
from gavel.storage.digests import sha256_of
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import CompileResult, SourceFile, TestResult

NAME = "run"
"""What the one test of such a run is called."""


@dataclasses.dataclass(frozen=True, slots=True)
class LiveJob:
    """What to run; everything in it was looked at by `admission`."""

    tenant: str
    language: str
    """As it was asked for: `cpp`, `cpp@20`."""
    sources: Sequence[SourceFile]
    entry_point: str
    """Empty: the first of the files that the language owns."""
    argv: Sequence[str]
    limits: submission_pb2.Limits
    """As they were asked for."""


def run_live(
    engine: Engine,
    job: LiveJob,
    *,
    stdin: int,
    output: LiveOutput,
    compiled: Callable[[CompileResult], None],
    cancellation: Cancellation,
) -> tuple[TestResult, CompileResult | None]:
    """Compiles and runs a program on the calling thread: its result, always with a verdict.

    `stdin` is a pipe's read end, which stays the caller's. `compiled` is told of the compiler of a compiled
    language before the program starts; the second value is what the check of another language's program said
    when it turned out to be none. Raises Cancelled, EngineError; GavelError MISSING_FILES, SOURCE_TOO_LARGE
    for sources by digest.
    """
    today = dt.datetime.now(dt.UTC).date()
    with Boxes(engine.sandbox, cancellation) as boxes:
        try:
            with sources.handed_in(engine.workshop.store, job.tenant, today, job.sources) as files:
                check_uploaded(job.sources, _sizes(job.sources, files))
                return _LiveRun(engine, job, boxes).run(files, stdin, output, compiled)
        except MissingSource as missing:
            others = dict.fromkeys(uploaded_sha256s(job.sources), 0)  # those may be there or not
            check_uploaded(job.sources, {**others, missing.sha256: None})
            raise
        except (EngineError, SandboxError) as error:
            boxes.check()  # a box that was killed fails in ways of its own
            raise EngineError(str(error)) from error


def _sizes(files: Sequence[SourceFile], opened: Files) -> dict[str, int | None]:
    """Of each digest, in bytes."""
    return {sha256_of(file.digest): sources.size_of(opened[file.path]) for file in files if file.digest}


class _LiveRun:
    def __init__(self, engine: Engine, job: LiveJob, boxes: Boxes) -> None:
        self._builder = engine.workshop.builder(job.language, job.tenant)
        self._language = self._builder.toolchain.language
        self._job = job
        self._boxes = boxes
        self._limits = limits.resolve(job.limits, None, self._language)
        self._compile_limits = allowances.of_compilation(None)

    def run(
        self, files: Files, stdin: int, output: LiveOutput, compiled: Callable[[CompileResult], None]
    ) -> tuple[TestResult, CompileResult | None]:
        box = self._boxes.open(
            self._builder.toolchain.spec,
            self._compile_limits.files_bytes,
            self._compile_limits.files_count,
        )
        job = self._job
        program, result = self._builder.build(box, files, job.entry_point, self._compile_limits)
        self._boxes.check()
        if self._language.compiled or program is None:
            compiled(result)
        if program is None:
            return _not_compiled(), None
        words = allowances.of_runtime(self._limits)
        argv = (*fill(program.run, words, {}), *job.argv)
        run_limits = allowances.of_run(self._limits, self._language)
        try:
            outcome = executed(box, Command(argv, program.environment, stdin), run_limits, output)
        except CannotRun as error:
            return test_result(1, NAME, submission_pb2.VERDICT_RUN_TIME_ERROR, str(error), None), None
        with outcome:
            return self._judged(box, program, outcome)

    def _judged(
        self, box: Box, program: Program, outcome: Outcome
    ) -> tuple[TestResult, CompileResult | None]:
        facts = self._boxes.facts(outcome)
        refusal = self._builder.refusal(box, program, facts, self._compile_limits)
        if refusal is not None:
            return _not_compiled(), refusal
        found, message = verdict.judge_run(facts, self._limits, self._language.memory_error)
        return test_result(1, NAME, found, message, facts), None


def _not_compiled() -> TestResult:
    return test_result(1, NAME, submission_pb2.VERDICT_COMPILE_ERROR, "", None)
