"""Tests that look at the sources of a submission instead of running it."""

import dataclasses

from gavel.judging import sources
from gavel.judging.checking import Turn
from gavel.judging.languages import Language
from gavel.judging.running import Ran
from gavel.judging.store import Store
from gavel.judging.task import Job, Task, Test
from gavel.judging.validating import ProblemValidator


@dataclasses.dataclass(frozen=True, slots=True)
class StaticRunner:
    """Runs the problem's static validator over the files as they were compiled."""

    store: Store
    job: Job
    task: Task
    language: Language
    validator: ProblemValidator

    def run(self, test: Test, _turn: Turn, /) -> Ran:
        """See Runner."""
        with sources.opened(self.store, self.job, self.task, self.language) as (files, _):
            own = (path for path in files if self.language.owns(path))
            entry_point = self.job.record.entry_point or next(own, next(iter(files)))
            return Ran(self.validator.look(test, self.language.code, entry_point, files))
