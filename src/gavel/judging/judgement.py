"""The order of one judgement: the sources, the compiler, test by test, the totals."""

import dataclasses
from collections.abc import Mapping

from gavel.judging import allowances, limits, sources, verdict
from gavel.judging.boxes import Boxes
from gavel.judging.building import Files, Made, Program, Workshop
from gavel.judging.checking import Checked, Turn
from gavel.judging.custom_grader import CustomGrader
from gavel.judging.outcome import BrokenProblem, EngineError, FurtherSlots, Judged, Progress
from gavel.judging.runners import Runners
from gavel.judging.running import CannotRun, Ran, Runner, Submitted
from gavel.judging.scoring import Course, Graded
from gavel.judging.showing import Showing
from gavel.judging.side_by_side import Lane, Lanes, SideBySide
from gavel.judging.task import Job, Test, of_record
from gavel.sandbox import Box
from gavel.sandbox import Limits as RunLimits
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import CompileResult, GroupResult, TestResult
from gavel.submission.v1.submission_service_pb2 import RUN_POLICY_RUN_ALL

_COMPILE_ERROR = submission_pb2.VERDICT_COMPILE_ERROR


class _NoProgram(Exception):  # noqa: N818  (an end like any other, not a fault)
    """The submission is no program; carries what its compiler, or the check of one without, said."""

    def __init__(self, result: CompileResult) -> None:
        super().__init__(result.output)
        self.result = result


