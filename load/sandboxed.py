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

CONTENDERS: Final = ("bare", "bubblewrap", "gavel", "go-judge")
ROUNDS: Final = 7
_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done `count` times a turn; `one` names one of it. Bars of rates, None without one."""

    name: str
    count: int
    one: str
    of_bare: float | None = None
    of_go_judge: float | None = None
    overhead_ms: float | None = None


SCENARIOS: Final = (
    Scenario("c", 400, "C program, in a box that is there", overhead_ms=2.0),
    Scenario("python3", 80, "python3 program with a box of its own", of_bare=0.70, of_go_judge=1.5),
    Scenario("tests50", 200, "test of a submission of 50 in python3", of_bare=0.90, of_go_judge=2.0),
    Scenario("interactive", 4, "exchange of 10,000 lines each way"),
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
        self._group = cpu_account.folder_for(name)
        command = [sys.executable, "-m", "load.drive", name, str(programs.folder), str(state / name)]
        if self._group is not None:
            command.append(str(self._group))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.absent: str = self._told().get("absent", "")
        """Why it is not there; empty if it is."""

    def turn(self, scenario: str, count: int) -> tuple[float, float | None]:
        """Wall and CPU seconds. RuntimeError when the driver failed; it has said why on stderr."""
        if self._process.stdin is None:
            raise RuntimeError("no stdin")
        self._process.stdin.write(json.dumps({"scenario": scenario, "count": count}) + "\n")
        told = self._told()
        return told["wall_s"], told["cpu_s"]

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._group is not None:
            with suppress(OSError):  # a contender that was not there left none, one that failed a full one
                self._group.rmdir()

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
        driver.turn(scenario.name, scenario.count)  # warm: page cache, pools, connections
    for number in range(ROUNDS):
        for name in turns(list(drivers), number):
            wall_s, cpu_s = drivers[name].turn(scenario.name, scenario.count)
            courses[name].rates.append(scenario.count / wall_s)
            if cpu_s is not None:
                courses[name].cpu_ms.append(cpu_s / scenario.count * 1000)
    return courses


def _shown(scenario: Scenario, courses: dict[str, Course]) -> list[Figure]:
    figures = []
    for name, course in courses.items():
        prefix = f"sandbox.{scenario.name}.{name.replace('-', '_')}"
        figures.append(_plain(f"{prefix}.rate", spread(course.rates), "1/s", scenario.one))
        if course.cpu_ms:
            figures.append(_plain(f"{prefix}.cpu_ms", spread(course.cpu_ms), "ms", f"a {scenario.one}"))
    gavel, bare = courses["gavel"], courses["bare"]
    prefix = f"sandbox.{scenario.name}"
    rate = ratios(gavel.rates, bare.rates)
    figures.append(_held(f"{prefix}.ratio", rate, scenario.of_bare, "runs a second of posix_spawn's"))
    if gavel.cpu_ms and bare.cpu_ms:
        cpu = ratios(bare.cpu_ms, gavel.cpu_ms)
        figures.append(_held(f"{prefix}.cpu_ratio", cpu, None, "posix_spawn's CPU time of Gavel's"))
        more = differences(gavel.cpu_ms, bare.cpu_ms)
        figures.append(_overhead(f"{prefix}.cpu_overhead_ms", more, scenario.overhead_ms))
    if "go-judge" in courses:
        rate = ratios(gavel.rates, courses["go-judge"].rates)
        figures.append(
            _held(f"{prefix}.go_judge_ratio", rate, scenario.of_go_judge, "runs a second of go-judge's")
        )
    return figures


def _plain(name: str, value: Spread, unit: str, of: str) -> Figure:
    return plain(name, value.median, unit, f"{of}; {_quartiles(value)}")


def _held(name: str, value: Spread, bar: float | None, against: str) -> Figure:
    words = f"{against}, turn by turn; {_quartiles(value)}"
    if bar is None:
        return plain(name, value.median, "ratio", words)
    return at_least(name, value.median, "ratio", bar, words)


def _overhead(name: str, value: Spread, bar: float | None) -> Figure:
    words = f"CPU time more than posix_spawn, of all processes involved; {_quartiles(value)}"
    return (
        plain(name, value.median, "ms", words)
        if bar is None
        else at_most(name, value.median, "ms", bar, words)
    )


def _quartiles(value: Spread) -> str:
    return f"quartiles {value.low:.3g} to {value.high:.3g} of {ROUNDS} turns"
