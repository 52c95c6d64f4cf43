"""Messages and descriptors over a socket pair."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavel.sandbox.inside import codec

TEXT = st.text(st.characters(codec=None, exclude_characters="\0"), max_size=50)


@pytest.fixture
def channels() -> Iterator[tuple[codec.Channel, codec.Channel]]:
    """Both ends of a pair."""
    ours, socket = codec.Channel.pair()
    theirs = codec.Channel(socket)
    yield ours, theirs
    ours.close()
    theirs.close()


@given(st.lists(TEXT), st.dictionaries(TEXT, TEXT))
def test_any_text_travels(argv: list[str], env: dict[str, str]) -> None:
    """Arguments and environment arrive as they were, undecodable bytes (lone surrogates) included."""
    assert codec.decode(codec.encode({"argv": argv, "env": env})) == {"argv": argv, "env": env}


def test_too_large_is_refused_before_it_is_sent() -> None:
    """One message has a bound, and says so at once."""
    with pytest.raises(codec.MessageTooLargeError):
        codec.encode({"argv": ["x" * codec.MESSAGE_BYTES_MAX]})


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"7"])
def test_only_objects_are_messages(data: bytes) -> None:
    """Whatever is not a JSON object is refused."""
    with pytest.raises(ValueError, match=r".*"):
        codec.decode(data)


def test_the_largest_message_fits_into_one_packet(channels: tuple[codec.Channel, codec.Channel]) -> None:
    """The bound lies below the kernel's buffer: a send never blocks half-way."""
    ours, theirs = channels
    message = {"a": "x" * (codec.MESSAGE_BYTES_MAX - 8)}

    ours.send(message)

    assert theirs.receive() == (message, ())


def test_descriptors_arrive_closed_on_exec(channels: tuple[codec.Channel, codec.Channel]) -> None:
    """What is received refers to the same open file and would not survive an exec."""
    ours, theirs = channels
    reader, writer = os.pipe()

    ours.send({}, (writer,))
    received = theirs.receive()
    assert received is not None
    (copy,) = received[1]
    os.write(copy, b"x")

    assert os.read(reader, 1) == b"x"
    assert not os.get_inheritable(copy)
    for descriptor in (reader, writer, copy):
        os.close(descriptor)


def test_a_closed_end_is_none_and_then_an_error(channels: tuple[codec.Channel, codec.Channel]) -> None:
    """The other end's death is seen by the receiver, and by the sender without a signal."""
    ours, theirs = channels
    theirs.close()

    assert ours.receive() is None
    with pytest.raises(ConnectionError):
        ours.send({})


def test_too_many_descriptors_are_refused(channels: tuple[codec.Channel, codec.Channel]) -> None:
    """More than a packet may carry is the caller's mistake."""
    with pytest.raises(ValueError, match="descriptors"):
        channels[0].send({}, (0,) * (codec.DESCRIPTORS_MAX + 1))
