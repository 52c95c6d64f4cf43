"""What is wrong with a package, gathered so that its author sees all of it at once."""

import dataclasses
from typing import Final

_LETTERS_MOST: Final = 1_000
"""Of one sentence: some repeat what the package says, which may be a megabyte."""


class InvalidPackage(Exception):  # noqa: N818  (reads as what happened: the package is invalid)
    """The package cannot be judged.

    `violations` holds (path, description) pairs; a path is a file of the package, with the field behind a
    colon where one is at fault: `problem.yaml:limits.memory`.
    """

    def __init__(self, violations: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {description}" for path, description in violations))
        self.violations = violations


@dataclasses.dataclass(slots=True)
class Findings:
    """Gathers errors and warnings."""

    errors: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def error(self, path: str, description: str) -> None:
        """Notes what makes the package invalid; the rest is still looked at."""
        if len(self.errors) < 100:
            self.errors.append((_cut(path), _cut(description)))

    def warn(self, sentence: str) -> None:
        """Notes what is passed over, once, at most 100 such sentences."""
        sentence = _cut(sentence)
        if len(self.warnings) < 100 and sentence not in self.warnings:
            self.warnings.append(sentence)

    def settle(self) -> None:
        """Raises InvalidPackage when anything was wrong."""
        if self.errors:
            raise InvalidPackage(self.errors)


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS_MOST else f"{text[:_LETTERS_MOST]}..."
