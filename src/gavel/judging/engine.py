"""The judging engine: compiles once, runs every test, checks each, and reports as it goes.

Synchronous: one judgement on one thread at a time, any number of threads; its tests may have threads of their
own. What a program may do is the sandbox's business, what it is worth the pure modules', the order of things
that of `judgement`.
"""

import uuid
from collections.abc import Mapping

from gavel.judging.boxes import Boxes
from gavel.judging.building import Workshop
from gavel.judging.compile_cache import CompileCache
from gavel.judging.judgement import Judgement
from gavel.judging.outcome import (
    BrokenProblem,
    Cancellation,
    Cancelled,
    EngineError,
    FurtherSlots,
    Judged,
    NoFurtherSlots,
    Progress,
)
from gavel.judging.store import Store
from gavel.judging.task import Job
from gavel.judging.toolchains import Toolchain, warm
from gavel.sandbox import Sandbox, SandboxError
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import CompileResult, Limits, TestResult, Verdict
from gavel.submission.v1.submission_record_pb2 import SourceFiles, SubmissionRecord

__all__ = ["Cancelled", "Engine", "EngineError", "Job", "Judged", "Progress", "selftest"]

_ACCEPTED = submission_pb2.VERDICT_ACCEPTED


class Engine:
    """Judges; safe for threads."""

    def __init__(
        self, sandbox: Sandbox, objects: Objects, toolchains: Mapping[str, Toolchain], cache_dir: str
    ) -> None:
        """`cache_dir`: a folder of this machine's for what compiling made (512 MiB) and for languages'
        caches.
        """
        self.sandbox = sandbox
        self.cache = CompileCache(f"{cache_dir}/compiled")
        self.toolchains = {
            code: warm(toolchain, f"{cache_dir}/languages") for code, toolchain in toolchains.items()
        }
        """By language; more may be added while it works."""
        self.workshop = Workshop(Store(objects), self.toolchains, self.cache)

    def judge(
        self, job: Job, progress: Progress, cancelled: Cancellation, slots: FurtherSlots | None = None
    ) -> Judged:
        """Judges to the end, on further slots too where the problem allows that and there are some.

        Raises Cancelled, EngineError; what is wrong with the problem is a verdict.
        """
        with Boxes(self.sandbox, cancelled) as boxes:
            try:
                return Judgement(self.workshop, job, progress, boxes, slots or NoFurtherSlots()).judge()
            except BrokenProblem as error:
                return Judged(
                    submission_pb2.VERDICT_JUDGE_ERROR,
                    manifest_digest=job.record.problem.manifest_digest,
                    detail=f"{error}: {error.detail}",
                )
            except (EngineError, SandboxError) as error:
                boxes.check()  # a box that was killed fails in ways of its own
                raise EngineError(str(error)) from error


class _Quiet:
    """Progress and cancellation for a judgement that nobody watches."""

    cancelled = False

    def on_cancel(self, callback: object, /) -> None: ...

    def started(self, test_count: int, language_version: str, /) -> None: ...

    def compiled(self, result: CompileResult, /) -> None: ...

    def test(self, result: TestResult, /) -> None: ...

    def output(self, _name: str, _data: bytes, /) -> str:
        return ""


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
                    path=language.default_path,
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
