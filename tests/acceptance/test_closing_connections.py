"""Connections that are closed with bytes still to be sent, on real sockets: read to their end, however slowly, or cut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from tests.waiting import until

from callwright.cli.bounded_http import JoinedWrites

pytestmark = pytest.mark.real_time

MUCH = 8_000_000


class Talker(asyncio.Protocol):
    """Says MUCH to whoever connects, and closes."""

    def __init__(self) -> None:
        self.joined: JoinedWrites | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.joined = JoinedWrites(cast(asyncio.Transport, transport), asyncio.get_running_loop(), 0.3)
        self.joined.write(b"x" * MUCH)
        self.joined.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        assert self.joined is not None
        self.joined.lost()


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[Talker, socket.socket]]:
    loop = asyncio.get_running_loop()
    talker = Talker()
    server = await loop.create_server(lambda: talker, "127.0.0.1", 0)
    client = socket.socket()
    client.setblocking(False)
    try:
        await loop.sock_connect(client, server.sockets[0].getsockname())
        await until(lambda: talker.joined is not None)
        yield talker, client
    finally:
        client.close()
        server.close()


async def test_who_reads_nothing_of_a_closing_connection_keeps_no_socket() -> None:
    async with talking() as (talker, _):
        assert talker.joined is not None
        assert talker.joined.get_write_buffer_size() > 0
        await asyncio.sleep(0.1)
        assert not talker.lost
        await until(lambda: talker.lost, 5)


async def test_who_reads_slowly_gets_all_of_it() -> None:
    loop = asyncio.get_running_loop()
    async with talking() as (talker, client):
        read, began = 0, loop.time()
        while piece := await loop.sock_recv(client, 1_000_000):
            read += len(piece)
            await asyncio.sleep(0.1)
        assert read == MUCH
        assert loop.time() - began > 0.6
        await until(lambda: talker.lost, 5)
