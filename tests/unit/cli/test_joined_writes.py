"""Pieces of an answer that leave together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from callwright.cli.bounded_http import BoundedHttp, JoinedWrites
from callwright.cli.connections import ConnectionLimits, Connections


class Line(asyncio.Transport):
    """What was handed to the kernel, in calls."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 5_060)})
        self.calls: list[bytes] = []
        self.closed = False
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.calls.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.calls.extend(bytes(data) for data in list_of_data)

    def write_eof(self) -> None:
        self.calls.append(b"EOF")

    def get_write_buffer_size(self) -> int:
        return 0

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """A websocket takes the connection over."""

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed


async def _never_asked(scope: Any, receive: Any, send: Any) -> None:
    """An application in front of which nothing is read."""


def protocol(connections: Connections, app: Any = _never_asked) -> BoundedHttp:
    """The HTTP protocol of one connection, in front of ``app``."""
    config = Config(app, interface="asgi3", log_config=None)
    return BoundedHttp(connections=connections, config=config, server_state=ServerState(), app_state={})


async def test_a_head_and_its_body_are_one_call() -> None:
    line = Line()
    joined = JoinedWrites(line, asyncio.get_running_loop())
    joined.write(b"head ")
    joined.write(b"body")
    assert line.calls == [b"head body"]
    await asyncio.sleep(0)
    assert line.calls == [b"head body"]


async def test_a_head_whose_body_is_not_there_yet_does_not_wait_for_it() -> None:
    line = Line()
    joined = JoinedWrites(line, asyncio.get_running_loop())
    joined.write(b"head ")
    await asyncio.sleep(0)
    assert line.calls == [b"head "]
    joined.write(b"event")
    await asyncio.sleep(0)
    assert line.calls == [b"head ", b"event"]


async def test_at_most_one_piece_is_held() -> None:
    line = Line()
    joined = JoinedWrites(line, asyncio.get_running_loop())
    for number in range(5):
        joined.write(str(number).encode())
    assert line.calls == [b"01", b"23"]
    await asyncio.sleep(0)
    assert line.calls == [b"01", b"23", b"4"]


async def test_what_is_held_leaves_before_the_line_closes() -> None:
    line = Line()
    joined = JoinedWrites(line, asyncio.get_running_loop())
    joined.write(b"last words")
    joined.close()
    assert (line.calls, joined.is_closing()) == ([b"last words"], True)


async def test_nothing_is_written_to_a_line_that_closed_meanwhile() -> None:
    line = Line()
    joined = JoinedWrites(line, asyncio.get_running_loop())
    joined.write(b"head ")
    line.close()
    await asyncio.sleep(0)
    assert line.calls == []


async def test_what_is_held_leaves_before_pieces_and_before_the_end() -> None:
    line = Line()
    joined = JoinedWrites(line, asyncio.get_running_loop())
    joined.write(b"head ")
    joined.writelines([b"one", b"two"])
    joined.write(b"last")
    joined.write_eof()
    await asyncio.sleep(0)
    assert line.calls == [b"head ", b"one", b"two", b"last", b"EOF"]


async def test_an_answer_that_is_held_when_the_client_sends_nothing_more_leaves_before_the_line_closes() -> None:
    line = Line()
    server = protocol(Connections(ConnectionLimits(), (), lambda: 0.0))
    server.connection_made(line)
    server.transport.write(b"answer")
    server.eof_received()
    assert (line.calls, line.closed) == ([b"answer"], True)
    server.connection_lost(None)
