"""Which tests of a judgement run at the same time, and which of them are of no account after all. Pure.

The course decides in its order, as if one test ran after the other. What runs ahead of it is what it would
name if every test were accepted; once a verdict leads it elsewhere, what it will not ask for is dropped.
"""

from gavel.judging.scoring import Course

AHEAD_MOST = 2
"""Tests that run or have run before the course asked for them, for each that may run at the same time: the
outputs of all of them are held.
"""


class Ahead:
    """The tests that are ahead of a course, by their indices."""

    def __init__(self, course: Course, tests_at_once: int) -> None:
        self._course = course
        self._most = AHEAD_MOST * tests_at_once
        self._begun: set[int] = set()

    def next(self) -> int | None:
        """The test to begin now, the same until `begin`; None when enough of them are ahead."""
        wanted = self._course.upcoming(self._most)
        return next((index for index in wanted if index not in self._begun), None)

    def begin(self, index: int) -> None:
        """It runs from now on."""
        self._begun.add(index)

    def forget(self, index: int) -> None:
        """It was not run after all."""
        self._begun.discard(index)

    def dropped(self) -> set[int]:
        """The tests begun that the course does not want any more, each told once; also those that it was told
        of.
        """
        dropped = self._begun.difference(self._course.upcoming(self._most))
        self._begun -= dropped
        return dropped
