"""The judging engine: compiles once, runs every test, checks each, and reports as it goes.

Synchronous: one judgement on one thread at a time, any number of threads. What a program may do is the
sandbox's business, what it is worth the pure modules'; this one holds the order of things.
"""

import contextlib
import dataclasses
import os
import uuid
from collections.abc import Iterator, Mapping

from gavel.judging import allowances, limits, verdict
from gavel.judging.boxes import Boxes
from gavel.judging.building import Builder, Files, Program
from gavel.judging.checking import Checked, Checker, Workshop, checker_for, head_of, with_constants
from gavel.judging.compile_cache import CompileCache
from gavel.judging.languages import Language, UnknownLanguage, parse_language
from gavel.judging.outcome import (
    BrokenProblem,
    Cancellation,
    Cancelled,
    EngineError,
    Judged,
    Progress,
)
from gavel.judging.plan import fill
from gavel.judging.report import HEAD_BYTES, text
from gavel.judging.store import Store
from gavel.judging.task import Content, Task, Test, included_files, of_record
from gavel.judging.toolchains import Toolchain, warm
from gavel.sandbox import Box, BoxSpec, CannotExecuteError, Command, Outcome, Sandbox, SandboxError
from gavel.sandbox import Limits as RunLimits
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import CompileResult, Limits, TestResult, Verdict
from gavel.submission.v1.submission_record_pb2 import SourceFiles, SubmissionRecord
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

__all__ = ["Cancelled", "Engine", "EngineError", "Job", "Judged", "Progress", "selftest"]

_ACCEPTED = submission_pb2.VERDICT_ACCEPTED


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One judgement to make."""

    submission_id: uuid.UUID
    tenant: str
    record: SubmissionRecord
    sources: SourceFiles
    """The record's own, or read from its pack."""


class Engine:
    """Judges; safe for threads."""

    def __init__(
        self, sandbox: Sandbox, objects: Objects, toolchains: Mapping[str, Toolchain], cache_dir: str
    ) -> None:
        """`cache_dir`: a folder of this machine's for what compiling made (512 MiB) and for languages'
        caches.
        """
        self.sandbox = sandbox
        self.store = Store(objects)
        self.cache = CompileCache(f"{cache_dir}/compiled")
        self.toolchains = {
            code: warm(toolchain, f"{cache_dir}/languages") for code, toolchain in toolchains.items()
        }

    def judge(self, job: Job, progress: Progress, cancelled: Cancellation) -> Judged:
        """Judges to the end. Raises Cancelled, EngineError; what is wrong with the problem is a verdict."""
        with Boxes(self.sandbox, cancelled) as boxes:
            try:
                return _Judging(self, job, progress, boxes).judge()
            except BrokenProblem as error:
                return Judged(
                    submission_pb2.VERDICT_JUDGE_ERROR,
                    manifest_digest=job.record.problem.manifest_digest,
                    detail=f"{error}: {error.detail}",
                )
            except (EngineError, SandboxError) as error:
                boxes.check()  # a box that was killed fails in ways of its own
                raise EngineError(str(error)) from error


class _CannotRun(Exception):  # noqa: N818  (an end like any other, not a fault)
    """A program without a compiler turned out to be none; carries what its check said."""

    def __init__(self, result: CompileResult) -> None:
        super().__init__(result.output)
        self.result = result


