"""Gavel's sandbox as a contender, used as a worker uses it: a thread a core, spare boxes ready."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gavel.sandbox import BoxSpec, Command, Kill, Limits, Outcome, Sandbox
from load.contenders import CORES, OUTPUT_BYTES, ContenderError, Run
from load.programs import LINES, PATH, Programs

_LIMITS: Final = Limits(
    cpu_time_ms=10_000,
    wall_time_ms=30_000,
    memory_bytes=512 << 20,
    stack_bytes=0,
    processes=64,
    output_bytes=OUTPUT_BYTES,
)
_ENVIRONMENT: Final = {"PATH": PATH}


class Gavel:
    """A box for each session."""

    def __init__(self, state_dir: Path) -> None:
        self._sandbox = Sandbox(str(state_dir), spare_boxes=CORES)
        self._threads = ThreadPoolExecutor(CORES)
        self._sandbox.start()

    def close(self) -> None:
        self._threads.shutdown()
        self._sandbox.close()

    @contextmanager
    def session(self, file: Path) -> Iterator[Run]:
        with self._sandbox.box(BoxSpec()) as box:
            box.put(file.name, file.read_bytes(), 0o555)
            box.freeze()

            def run(argv: tuple[str, ...], stdin: Path | None = None) -> bytes:
                source = b"" if stdin is None else os.open(stdin, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    command = Command(argv, _ENVIRONMENT, source)
                    with box.run(command, _LIMITS, keep=False) as outcome:
                        _must_be_well(outcome)
                        return os.read(outcome.stdout, OUTPUT_BYTES)
                finally:
                    if isinstance(source, int):
                        os.close(source)

            yield run

    def exchange(self, programs: Programs) -> None:
        (ask_read, ask_write), (answer_read, answer_write) = os.pipe(), os.pipe()
        ends = [
            self._threads.submit(self._party, programs.path("program"), (), ask_read, answer_write),
            self._threads.submit(
                self._party, programs.path("interactor"), (str(LINES),), answer_read, ask_write
            ),
        ]
        for end in ends:
            end.result()

    def _party(self, file: Path, arguments: tuple[str, ...], stdin: int, stdout: int) -> None:
        with self._sandbox.box(BoxSpec()) as box:
            box.put(file.name, file.read_bytes(), 0o555)
            box.freeze()
            command = Command((f"./{file.name}", *arguments), _ENVIRONMENT, stdin, stdout=stdout)
            with box.run(command, _LIMITS, keep=False) as outcome:
                # Ours last until here: its peer sees the end of the pipe only when nobody else holds it.
                os.close(stdin)
                os.close(stdout)
                _must_be_well(outcome)

    def lanes(self, work: Callable[[], int]) -> int:
        return sum(done.result() for done in [self._threads.submit(work) for _ in range(CORES)])


def _must_be_well(outcome: Outcome) -> None:
    if outcome.exit_code != 0 or outcome.kill is not Kill.NONE:
        raise ContenderError(f"a program ended with {outcome}")
