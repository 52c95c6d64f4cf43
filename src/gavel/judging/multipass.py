"""Problems whose program runs several times on a test, each time with an input that the validator made."""

import dataclasses

from gavel.judging.checking import Turn
from gavel.judging.feedback import NEXT_PASS
from gavel.judging.outcome import BrokenProblem
from gavel.judging.running import Ran, Runner
from gavel.judging.task import Content, Test
from gavel.judging.verdict import Facts, all_passes
from gavel.submission.v1 import submission_pb2


@dataclasses.dataclass(frozen=True, slots=True)
class PassesRunner:
    """Goes on as long as the validator is content and wants more."""

    one: Runner
    """Of a single pass. The limits hold for each."""
    pass_count_most: int

    def run(self, test: Test, turn: Turn, /) -> Ran:
        """The last pass decides. See Runner."""
        passes: list[Facts] = []
        while True:
            ran = self.one.run(test, turn)
            ran.pass_count = len(passes) + 1
            if ran.facts is not None:
                passes.append(ran.facts)
                ran.facts = all_passes(passes)
            wanted = ran.checked.left.get(NEXT_PASS)
            if wanted is None or ran.checked.verdict != submission_pb2.VERDICT_ACCEPTED:
                return ran
            ran.close()
            if ran.pass_count == self.pass_count_most:
                most = self.pass_count_most
                raise BrokenProblem(f"the output validator wants more than {most} passes", test.name)
            kept = {path: data for path, data in ran.checked.left.items() if path != NEXT_PASS}
            turn = Turn(Content(wanted, size_bytes=len(wanted)), kept)
