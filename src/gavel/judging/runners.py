"""Which runner judges a test."""

from gavel.judging.answers import AnswerRunner, choose
from gavel.judging.boxes import Boxes
from gavel.judging.building import Files, Made, Workshop
from gavel.judging.checking import Checker, DefaultChecker
from gavel.judging.interactive import InteractiveRunner
from gavel.judging.languages import Language
from gavel.judging.limits import default_wall_time_ms
from gavel.judging.multipass import PassesRunner
from gavel.judging.outcome import BrokenProblem
from gavel.judging.running import PlainRunner, Runner, Submitted
from gavel.judging.sources import size_of
from gavel.judging.static_validation import StaticRunner
from gavel.judging.task import Job, Task
from gavel.judging.validating import ProblemValidator
from gavel.submission.v1 import problem_pb2

_ENDING_MS = 10_000
"""How long an interactive validator may go on when its program has ended, unless the package says how much
time it needs."""
_SOURCES_BYTES_MOST = 256 * 1024 * 1024
"""More than all files of a submission together may have."""


class Runners:
    """Makes the runners of one judgement."""

    def __init__(
        self, workshop: Workshop, boxes: Boxes, job: Job, task: Task, made: Made | None = None
    ) -> None:
        """`made`: what compiling the output validator made, if that was done."""
        self._workshop = workshop
        self._boxes = boxes
        self._job = job
        self._task = task
        self._made = made
        self._used: ProblemValidator | None = None

    @property
    def made(self) -> Made | None:
        """What compiling the output validator made, nothing where there is none; None before."""
        return self._used.made if self._used is not None else {}

    def in_other(self, boxes: Boxes) -> "Runners":
        """Makes the same runners in other boxes, without compiling."""
        return Runners(self._workshop, boxes, self._job, self._task, self.made)

    def for_program(self, submitted: Submitted) -> Runner:
        """Runs the program on the tests. Raises BrokenProblem."""
        manifest = self._task.manifest
        validator = self._validator(submitted.limits.output_bytes)
        runner: Runner
        if manifest.interactive:
            if validator is None:
                raise BrokenProblem("the problem is interactive and has no output validator")
            runner = InteractiveRunner(submitted, validator, self._ending_ms())
        else:
            runner = PlainRunner(submitted, validator or self._default())
        most = manifest.pass_count_most
        return PassesRunner(runner, most) if most > 1 else runner

    def for_answers(self, files: Files) -> Runner:
        """Takes the files for the outputs of the tests."""
        largest_bytes = max(map(size_of, files.values()), default=0)
        checker: Checker = self._validator(largest_bytes) or self._default()
        return AnswerRunner(files, choose((test.name for test in self._task.tests), files), checker)

    def for_sources(self, language: Language) -> Runner:
        """Looks at the sources. Raises BrokenProblem."""
        manifest, job = self._task.manifest, self._job
        if not manifest.HasField("static_validator"):
            raise BrokenProblem("the problem has a static test and no static validator")
        validator = ProblemValidator(
            self._workshop,
            self._boxes,
            job.tenant,
            manifest,
            own=manifest.static_validator,
            files_bytes=_SOURCES_BYTES_MOST,
        )
        return StaticRunner(self._workshop.store, job, self._task, language, validator)

    def _ending_ms(self) -> int:
        declared_ms = self._task.manifest.validation_limits.cpu_time_ms
        return max(_ENDING_MS, default_wall_time_ms(declared_ms)) if declared_ms else _ENDING_MS

    def _validator(self, output_bytes: int) -> ProblemValidator | None:
        manifest = self._task.manifest
        if not manifest.HasField("validator"):
            return None
        own = manifest.validator
        reads_a_file = own.protocol == problem_pb2.VALIDATOR_PROTOCOL_TESTLIB
        self._used = ProblemValidator(
            self._workshop,
            self._boxes,
            self._job.tenant,
            manifest,
            own=own,
            files_bytes=output_bytes if reads_a_file else 0,
            made=self._made,
        )
        return self._used

    def _default(self) -> Checker:
        return DefaultChecker(self._workshop.store, self._job.tenant)
