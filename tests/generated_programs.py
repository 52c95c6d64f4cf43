"""Small Python programs, right and wrong ones, each with its verdict and a mark of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass

from gavel.client import InlineTest

VERDICTS = ("ACCEPTED", "WRONG_ANSWER", "RUN_TIME_ERROR", "COMPILE_ERROR")


@dataclass(frozen=True, slots=True)
class Program:
    """One submission to make."""

    mark: str
    """What it writes first, so that nobody else's result can be taken for its own."""
    source: bytes
    tests: tuple[InlineTest, ...]
    verdict: str
    failing: int
    """The number of the test that decides; 0 where none fails."""


def generate(seed: int, number: int, *, seconds: float = 0.0) -> Program:
    """The same program for the same numbers. It takes `seconds` a test, asleep."""
    rng = random.Random(f"{seed}/{number}")
    mark = f"p{number}x{rng.randrange(10**6)}"
    verdict = rng.choices(VERDICTS, weights=(5, 3, 2, 1))[0]
    inputs = rng.sample(range(1, 1000), rng.randint(1, 4))
    factor, failing = rng.randint(2, 99), rng.randint(1, len(inputs))
    trigger = inputs[failing - 1]
    fault = {
        "ACCEPTED": "pass",
        "WRONG_ANSWER": f"if n == {trigger}: factor += 1",
        "RUN_TIME_ERROR": f"if n == {trigger}: sys.exit({rng.randint(1, 99)})",
        "COMPILE_ERROR": "if n ==: pass",
    }[verdict]
    lines = [
        "import sys, time",
        f"time.sleep({seconds})",
        f"n, factor = int(input()), {factor}",
        f"print('{mark}', flush=True)",
        fault,
        "print(n * factor)",
    ]
    tests = tuple(InlineTest(f"{n}\n".encode(), f"{mark}\n{n * factor}\n".encode()) for n in inputs)
    ran = verdict not in ("ACCEPTED", "COMPILE_ERROR")
    return Program(mark, "\n".join(lines).encode(), tests, verdict, failing if ran else 0)
