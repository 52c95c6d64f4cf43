"""The default output validator: compares what a program wrote with the answer, token by token or by lines.

The rules are those of the Kattis problem package format ("Default output validator specification"), with one
argument of our own: `line_sensitive`.
Both sides are read in blocks and neither is ever held whole: memory is bounded by the block size and the
longest single token. Pure, but for the reads of a source.
"""

import dataclasses
import functools
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from gavel.submission.v1 import submission_pb2

BLOCK_BYTES = 256 * 1024
QUOTED_BYTES_MOST = 100
NUMBER_BYTES_MOST = 1024 * 1024
"""A longer token is no number: turning it into one holds the whole process up."""
_EMPTY_MOST = 65_536

# The specification's grammar: decimal, a point or an exponent as wanted, no hexadecimal, infinity or NaN. It
# never goes back: a program may write millions of digits and a letter behind them.
_FLOAT = re.compile(rb"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[Ee][+-]?\d++)?")
_PIECES = re.compile(rb"\s+|\S+")

_ACCEPTED = submission_pb2.VERDICT_ACCEPTED
_WRONG = submission_pb2.VERDICT_WRONG_ANSWER


class ArgumentError(ValueError):
    """The validator does not know these arguments; the message says which and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Arguments:
    """How tokens are compared. A tolerance of None is not set."""

    case_sensitive: bool = False
    space_change_sensitive: bool = False
    absolute_tolerance: float | None = None
    relative_tolerance: float | None = None
    line_sensitive: bool = False
    """Gavel's own: whole lines are compared, but for blanks at their ends and empty lines at the end."""


class Source(Protocol):
    """Bytes that can be read anywhere: `read(offset, size)` gives at most `size` bytes, none at the end."""

    def read(self, offset: int, size: int, /) -> bytes: ...


@dataclasses.dataclass(frozen=True, slots=True)
class BytesSource:
    """A source in memory."""

    data: bytes

    def read(self, offset: int, size: int, /) -> bytes:
        return self.data[offset : offset + size]


@dataclasses.dataclass(frozen=True, slots=True)
class FileSource:
    """A source behind a file descriptor, read by position: the descriptor's own offset stays as it was."""

    descriptor: int

    def read(self, offset: int, size: int, /) -> bytes:
        return os.pread(self.descriptor, size, offset)


def parse_arguments(arguments: Sequence[str], *, once: bool = True) -> Arguments:
    """Reads the arguments of `validator_flags` or `output_validator_args`.

    `once` refuses a tolerance that is given twice, as packages of 2025-09 and later must not do; without it
    the last one counts, as in legacy packages. Raises ArgumentError.
    """
    given: dict[str, float] = {}
    flags: set[str] = set()
    words = iter(arguments)
    for word in words:
        if word in {"case_sensitive", "space_change_sensitive", "line_sensitive"}:
            flags.add(word)
        elif word in {"float_absolute_tolerance", "float_relative_tolerance", "float_tolerance"}:
            value = _tolerance(word, next(words, None))
            kinds = {"absolute", "relative"} if word == "float_tolerance" else {word.split("_")[1]}
            if once and kinds & given.keys():
                raise ArgumentError(f"{word}: this tolerance is given more than once")
            given.update(dict.fromkeys(kinds, value))
        else:
            raise ArgumentError(f"{word!r} is no argument of the default validator")
    if "line_sensitive" in flags and (given or "space_change_sensitive" in flags):
        raise ArgumentError("line_sensitive goes with case_sensitive alone")
    return Arguments(
        line_sensitive="line_sensitive" in flags,
        case_sensitive="case_sensitive" in flags,
        space_change_sensitive="space_change_sensitive" in flags,
        absolute_tolerance=given.get("absolute"),
        relative_tolerance=given.get("relative"),
    )


def _tolerance(word: str, value: str | None) -> float:
    if value is None:
        raise ArgumentError(f"{word} needs a number behind it")
    number = _float(value.encode())
    if number is None or number < 0:
        raise ArgumentError(f"{word}: {value!r} is not a number of at least 0")
    return number


def _float(token: bytes) -> float | None:
    if len(token) > NUMBER_BYTES_MOST or _FLOAT.fullmatch(token) is None:
        return None
    number = float(token)
    return number if math.isfinite(number) else None


def compare(
    expected: Source, output: Source, arguments: Arguments, *, block_bytes: int = BLOCK_BYTES
) -> tuple[submission_pb2.Verdict, str]:
    """Says whether `output` is right, and if it is not, what is wrong with it in words (with tokens quoted).

    The verdict is ACCEPTED or WRONG_ANSWER.
    """
    spaced = arguments.space_change_sensitive
    split = _lines if arguments.line_sensitive else functools.partial(_pieces, spaced=spaced)
    expected_blocks, output_blocks = split(expected, block_bytes), split(output, block_bytes)

    def line_of(index: int) -> int:
        return index + 1 if arguments.line_sensitive else _line_of(output, index, block_bytes, spaced=spaced)

    matches = _matcher(arguments)
    left: list[bytes] = []
    right: list[bytes] = []
    passed = 0
    while True:
        left = left or next(expected_blocks, [])
        right = right or next(output_blocks, [])
        if not left or not right:
            break
        count = min(len(left), len(right))
        wrong = _first_mismatch(left, right, count, matches)
        if wrong is not None:
            difference = _difference(left[wrong], right[wrong], arguments)
            return _WRONG, f"line {line_of(passed + wrong)}: {difference}"
        passed += count
        left, right = left[count:], right[count:]
    if left:
        what = f"the output ends early: {_quote(left[0])} expected next"
        return _WRONG, what if passed else f"no output: {_quote(left[0])} expected first"
    if right:
        more = f"the output goes on behind the end of the answer: {_quote(right[0])}"
        return _WRONG, f"line {line_of(passed)}: {more}"
    return _ACCEPTED, ""


