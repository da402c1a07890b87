"""Whole messages in single frames, judged by the library that reads and writes all others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from callwright.cli.websocket_frames import frame_of, message_of
from callwright.domain.limits import MAX_DOOR_SOCKET_MESSAGE_BYTES

MESSAGES = st.one_of(st.text(), st.binary(), st.sampled_from([0, 125, 126, 127, 640, 65_535, 65_536]).map(bytes))


def sent(message: str | bytes, *, fin: bool = True, opcode: Opcode | None = None) -> bytes:
    """What a client sends, by the library."""
    data, kind = (message.encode(), Opcode.TEXT) if isinstance(message, str) else (message, Opcode.BINARY)
    return Frame(kind if opcode is None else opcode, data, fin).serialize(mask=True)


def read(data: bytes) -> str | bytes:
    """What a client reads, by the library."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=False)
    try:
        next(parsing)
    except StopIteration as done:
        frame: Frame = done.value
    else:
        raise AssertionError("the frame is not whole")
    assert not reader.buffer
    assert frame.fin
    return bytes(frame.data).decode() if frame.opcode is Opcode.TEXT else bytes(frame.data)


@given(MESSAGES)
def test_a_client_reads_what_was_written(message: str | bytes) -> None:
    assert read(frame_of(message)) == message


@given(MESSAGES)
def test_a_message_in_one_frame_is_read_or_left_to_the_library(message: str | bytes) -> None:
    size = len(message.encode() if isinstance(message, str) else message)
    assert message_of(sent(message)) == (message if size < 1 << 16 else None)


@given(st.binary(max_size=300), st.integers(0, 20))
def test_a_piece_of_a_frame_and_more_than_one_are_left_to_the_library(message: bytes, less: int) -> None:
    whole = sent(message)
    assert message_of(whole[: len(whole) - 1 - less]) is None
    assert message_of(whole + whole[: 1 + less]) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(sent(b"part", fin=False), id="the first of several fragments"),
        pytest.param(sent(b"part", opcode=Opcode.CONT), id="the last of several fragments"),
        pytest.param(sent(b"", opcode=Opcode.PING), id="a ping"),
        pytest.param(sent(b"", opcode=Opcode.CLOSE), id="a close"),
        pytest.param(sent(b"\xff", opcode=Opcode.TEXT), id="text that is no UTF-8"),
        pytest.param(Frame(Opcode.BINARY, b"a").serialize(mask=False), id="a frame without a mask"),
        pytest.param(b"\xc2" + sent(b"compressed")[1:], id="an extension"),
        pytest.param(b"\x82\xff" + (119).to_bytes(8) + bytes(4 + 119), id="a length of eight bytes"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_else_is_left_to_the_library(data: bytes) -> None:
    assert message_of(data) is None


def test_no_message_is_taken_that_the_library_would_refuse_for_its_size() -> None:
    assert MAX_DOOR_SOCKET_MESSAGE_BYTES > 0xFFFF
