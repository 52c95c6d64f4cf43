"""One run of a submitted program on one test: the port, and its plain kind.

There is one Runner for each kind of problem: PlainRunner here, InteractiveRunner, PassesRunner around either
of them, and AnswerRunner where the submission is the output itself.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Protocol

from gavel.judging import verdict
from gavel.judging.building import Program
from gavel.judging.checking import Checked, Checker, Turn
from gavel.judging.languages import Language
from gavel.judging.outcome import EngineError
from gavel.judging.plan import fill
from gavel.judging.store import Store
from gavel.judging.task import Test, content_of
from gavel.judging.verdict import Facts
from gavel.sandbox import Box, CannotExecuteError, Command, Limits, LiveOutput, Outcome
from gavel.submission.v1 import submission_pb2

_ACCEPTED = submission_pb2.VERDICT_ACCEPTED


@dataclasses.dataclass(slots=True)
class Ran:
    """What came of a test."""

    checked: Checked
    facts: Facts | None = None
    """None where no program was run."""
    output: int | None = None
    """A descriptor of all that the program wrote; None where that is not kept. `close` closes it."""
    pass_count: int = 0
    detail: str = ""
    """Behind a JUDGE_ERROR, for judges, never contestants."""

    def close(self) -> None:
        """Lets go of the output. May be called again."""
        output, self.output = self.output, None
        if output is not None:
            os.close(output)


class Runner(Protocol):
    """Runs and checks one test at a time."""

    def run(self, test: Test, turn: Turn, /) -> Ran:
        """Raises BrokenProblem, CannotRun, EngineError, Cancelled, SandboxError."""
        ...


class CannotRun(Exception):  # noqa: N818  (reads as what it says of the program)
    """What was compiled cannot be started; the program's own fault."""


def executed(
    box: Box,
    command: Command,
    limits: Limits,
    live: LiveOutput | None = None,
    partner: Box | None = None,
) -> Outcome:
    """Runs a submitted program once, `live` and `partner` as in Box.run. Raises CannotRun, EngineError,
    SandboxError.
    """
    try:
        return box.run(command, limits, keep=False, live=live, partner=partner)
    except CannotExecuteError as error:
        name = command.argv[0]
        if not name.startswith("/work/"):
            raise EngineError(f"{name} cannot be run: {error}") from error
        raise CannotRun(f"what was compiled cannot be run: {error}") from error


@dataclasses.dataclass(frozen=True, slots=True)
class Submitted:
    """The submitted program as it stands ready in its box."""

    box: Box
    program: Program
    language: Language
    limits: submission_pb2.Limits
    """Resolved."""
    run_limits: Limits
    words: Mapping[str, str]
    """Stand for limits in the program's command."""
    argv: tuple[str, ...]
    """Its arguments where the test has none of its own."""
    store: Store
    tenant: str
    facts_of: Callable[[Outcome], Facts]
    """Raises Cancelled."""

    def run(
        self, test: Test, stdin: int | bytes, stdout: int | None = None, partner: Box | None = None
    ) -> Outcome:
        """Runs it once, with the test's own files beside it. Raises CannotRun, EngineError, SandboxError."""
        argv = (*fill(self.program.run, self.words, {}), *(test.argv or self.argv))
        for file in test.files:
            with self.store.opened(self.tenant, content_of(file)) as source:
                self.box.put(file.path, source)
        command = Command(argv, self.program.environment, stdin, stdout=stdout)
        return executed(self.box, command, self.run_limits, partner=partner)

    def judged(self, facts: Facts) -> Checked:
        """What the run alone comes to."""
        return Checked(*verdict.judge_run(facts, self.limits, self.language.memory_error))


@dataclasses.dataclass(frozen=True, slots=True)
class PlainRunner:
    """Runs the program on its input, then the checker over its output."""

    submitted: Submitted
    checker: Checker

    def run(self, test: Test, turn: Turn, /) -> Ran:
        """See Runner."""
        submitted = self.submitted
        with submitted.store.opened(submitted.tenant, turn.input) as stdin:
            outcome = submitted.run(test, stdin)
        ran = Ran(Checked(_ACCEPTED), output=outcome.stdout)
        try:
            ran.facts = submitted.facts_of(outcome)
            ran.checked = submitted.judged(ran.facts)
            if ran.checked.verdict == _ACCEPTED and test.expected is not None:
                ran.checked = self.checker.check(test, turn, outcome.stdout)
        except BaseException:
            ran.close()
            raise
        return ran
