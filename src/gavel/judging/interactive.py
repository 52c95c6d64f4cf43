"""Problems whose program talks with the validator while both run, each in its own box.

Two pipes join them directly: what goes through is neither copied nor counted here, which is why a talk is as
fast as without a judge. A flood stays bounded all the same: a pipe holds 64 KiB, so a side that writes more
than the other reads stands still until its wall time is over, one whose partner reads on pays for every byte
with CPU time, and what is still written to a side that has ended is read, counted and dropped here.

The end of one side reaches the other only through this process, which holds the ends of both pipes until it
knows who ended first: no crash for want of a partner can overtake the reason for it.
"""

import dataclasses
import os
import select
import threading
import time

from gavel.judging.checking import Checked, Turn
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.judging.running import Ran, Submitted
from gavel.judging.task import Test
from gavel.judging.validating import ProblemValidator, Said
from gavel.judging.verdict import Facts, judge_pair
from gavel.sandbox import Box
from gavel.submission.v1 import submission_pb2

_READ_BYTES = 65_536
_LOOK_SECONDS = 0.05
"""Between two looks at the clock and at a validator that has outlived its program."""
_WALL_STRETCH = 10
"""A program that has to wait for CPUs may last so many times its wall time; the validator outlasts it."""


@dataclasses.dataclass(frozen=True, slots=True)
class InteractiveRunner:
    """Runs the program on the calling thread and the validator on one of its own, at the same time."""

    submitted: Submitted
    validator: ProblemValidator
    ending_ms: int
    """How long the validator may go on when the program has ended."""

    def run(self, test: Test, turn: Turn, /) -> Ran:
        """See Runner. Of what was said nothing is kept."""
        box, _ = self.validator.prepare()
        talk = _Talk(self, box, test, turn)
        facts, said = talk.hold()
        checked = self.validator.judged(test, said)
        program = self.submitted.judged(facts)
        if talk.program_flooded:
            verdict = submission_pb2.VERDICT_OUTPUT_LIMIT_EXCEEDED
            program = Checked(verdict, "wrote on and on to a validator that had ended: output limit")
        verdict, message = judge_pair(
            (program.verdict, program.message),
            (checked.verdict, checked.message),
            validator_first=talk.validator_first,
        )
        return Ran(dataclasses.replace(checked, verdict=verdict, message=message), facts)


class _Talk:
    """One program and one validator, from their start to the end of both."""

    def __init__(self, runner: InteractiveRunner, box: Box, test: Test, turn: Turn) -> None:
        """`box`: the validator's."""
        self._runner = runner
        self._box = box
        self._test = test
        self._turn = turn
        self._lock = threading.Lock()
        self._program_ended = False
        self._said: Said | None = None
        self._error: BaseException | None = None
        self.validator_first = False
        self.program_flooded = False
        # The ends of a side are closed by its thread. All four are closed on exec, as Python makes them.
        self._program_reads, self._validator_writes = os.pipe()
        self._validator_reads, self._program_writes = os.pipe()
        self._thread = threading.Thread(target=self._validate, name="validator", daemon=True)

    def hold(self) -> tuple[Facts, Said]:
        """How both ended. Raises what either failed with; BrokenProblem for a validator without an end."""
        try:
            self._thread.start()
        except RuntimeError as error:  # the machine has no thread to spare
            ends = self._program_reads, self._program_writes, self._validator_reads, self._validator_writes
            for end in ends:
                os.close(end)
            raise EngineError(str(error)) from error
        submitted = self._runner.submitted
        try:
            reads, writes = self._program_reads, self._program_writes
            with submitted.run(self._test, reads, writes, self._box) as outcome:
                with self._lock:
                    self._program_ended = True
                facts = submitted.facts_of(outcome)
        finally:
            with self._lock:
                self._program_ended = True
            os.close(self._program_writes)
            complaint = self._outlast()
            os.close(self._program_reads)
        if complaint:
            raise BrokenProblem(complaint, self._test.name)
        if self._said is None:
            raise self._error or RuntimeError("the validator's thread ended without a word")
        return facts, self._said

    def _outlast(self) -> str:
        """Waits for the validator, taking what it still writes; "" or why it had to be stopped."""
        time_taken = _TimeTaken(self._box)
        complaint = ""
        room_bytes = self._runner.validator.limits.output_bytes
        poll = select.poll()
        poll.register(self._program_reads, select.POLLIN)
        is_open = True
        while self._thread.is_alive() and time_taken.ms() < self._runner.ending_ms:
            if not is_open:
                self._thread.join(_LOOK_SECONDS)
            elif poll.poll(_LOOK_SECONDS * 1000):
                taken = len(os.read(self._program_reads, _READ_BYTES))
                is_open = taken > 0
                room_bytes -= taken
                if room_bytes < 0:
                    complaint = "the output validator wrote on and on to a program that had ended"
                    break
        if self._thread.is_alive():
            complaint = complaint or "the output validator did not end although the program had"
            self._runner.validator.stop()
            self._thread.join()
            self._runner.validator.discard()
        return complaint

    def _validate(self) -> None:
        runner = self._runner
        wall_time_ms = _WALL_STRETCH * runner.submitted.run_limits.wall_time_ms + runner.ending_ms
        ends = self._validator_reads, self._validator_writes
        try:
            self._said = runner.validator.talk(
                self._test,
                self._turn,
                ends,
                partner=runner.submitted.box,
                wall_time_ms=wall_time_ms,
                ended=self._ended,
            )
        except BaseException as error:
            self._error = error
        os.close(self._validator_writes)
        if self._said is not None and runner.validator.accepts(self._said):
            # It may have heard enough: a program that goes on writing to it did nothing wrong.
            self.program_flooded = not self._hear_out(runner.submitted.limits.output_bytes)
        elif self.validator_first:  # whatever the program goes on to do is of no account
            runner.submitted.box.end_run()
        os.close(self._validator_reads)

    def _ended(self) -> None:
        with self._lock:
            self.validator_first = not self._program_ended

    def _hear_out(self, room_bytes: int) -> bool:
        """Takes what the program writes until it ends; False when that is too much."""
        while taken := len(os.read(self._validator_reads, _READ_BYTES)):
            room_bytes -= taken
            if room_bytes < 0:
                return False
        return True


class _TimeTaken:
    """How long the run in a box has gone on, but for what it waited for a CPU: what it was seen ready and did
    not compute. That is not more than nine tenths of the time.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._began_s = self._looked_s = time.monotonic()
        self._cpu_time_us = box.readiness().cpu_time_us
        self._waited_s = 0.0

    def ms(self) -> float:
        """Since this was made. To be asked time and again."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= _LOOK_SECONDS:
            seen = self._box.readiness()
            computed_s = max(0, seen.cpu_time_us - self._cpu_time_us) / 1e6
            self._waited_s += (now_s - self._looked_s if seen.is_ready else 0.0) - computed_s
            self._looked_s, self._cpu_time_us = now_s, seen.cpu_time_us
        passed_s = now_s - self._began_s
        waited_s = min(max(0.0, self._waited_s), passed_s * (1 - 1 / _WALL_STRETCH))
        return (passed_s - waited_s) * 1000
