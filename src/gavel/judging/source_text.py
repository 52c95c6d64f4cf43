"""How sources are handed over to compilers: encodings, byte order marks, line ends. Pure."""

import codecs
from collections.abc import Iterable
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def is_marked(head: bytes) -> bool:
    """True when the file begins with a byte order mark, which many compilers take for a letter."""
    return head.startswith(tuple(mark for mark, _ in _MARKS))


def unmarked(data: bytes) -> bytes:
    """The same text as UTF-8 without the mark; unchanged where it is not the text that its mark promises."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            body = data[len(mark) :]
            if encoding == "utf-8":
                return body
            try:
                return body.decode(encoding).encode()
            except UnicodeDecodeError:
                return data
    return data


def with_lf(data: bytes) -> bytes:
    """With Unix' line ends in place of Windows'."""
    return data.replace(b"\r\n", b"\n")


def encoding_of(heads: Iterable[bytes]) -> str:
    """`UTF-8` where all of these beginnings of files may be that; else one that any bytes are text in, so
    that a comment in an old encoding does not make a program unfit.
    """
    for head in heads:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(unmarked(head), final=False)
        except UnicodeDecodeError:
            return "ISO-8859-1"
    return "UTF-8"
