"""Expectations in a submission's own text, as DOMjudge reads them. Pure.

A line holds `@EXPECTED_RESULTS@: WRONG-ANSWER, TIMELIMIT`: the submission may get any of these. DOMjudge's
words are known, those of the package format, and Gavel's own. `@EXPECTED_SCORE@: 42.5` (or `20-30`) states
its points; with words instead of a number it means the same as the other one.
"""

import math
import re

from gavel.judging.expectation_rules import VERDICTS, Bound, Outcome, Rule, verdicts_of

# Of a line no more than that: looking for its comment's end takes time by the square of its length.
_LINE = re.compile(rb"@EXPECTED_(RESULTS|SCORE)@:([^\r\n]{0,1000})", re.IGNORECASE)
_COMMENT_END = re.compile(r"(\*+/|-->|-\}|\*\)|\"\"\"|''')?\s*$")
_SCORE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:\s*(?:-|\.\.|to)\s*(\d+(?:\.\d*)?|\.\d+))?", re.IGNORECASE)

_WORDS = {
    "CORRECT": frozenset({"ACCEPTED"}),
    "TIMELIMIT": verdicts_of(Outcome.TLE),
    "TIME_LIMIT_EXCEEDED": verdicts_of(Outcome.TLE),
    # DOMjudge has no verdict of its own for memory.
    "RUN_ERROR": verdicts_of(Outcome.RTE) - {"OUTPUT_LIMIT_EXCEEDED"},
    "RUN_TIME_ERROR": verdicts_of(Outcome.RTE) - {"OUTPUT_LIMIT_EXCEEDED"},
    "WRONG_ANSWER": verdicts_of(Outcome.WA),
    "NO_OUTPUT": verdicts_of(Outcome.WA),
    "COMPILER_ERROR": frozenset({"COMPILE_ERROR"}),
    "OUTPUT_LIMIT": frozenset({"OUTPUT_LIMIT_EXCEEDED"}),
    "MEMORY_LIMIT": frozenset({"MEMORY_LIMIT_EXCEEDED"}),
    "CHECK_MANUALLY": VERDICTS,
}


class BadComment(ValueError):  # noqa: N818  (reads as what was found)
    """A comment that says nothing that can be expected; the message is for its author."""


def stated(text: bytes, path: str) -> Rule | None:
    """What the file's comments expect; None when it has none. Raises BadComment.

    Two comments of a kind are refused, as DOMjudge does.
    """
    found: dict[bytes, str] = {}
    for match in _LINE.finditer(text):
        kind = match[1].upper()
        if kind in found:
            raise BadComment(f"states @EXPECTED_{kind.decode()}@ twice")
        found[kind] = _COMMENT_END.sub("", match[2].decode("utf-8", "replace")).strip()
    if not found:
        return None
    score = _score(found.get(b"SCORE"))
    if len(found) > 1 and score is None:
        raise BadComment("states its results in @EXPECTED_RESULTS@ and, in words, in @EXPECTED_SCORE@")
    words = found.get(b"RESULTS") if score is not None else next(iter(found.values()))
    verdicts = None if words is None else _verdicts(words)
    sayings = [] if verdicts is None else [_worded(words or "")]
    if score is not None:
        sayings.append(score_words(score))
    bound = None
    if verdicts == frozenset({"ACCEPTED"}):
        bound = Bound.LOWER
    elif verdicts == verdicts_of(Outcome.TLE):
        bound = Bound.UPPER
    return Rule(f"the comment in {path}", "; ".join(sayings), verdicts=verdicts, score=score, bound=bound)


def score_words(score: tuple[float, float]) -> str:
    """`score 50`, `score 20 to 30`."""
    least, most = score
    return f"score {least:g}" if least == most else f"score {least:g} to {most:g}"


def _score(text: str | None) -> tuple[float, float] | None:
    match = _SCORE.fullmatch(text or "")
    if match is None:
        return None
    least = float(match[1])
    most = least if match[2] is None else float(match[2])
    if not math.isfinite(most) or least > most:
        raise BadComment(f"states the score {text!r}: the least comes first")
    return least, most


def _names(text: str) -> list[str]:
    return [word.strip().upper().replace("-", "_").replace(" ", "_") for word in text.split(",")]


def _verdicts(text: str) -> frozenset[str]:
    verdicts: frozenset[str] = frozenset()
    for name in _names(text):
        if name not in _WORDS and name not in VERDICTS:
            known = ", ".join(
                word.replace("_", "-") for word in ("CORRECT", "WRONG_ANSWER", "TIMELIMIT", "RUN_ERROR")
            )
            raise BadComment(
                f"expects {name[:40] or 'nothing'!r}, which is no result; known are {known} and others"
            )
        verdicts |= _WORDS.get(name, frozenset({name}))
    return verdicts


def _worded(text: str) -> str:
    kattis = {"CORRECT": "ACCEPTED", "TIMELIMIT": "TIME LIMIT EXCEEDED", "RUN_ERROR": "RUN TIME ERROR"}
    return " or ".join(kattis.get(name, name.replace("_", " ")) for name in _names(text))
