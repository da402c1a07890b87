"""Recognisers' websockets that no kept client speaks: audio as it is, results as JSON. They have the shape of the kept clients."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from callwright.providers.cloud.session import CONNECT_SECONDS, VendorSession

_QUIET = logging.getLogger(f"{__name__}.wire")
_QUIET.setLevel(logging.CRITICAL + 1)
"""The library logs the headers of the handshake, and with them the key."""

_PIECE_BYTES = 3_200
_CLOSE_SECONDS = 0.2
_MAX_MESSAGE_BYTES = 1_048_576


class Kind(StrEnum):
    """Kinds of events, by the names of the kept clients."""

    PARTIAL = "interim_transcript"
    FINAL = "final_transcript"


@dataclass(frozen=True, slots=True)
class WordEnd:
    """Where a word ends in the audio of the stream, in seconds."""

    end_time: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """What was heard."""

    text: str
    language: str = ""
    words: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One result."""

    type: Kind
    alternatives: tuple[Alternative, ...]


class SocketStatusError(Exception):
    """The vendor refused the websocket, or closed it. ``status_code`` is an HTTP status or the code of the closing."""

    def __init__(self, status_code: int) -> None:
        super().__init__(f"status {status_code}")
        self.status_code = status_code


@dataclass(frozen=True, slots=True)
class Wire:
    """How a vendor's websocket is spoken, made of an order's arguments. ``hello`` is sent before any audio, ``flush`` asks for the words
    that are still to come and ``goodbye`` ends the stream, each as text, empty for none. ``event`` reads a message, None for one without
    words, and raises SocketStatusError for one that tells a failure."""

    url: Callable[[Mapping[str, Any]], str]
    headers: Callable[[Mapping[str, Any]], Mapping[str, str]]
    event: Callable[[Mapping[str, Any]], Event | None]
    hello: Callable[[Mapping[str, Any]], str] = lambda _: ""
    flush: str = ""
    goodbye: str = ""


class SocketClient:
    """Makes streams."""

    def __init__(self, wire: Wire, sent: Mapping[str, Any], session: VendorSession) -> None:
        self._wire = wire
        self._sent = sent
        self._session = session

    def stream(self, **_options: Any) -> SocketStream:
        """A stream, which connects when it is read."""
        return SocketStream(self._wire, self._sent, self._session)

    async def aclose(self) -> None:
        """Nothing to close: streams have their own connections."""


class SocketStream:
    """One websocket."""

    def __init__(self, wire: Wire, sent: Mapping[str, Any], session: VendorSession) -> None:
        self._wire = wire
        self._sent = sent
        self._session = session
        self._input_ch: asyncio.Queue[bytes | str] = asyncio.Queue()
        self._socket: ClientConnection | None = None

    def push_frame(self, pcm: bytes) -> None:
        """The next audio."""
        self._input_ch.put_nowait(pcm)

    def flush(self) -> None:
        """Ask for the words that are still to come."""
        if self._wire.flush:
            self._input_ch.put_nowait(self._wire.flush)

    async def aclose(self) -> None:
        """Close the websocket."""
        socket, self._socket = self._socket, None
        if socket is not None:
            with suppress(ConnectionClosed):
                if self._wire.goodbye:
                    await socket.send(self._wire.goodbye)
            await socket.close()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """The results. Raises SocketStatusError, OSError and TimeoutError."""
        socket = await self._connected()
        self._session.opened.set()
        sending = asyncio.get_running_loop().create_task(self._send(socket))
        try:
            async for message in socket:
                event = self._event(message)
                if event is not None:
                    yield event
            code = socket.close_code
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else 1006
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        raise SocketStatusError(code or 1006)

    async def _connected(self) -> ClientConnection:
        status = 0
        try:
            self._socket = await connect(
                self._wire.url(self._sent),
                additional_headers=self._wire.headers(self._sent),
                open_timeout=CONNECT_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                max_size=_MAX_MESSAGE_BYTES,
                compression=None,
                proxy=None,
                logger=_QUIET,
            )
        except InvalidStatus as error:
            status = error.response.status_code
        if status or self._socket is None:
            # Raised here, it keeps nothing of the request, in whose headers the key is.
            raise SocketStatusError(status)
        return self._socket

    async def _send(self, socket: ClientConnection) -> None:
        """Sends the audio in pieces, and what is asked for between them."""
        pending = bytearray()
        hello = self._wire.hello(self._sent)
        with suppress(ConnectionClosed):
            if hello:
                await socket.send(hello)
            while True:
                message = await self._input_ch.get()
                if isinstance(message, bytes):
                    pending += message
                if pending and (isinstance(message, str) or len(pending) >= _PIECE_BYTES):
                    await socket.send(bytes(pending))
                    pending.clear()
                if isinstance(message, str):
                    await socket.send(message)

    def _event(self, message: str | bytes) -> Event | None:
        try:
            told = json.loads(message)
        except ValueError:
            return None
        return self._wire.event(told) if isinstance(told, dict) else None
