"""A problem's own validator, run in a box of its own to check an output or to talk with the program.

It is untrusted like any program: its box holds its files, and for each run that test's input and answer, the
output, and what it left itself in earlier passes of the same test, and nothing else.
"""

import dataclasses
from collections.abc import Callable, Mapping

from gavel.judging import allowances, feedback, feedback_folder, package_programs, testlib, verdict
from gavel.judging.boxes import Boxes
from gavel.judging.building import Files, Made, Program, Workshop
from gavel.judging.checking import Checked, Turn
from gavel.judging.feedback import Points
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.judging.task import Content, Test
from gavel.judging.verdict import Facts
from gavel.sandbox import Box, CannotExecuteError, Command, Limits, SandboxError
from gavel.submission.v1 import problem_pb2, submission_pb2
from gavel.submission.v1.problem_pb2 import Manifest, Validator

_INPUT, _OUTPUT, _ANSWER, _FEEDBACK = "judge.in", "judge.out", "judge.ans", "feedback"
_SOURCES = "submission"
_TALK = f"{_FEEDBACK}/interaction.out"
"""Where a testlib interactor may write what a checker would read."""
_SAID_BYTES = 4_096
_WRITABLE = 0o666
"""Of files from earlier passes: they belong to the box's root now, and a validator adds to its messages."""


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """How a run of the validator ended, and what it left."""

    facts: Facts
    files: Mapping[str, bytes]


def _nothing() -> None:
    """Where nobody watches."""


@dataclasses.dataclass(frozen=True, slots=True)
class Watch:
    """Told, on the thread of a run, when the validator has its pipes and when it has ended."""

    started: Callable[[], None] = _nothing
    ended: Callable[[], None] = _nothing


@dataclasses.dataclass(frozen=True, slots=True)
class _Call:
    """One run of it."""

    arguments: tuple[str, ...]
    files: Mapping[str, Content | int | bytes]
    """What its box holds besides itself, by path."""
    kept: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    """In its feedback folder."""
    stdin: int | bytes = b""
    stdout: int | None = None
    partner: Box | None = None
    """Of the program at the other ends."""
    cwd: str = "/work"


