"""Checking an output by the format's default validator, and the port that a problem's own validator shares
with it.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

from gavel.judging.feedback import Points
from gavel.judging.outcome import BrokenProblem
from gavel.judging.store import Store
from gavel.judging.task import ArgumentError, Content, Test, arguments_of
from gavel.judging.validator import Arguments, BytesSource, FileSource, Source, compare
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.submission_pb2 import Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    """What one run of the program begins with: the test's own, or what the validator made of the last run."""

    input: Content
    feedback: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    """The files that the validator left in its folder, by their paths in it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What a checker found."""

    verdict: Verdict
    message: str = ""
    """The reason in words, without anything of the test's data."""
    feedback: str = ""
    """What the checker said, which quotes the data."""
    points: Points = dataclasses.field(default_factory=Points)
    left: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    """The files of its feedback folder, as far as somebody wants them."""


class Checker(Protocol):
    """Says whether the output behind a descriptor is right for a test that has an answer."""

    def check(self, test: Test, turn: Turn, output: int, /) -> Checked:
        """Raises BrokenProblem, EngineError, Cancelled."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class DefaultChecker:
    """The format's default validator."""

    store: Store
    tenant: str
    known: dict[tuple[str, ...], Arguments] = dataclasses.field(default_factory=dict)

    def check(self, test: Test, _turn: Turn, output: int, /) -> Checked:
        """Compares with the answer, block by block."""
        try:
            arguments = arguments_of(test, self.known)
        except ArgumentError as error:
            raise BrokenProblem("the arguments of the output validator are not known", str(error)) from error
        with self.store.opened(self.tenant, test.expected or Content()) as opened:
            expected: Source = BytesSource(opened) if isinstance(opened, bytes) else FileSource(opened)
            verdict, feedback = compare(expected, FileSource(output), arguments)
        message = "" if verdict == submission_pb2.VERDICT_ACCEPTED else "the output differs from the answer"
        return Checked(verdict, message, feedback)


@dataclasses.dataclass(frozen=True, slots=True)
class AllOf:
    """Several checkers, one after the other: right is what all of them accept."""

    checkers: Sequence[Checker]

    def check(self, test: Test, turn: Turn, output: int, /) -> Checked:
        """What the first that does not accept it found, else the last one."""
        for checker in self.checkers[:-1]:
            checked = checker.check(test, turn, output)
            if checked.verdict != submission_pb2.VERDICT_ACCEPTED:
                return checked
        return self.checkers[-1].check(test, turn, output)