class _Judging:
    """One judgement while it goes on."""

    def __init__(self, engine: Engine, job: Job, progress: Progress, boxes: Boxes) -> None:
        record = job.record
        try:
            self._language, standard = parse_language(record.language)
        except UnknownLanguage as error:
            raise EngineError(str(error)) from error
        toolchain = engine.toolchains.get(self._language.code)
        if toolchain is None or not toolchain.available:
            raise EngineError(f"this worker does not serve {self._language.code}")
        self._engine = engine
        self._job = job
        self._progress = progress
        self._boxes = boxes
        self._toolchain = toolchain
        self._builder = Builder(toolchain, standard, engine.cache, job.tenant)
        manifest = (
            engine.store.manifest(job.tenant, record.problem.manifest_digest)
            if record.WhichOneof("task") == "problem"
            else None
        )
        self._task = of_record(record, manifest)
        theirs = limits.of_problem(manifest, self._language) if manifest is not None else None
        self._limits = limits.resolve(record.limits, theirs, self._language)
        self._run_limits = allowances.of_run(self._limits, self._language)
        self._words = allowances.of_runtime(self._limits)
        self._detail = ""

    def judge(self) -> Judged:
        self._progress.started(len(self._task.tests), self._toolchain.version)
        program, result, box = self._compile()
        tests: list[TestResult] = []
        if self._language.compiled and program is not None:
            self._progress.compiled(result)
        try:
            if program is not None and box is not None:
                tests = self._run(box, program)
        except _CannotRun as error:
            program, result = None, error.result
        if program is None:
            self._progress.compiled(result)
        totals = verdict.total(tests)
        return Judged(
            verdict=totals.verdict if program is not None else submission_pb2.VERDICT_COMPILE_ERROR,
            cpu_time_ms=totals.cpu_time_ms,
            wall_time_ms=totals.wall_time_ms,
            memory_bytes=totals.memory_bytes,
            compile=result if self._language.compiled or program is None else None,
            tests=tests,
            test_count=len(self._task.tests),
            language_version=self._toolchain.version,
            manifest_digest=self._task.manifest_digest,
            detail=self._detail,
        )

    def _compile(self) -> tuple[Program | None, CompileResult, Box | None]:
        compile_limits = self._compile_limits()
        with self._files() as (files, included):
            refusal = _refusal(self._task, self._language, files, included)
            if refusal:
                return None, _compile_error(refusal), None
            box = self._boxes.open(
                BoxSpec(self._toolchain.mounts), compile_limits.files_bytes, compile_limits.files_count
            )
            entry_point = self._job.record.entry_point
            program, result = self._builder.build(box, files, entry_point, compile_limits, included)
        self._boxes.check()
        return program, result, box

    def _compile_limits(self) -> RunLimits:
        manifest = self._task.manifest
        return allowances.of_compilation(manifest.compile_limits if manifest is not None else None)

    def _refuse_what_cannot_run(self, box: Box, program: Program, facts: verdict.Facts) -> None:
        """Raises _CannotRun for a program that failed because it is none, such as one with a syntax error.

        To look only after a failure that reads like one saves every right program a second start of its
        interpreter, which is most of what judging a small one costs.
        """
        failed = facts.exit_code is not None and facts.exit_code != 0
        words = self._language.check_errors
        if failed and program.check and any(word.encode() in facts.stderr for word in words):
            result = self._builder.check(box, program, self._compile_limits())
            if result.verdict != _ACCEPTED:
                raise _CannotRun(result)

    @contextlib.contextmanager
    def _files(self) -> Iterator[tuple[Files, tuple[str, ...]]]:
        """The submission's files with the problem's included ones over them, and the paths of these."""
        manifest, tenant = self._task.manifest, self._job.tenant
        with contextlib.ExitStack() as opened:
            files: dict[str, bytes | int] = {}
            for file in self._job.sources.files:
                if file.WhichOneof("content") == "digest":
                    sha256 = file.digest.removeprefix("sha256:")
                    source = self._engine.store.open_source(tenant, self._job.submission_id, sha256)
                    opened.callback(os.close, source)
                    files[file.path] = source
                else:
                    files[file.path] = file.data
            included = included_files(manifest, self._language.code) if manifest is not None else {}
            for path, reference in included.items():
                content = Content(sha256=reference.sha256, size_bytes=reference.size_bytes)
                data = self._engine.store.read(tenant, content)
                files[path] = with_constants(data, manifest.constants if manifest is not None else {})
            yield files, tuple(included)

    def _run(self, box: Box, program: Program) -> list[TestResult]:
        """Every test in order; behind the first that fails the rest is SKIPPED, unless all are to be run."""
        engine = self._engine
        workshop = Workshop(engine.store, engine.toolchains, engine.cache)
        checker = checker_for(self._task, workshop, self._boxes, self._job.tenant)
        run_all = self._job.record.run_policy == RUN_POLICY_RUN_ALL
        results: list[TestResult] = []
        for test in self._task.tests:
            self._boxes.check()
            result = self._tested(box, program, checker, test)
            results.append(result)
            self._progress.test(result)
            if result.verdict != _ACCEPTED and not run_all:
                break
        skipped = submission_pb2.VERDICT_SKIPPED
        rest = self._task.tests[len(results) :]
        return results + [TestResult(number=test.number, test=test.name, verdict=skipped) for test in rest]

    def _tested(self, box: Box, program: Program, checker: Checker, test: Test) -> TestResult:
        argv = (*fill(program.run, self._words, {}), *(test.argv or self._job.record.argv))
        try:
            run_limits = self._put_files(box, test)
            with self._engine.store.opened(self._job.tenant, test.input) as stdin:
                outcome = box.run(Command(argv, program.environment, stdin), run_limits, keep=False)
        except CannotExecuteError as error:
            if not argv[0].startswith("/work/"):
                raise EngineError(f"{argv[0]} cannot be run: {error}") from error
            return TestResult(
                number=test.number,
                test=test.name,
                verdict=submission_pb2.VERDICT_RUN_TIME_ERROR,
                message=f"what was compiled cannot be run: {error}",
            )
        except BrokenProblem as error:
            return self._broken(TestResult(number=test.number, test=test.name), error)
        with outcome:
            facts = self._boxes.facts(outcome)
            if test is self._task.tests[0]:
                self._refuse_what_cannot_run(box, program, facts)
            return self._judged(test, outcome, facts, checker)

    def _put_files(self, box: Box, test: Test) -> RunLimits:
        """Puts the test's own files beside the program; they do not count as written by it."""
        total_bytes = 0
        for file in test.files:
            content = Content(sha256=file.sha256, size_bytes=file.size_bytes)
            with self._engine.store.opened(self._job.tenant, content) as source:
                box.put(file.path, source)
            total_bytes += file.size_bytes
        own = self._run_limits
        return dataclasses.replace(own, files_bytes=own.files_bytes + total_bytes) if total_bytes else own

    def _judged(self, test: Test, outcome: Outcome, facts: verdict.Facts, checker: Checker) -> TestResult:
        found, message = verdict.judge_run(facts, self._limits, self._language.memory_error)
        result = TestResult(
            number=test.number,
            test=test.name,
            exit_code=facts.exit_code,
            signal=facts.signal,
            cpu_time_ms=facts.cpu_time_ms,
            wall_time_ms=facts.wall_time_ms,
            memory_bytes=facts.memory_bytes,
            output_bytes=facts.output_bytes,
        )
        checked = Checked(found, message)
        if found == _ACCEPTED and test.expected is not None:
            try:
                checked = checker.check(test, outcome.stdout)
            except BrokenProblem as error:
                return self._broken(result, error)
        result.verdict = checked.verdict
        result.message = text(checked.message.encode())
        if test.visible:
            result.feedback = text(checked.feedback.encode())
            result.stdout = text(head_of(outcome.stdout, HEAD_BYTES))
            result.stderr = text(facts.stderr)
        return result

    def _broken(self, result: TestResult, error: BrokenProblem) -> TestResult:
        self._detail = self._detail or error.detail
        result.verdict = submission_pb2.VERDICT_JUDGE_ERROR
        result.message = text(str(error).encode())
        return result


