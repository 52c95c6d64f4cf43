"""What a validator left in its feedback folder, and what it means. Pure."""

import dataclasses
import math
import re
from collections.abc import Mapping

SCORE, MULTIPLIER, NEXT_PASS = "score.txt", "score_multiplier.txt", "nextpass.in"
MESSAGES = ("teammessage.txt", "judgemessage.txt")
"""The message for the team where there is one, else that for the judges."""

_MESSAGE_BYTES = 4_096
_NUMBER_BYTES_MOST = 256
_NUMBER = re.compile(rb"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?)\s*")


@dataclasses.dataclass(frozen=True, slots=True)
class Points:
    """What a test is worth, where its validator says so; None: it does not."""

    score: float | None = None
    multiplier: float | None = None
    """Of the most that the test can be worth, 0 to 1."""


def names(*, scoring: bool) -> dict[str, int]:
    """The files that have a meaning, each with how many bytes of it are read."""
    wanted = dict.fromkeys(MESSAGES, _MESSAGE_BYTES)
    return wanted | dict.fromkeys((SCORE, MULTIPLIER), _NUMBER_BYTES_MOST + 1) if scoring else wanted


def message(files: Mapping[str, bytes]) -> str:
    """The head of what the validator has to say."""
    said = next((files[name] for name in MESSAGES if files.get(name)), b"")
    return said[:_MESSAGE_BYTES].decode("utf-8", "replace")


def messages(files: Mapping[str, bytes]) -> str:
    """The heads of all that the validator has to say, to the team and to the judges."""
    said = [files[name][:_MESSAGE_BYTES] for name in MESSAGES if files.get(name)]
    return "\n".join(part.decode("utf-8", "replace").rstrip("\n") for part in said)


def points(files: Mapping[str, bytes]) -> Points:
    """What the files say of the points; NaN for a file that holds no number."""
    return Points(*(number(files[name]) if name in files else None for name in (SCORE, MULTIPLIER)))


def number(text: bytes) -> float:
    """A number with nothing but white space around it; NaN for anything else."""
    found = _NUMBER.fullmatch(text) if len(text) <= _NUMBER_BYTES_MOST else None
    return float(found[1]) if found is not None else math.nan
