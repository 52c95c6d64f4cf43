"""What is known of each submission while a package is verified, and the sum of it all. No I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from gavel.cli.output import EXIT_FAILED, EXIT_NOT_ACCEPTED
from gavel.client import Compiled, Ended, Event, Judgement, Queued, Restarted, Running, Tested
from gavel.judging import time_limits, verification
from gavel.judging.expectation_rules import Bound
from gavel.judging.verification import JudgedTest, Run

if TYPE_CHECKING:
    from gavel.cli.verify_package import Package
    from gavel.judging.expectations import Program
    from gavel.judging.time_limits import Advice, Timing


_DETAIL_LINES: Final = 10


@dataclasses.dataclass(slots=True)
class Row:
    """One submission of the package as it stands."""

    program: Program
    language: str = ""
    """Its code; empty when none was found."""
    now: str = "waits"
    """What it waits for, or does."""
    left_out: str = ""
    """Why it is not judged."""
    submission: str = ""
    """Its name once it is accepted."""
    run: Run | None = None
    """How it was judged, under the time limit in force."""
    timings: dict[Bound, Timing] = dataclasses.field(default_factory=dict)
    faults: tuple[str, ...] = ()
    """What does not hold."""
    detail: str = ""
    """What the compiler, or the test that failed first, had to say."""
    failure: str = ""
    """Why the platform did not judge it."""
    done: bool = False
    again: bool = False
    """It is judged once more, under the limits in force themselves: a test needed more wall time than they
    leave and no more CPU time, and only the worker knows whether it idled or had to wait for a CPU.
    """
    test_count: int = 0

    @property
    def holds(self) -> bool:
        """True when it was judged and got what is expected of it."""
        return self.run is not None and not self.faults

    @property
    def verdict(self) -> str:
        """In words, with the score of a problem that gives points; empty before it is known."""
        if self.run is None:
            return ""
        score = "" if self.run.score is None else f" {self.run.score:g}"
        return self.run.verdict.replace("_", " ") + score

    def limits_ms(self, package: Package) -> tuple[int, int]:
        """The CPU and wall time that its runs are given."""
        code, program = self.language, self.program
        if self.again:
            return package.limit_ms(code), package.wall_limit_ms(code)
        return package.measured_ms(code, program), package.measured_wall_ms(code, program)

    def leave_out(self, reason: str) -> None:
        """It is not judged here, and that is nobody's fault."""
        self.left_out, self.now, self.done = reason, "left out", True

    def refuse(self, reason: str) -> None:
        """The mesh did not take it in."""
        self.faults, self.now, self.done = (f"it was refused: {reason}",), "refused", True

    def hear(self, event: Event, package: Package) -> None:
        """Takes in what a watch told."""
        match event:
            case Queued():
                self.now = "queued" if event.ahead_count is None else f"queued, {event.ahead_count} ahead"
            case Running() | Restarted():
                self.test_count = event.test_count
                self.now = "running"
            case Compiled():
                self.now = "compiled"
            case Tested():
                self.now = f"test {event.test.number}/{self.test_count}"
            case Ended():
                self._ended(event.judgement, package)

    def _ended(self, judgement: Judgement, package: Package) -> None:
        self.done, self.now = True, judgement.state.lower()
        if judgement.state != "FINISHED":
            self.failure = judgement.failure or f"its judging ended {judgement.state}"
            return
        if judgement.left_out_test_count:
            self.failure = f"the answer leaves out {judgement.left_out_test_count} of its tests"
            return
        measured = as_judged(judgement)
        limit_ms, measured_ms = (
            package.limit_ms(self.language),
            package.measured_ms(self.language, self.program),
        )
        interactive = package.manifest.interactive
        if not self.again:
            self.timings = verification.timings(
                self.program,
                measured,
                language=self.language,
                limit_ms=limit_ms,
                measured_ms=measured_ms,
                interactive=interactive,
            )
        tests: Sequence[JudgedTest] = measured.tests
        if measured_ms > limit_ms and not self.again:
            wall_limit_ms = package.wall_limit_ms(self.language)
            tests = verification.under_limit(tests, limit_ms, wall_limit_ms, interactive=interactive)
            if verification.doubted(measured.tests, tests):
                self.again, self.done, self.now = True, False, "is judged again"
                return
        counted = verification.totals(package.manifest, tests)
        if package.manifest.HasField("grader"):  # it alone knows what the tests come to, and has said so
            counted = measured
        elif tests == measured.tests:  # nothing was too slow: it stands as judged
            counted = dataclasses.replace(measured, groups=counted.groups)
        self.run = counted
        self.faults = tuple(verification.faults(self.program, self.run))
        self.detail = _detail(judgement, self.run.first_failing)


