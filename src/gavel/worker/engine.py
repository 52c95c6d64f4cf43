"""The judging engine as the worker uses it: tried out language by language, then asked by the slots."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gavel.judging.deployment import Toolchains
from gavel.judging.engine import Engine, Job, selftest
from gavel.judging.languages import LANGUAGES
from gavel.judging.live_run import LiveJob, run_live
from gavel.judging.outcome import Cancellation, FurtherSlots, Judged, Progress
from gavel.judging.toolchains import Toolchain
from gavel.sandbox import LiveOutput, Sandbox
from gavel.storage.objects import Objects
from gavel.submission.v1 import submission_pb2, submission_record_pb2
from gavel.worker import core
from gavel.worker.languages import Found


class WorkerEngine:
    """One engine for all slots."""

    def __init__(
        self, sandbox: Sandbox, objects: Objects, cache_dir: Path, toolchains: Toolchains | None = None
    ) -> None:
        """Looks for the toolchain of every language, since problems bring checkers in any; takes 0.5 s.

        `toolchains`: those of the deployment; by default the machine's own alone.
        """
        self._cache_dir = str(cache_dir / "languages")
        self._sandbox = sandbox
        self._toolchains = toolchains or Toolchains()
        found = {code: self._toolchains.detect(code, sandbox) for code in LANGUAGES}
        # A cache that takes seconds to fill is made when its language's turn comes, not before the first.
        self._engine = Engine(sandbox, objects, {}, str(cache_dir))
        self._engine.toolchains.update(found)

    def test(self, code: str) -> Found:
        """Tries a language out: its toolchain, its cache, its hello program in the sandbox."""
        toolchain = self._engine.toolchains.get(code)
        if toolchain is None:
            return Found("", f"there is no language {code}")
        toolchain = self._toolchains.warm(toolchain, self._cache_dir, self._sandbox)
        self._engine.toolchains[code] = toolchain
        reason = toolchain.reason or selftest(self._engine, code) or ""
        if reason and toolchain.available:
            self._engine.toolchains[code] = _unavailable(toolchain, reason)
        return Found(toolchain.version, reason)

    def judge(
        self,
        job: core.Job,
        sources: submission_record_pb2.SourceFiles,
        progress: Progress,
        cancellation: Cancellation,
        slots: FurtherSlots,
        /,
    ) -> Judged:
        """Judges on the calling thread, and on others what runs in further slots."""
        asked = Job(job.submission, job.tenant, job.record, sources)
        return self._engine.judge(asked, progress, cancellation, slots)

    def run_live(
        self,
        job: LiveJob,
        *,
        stdin: int,
        output: LiveOutput,
        compiled: Callable[[submission_pb2.CompileResult], None],
        cancellation: Cancellation,
    ) -> tuple[submission_pb2.TestResult, submission_pb2.CompileResult | None]:
        """Runs a program without a record on the calling thread; see `judging.live_run`."""
        return run_live(
            self._engine, job, stdin=stdin, output=output, compiled=compiled, cancellation=cancellation
        )


def _unavailable(toolchain: Toolchain, reason: str) -> Toolchain:
    return replace(toolchain, available=False, reason=reason)
