"""Which runner judges a test."""

from collections.abc import Sequence

from gavel.judging.answers import AnswerRunner, choose
from gavel.judging.boxes import Boxes
from gavel.judging.building import Files, Made, Workshop
from gavel.judging.checking import AllOf, Checker, DefaultChecker
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
from gavel.submission.v1.problem_pb2 import Validator

_ENDING_MS = 10_000
"""How long an interactive validator may go on when its program has ended, unless the package says how much
time it needs."""
_SOURCES_BYTES_MOST = 256 * 1024 * 1024
"""More than all files of a submission together may have."""


class Runners:
    """Makes the runners of one judgement."""

    def __init__(
        self, workshop: Workshop, boxes: Boxes, job: Job, task: Task, made: Sequence[Made] | None = None
    ) -> None:
        """`made`: what compiling each output validator made, if that was done."""
        self._workshop = workshop
        self._boxes = boxes
        self._job = job
        self._task = task
        self._made = made
        self._used: list[ProblemValidator] = []

    @property
    def made(self) -> Sequence[Made] | None:
        """What compiling each output validator made, nothing where there is none; None before."""
        made = [used.made for used in self._used if used.made is not None]
        return made if len(made) == len(self._used) else None

    def in_other(self, boxes: Boxes) -> "Runners":
        """Makes the same runners in other boxes, without compiling."""
        return Runners(self._workshop, boxes, self._job, self._task, self.made)

    def for_program(self, submitted: Submitted) -> Runner:
        """Runs the program on the tests. Raises BrokenProblem."""
        manifest = self._task.manifest
        validators = self._validators(submitted.limits.output_bytes)
        runner: Runner
        if manifest.interactive:
            if len(validators) != 1:
                raise BrokenProblem("the problem is interactive and has not one output validator")
            runner = InteractiveRunner(submitted, validators[0], self._ending_ms())
        else:
            runner = PlainRunner(submitted, self._checker(validators))
        most = manifest.pass_count_most
        return PassesRunner(runner, most) if most > 1 else runner

    def for_answers(self, files: Files) -> Runner:
        """Takes the files for the outputs of the tests."""
        largest_bytes = max(map(size_of, files.values()), default=0)
        checker = self._checker(self._validators(largest_bytes))
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

    def _validators(self, output_bytes: int) -> list[ProblemValidator]:
        manifest = self._task.manifest
        owned = [manifest.validator] if manifest.HasField("validator") else []
        owned += manifest.further_validators
        made: Sequence[Made | None] = self._made or [None] * len(owned)
        self._used = [self._validator(own, output_bytes, one) for own, one in zip(owned, made, strict=True)]
        return self._used

    def _validator(self, own: Validator, output_bytes: int, made: Made | None) -> ProblemValidator:
        reads_a_file = own.protocol == problem_pb2.VALIDATOR_PROTOCOL_TESTLIB
        return ProblemValidator(
            self._workshop,
            self._boxes,
            self._job.tenant,
            self._task.manifest,
            own=own,
            files_bytes=output_bytes if reads_a_file else 0,
            made=made,
        )

    def _checker(self, validators: Sequence[ProblemValidator]) -> Checker:
        if not validators:
            return DefaultChecker(self._workshop.store, self._job.tenant)
        return validators[0] if len(validators) == 1 else AllOf(validators)