class ProblemValidator:
    """Compiled when it is first needed. One thread uses it at a time; `stop` may come from another."""

    def __init__(
        self,
        workshop: Workshop,
        boxes: Boxes,
        tenant: str,
        manifest: Manifest,
        *,
        own: Validator,
        files_bytes: int = 0,
        made: Made | None = None,
    ) -> None:
        """`own`: one of the manifest's. `files_bytes`: the most that it reads besides the tests' data.

        `made`: what compiling it made, if that was done.
        """
        self._workshop = workshop
        self._boxes = boxes
        self._tenant = tenant
        self._manifest = manifest
        self._own = own
        self.made = made
        """What compiling it made; None before, and when that is not kept."""
        self._testlib = own.protocol == problem_pb2.VALIDATOR_PROTOCOL_TESTLIB
        self._scoring = manifest.type == problem_pb2.PROBLEM_TYPE_SCORING
        passes = manifest.pass_count_most > 1
        self._wanted = None if passes else feedback.names(scoring=self._scoring)
        """What is read of its feedback folder; None: all, for the next pass."""
        self._built: tuple[Box, Program] | None = None
        self.limits = allowances.of_validation(manifest.validation_limits)
        # One size for all tests: what is put for a run has to fit before the run's own limits hold.
        data_bytes = max(
            (test.input.size_bytes + test.answer.size_bytes for test in manifest.tests), default=0
        )
        data_bytes += files_bytes + (self.limits.output_bytes if passes else 0)
        self._limits = dataclasses.replace(self.limits, files_bytes=self.limits.files_bytes + data_bytes)

    def prepare(self) -> tuple[Box, Program]:
        """Compiles it if that was not done yet, so that nobody waits for it later. Raises as `check`."""
        self._built = self._built or self._build(self._own)
        return self._built

    def check(self, test: Test, turn: Turn, output: int, /) -> Checked:
        """Runs it over an output. Raises BrokenProblem, EngineError, Cancelled."""
        call = self._call(test, turn, _OUTPUT)
        if self._testlib:
            call = dataclasses.replace(call, files={**call.files, _OUTPUT: output})
        else:
            call = dataclasses.replace(call, stdin=output)
        return self.judged(test, self._run(call))

    def talk(
        self,
        test: Test,
        turn: Turn,
        ends: tuple[int, int],
        *,
        partner: Box,
        wall_time_ms: int,
        watch: Watch,
    ) -> Said:
        """Runs it between two pipes, at whose other ends the program in the partner is.

        `ends`: what it reads from and what it writes to. Raises as `check`.
        """
        call = self._call(test, turn, _TALK)
        call = dataclasses.replace(call, stdin=ends[0], stdout=ends[1], partner=partner)
        return self._run(call, dataclasses.replace(self._limits, wall_time_ms=wall_time_ms), watch)

    def look(self, test: Test, language: str, entry_point: str, files: Files) -> Checked:
        """Runs it over the sources of a submission. Raises as `check`."""
        arguments = (language, entry_point, f"/work/{_FEEDBACK}/", *test.arguments)
        placed = {f"{_SOURCES}/{path}": data for path, data in files.items()}
        return self.judged(test, self._run(_Call(arguments, placed, cwd=f"/work/{_SOURCES}")))

    def _call(self, test: Test, turn: Turn, output: str) -> _Call:
        """`output`: the file that testlib's second argument names."""
        names = (_INPUT, output, _ANSWER) if self._testlib else (_INPUT, _ANSWER, f"{_FEEDBACK}/")
        arguments = (*(f"/work/{name}" for name in names), *test.arguments)
        files = {_INPUT: turn.input, _ANSWER: test.expected or Content()}
        return _Call(arguments, files, turn.feedback)

    def accepts(self, said: Said) -> bool:
        """True when it ended content."""
        code = said.facts.exit_code
        return testlib.is_content(code) if self._testlib else code == verdict.VALIDATOR_ACCEPTS

    def stop(self) -> None:
        """Ends its run, on whatever thread that is; `discard` has to follow on its own."""
        if self._built is not None:
            self._built[0].cancel()

    def discard(self) -> None:
        """Gives its box away; the next run has another one."""
        built, self._built = self._built, None
        if built is not None:
            self._boxes.end(built[0])

    def judged(self, test: Test, said: Said) -> Checked:
        """What a run's end stands for. Raises BrokenProblem when it stands for nothing."""
        try:
            return self._judged(said)
        except BrokenProblem as error:
            head = said.facts.stderr[:_SAID_BYTES].decode("utf-8", "replace")
            detail = f"{test.name}: {error.detail}\n{feedback.message(said.files)}\n{head}"
            raise BrokenProblem(str(error), detail) from error

    def _judged(self, said: Said) -> Checked:
        stopped = verdict.stopped(said.facts, allowances.told(self._limits))
        if stopped:
            raise BrokenProblem(f"the output validator was {stopped}")
        if self._testlib:
            found, message, points = testlib.judge(said.facts, scoring=self._scoring)
            told = said.facts.stderr[:_SAID_BYTES].decode("utf-8", "replace")
            return Checked(found, message, told, points, said.files)
        found, message = verdict.judge_validator(said.facts)
        if found == submission_pb2.VERDICT_JUDGE_ERROR:
            raise BrokenProblem(message)
        if feedback.NEXT_PASS in said.files and found != submission_pb2.VERDICT_ACCEPTED:
            raise BrokenProblem(f"the output validator refused the output and left {feedback.NEXT_PASS}")
        points = feedback.points(said.files) if self._scoring else Points()
        return Checked(found, message, feedback.message(said.files), points, said.files)

    def _run(self, call: _Call, limits: Limits | None = None, watch: Watch | None = None) -> Said:
        box, program = self.prepare()
        argv = (*program.run, *call.arguments)
        watch = watch or Watch()
        command = Command(
            argv,
            program.environment,
            call.stdin,
            call.cwd,
            stdout=call.stdout,
            on_started=watch.started,
        )
        try:
            for path, data in call.files.items():
                self._put(box, path, data)
            box.put(f"{_FEEDBACK}/{feedback_folder.OWN}", b"")
            for path, data in call.kept.items():
                box.put(f"{_FEEDBACK}/{path}", data, _WRITABLE)
            with box.run(command, limits or self._limits, partner=call.partner) as outcome:
                watch.ended()
                facts = self._boxes.facts(outcome)
            return Said(facts, feedback_folder.left(box, _FEEDBACK, self._wanted, self.limits.output_bytes))
        except CannotExecuteError as error:
            raise BrokenProblem("the problem's output validator cannot be run", str(error)) from error
        except SandboxError as error:
            raise EngineError(f"the output validator's box: {error}") from error

    def _put(self, box: Box, path: str, data: Content | int | bytes) -> None:
        if not isinstance(data, Content):
            box.put(path, data)
            return
        with self._workshop.store.opened(self._tenant, data) as source:
            box.put(path, source)

    def _build(self, own: Validator) -> tuple[Box, Program]:
        built = package_programs.opened(
            self._workshop,
            self._boxes,
            self._tenant,
            self._manifest,
            own,
            files_bytes=self._limits.files_bytes,
            called="output validator",
            made=self.made,
        )
        self.made = built[1].made
        return built
