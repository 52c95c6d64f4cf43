"""Checking an output: by the default validator here, or by the problem's own in a box of its own.

The problem's validator is untrusted like any program: its box holds its files, and for each test that test's
input, answer and output, and nothing else.
"""

import dataclasses
import os
from collections.abc import Mapping
from typing import Protocol

from gavel.judging import allowances
from gavel.judging.boxes import Boxes
from gavel.judging.building import Builder, Program
from gavel.judging.compile_cache import CompileCache
from gavel.judging.languages import LANGUAGES
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.judging.package_metadata import replace_constants
from gavel.judging.store import Store
from gavel.judging.task import ArgumentError, Content, Task, Test, arguments_of
from gavel.judging.toolchains import Toolchain
from gavel.judging.validator import Arguments, BytesSource, FileSource, Source, compare
from gavel.judging.verdict import judge_validator
from gavel.sandbox import Box, BoxSpec, CannotExecuteError, Command, SandboxError
from gavel.submission.v1 import submission_pb2
from gavel.submission.v1.problem_pb2 import Manifest, Validator
from gavel.submission.v1.submission_pb2 import Limits, Verdict

_INPUT, _ANSWER, _FEEDBACK = "judge.in", "judge.ans", "feedback"
_FEEDBACK_BYTES = 4_096


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What a checker found."""

    verdict: Verdict
    message: str = ""
    """The reason in words, without anything of the test's data."""
    feedback: str = ""
    """What the checker said, which quotes the data."""


class Checker(Protocol):
    """Says whether the output behind a descriptor is right for a test that has an answer."""

    def check(self, test: Test, output: int) -> Checked: ...


@dataclasses.dataclass(frozen=True, slots=True)
class DefaultChecker:
    """The format's default validator."""

    store: Store
    tenant: str
    known: dict[tuple[str, ...], Arguments] = dataclasses.field(default_factory=dict)

    def check(self, test: Test, output: int) -> Checked:
        """Compares with the answer, block by block. Raises BrokenProblem, EngineError."""
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
class Workshop:
    """What a worker has to build validators with."""

    store: Store
    toolchains: Mapping[str, Toolchain]
    cache: CompileCache


class ProgramChecker:
    """The problem's own validator, compiled when the first output is there to be checked."""

    def __init__(self, workshop: Workshop, boxes: Boxes, tenant: str, manifest: Manifest) -> None:
        self._workshop = workshop
        self._boxes = boxes
        self._tenant = tenant
        self._manifest = manifest
        self._built: tuple[Box, Program] | None = None
        self._limits = allowances.of_validation(manifest.validation_limits)

    def check(self, test: Test, output: int) -> Checked:
        """Runs the validator. Raises BrokenProblem, EngineError, Cancelled."""
        box, program = self._built = self._built or self._build(self._manifest.validator)
        expected = test.expected or Content()
        data_bytes = test.input.size_bytes + expected.size_bytes
        limits = dataclasses.replace(self._limits, files_bytes=self._limits.files_bytes + data_bytes)
        folder = f"/work/{_FEEDBACK}/"
        argv = (*program.run, f"/work/{_INPUT}", f"/work/{_ANSWER}", folder, *test.arguments)
        try:
            self._put(box, _INPUT, test.input)
            self._put(box, _ANSWER, expected)
            box.put(f"{_FEEDBACK}/.gavel", b"")
            with box.run(Command(argv, program.environment, output), limits) as outcome:
                facts = self._boxes.facts(outcome)
            told = self._told(box)
        except CannotExecuteError as error:
            raise BrokenProblem("the problem's output validator cannot be run", str(error)) from error
        except SandboxError as error:
            raise EngineError(f"the output validator's box: {error}") from error
        ran_under = Limits(
            cpu_time_ms=limits.cpu_time_ms,
            wall_time_ms=limits.wall_time_ms,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes,
        )
        verdict, message = judge_validator(facts, ran_under)
        if verdict == submission_pb2.VERDICT_JUDGE_ERROR:
            said = facts.stderr[:_FEEDBACK_BYTES].decode("utf-8", "replace")
            raise BrokenProblem(message, f"{test.name}: {told}\n{said}")
        return Checked(verdict, message, told)

    def _put(self, box: Box, path: str, content: Content) -> None:
        with self._workshop.store.opened(self._tenant, content) as source:
            box.put(path, source)

    @staticmethod
    def _told(box: Box) -> str:
        """The message for the team where there is one, else that for the judges."""
        for name in ("teammessage.txt", "judgemessage.txt"):
            said = box.get(f"{_FEEDBACK}/{name}", _FEEDBACK_BYTES)
            if said:
                return said.decode("utf-8", "replace")
        return ""

    def _build(self, own: Validator) -> tuple[Box, Program]:
        toolchain = self._workshop.toolchains.get(own.language)
        if toolchain is None or not toolchain.available:
            raise EngineError(f"this worker cannot run the problem's validator: no {own.language}")
        files = {
            file.path: with_constants(
                self._workshop.store.read(
                    self._tenant, Content(sha256=file.sha256, size_bytes=file.size_bytes)
                ),
                self._manifest.constants,
            )
            for file in own.files
        }
        largest = max(test.input.size_bytes + test.answer.size_bytes for test in self._manifest.tests)
        compile_limits = allowances.of_compilation(self._manifest.compile_limits)
        box = self._boxes.open(
            BoxSpec(toolchain.mounts), compile_limits.files_bytes + largest, compile_limits.files_count
        )
        language = LANGUAGES[own.language]
        builder = Builder(toolchain, language.default_standard, self._workshop.cache, self._tenant)
        program, result = builder.build(box, files, own.entry_point, compile_limits)
        self._boxes.check()
        if program is None:
            raise BrokenProblem("the problem's output validator does not compile", result.output)
        return box, program


def with_constants(data: bytes, constants: Mapping[str, str]) -> bytes:
    """The file with the package's constants in place; unchanged when it is not text."""
    if not constants or b"{{" not in data:
        return data
    try:
        return replace_constants(data.decode(), constants).encode()
    except UnicodeDecodeError:
        return data


def checker_for(task: Task, workshop: Workshop, boxes: Boxes, tenant: str) -> Checker:
    """The task's own validator, or the default one."""
    if task.manifest is None or not task.manifest.HasField("validator"):
        return DefaultChecker(workshop.store, tenant)
    return ProgramChecker(workshop, boxes, tenant, task.manifest)


def head_of(descriptor: int, most_bytes: int) -> bytes:
    """The first bytes of a program's output."""
    return os.pread(descriptor, most_bytes, 0)
