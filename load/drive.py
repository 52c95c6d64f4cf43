"""A contender in a process of its own: `python -m load.drive NAME PROGRAMS STATE [GROUP ..]`.

The first line on stdout says that it is ready. For each line on stdin, a scenario and for how long, it does
that and answers with a line of JSON: `count`, `wall_s`, and `cpu_s` (of everything in the first GROUP, null
without one).
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from load.contenders import Bare, Bubblewrap, Contender, ContenderError, Spawned, find_bubblewrap
from load.cpu_account import CpuAccount
from load.programs import HELLO, PYTHON, TESTS, Programs


def c_hello(contender: Contender, programs: Programs, until: float) -> int:
    """A C program, over and over in one session a core, as the tests of a submission are."""

    def lane() -> int:
        count = 0
        with contender.session(programs.path("hello")) as run:
            while time.monotonic() < until or not count:
                _must_be(run(("./hello",)), HELLO)
                count += 1
        return count

    return contender.lanes(lane)


def python3_hello(contender: Contender, programs: Programs, until: float) -> int:
    """An interpreter with a session of its own each time, on all cores."""

    def lane() -> int:
        count = 0
        while time.monotonic() < until or not count:
            with contender.session(programs.path("hello.py")) as run:
                _must_be(run((PYTHON, "hello.py")), HELLO)
            count += 1
        return count

    return contender.lanes(lane)


def tests50(contender: Contender, programs: Programs, until: float) -> int:
    """Whole submissions of 50 tests in python3, one a core at a time; what counts are tests."""

    def lane() -> int:
        count = 0
        while time.monotonic() < until or not count:
            with contender.session(programs.path("double.py")) as run:
                for number in range(TESTS):
                    stdin, answer = programs.test(number)
                    _must_be(run((PYTHON, "double.py"), stdin), answer)
            count += TESTS
        return count

    return contender.lanes(lane)


def interactive(contender: Contender, programs: Programs, until: float) -> int:
    """Exchanges of 10,000 lines each way, one after the other."""
    count = 0
    while time.monotonic() < until or not count:
        contender.exchange(programs)
        count += 1
    return count


SCENARIOS: dict[str, Callable[[Contender, Programs, float], int]] = {
    "c": c_hello,
    "python3": python3_hello,
    "tests50": tests50,
    "interactive": interactive,
}


def _must_be(output: bytes, expected: bytes) -> None:
    if output != expected:
        raise ContenderError(f"a program wrote {output[:200]!r}, not {expected!r}")


def make(name: str, programs: Programs, state: Path) -> Contender:
    """Raises ContenderError where it is not there."""
    match name:
        case "bare":
            return Bare()
        case "spawn":
            return Spawned()
        case "bubblewrap":
            if (bubblewrap := find_bubblewrap()) is None:
                raise ContenderError("no bwrap on the PATH")
            return Bubblewrap(bubblewrap, programs.folder)
        case "go-judge":
            if (binary := shutil.which("go-judge")) is None:
                raise ContenderError("no go-judge on the PATH")
            from load.contender_gojudge import GoJudge  # as below

            return GoJudge(binary, state)
        case _:
            from load.contender_gavel import Gavel  # the bare one forks its lanes: less to copy

            return Gavel(state)


def main(name: str, folder: str, state: str, *groups: str) -> None:
    """Serves until stdin ends."""
    account = CpuAccount.enter([Path(group) for group in groups]) if groups else None
    programs = Programs(Path(folder))
    try:
        contender = make(name, programs, Path(state))
    except ContenderError as error:
        print(json.dumps({"absent": str(error)}), flush=True)
        return
    try:
        print(json.dumps({"ready": name}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            used = account.settled_s() if account is not None else 0.0
            start = time.monotonic()
            count = SCENARIOS[asked["scenario"]](contender, programs, start + asked["duration_s"])
            wall_s = time.monotonic() - start
            cpu_s = account.settled_s() - used if account is not None else None
            print(json.dumps({"count": count, "wall_s": wall_s, "cpu_s": cpu_s}), flush=True)
    finally:
        contender.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
