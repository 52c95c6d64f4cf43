"""Names, page tokens and positions: what goes out comes back, and nothing else is let in."""

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gavel.rpc import names, pages
from gavel.rpc.errors import GavelError
from gavel.rpc.positions import LAST_ORDINAL, Position, ReadToken
from gavel.submission.v1 import submission_service_pb2 as pb

ID = UUID("019abcde-0000-7000-8000-000000000001")
POSITIONS = st.builds(
    Position,
    topic_id=st.from_regex(r"[A-Za-z0-9_-]{1,22}", fullmatch=True),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    ordinal=st.integers(0, LAST_ORDINAL),
)
READ_TOKENS = st.builds(ReadToken, st.from_regex(r"[a-z0-9.]{1,80}", fullmatch=True), POSITIONS)


def test_names_read_back() -> None:
    """Each kind of name parses to what it was made of."""
    assert names.parse_submission(names.submission_name(ID)) == ID
    assert names.parse_judgement(names.judgement_name(ID, 3)) == (ID, 3)
    assert names.parse_judgement(names.submission_name(ID)) == (ID, None)
    assert names.parse_problem(names.problem_name("hello-2.x")) == "hello-2.x"
    assert names.parse_worker(names.worker_name("worker-0")) == "worker-0"


@pytest.mark.parametrize(
    "name",
    [
        "",
        str(ID),
        f"submissions/{str(ID).upper()}",
        "submissions/5f0c954e-0e4c-4b62-9fb8-2b0a2d0b5a77",
        f"submissions/{ID}/judgements/0",
        f"submissions/{ID}/judgements/01",
        f"submissions/{ID}/",
        f"submissions/{ID}\n",
    ],
)
def test_a_name_that_is_none_is_refused_with_its_field(name: str) -> None:
    """One spelling only: upper case, other versions of UUID and trailing characters are no names."""
    with pytest.raises(GavelError) as caught:
        names.parse_judgement(name, field="parent")
    assert caught.value.violations[0].field == "parent"


@pytest.mark.parametrize(
    "name", ["problems/", "problems/../x", "problems/A", "problems/a/b", "problems/" + "a" * 129]
)
def test_a_problem_cannot_leave_its_folder(name: str) -> None:
    """The name stands in an object's key."""
    with pytest.raises(GavelError):
        names.parse_problem(name)


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
        | st.integers(-(2**63), 2**63 - 1),
        max_size=4,
    )
)
def test_a_page_token_gives_its_cursor_back(cursor: dict[str, str | int]) -> None:
    """Also with another page size, which may change from page to page."""
    token = pages.encode(cursor, pb.ListSubmissionsRequest(language="cpp", page_size=5))
    again = pb.ListSubmissionsRequest(language="cpp", page_size=9, page_token=token)

    assert pages.decode(token, again) == cursor


def test_a_page_token_belongs_to_its_request() -> None:
    """With another filter it is refused; an empty one is the first page."""
    token = pages.encode({"id": "x"}, pb.ListSubmissionsRequest(language="cpp"))

    assert pages.decode("", pb.ListSubmissionsRequest()) is None
    with pytest.raises(GavelError, match="other fields"):
        pages.decode(token, pb.ListSubmissionsRequest(language="java"))


@given(st.text(max_size=60))
def test_a_made_up_page_token_is_an_invalid_argument(token: str) -> None:
    """Whatever text a client sends, the error is its own."""
    assume(token)
    with pytest.raises(GavelError) as caught:
        pages.decode(token, pb.ListSubmissionsRequest())
    assert caught.value.violations[0].field == "page_token"


@pytest.mark.parametrize("value", ["a\0", "\ud800", 10**30])
def test_a_cursor_that_no_database_takes_is_an_invalid_argument(value: str | int) -> None:
    """Tokens are not signed: a caller may make one whose fingerprint is right."""
    token = pages.encode({"name": value}, pb.ListSubmissionsRequest())
    with pytest.raises(GavelError, match="page_token"):
        pages.decode(token, pb.ListSubmissionsRequest())


def test_page_sizes_have_a_default_and_a_most() -> None:
    """0 is the default, above the most is the most, below 0 is refused."""
    assert [pages.page_size(size) for size in (0, 1, 1000, 5000)] == [50, 1, 1000, 1000]
    with pytest.raises(GavelError):
        pages.page_size(-1)


@given(POSITIONS)
def test_a_position_reads_back(position: Position) -> None:
    """Every position that a log can have survives its token."""
    assert Position.decode(position.encode(), "resume_token") == position


@given(READ_TOKENS)
def test_a_read_token_reads_back(token: ReadToken) -> None:
    """Topic and position survive."""
    assert ReadToken.decode(token.encode(), "read_token") == token


@given(READ_TOKENS, st.data())
def test_a_damaged_token_is_an_invalid_argument(token: ReadToken, data: st.DataObject) -> None:
    """A changed byte, a missing tail, a token of the other kind: the field is named, nothing else breaks."""
    encoded = bytearray(token.encode())
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    damaged = [bytes(encoded), token.encode()[:place], token.position.encode()]
    for each in damaged:
        with pytest.raises(GavelError) as caught:
            ReadToken.decode(each, "read_token")
        assert caught.value.violations[0].field == "read_token"


def test_positions_are_ordered_by_offset_then_ordinal() -> None:
    """A test that became visible with an event lies before the end that the same event made."""
    first, test, end, later = (
        Position("t", 0, offset, ordinal) for offset, ordinal in ((4, 9), (5, 1), (5, LAST_ORDINAL), (6, 0))
    )

    assert sorted([later, end, test, first]) == [first, test, end, later]
    assert first < test <= end < later
    assert later > end >= test
