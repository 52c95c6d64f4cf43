"""The same program many times beside work on every core: the same verdict each time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hostile_corpus import Hostile, parse
from hostile_ground import Ground

TIMES = int(os.environ.get("GAVEL_REPEAT_RUNS", "20"))
"""How often each; `make soak` does it a hundred times."""
LIMIT_MS = 500
SHARE = 0.9
_PER_RUN_S = 12

pytestmark = [pytest.mark.fault, pytest.mark.smoke, pytest.mark.timeout(120 + TIMES * _PER_RUN_S)]

_PYTHON = f"""# verdicts: ACCEPTED
# limits: cpu_time_ms={LIMIT_MS}
# tests: 1
import time
while time.process_time() < {LIMIT_MS * SHARE / 1000}:
    sum(range(500))
print("held")
"""
_C = f"""// verdicts: ACCEPTED
// limits: cpu_time_ms={LIMIT_MS}
// tests: 1
#include "held.h"
int main(void) {{
  struct timespec used;
  do {{
    for (volatile int i = 0; i < 1000; i++);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  }} while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < {LIMIT_MS * SHARE:.0f});
  return held();
}}
"""


@contextlib.contextmanager
def _busy_cores() -> Iterator[None]:
    """An ordinary process at work on each core, beside the run."""
    spin = "print(flush=True)\nwhile True: pass"
    others = [
        subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE)
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == b"\n"
        yield
    finally:
        for other in others:
            other.kill()
            other.communicate()


@pytest.mark.parametrize(
    "program", [parse("almost.py", _PYTHON), parse("almost.c", _C)], ids=["python3", "c"]
)
def test_nine_tenths_of_the_limit_are_within_it(ground: Ground, program: Hostile) -> None:
    """A program that uses 90 % of its CPU time is accepted each time, however busy the machine: neither its
    CPU time nor its wall time has anything of the others' in it.
    """
    record = ground.record(program)

    with _busy_cores():
        timed = [ground.judge(record) for _ in range(TIMES)]

    wrong = [one.told() for one in timed if one.verdict != "ACCEPTED"]
    assert not wrong, f"{len(wrong)} of {TIMES}: {wrong[:3]}"
    assert min(one.judged.cpu_time_ms for one in timed) >= LIMIT_MS * SHARE
    assert max(one.judged.cpu_time_ms for one in timed) <= LIMIT_MS
