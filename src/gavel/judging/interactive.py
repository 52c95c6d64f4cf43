"""Problems whose program talks with the validator while both run, each in its own box.

Two pipes join them directly: what goes through is neither copied nor counted here, which is why a talk is as
fast as without a judge. A flood stays bounded all the same: a pipe holds 64 KiB, so a side that writes more
than the other reads stands still until its wall time is over, one whose partner reads on pays for every byte
with CPU time, and what is still written to a side that has ended is read, counted and dropped here. Only
after a validator failed is the talk held once more with what the program says counted: who drowned it in
words is over the output limit, and it is not the validator that is broken.

The program's end reaches the validator only through this process, which holds an end of that pipe until it
knows who ended first. The program sees the validator's end, or that it closed its output, at once; when it
then ends before this process heard of the validator's end, that is waited for.
"""

import dataclasses
import os
import select
import socket
import threading
import time

from gavel.judging.checking import Turn
from gavel.judging.feedback import Points
from gavel.judging.outcome import BrokenProblem, EngineError
from gavel.judging.relay import Relay
from gavel.judging.running import Ran, Submitted
from gavel.judging.task import Test
from gavel.judging.validating import ProblemValidator, Said, Watch
from gavel.judging.verdict import Facts, judge_pair
from gavel.sandbox import Box

_READ_BYTES = 65_536
_LOOK_SECONDS = 0.05
"""Between two looks at the clock and at a validator that has outlived its program."""
_WALL_STRETCH = 10
"""A program that has to wait for CPUs may last so many times its wall time; the validator outlasts it."""
_ENDING_S = 0.25
"""How long a validator that closed its output is taken to be about to end."""


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
        try:
            return self._judged(test, _Talk(self, box, test, turn).hold())
        except BrokenProblem:
            box, _ = self.validator.prepare()
            counted = _Talk(self, box, test, turn, counted=True).hold()
            if not counted.flood_bytes:
                raise
            return self._judged(test, counted)

    def _judged(self, test: Test, held: "_Held") -> Ran:
        facts = held.facts
        if held.flood_bytes:
            output_bytes = facts.output_bytes + held.flood_bytes
            facts = dataclasses.replace(facts, killed_for="output", output_bytes=output_bytes)
        program = self.submitted.judged(facts)
        if held.said is None:
            return Ran(program, facts)
        checked = self.validator.judged(test, held.said)
        verdict, message = judge_pair(
            (program.verdict, program.message),
            (checked.verdict, checked.message),
            validator_first=held.validator_first,
        )
        # Points belong to what the validator said, and are of no account where the program's end decides.
        points = checked.points if verdict == checked.verdict else Points()
        return Ran(dataclasses.replace(checked, verdict=verdict, message=message, points=points), facts)


@dataclasses.dataclass(frozen=True, slots=True)
class _Held:
    """How a talk ended."""

    facts: Facts
    said: Said | None
    """None where nothing but the flood counts."""
    validator_first: bool
    flood_bytes: int
    """What the program wrote, where that was more than it may; else 0."""


class _Talk:
    """One program and one validator, from their start to the end of both."""

    def __init__(
        self, runner: InteractiveRunner, box: Box, test: Test, turn: Turn, *, counted: bool = False
    ) -> None:
        """`box`: the validator's. With `counted` the validator is ended with the program, and all that comes
        of it is whether the program wrote too much.
        """
        self._runner = runner
        self._box = box
        self._test = test
        self._turn = turn
        self._lock = threading.Lock()
        self._program_ended = False
        self._validator_ended = threading.Event()
        self._validator_first = False
        self._said: Said | None = None
        self._error: BaseException | None = None
        self._flood_bytes = 0
        # The ends of a side are closed by its thread. All are closed on exec, as Python makes them.
        self._program_reads, self._validator_writes = os.pipe()
        self._validator_reads, self._program_writes = os.pipe()
        self._relay: Relay | None = None
        if counted:
            most_bytes = runner.submitted.limits.output_bytes
            self._relay = Relay(self._program_writes, most_bytes, runner.submitted.box.end_run)
            self._program_writes = self._relay.writes
        self._thread = threading.Thread(target=self._validate, name="validator", daemon=True)

    def hold(self) -> _Held:
        """How both ended. Raises what either failed with; BrokenProblem for a validator without an end."""
        try:
            if self._relay is not None:
                self._relay.start()
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
                self._program_has_ended()
                facts = submitted.facts_of(outcome)
        finally:
            with self._lock:
                self._program_ended = True
            os.close(self._program_writes)
            complaint = self._outlast()
            os.close(self._program_reads)
            if self._relay is not None:
                self._flood_bytes = self._relay.ended() or self._flood_bytes
        if self._relay is not None:
            return _Held(facts, None, validator_first=False, flood_bytes=self._flood_bytes)
        if complaint:
            raise BrokenProblem(complaint, self._test.name)
        if self._said is None:
            raise self._error or RuntimeError("the validator's thread ended without a word")
        return _Held(facts, self._said, self._validator_first, self._flood_bytes)

    def _program_has_ended(self) -> None:
        """Notes it; before, a validator that closed its output may end of its own accord, not knowing."""
        poll = select.poll()
        poll.register(self._program_reads, 0)
        if poll.poll(0):  # nobody has the other end any more
            self._validator_ended.wait(_ENDING_S)
        with self._lock:
            self._program_ended = True

    def _outlast(self) -> str:
        """Waits for the validator, taking what it still writes; "" or why it had to be stopped."""
        ending_ms = 0 if self._relay is not None else self._runner.ending_ms
        time_taken = _TimeTaken(self._box)
        complaint = ""
        room_bytes = self._runner.validator.limits.output_bytes
        poll = select.poll()
        poll.register(self._program_reads, select.POLLIN)
        is_open = True
        while self._thread.is_alive() and time_taken.ms() < ending_ms:
            _close_hidden_ends()
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
                watch=Watch(self._close_validator_writes, self._note_validator_end),
            )
        except BaseException as error:
            self._error = error
        self._validator_ended.set()
        self._close_validator_writes()
        if self._said is not None and runner.validator.accepts(self._said):
            # It may have heard enough: a program that goes on writing to it did nothing wrong.
            self._flood_bytes = self._hear_out(runner.submitted.limits.output_bytes)
        elif self._validator_first:  # whatever the program goes on to do is of no account
            runner.submitted.box.end_run()
        os.close(self._validator_reads)

    def _close_validator_writes(self) -> None:
        """When it has started its output is its own, so that the program sees when it closes it."""
        end, self._validator_writes = self._validator_writes, -1
        if end >= 0:
            os.close(end)

    def _note_validator_end(self) -> None:
        with self._lock:
            self._validator_first = not self._program_ended
        self._validator_ended.set()

    def _hear_out(self, most_bytes: int) -> int:
        """Takes what the program writes until it ends; how much that is when it is too much, else 0."""
        heard_bytes = 0
        # The validator had this very end, and may have set it not to wait.
        os.set_blocking(self._validator_reads, True)
        while taken := len(os.read(self._validator_reads, _READ_BYTES)):
            heard_bytes += taken
            if heard_bytes > most_bytes:
                return heard_bytes
        return 0


def _close_hidden_ends() -> None:
    """Has the kernel look for sockets that only lead to each other, which it does when one is closed: a
    program that ended may have sent its ends of the pipes into them.
    """
    for end in socket.socketpair():
        end.close()


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
