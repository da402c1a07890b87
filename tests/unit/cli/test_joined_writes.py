"""Pieces of an answer that leave together."""

from __future__ import annotations

import asyncio

from callwright.cli.bounded_http import JoinedWrites


class Line(asyncio.Transport):
    """What was handed to the kernel, in calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.calls.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


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
