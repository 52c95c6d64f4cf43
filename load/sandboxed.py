"""The sandbox's rows: the same programs bare, under bubblewrap, under Gavel and under go-judge, in turns.

Each contender is a process of its own that waits between its turns; a row's figures are medians over the
turns, and its ratios medians of the ratios within a turn.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from load import cpu_account
from load.figures import Figure, at_least, at_most, plain
from load.programs import Programs
from load.spread import Spread, differences, ratios, spread, turns

CONTENDERS: Final = ("bare", "spawn", "bubblewrap", "gavel", "go-judge")
WORDS: Final = {"bare": "fork and exec", "spawn": "posix_spawn", "go-judge": "go-judge"}
ROUNDS: Final = 7
TURN_S: Final = 1.0
_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """`one` names what is done over and over in a turn. Bars, None without one."""

    name: str
    one: str
    of_bare: float | None = None
    of_go_judge: float | None = None
    overhead_ms: float | None = None


SCENARIOS: Final = (
    Scenario("c", "C program, in a box that is there", overhead_ms=2.0),
    Scenario("python3", "python3 program with a box of its own", of_bare=0.70, of_go_judge=1.5),
    Scenario("tests50", "test of a submission of 50 in python3", of_bare=0.90, of_go_judge=2.0),
    Scenario("interactive", "exchange of 10,000 lines each way"),
)


@dataclass(slots=True)
class Course:
    """What the turns of one contender in one scenario were: runs a second, CPU milliseconds a run."""

    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


class Driver:
    """A contender's process."""

    def __init__(self, name: str, programs: Programs, state: Path) -> None:
        self.name = name
        self._groups = cpu_account.folders_for(name)
        paths = (programs.folder, state / name, *self._groups)
        command = [sys.executable, "-m", "load.drive", name, *map(str, paths)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.absent: str = self._told().get("absent", "")
        """Why it is not there; empty if it is."""

    def turn(self, scenario: str, course: Course | None = None) -> None:
        """Adds to the course. RuntimeError when the driver failed; it has said why on stderr."""
        if self._process.stdin is None:
            raise RuntimeError("no stdin")
        self._process.stdin.write(json.dumps({"scenario": scenario, "duration_s": TURN_S}) + "\n")
        told = self._told()
        if course is not None:
            course.rates.append(told["count"] / told["wall_s"])
            if told["cpu_s"] is not None:
                course.cpu_ms.append(told["cpu_s"] / told["count"] * 1000)

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for group in self._groups:
            with suppress(OSError):  # a contender that failed leaves processes in it
                group.rmdir()

    def _told(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise RuntimeError(f"{self.name} ended, status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def against_others(say: Callable[[str], None]) -> list[Figure]:
    """Every scenario in ROUNDS turns of each contender that is there. `say` hears of those that are not."""
    with tempfile.TemporaryDirectory(prefix="gavel-bench-") as name, ExitStack() as opened:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "programs").mkdir()
        programs = Programs.build(folder / "programs")
        drivers = {}
        for contender in CONTENDERS:
            driver = Driver(contender, programs, folder)
            opened.callback(driver.close)
            if driver.absent:
                say(f"sandbox: without {contender}: {driver.absent}")
            else:
                drivers[contender] = driver
        figures = []
        for scenario in SCENARIOS:
            say(f"measuring sandbox: {scenario.name}")
            figures += _shown(scenario, _played(scenario, drivers))
    return figures


def _played(scenario: Scenario, drivers: dict[str, Driver]) -> dict[str, Course]:
    courses = {name: Course() for name in drivers}
    for driver in drivers.values():
        driver.turn(scenario.name)  # warm: page cache, pools, connections
    for number in range(ROUNDS):
        for name in turns(list(drivers), number):
            drivers[name].turn(scenario.name, courses[name])
    return courses


def _shown(scenario: Scenario, courses: dict[str, Course]) -> list[Figure]:
    figures = []
    for name, course in courses.items():
        prefix = f"sandbox.{scenario.name}.{_identifier(name)}"
        figures.append(_figure(f"{prefix}.rate", spread(course.rates), "1/s", scenario.one))
        if course.cpu_ms:
            figures.append(_figure(f"{prefix}.cpu_ms", spread(course.cpu_ms), "ms", scenario.one))
    for name in courses.keys() & WORDS.keys():
        figures += _against(scenario, name, courses["gavel"], courses[name])
    if {"spawn", "go-judge"} <= courses.keys():
        most = ratios(courses["spawn"].rates, courses["go-judge"].rates)
        words = "rate of posix_spawn, of go-judge: what no sandbox of the same program exceeds"
        figures.append(_figure(f"sandbox.{scenario.name}.go_judge_ceiling", most, "ratio", words))
    return sorted(figures, key=lambda figure: figure.name)


def _against(scenario: Scenario, name: str, gavel: Course, other: Course) -> list[Figure]:
    prefix = f"sandbox.{scenario.name}." + ("" if name == "bare" else f"{_identifier(name)}_")
    bar = {"bare": scenario.of_bare, "go-judge": scenario.of_go_judge}.get(name)
    rates = ratios(gavel.rates, other.rates)
    figures = [_figure(f"{prefix}ratio", rates, "ratio", f"rate, of {WORDS[name]}", bar)]
    if not gavel.cpu_ms or not other.cpu_ms:
        return figures
    # With every core at work one follows from the other; this one also where the machine has other work.
    cpu = ratios(other.cpu_ms, gavel.cpu_ms)
    words = f"CPU time of {WORDS[name]} to Gavel's"
    figures.append(_figure(f"{prefix}cpu_ratio", cpu, "ratio", words, bar if name == "bare" else None))
    if name == "spawn":
        more, words = differences(gavel.cpu_ms, other.cpu_ms), "CPU of all processes beyond posix_spawn's"
        overhead = f"sandbox.{scenario.name}.cpu_overhead_ms"
        figures.append(_figure(overhead, more, "ms", words, scenario.overhead_ms, most=True))
    return figures


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _figure(
    name: str, value: Spread, unit: str, against: str, bar: float | None = None, *, most: bool = False
) -> Figure:
    words = f"{against}; quartiles {value.low:.3g}, {value.high:.3g} of {ROUNDS} turns"
    if bar is None:
        return plain(name, value.median, unit, words)
    return (at_most if most else at_least)(name, value.median, unit, bar, words)
