"""The process's HTTP session as one vendor's client sees it: bounded, and keeping what the client forgets to tell."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

CONNECT_SECONDS = 4.0
"""Longest wait for a vendor to accept a connection."""
SHORTEST_STREAM_MS = 30_000
"""Vendors end streams after some minutes, and another is opened. One that ends them sooner has failed."""


class VendorSession:
    """Hands a client's requests on to the shared session.

    ``status`` is the HTTP status with which the vendor last refused a connection or a request. Some clients report none. ``opened`` is
    set when a websocket is open. With ``once``, a second websocket is refused: some clients would reconnect for ever.
    """

    def __init__(self, session: Any, *, once: bool = False) -> None:
        self._session = session
        self._once = once
        self._used = False
        self._closed = False
        self.opened = asyncio.Event()
        self.status: int | None = None

    @property
    def closed(self) -> bool:
        """Whether the client or the process has closed it."""
        return self._closed or bool(self._session.closed)

    async def close(self) -> None:
        """Close it for this client. The process's own stays open."""
        self._closed = True

    def ws_connect(self, *arguments: Any, **named: Any) -> _Opening:
        """Open a websocket, in CONNECT_SECONDS. To be awaited or entered."""
        return _Opening(self, arguments, named)

    def post(self, *arguments: Any, **named: Any) -> _Asking:
        """Send a request. To be entered."""
        return _Asking(self, self._session.post(*arguments, **named))

    def get(self, *arguments: Any, **named: Any) -> _Asking:
        """Send a request. To be entered."""
        return _Asking(self, self._session.get(*arguments, **named))

    @property
    def seconds(self) -> float | None:
        """Longest wait for the head of an answer. A voice's answer is watched where it is played."""
        return CONNECT_SECONDS if self._once else None

    async def connect(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A websocket. Raises what the HTTP client raises, and ConnectionResetError for a second one."""
        if self._once and self._used:
            raise ConnectionResetError("the connection was lost")
        self._used = True
        with _Statuses(self):
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await self._session.ws_connect(*arguments, **named)
        self.opened.set()
        return socket


class _Statuses:
    """Keeps the status of an error that goes through the block."""

    def __init__(self, session: VendorSession) -> None:
        self._session = session

    def __enter__(self) -> None:
        """Begins the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = getattr(error, "status", None)
        if isinstance(status, int) and status > 0:
            self._session.status = status


class _Opening:
    """A websocket to be, which clients await or enter."""

    def __init__(self, session: VendorSession, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._session = session
        self._arguments = arguments
        self._named = named
        self._socket: Any = None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._session.connect(self._arguments, self._named).__await__()

    async def __aenter__(self) -> Any:
        self._socket = await self
        return self._socket

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()


class _Asking:
    """A request to be, which clients enter."""

    def __init__(self, session: VendorSession, asking: Any) -> None:
        self._session = session
        self._asking = asking
        self._entered = AsyncExitStack()

    async def __aenter__(self) -> Any:
        async with asyncio.timeout(self._session.seconds):
            answer = await self._entered.enter_async_context(self._asking)
        if answer.status >= 400:
            self._session.status = answer.status
        return answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._entered.__aexit__(kind, error, trace)