def as_judged(judgement: Judgement) -> Run:
    """A judgement as it is compared with what is expected."""
    return Run(
        verdict=judgement.verdict,
        score=judgement.score,
        tests=tuple(
            JudgedTest(
                test.test, test.verdict, test.cpu_time_ms, test.wall_time_ms, test.score, test.feedback
            )
            for test in judgement.tests
        ),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """What verifying came to."""

    rows: Sequence[Row]
    advice: Advice
    faults: Sequence[str]
    """What does not hold for the package as a whole."""
    warnings: Sequence[str]

    @property
    def judged(self) -> list[Row]:
        return [row for row in self.rows if row.run is not None]

    @property
    def left_out(self) -> list[Row]:
        return [row for row in self.rows if row.left_out]

    @property
    def failed(self) -> list[Row]:
        """Those that the platform did not judge."""
        return [row for row in self.rows if row.failure]

    @property
    def wrong(self) -> list[Row]:
        """Those that did not get what is expected."""
        return [row for row in self.rows if row.faults]

    @property
    def status(self) -> int:
        """The exit status: 3 when the platform did not judge something, or nothing could be judged."""
        if self.wrong or self.faults:
            return EXIT_NOT_ACCEPTED
        return 0 if self.judged and not self.failed else EXIT_FAILED


def summary(package: Package, rows: Sequence[Row]) -> Summary:
    """The sum of all rows."""
    found: dict[Bound, list[Timing]] = {bound: [] for bound in Bound}
    for row in rows:
        for bound, timing in row.timings.items():
            found[bound].append(timing)
    advice = time_limits.advice(found[Bound.LOWER], found[Bound.UPPER], package.multipliers)
    binding = package.limit_is_stated or package.time_limit_ms > 0
    faults = list(advice.faults) if binding else []
    warnings = [] if binding else [f"{fault}." for fault in advice.faults]
    if not any(program.has_to_pass for program in package.programs):
        faults.append("no submission has to be accepted: a package needs at least one")
    warnings += [
        f"{row.program.name} is accepted and did not get all points: {row.verdict}."
        for row in rows
        if row.holds and row.run is not None and row.run.verdict == "PARTIAL" and row.program.has_to_pass
    ]
    return Summary(rows, advice, faults, warnings)


def row_facts(row: Row, package: Package) -> dict[str, Any]:
    """A submission as its JSON line tells it."""
    run = row.run
    return {
        "event": "submission",
        "file": row.program.name,
        "language": row.language,
        "expected": row.program.words,
        "holds": row.holds,
        "verdict": run.verdict if run else "",
        "score": run.score if run else None,
        "cpu_time_ms": run.cpu_time_ms if run else 0,
        "time_limit_ms": package.limit_ms(row.language) if row.language else 0,
        "first_failing_test": run.first_failing if run else "",
        "faults": list(row.faults),
        "detail": row.detail,
        "left_out": row.left_out,
        "failure": row.failure,
        "submission": row.submission,
    }


def summary_facts(found: Summary, package: Package) -> dict[str, Any]:
    """The last JSON line."""
    advice = found.advice
    return {
        "event": "summary",
        "folder": package.folder.name,
        "holds": found.status == 0,
        "submissions": len(found.rows),
        "judged": len(found.judged),
        "wrong": [row.program.name for row in found.wrong],
        "left_out": [row.program.name for row in found.left_out],
        "failed": [row.program.name for row in found.failed],
        "faults": list(found.faults),
        "warnings": list(found.warnings),
        "time_limit_ms": package.limit_ms(""),
        "slowest_in_time": _timing_facts(advice.slowest_in_time),
        "fastest_too_slow": _timing_facts(advice.fastest_too_slow),
        "ac_to_time_limit": package.multipliers.ac_to_time_limit,
        "time_limit_to_tle": package.multipliers.time_limit_to_tle,
        "suggested_time_limit_ms": advice.suggested_ms,
    }


def _timing_facts(timing: Timing | None) -> dict[str, Any] | None:
    if timing is None:
        return None
    return {
        "file": timing.name,
        "language": timing.language,
        "cpu_time_ms": timing.time_ms,
        "cut": timing.cut,
    }


def _detail(judgement: Judgement, name: str) -> str:
    if judgement.compile is not None and judgement.compile.verdict != "ACCEPTED":
        return _head(judgement.compile.output)
    broken = (test for test in judgement.tests if test.verdict == "JUDGE_ERROR")
    test = next(broken, None) or next((test for test in judgement.tests if test.test == name), None)
    if test is None:
        return ""
    told = [_head(text) for text in (test.message, test.feedback, test.stderr) if text.strip()]
    if test.verdict == "JUDGE_ERROR":  # results hold no more of it, since contestants may see them
        worker = judgement.worker.removeprefix("workers/")
        told.append(f"what it wrote is in the worker's log: gavel logs {worker}, event judge_error")
    return "\n".join(told)


def _head(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join([*lines[:_DETAIL_LINES], *(["..."] if len(lines) > _DETAIL_LINES else [])])