class Judgement:
    """One judgement while it goes on."""

    def __init__(
        self, workshop: Workshop, job: Job, progress: Progress, boxes: Boxes, slots: FurtherSlots
    ) -> None:
        """Raises EngineError for a language that is not served here, BrokenProblem for a lost manifest."""
        record = job.record
        self._builder = workshop.builder(record.language, job.tenant)
        self._toolchain = self._builder.toolchain
        self._language = self._toolchain.language
        self._workshop = workshop
        self._job = job
        self._progress = progress
        self._boxes = boxes
        self._slots = slots
        manifest = None
        if record.WhichOneof("task") == "problem":
            manifest = workshop.store.manifest(job.tenant, record.problem.manifest_digest)
        self._task = of_record(record, manifest)
        theirs = limits.of_problem(manifest, self._language) if manifest is not None else None
        self._limits = limits.resolve(record.limits, theirs, self._language)
        self._tests_at_once = self._task.tests_at_once
        self._own_boxes = boxes.part()
        """Of the lane in which the program is built."""
        self._runners = Runners(workshop, self._own_boxes, job, self._task)
        self._static: Runner | None = None
        self._compile_result: CompileResult | None = None
        self._detail = ""

    def judge(self) -> Judged:
        """Judges to the end. Raises BrokenProblem, EngineError, SandboxError, Cancelled."""
        self._progress.started(len(self._task.tests), self._toolchain.version)
        try:
            if self._task.manifest.submit_answer:
                return self._answers()
            submitted = self._submitted(*self._compiled())
            return self._tested(self._runners.for_program(submitted), submitted)
        except _NoProgram as error:
            self._progress.compiled(error.result)
            self._compile_result = error.result
            return self._judged(Graded(_COMPILE_ERROR, None, ()), {}, None)

    def _answers(self) -> Judged:
        with sources.opened(self._workshop.store, self._job, self._task, self._language) as (files, included):
            self._refuse(files, included)
            return self._tested(self._runners.for_answers(files), None)

    def _refuse(self, files: Files, included: tuple[str, ...]) -> None:
        reason = sources.refusal(self._task, self._language, files, included)
        if reason:
            raise _NoProgram(CompileResult(verdict=_COMPILE_ERROR, output=reason))

    def _submitted(self, boxes: Boxes, box: Box, program: Program) -> Submitted:
        """The program, ready to run."""
        files_bytes = max(
            (allowances.taken_bytes(file.size_bytes for file in test.files) for test in self._task.tests),
            default=0,
        )
        return Submitted(
            box=box,
            program=program,
            language=self._language,
            limits=self._limits,
            run_limits=allowances.of_run(self._limits, self._language, files_bytes),
            words=allowances.of_runtime(self._limits),
            argv=tuple(self._job.record.argv),
            store=self._workshop.store,
            tenant=self._job.tenant,
            facts_of=boxes.facts,
        )

    def _compiled(self) -> tuple[Boxes, Box, Program]:
        box, program, result = self._built(self._own_boxes)
        if program is None:
            raise _NoProgram(result)
        if self._language.compiled:
            self._progress.compiled(result)
            self._compile_result = result
        if self._tests_at_once < 2:  # nothing more is to be made of it, and it may be large
            program = dataclasses.replace(program, made=None)
        return self._own_boxes, box, program

    def _built(self, boxes: Boxes, made: Made | None = None) -> tuple[Box, Program | None, CompileResult]:
        """Without a program for COMPILE_ERROR; `made` as for `Builder.build`."""
        compile_limits = self._compile_limits()
        with sources.opened(self._workshop.store, self._job, self._task, self._language) as (files, included):
            self._refuse(files, included)
            box = boxes.open(self._toolchain.spec, compile_limits.files_bytes, compile_limits.files_count)
            program, result = self._builder.build(
                box,
                files,
                self._job.record.entry_point,
                compile_limits,
                included,
                made=made,
            )
        boxes.check()
        return box, program, result

    def _compile_limits(self) -> RunLimits:
        return allowances.of_compilation(self._task.manifest.compile_limits)

    def _tested(self, runner: Runner, submitted: Submitted | None) -> Judged:
        """Runs the tests that the course asks for; the rest is SKIPPED."""
        manifest = self._task.manifest
        course = Course(
            manifest,
            run_all=self._job.record.run_policy == RUN_POLICY_RUN_ALL,
            grader=CustomGrader(self._workshop, self._boxes, self._job.tenant, manifest),
        )
        showing = Showing(self._task, self._workshop.store, self._job.tenant, self._progress)
        results: dict[int, TestResult] = {}
        first = Lane(self._own_boxes, runner)
        lanes = self._lanes(submitted)
        with SideBySide(course, self._task.tests, first, lanes, self._slots) as tests:
            while (index := course.next()) is not None:
                self._boxes.check()
                ran = tests.ran(index)
                try:
                    if submitted is not None and not results:
                        self._refuse_what_cannot_run(submitted, ran)
                    self._detail = self._detail or ran.detail
                    points = ran.checked.points
                    counted = course.ended(index, ran.checked.verdict, points.score, points.multiplier)
                    results[index] = showing.result(self._task.tests[index], ran, counted)
                finally:
                    ran.close()
                if showing.tests:
                    self._progress.test(results[index])
        graded = course.totals()
        self._detail = self._detail or graded.fault
        return self._judged(graded, results, showing)

    def _ran(self, runner: Runner, test: Test) -> Ran:
        try:
            if test.static:
                runner = self._static = self._static or self._runners.for_sources(self._language)
            return runner.run(test, Turn(test.input))
        except CannotRun as error:
            return Ran(Checked(submission_pb2.VERDICT_RUN_TIME_ERROR, str(error)))
        except BrokenProblem as error:
            return Ran(Checked(submission_pb2.VERDICT_JUDGE_ERROR, str(error)), detail=error.detail)

    def _lanes(self, submitted: Submitted | None) -> Lanes:
        made = submitted.program.made if submitted is not None else None

        def make(boxes: Boxes) -> Runner:
            box, program, result = self._built(boxes, made)
            if program is None:
                raise EngineError(f"what was compiled cannot be put into another box: {result.output}")
            return self._runners.in_other(boxes).for_program(self._submitted(boxes, box, program))

        def are_possible() -> bool:
            return made is not None and self._runners.made is not None

        return Lanes(self._tests_at_once, self._boxes, self._ran, make, are_possible)

    def _refuse_what_cannot_run(self, submitted: Submitted, ran: Ran) -> None:
        """Raises _NoProgram for a program that failed because it is none."""
        if ran.facts is None:
            return
        limits = self._compile_limits()
        result = self._builder.refusal(submitted.box, submitted.program, ran.facts, limits)
        if result is not None:
            raise _NoProgram(result)

    def _judged(self, graded: Graded, results: Mapping[int, TestResult], showing: Showing | None) -> Judged:
        """Without `showing` nothing was run."""
        most = verdict.most(list(results.values()))
        seen = showing is not None and showing.tests
        return Judged(
            verdict=graded.verdict,
            score=graded.score,
            cpu_time_ms=most.cpu_time_ms,
            wall_time_ms=most.wall_time_ms,
            memory_bytes=most.memory_bytes,
            compile=self._compile_result,
            tests=self._all_tests(results) if seen else [],
            groups=[GroupResult(name=n, verdict=v, score=s) for n, v, s in graded.groups] if seen else [],
            test_count=len(self._task.tests),
            language_version=self._toolchain.version,
            manifest_digest=self._task.manifest_digest,
            detail=self._detail,
        )

    def _all_tests(self, results: Mapping[int, TestResult]) -> list[TestResult]:
        skipped = submission_pb2.VERDICT_SKIPPED
        return [
            results.get(index) or TestResult(number=test.number, test=test.name, verdict=skipped)
            for index, test in enumerate(self._task.tests)
        ]
