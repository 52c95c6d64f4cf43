"""A package's own grader, run in a box of its own: it makes the result of a group of those within it."""

import os
from collections.abc import Sequence

from gavel.judging import allowances, grader_words, package_programs, verdict
from gavel.judging.boxes import Boxes
from gavel.judging.building import Program, Workshop
from gavel.judging.grading import JUDGE_ERROR, Result
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.sandbox import Box, CannotExecuteError, Command, SandboxError
from gavel.submission.v1.problem_pb2 import Manifest, TestGroup

_SAID_BYTES = 1_024


class CustomGrader:
    """Built when the first group needs it. Of one judgement, on its thread."""

    def __init__(self, workshop: Workshop, boxes: Boxes, tenant: str, manifest: Manifest) -> None:
        self._workshop = workshop
        self._boxes = boxes
        self._tenant = tenant
        self._manifest = manifest
        self._limits = allowances.of_validation(manifest.validation_limits)
        self._built: tuple[Box, Program] | None = None

    def __call__(self, group: TestGroup, results: Sequence[Result], /) -> Result:
        """The group's result, which has one of its own when the grader is at fault: JUDGE_ERROR, and why.

        Raises EngineError, Cancelled.
        """
        try:
            return self._graded(group, results)
        except BrokenProblem as error:
            return Result(JUDGE_ERROR, fault=f"data/{group.name}: {error}\n{error.detail}".rstrip())

    def _graded(self, group: TestGroup, results: Sequence[Result]) -> Result:
        self._built = self._built or self._build()
        box, program = self._built
        argv = (*program.run, *group.grader_arguments)
        command = Command(argv, program.environment, grader_words.told(results))
        try:
            with box.run(command, self._limits, keep=False) as outcome:
                facts = self._boxes.facts(outcome)
                answer = os.pread(outcome.stdout, grader_words.ANSWER_BYTES_MOST + 1, 0)
        except CannotExecuteError as error:
            raise BrokenProblem("the problem's grader cannot be run", str(error)) from error
        except SandboxError as error:
            raise EngineError(f"the grader's box: {error}") from error
        said = facts.stderr[:_SAID_BYTES].decode("utf-8", "replace")
        stopped = verdict.stopped(facts, allowances.told(self._limits))
        if stopped:
            raise BrokenProblem(f"the grader was {stopped}", said)
        if facts.exit_code != 0:
            raise BrokenProblem(f"the grader {verdict.ended(facts)}, not with 0", said)
        result = grader_words.heard(answer, results)
        if result is None:
            raise BrokenProblem("the grader wrote no verdict and score", repr(answer[:_SAID_BYTES]))
        return result

    def _build(self) -> tuple[Box, Program]:
        if not self._manifest.HasField("grader"):
            raise BrokenProblem("the problem has no grader")
        return package_programs.opened(
            self._workshop,
            self._boxes,
            self._tenant,
            self._manifest,
            self._manifest.grader,
            files_bytes=self._limits.files_bytes,
            called="grader",
        )
