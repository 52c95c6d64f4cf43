"""Problems whose submissions are the outputs themselves: no program is run, the checker decides."""

import dataclasses
import os
from collections.abc import Iterable, Mapping

from gavel.judging.building import Files
from gavel.judging.checking import Checked, Checker, Turn
from gavel.judging.running import Ran
from gavel.judging.task import Test
from gavel.submission.v1 import submission_pb2

_SUFFIXES = (".out", ".ans", ".txt", "")


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerRunner:
    """Takes the file that belongs to a test for its output."""

    files: Files
    chosen: Mapping[str, str]
    """The file's path by the test's name, see `choose`."""
    checker: Checker

    def run(self, test: Test, turn: Turn, /) -> Ran:
        """See Runner. A test without a file is a wrong answer."""
        path = self.chosen.get(test.name)
        if path is None:
            return Ran(Checked(submission_pb2.VERDICT_WRONG_ANSWER, "no file was submitted for this test"))
        output = _descriptor(self.files[path])
        try:
            return Ran(self.checker.check(test, turn, output), output=output)
        except BaseException:
            os.close(output)
            raise


def choose(tests: Iterable[str], paths: Iterable[str]) -> dict[str, str]:
    """Which file belongs to which test, by their names.

    A file belongs to the test whose name it has, with or without the folders before it, and with the suffix
    .out, .ans, .txt or none; the longer name counts. A name that several tests share counts for none of them.
    One file of any other name belongs to every test.
    """
    names = list(tests)
    given = {path.removesuffix(suffix): path for suffix in _SUFFIXES[::-1] for path in _with(paths, suffix)}
    owners: dict[str, list[str]] = {}
    for name in names:
        parts = name.split("/")
        for start in range(len(parts)):
            owners.setdefault("/".join(parts[start:]), []).append(name)
    chosen: dict[str, str] = {}
    for short in sorted(owners, key=len):
        if short in given and len(owners[short]) == 1:
            chosen[owners[short][0]] = given[short]
    alone = set(given.values())
    if not chosen and len(alone) == 1:
        return dict.fromkeys(names, alone.pop())
    return chosen


def _with(paths: Iterable[str], suffix: str) -> list[str]:
    return [path for path in paths if path.endswith(suffix)]


def _descriptor(data: bytes | int) -> int:
    """A descriptor of its own for the caller to close."""
    if isinstance(data, int):
        return os.dup(data)
    made = os.memfd_create("answer", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(made, view) :]
    return made
