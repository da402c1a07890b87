"""A small real HTTP server on loopback, whose answers the test writes byte by byte if it wants to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What came in. Header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Exchange:
    """One request being answered."""

    def __init__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.writer = writer

    async def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self.head(status, content_length=str(len(body)), **headers)
        await self.write(body)

    def head(self, status: int, **headers: str) -> None:
        """Status line and headers; what follows ends with the connection unless a length was given."""
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def write(self, data: bytes) -> None:
        """Raw bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def break_off(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class LocalServer:
    """A running server and what it has seen. ``closed_early`` counts clients that left before their answer was complete."""

    port: int
    requests: list[Request] = field(default_factory=list)
    closed_early: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@asynccontextmanager
async def serving(handler: Handler, port: int = 0) -> AsyncIterator[LocalServer]:
    """Serve ``handler`` on a port of 127.0.0.1 until the block ends, a free one unless it is given."""
    under_way: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        parts: list[asyncio.Future[Any]] = []
        try:
            request = await _read_request(reader)
            local.requests.append(request)
            answering = asyncio.ensure_future(handler(Exchange(request, writer)))
            leaving = asyncio.ensure_future(reader.read(1))
            parts = [answering, leaving]
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if answering not in done:
                local.closed_early += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for part in parts:
                part.cancel()
            # Also when we are cancelled ourselves: an error that nobody fetches is told whenever the garbage is collected. Where that is
            # in the middle of the parser, by which pytest shows a failure, Python 3.11 ends the whole session.
            await asyncio.gather(*parts, return_exceptions=True)
            under_way.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    local = LocalServer(server.sockets[0].getsockname()[1])
    try:
        yield local
    finally:
        server.close()
        for task in list(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await server.wait_closed()
