"""Sources as compilers get them."""

import codecs

from hypothesis import given
from hypothesis import strategies as st

from gavel.judging.source_text import encoding_of, is_marked, unmarked, with_lf

MARKED = st.sampled_from(
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ]
)


@given(st.text().filter(lambda text: not text.startswith("\0")), MARKED)
def test_a_marked_text_becomes_plain_utf_8(text: str, mark: tuple[bytes, str]) -> None:
    """Whatever its mark says that it is; a NUL behind UTF-16's mark makes it UTF-32's."""
    data = mark[0] + text.encode(mark[1])

    assert is_marked(data)
    assert unmarked(data) == text.encode()


@given(st.binary(max_size=40))
def test_what_is_no_text_stays(data: bytes) -> None:
    """Without a mark, or with one that lies, nothing changes but UTF-8's mark."""
    if not is_marked(data):
        assert unmarked(data) == data
    assert unmarked(codecs.BOM_UTF16_LE + b"\0\xd8" + b"x") == codecs.BOM_UTF16_LE + b"\0\xd8x"


@given(st.lists(st.text(), max_size=3), st.integers(0, 3))
def test_a_head_may_end_within_a_letter(texts: list[str], cut: int) -> None:
    """The encoding is told from the files' beginnings alone."""
    heads = [text.encode() for text in texts]

    assert encoding_of([head[: len(head) - cut] for head in heads]) == "UTF-8"
    assert encoding_of([*heads, "räksmörgås".encode("latin-1")]) == "ISO-8859-1"


def test_windows_line_ends_become_unixs() -> None:
    """A lone carriage return is a letter like any other."""
    assert with_lf(b"a\r\nb\rc\n") == b"a\nb\rc\n"
