"""Whole messages in single frames, judged by the library that reads and writes all others."""

from __future__ import annotations

from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from callwright.cli.websocket_frames import frame_of, messages_of
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


@given(st.lists(MESSAGES, max_size=4))
def test_messages_in_one_frame_each_are_read_up_to_one_for_the_library(messages: list[str | bytes]) -> None:
    read_here = list(takewhile(lambda one: len(one.encode() if isinstance(one, str) else one) < 1 << 16, messages))
    assert messages_of(b"".join(map(sent, messages))) == (read_here, len(b"".join(map(sent, read_here))))


@given(st.binary(max_size=300), st.integers(0, 20))
def test_a_piece_of_a_frame_is_left_to_the_library(message: bytes, less: int) -> None:
    whole = sent(message)
    piece = whole[: len(whole) - 1 - less]
    assert messages_of(piece) == ([], 0)
    assert messages_of(whole + piece) == ([message], len(whole))


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
    assert messages_of(data) == ([], 0)
    assert messages_of(sent(b"whole") + data) == ([b"whole"], len(sent(b"whole")))


def test_no_message_is_taken_that_the_library_would_refuse_for_its_size() -> None:
    assert MAX_DOOR_SOCKET_MESSAGE_BYTES > 0xFFFF