def _compile_error(reason: str) -> CompileResult:
    return CompileResult(verdict=submission_pb2.VERDICT_COMPILE_ERROR, output=reason)


def _refusal(task: Task, language: Language, files: Files, included: tuple[str, ...]) -> str:
    """Why the problem does not take this submission at all; "" when it does."""
    manifest = task.manifest
    if manifest is None:
        return ""
    if manifest.languages and language.code not in manifest.languages:
        return f"This problem takes no {language.display_name}, only: {', '.join(manifest.languages)}."
    size_bytes = sum(_size(data) for path, data in files.items() if path not in included)
    if 0 < manifest.code_bytes < size_bytes:
        return f"The source files hold {size_bytes} bytes; this problem takes {manifest.code_bytes} at most."
    return ""


def _size(data: bytes | int) -> int:
    return len(data) if isinstance(data, bytes) else os.fstat(data).st_size


class _Quiet:
    """Progress and cancellation for a judgement that nobody watches."""

    cancelled = False

    def on_cancel(self, callback: object, /) -> None: ...

    def started(self, test_count: int, language_version: str, /) -> None: ...

    def compiled(self, result: CompileResult, /) -> None: ...

    def test(self, result: TestResult, /) -> None: ...


def selftest(engine: Engine, code: str) -> str | None:
    """Judges the language's own hello program; None when it was judged right, else what went wrong."""
    toolchain = engine.toolchains.get(code)
    if toolchain is None or not toolchain.available:
        return toolchain.reason if toolchain is not None else "its toolchain was not looked for"
    language = toolchain.language
    record = SubmissionRecord(
        language=code,
        inline=SourceFiles(
            files=[
                submission_pb2.SourceFile(
                    path=(language.entry_points or (f"main{language.suffixes[0]}",))[0],
                    data=language.selftest.encode(),
                )
            ]
        ),
        tests=submission_pb2.InlineTests(tests=[submission_pb2.InlineTest(expected=b"hello\n")]),
        limits=Limits(cpu_time_ms=10_000),
    )
    quiet = _Quiet()
    try:
        judged = engine.judge(Job(uuid.UUID(int=0), "local", record, record.inline), quiet, quiet)
    except EngineError as error:
        return str(error)
    if judged.verdict == _ACCEPTED:
        return None
    said = judged.compile.output if judged.compile is not None else ""
    told = "; ".join(f"{test.message} {test.stderr}" for test in judged.tests)
    return f"its hello program was judged {Verdict.Name(judged.verdict)}: {said}{told}"
