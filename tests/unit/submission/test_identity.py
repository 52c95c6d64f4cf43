"""The id of a submission: the same for the same request, another for any other."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from gavel.submission import identity
from gavel.submission.v1 import submission_service_pb2 as service_pb2

REQUEST_ID = UUID("01936b2f-7c00-7abc-8def-0123456789ab")
Path = tuple[FieldDescriptor, ...]


def paths(descriptor: Descriptor, before: Path = ()) -> Iterator[Path]:
    """Every field that a request can carry, each behind the fields that lead to it; maps count as one
    field.
    """
    for field in descriptor.fields:
        path = (*before, field)
        yield path
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            yield from paths(field.message_type, path)


def value_of(field: FieldDescriptor, variant: int) -> Any:
    """One of two values that a field tells apart."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return ("one", "two")[variant]
    if field.type == FieldDescriptor.TYPE_BYTES:
        return (b"one", b"two")[variant]
    return (1, 2)[variant]


def with_field(path: Path, variant: int) -> service_pb2.CreateSubmissionRequest:
    """A request in which the field at the end of the path is set to one of two values, and nothing beside
    it.
    """
    request = service_pb2.CreateSubmissionRequest()
    at: Message = request
    for field in path[:-1]:
        at = getattr(at, field.name).add() if field.is_repeated else getattr(at, field.name)
    last = path[-1]
    if last.message_type is not None and last.message_type.GetOptions().map_entry:
        getattr(at, last.name)["key"] = ("one", "two")[variant]
    elif last.message_type is not None and last.is_repeated:
        for _ in range(1 + variant):
            getattr(at, last.name).add()
    elif last.message_type is not None:
        if variant:
            getattr(at, last.name).SetInParent()
    elif last.is_repeated:
        getattr(at, last.name).append(value_of(last, variant))
    else:
        setattr(at, last.name, value_of(last, variant))
    return request


@pytest.mark.parametrize(
    "path",
    [path for path in paths(service_pb2.CreateSubmissionRequest.DESCRIPTOR) if path[0].name != "request_id"],
    ids=lambda path: ".".join(field.name for field in path),
)
def test_every_field_takes_part(path: Path) -> None:
    """Any field of the contract, also one added later, makes another submission when it differs."""
    first, second = (
        identity.submission_id("local", REQUEST_ID, with_field(path, variant)) for variant in (0, 1)
    )

    assert first != second


def test_presence_takes_part() -> None:
    """An empty `expected` is another request than none."""
    unset = service_pb2.CreateSubmissionRequest()
    unset.tests.tests.add()
    empty = service_pb2.CreateSubmissionRequest()
    empty.tests.tests.add(expected=b"")

    assert identity.canonical("t", REQUEST_ID, unset) != identity.canonical("t", REQUEST_ID, empty)


def test_request_id_and_tenant_take_part() -> None:
    """Another tenant with the same request, and the same body under another request_id, are other
    submissions.
    """
    request = service_pb2.CreateSubmissionRequest(language="cpp")
    other = UUID(int=REQUEST_ID.int ^ 1)

    ids = {
        identity.submission_id("one", REQUEST_ID, request),
        identity.submission_id("two", REQUEST_ID, request),
        identity.submission_id("one", other, request),
    }

    assert len(ids) == 3


def test_known_id() -> None:
    """The encoding never changes by accident: ids given out must come out again after an upgrade."""
    request = service_pb2.CreateSubmissionRequest(
        language="cpp@20", entry_point="a.cpp", argv=["x", ""], problem="problems/hello", lane=1, run_policy=2
    )
    request.sources.add(path="a.cpp", data=b"int main(){}")
    request.labels["user"] = "ann"
    request.labels["contest"] = "x"
    request.limits.cpu_time_ms = 100

    assert str(identity.submission_id("local", REQUEST_ID, request)) == "01936b2f-7c00-7525-8e42-f07dbc2f14fb"


texts = st.text(max_size=8)
blobs = st.binary(max_size=8)


@st.composite
def requests(draw: st.DrawFn) -> service_pb2.CreateSubmissionRequest:
    """Requests of few, short pieces, so that pieces often run into each other."""
    request = service_pb2.CreateSubmissionRequest(
        language=draw(texts),
        entry_point=draw(texts),
        argv=draw(st.lists(texts, max_size=3)),
        labels=draw(st.dictionaries(texts, texts, max_size=3)),
        run_policy=draw(st.integers(0, 3)),
    )
    for _ in range(draw(st.integers(0, 3))):
        request.sources.add(path=draw(texts), data=draw(blobs))
    if draw(st.booleans()):
        for _ in range(draw(st.integers(0, 2))):
            request.tests.tests.add(name=draw(texts), input=draw(blobs), expected=draw(blobs))
        request.tests.validator_arguments.extend(draw(st.lists(texts, max_size=2)))
    return request


@given(requests(), requests())
def test_encoding_is_injective(first: Message, second: Message) -> None:
    """Two requests have one encoding exactly when they are equal."""
    one = identity.canonical("t", REQUEST_ID, first)
    two = identity.canonical("t", REQUEST_ID, second)

    assert (first == second) == (one == two)


@given(requests())
def test_same_request_after_the_wire(request_: Message) -> None:
    """A request that travelled gives the same id, whatever the order of its map on the wire."""
    travelled = service_pb2.CreateSubmissionRequest.FromString(request_.SerializeToString())

    assert identity.submission_id("t", REQUEST_ID, request_) == identity.submission_id(
        "t", REQUEST_ID, travelled
    )


@given(st.integers(0, 2**48 - 1), requests())
def test_id_is_a_uuid7_of_the_same_instant(at_ms: int, request_: Message) -> None:
    """The id keeps the request's time and is a UUID of version 7 and the RFC's variant."""
    request_id = identity.make_request_id(at_ms)

    made = identity.submission_id("t", request_id, request_)

    assert (identity.time_ms(made), made.version, made.variant) == (at_ms, 7, "specified in RFC 4122")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 36,
        "{01936b2f-7c00-7abc-8def-0123456789a}",
        "01936b2f7c00-7abc-8def-0123456789ab-",
        "01936b2f-7c00-4abc-8def-0123456789ab",
        "01936b2f-7c00-7abc-0def-0123456789ab",
        "01936b2f-7c00-7abc-8def-0123456789ag",
        "01936b2f-7c00-7abc-8def-0123456789abc",
    ],
)
def test_malformed_request_ids(text: str) -> None:
    """Only a UUID of version 7 in the 36 character form is a request_id."""
    assert identity.parse_request_id(text) is None


def test_case_of_a_request_id_does_not_matter() -> None:
    """Upper and lower case are the same request_id."""
    assert identity.parse_request_id(str(REQUEST_ID).upper()) == REQUEST_ID


@pytest.mark.parametrize(
    ("offset_ms", "within"),
    [
        (0, True),
        (-identity.PAST_MS, True),
        (-identity.PAST_MS - 1, False),
        (identity.AHEAD_MS, True),
        (identity.AHEAD_MS + 1, False),
    ],
)
def test_window_of_the_clock(offset_ms: int, *, within: bool) -> None:
    """24 hours back and 10 minutes ahead are allowed, to the millisecond."""
    now_ms = time.time_ns() // 1_000_000

    assert identity.within_window(identity.make_request_id(now_ms + offset_ms), now_ms) is within