def _pieces(source: Source, block_bytes: int, *, spaced: bool) -> Iterator[list[bytes]]:
    """Gives the tokens block by block, never an empty list; with `spaced` the whitespace between them as
    well.

    A piece that a block's end cuts waits in `cut` for its rest, as parts: joining them at every block would
    take quadratic time for a token as long as the whole output.
    """
    cut: list[bytes] = []
    offset = 0
    while block := source.read(offset, block_bytes):
        offset += len(block)
        pieces = _PIECES.findall(block) if spaced else block.split()
        starts_in_space, ends_in_space = block[:1].isspace(), block[-1:].isspace()
        if cut:
            if starts_in_space != cut[0][:1].isspace():
                pieces.insert(0, b"".join(cut))
                cut = []
            elif len(pieces) == 1 and starts_in_space == ends_in_space:
                cut.append(block)
                continue
            else:
                pieces[0] = b"".join((*cut, pieces[0]))
                cut = []
        if pieces and (spaced or not ends_in_space):
            cut = [pieces.pop()]
        if pieces:
            yield pieces
    if cut:
        yield [b"".join(cut)]


def _lines(source: Source, block_bytes: int) -> Iterator[list[bytes]]:
    """The lines block by block, without the white space at their ends and without empty ones at the end."""
    cut: list[bytes] = []
    empty = 0
    offset = 0
    while True:
        block = source.read(offset, block_bytes)
        offset += len(block)
        *whole, rest = block.split(b"\n") if block else (b"", b"")
        if whole:
            whole[0] = b"".join((*cut, whole[0]))
            cut = []
        cut.append(rest)
        lines = [line.rstrip() for line in whole]
        last = next((place for place in range(len(lines), 0, -1) if lines[place - 1]), 0)
        if last:
            for start in range(0, empty, _EMPTY_MOST):  # many a line may be empty: never all at once
                yield [b""] * min(_EMPTY_MOST, empty - start)
            empty = 0
            yield lines[:last]
        empty += len(lines) - last
        if not block:
            return


def _first_mismatch(
    left: list[bytes], right: list[bytes], count: int, matches: Callable[[bytes, bytes], bool]
) -> int | None:
    if left[:count] == right[:count]:  # nearly always so, and done at the speed of C
        return None
    for place in range(count):
        if left[place] != right[place] and not matches(left[place], right[place]):
            return place
    return None


def _matcher(arguments: Arguments) -> Callable[[bytes, bytes], bool]:
    """A function that compares two tokens which are not the same bytes: the answer's, then the program's."""
    absolute, relative = arguments.absolute_tolerance, arguments.relative_tolerance

    def same_text(answer: bytes, given: bytes) -> bool:
        return not arguments.case_sensitive and _same_but_for_case(answer, given)

    def same_number(answer: bytes, given: bytes) -> bool:
        number = _float(answer)
        if number is None:
            return same_text(answer, given)
        other = _float(given)
        if other is None:
            return False
        difference = abs(number - other)
        return (absolute is not None and difference <= absolute) or (
            relative is not None and difference <= relative * abs(number)
        )

    return same_text if absolute is None and relative is None else same_number


def _same_but_for_case(answer: bytes, given: bytes) -> bool:
    """Part by part: a token may be as long as the whole output, and other threads have to come in between."""
    return len(answer) == len(given) and all(
        answer[start : start + BLOCK_BYTES].lower() == given[start : start + BLOCK_BYTES].lower()
        for start in range(0, len(answer), BLOCK_BYTES)
    )


def _difference(answer: bytes, given: bytes, arguments: Arguments) -> str:
    if not arguments.line_sensitive and (answer[:1].isspace() or given[:1].isspace()):
        return f"the whitespace differs: {_quote(answer)} expected, not {_quote(given)}"
    if arguments.absolute_tolerance is not None or arguments.relative_tolerance is not None:
        number, other = _float(answer), _float(given)
        if number is not None and other is None:
            return f"a number near {_quote(answer)} expected, not {_quote(given)}"
        if number is not None and other is not None:
            wanted = f"{_quote(answer)} expected, not {_quote(given)}"
            return f"{wanted}: the difference of {abs(number - other):.6g} is too large"
    return f"{_quote(answer)} expected, not {_quote(given)}"


def _quote(piece: bytes) -> str:
    head = piece[:QUOTED_BYTES_MOST]
    more = "" if len(head) == len(piece) else f"... ({len(piece)} bytes)"
    return f"{head.decode('utf-8', 'backslashreplace')!r}{more}"


def _line_of(source: Source, index: int, block_bytes: int, *, spaced: bool) -> int:
    """The line, from 1, on which the piece begins. Reads the source again: only failures pay."""
    line = 1
    if spaced:
        for pieces in _pieces(source, block_bytes, spaced=True):
            if index < len(pieces):
                return line + sum(piece.count(b"\n") for piece in pieces[:index])
            index -= len(pieces)
            line += sum(piece.count(b"\n") for piece in pieces)
        return line
    offset, in_token = 0, False
    while block := source.read(offset, block_bytes):
        offset += len(block)
        begun = len(block.split()) - (1 if in_token and not block[:1].isspace() else 0)
        if index < begun:
            skip = index + (1 if in_token and not block[:1].isspace() else 0)
            for place, token in enumerate(re.finditer(rb"\S+", block)):
                if place == skip:
                    return line + block.count(b"\n", 0, token.start())
        index -= begun
        line += block.count(b"\n")
        in_token = not block[-1:].isspace()
    return line
