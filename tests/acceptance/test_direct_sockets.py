"""Messages of a websocket that go straight to whoever listens, however the network cuts them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from callwright.api.doors import direct_of
from callwright.cli.serving import bind, http_server

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frame(data: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


AUDIO = frame(bytes(640))
INNER = frame(b"no message")
"""A whole frame, as a payload that a mask of zeros leaves as it is."""
OUTER = bytes((0x82, 0x80 | len(INNER))) + bytes(4)


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        pytest.param([AUDIO, AUDIO], [bytes(640)] * 2, id="one frame in a packet"),
        pytest.param([AUDIO + AUDIO], [bytes(640)] * 2, id="two in a packet"),
        pytest.param([AUDIO + AUDIO + AUDIO[:300], AUDIO[300:]], [bytes(640)] * 3, id="two and a piece in a packet"),
        pytest.param([AUDIO[:300], AUDIO[300:] + AUDIO, AUDIO], [bytes(640)] * 3, id="a frame in two packets"),
        pytest.param([OUTER, INNER, AUDIO], [INNER, bytes(640)], id="a payload that looks like a frame"),
        pytest.param([OUTER[:2], OUTER[2:] + INNER, AUDIO], [INNER, bytes(640)], id="a head in two packets"),
        pytest.param(
            [frame(b"a", fin=False), frame(b"", Opcode.PING), frame(b"b", Opcode.CONT), AUDIO],
            [b"ab", bytes(640)],
            id="fragments around a ping",
        ),
    ],
)
async def test_messages_come_whole_and_in_order(packets: list[bytes], expected: list[bytes]) -> None:
    came: list[str | bytes] = []
    all_came = asyncio.Event()

    def take(message: str | bytes) -> None:
        came.append(message)
        if len(came) == len(expected):
            all_came.set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        direct = direct_of(scope)
        assert direct is not None
        direct.listen(take)
        assert direct.write(["listening"])
        await receive()

    listener = bind("127.0.0.1", 0)
    async with http_server(app, listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(HANDSHAKE)
        await reader.readuntil(b"listening")
        for packet in packets:
            writer.write(packet)
            await asyncio.sleep(0.05)
        async with asyncio.timeout(5):
            await all_came.wait()
        writer.close()
    assert came == expected
