"""Recognisers' websockets that no kept client speaks: audio as it is, results as JSON. They have the shape of the kept clients."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from callwright.ports.speech import FRAME_MS
from callwright.providers.cloud.session import CONNECT_SECONDS, SHORTEST_STREAM_MS, VendorSession

_QUIET = logging.getLogger(f"{__name__}.wire")
_QUIET.setLevel(logging.CRITICAL + 1)
"""The library logs the headers of the handshake, and with them the key."""

_PIECE_BYTES = 3_200
_KEPT_PIECES = 40
"""Of 100 ms at 16 kHz. No recogniser is that far behind."""
_CLOSE_SECONDS = 0.2
_LOST = 1006
"""The code of a connection that was lost."""
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


Reader = Callable[[Mapping[str, Any]], Iterable[Event]]
"""Reads the messages of one connection. Raises SocketStatusError for one that tells a failure."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a vendor's websocket is spoken, made of an order's arguments."""

    url: Callable[[Mapping[str, Any]], str]
    headers: Callable[[Mapping[str, Any]], Mapping[str, str]]
    reader: Callable[[Mapping[str, Any]], Reader]
    """Makes the reader of a connection."""
    hello: Callable[[Mapping[str, Any]], str] = lambda _: ""
    """Sent before any audio, empty for nothing."""
    accepts: str = ""
    """The field of the message that takes the stream, empty for a vendor that takes it with the connection."""
    audio: Callable[[bytes], str | bytes] = bytes
    """The message of a piece of audio."""
    flush: str = ""
    """Asks for the words that are still to come, empty for nothing."""
    goodbye: str = ""
    """Ends the stream, empty for nothing."""
    ends_soon: str = ""
    """The field of the message before the vendor ends a connection for its age."""
    status: Callable[[int, str], int] = lambda code, _: code
    """What code and reason of a closing mean: an HTTP status or the code, 0 for a connection that only grew too old."""


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
    """One call's websocket. A vendor that limits the age of connections is connected to again, between two utterances if it says so in
    time. The audio waits meanwhile. What was sent since the last event is sent again: nobody knows whether it was heard."""

    def __init__(self, wire: Wire, sent: Mapping[str, Any], session: VendorSession) -> None:
        self._wire = wire
        self._sent = sent
        self._session = session
        self._input_ch: asyncio.Queue[bytes | str] = asyncio.Queue()
        self._unsent = bytearray()
        self._unanswered: deque[bytes | str] = deque(maxlen=_KEPT_PIECES)
        self._socket: ClientConnection | None = None
        self._fed_ms = 0

    def push_frame(self, pcm: bytes) -> None:
        """The next 20 ms."""
        self._fed_ms += FRAME_MS
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
        while True:
            socket = await self._opened()
            self._session.opened.set()
            opened_ms, read = self._fed_ms, self._wire.reader(self._sent)
            leaving = False
            partial: Event | None = None
            sending = asyncio.get_running_loop().create_task(self._send(socket))
            try:
                async for message in socket:
                    told = _told(message)
                    for event in read(told):
                        self._unanswered.clear()
                        partial = event if event.type is Kind.PARTIAL else None
                        yield event
                    leaving = leaving or (bool(self._wire.ends_soon) and self._wire.ends_soon in told)
                    if leaving and partial is None:
                        break
            except ConnectionClosed:
                pass
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            status = self._status(socket)
            if (status and not leaving) or self._fed_ms - opened_ms < SHORTEST_STREAM_MS:
                raise SocketStatusError(status or _LOST)
            if partial is not None:
                # The next connection begins behind these words.
                yield Event(Kind.FINAL, partial.alternatives)
            await socket.close()

    def _status(self, socket: ClientConnection) -> int:
        """What the end of the connection means."""
        return self._wire.status(socket.close_code or _LOST, socket.close_reason or "")

    async def _opened(self) -> ClientConnection:
        """A connection whose vendor takes audio."""
        socket = await self._connected()
        refused = 0
        try:
            hello = self._wire.hello(self._sent)
            if hello:
                await socket.send(hello)
            async with asyncio.timeout(CONNECT_SECONDS):
                while self._wire.accepts and self._wire.accepts not in _told(await socket.recv()):
                    pass
        except ConnectionClosed:
            refused = self._status(socket) or _LOST
        if refused:
            raise SocketStatusError(refused)
        return socket

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
        """Sends the audio in pieces, and what is asked for between them. First what the connection before left unanswered."""
        with suppress(ConnectionClosed):
            for one in tuple(self._unanswered):
                await socket.send(self._wire.audio(one) if isinstance(one, bytes) else one)
            while True:
                message = await self._input_ch.get()
                if isinstance(message, bytes):
                    self._unsent += message
                ready: list[bytes | str] = []
                if self._unsent and (isinstance(message, str) or len(self._unsent) >= _PIECE_BYTES):
                    ready.append(bytes(self._unsent))
                    self._unsent.clear()
                if isinstance(message, str):
                    ready.append(message)
                # Kept before it is sent: the connection may end meanwhile.
                self._unanswered.extend(ready)
                for one in ready:
                    await socket.send(self._wire.audio(one) if isinstance(one, bytes) else one)


def _told(message: str | bytes) -> Mapping[str, Any]:
    """The object in a message, empty where there is none."""
    with suppress(ValueError):
        told = json.loads(message)
        if isinstance(told, dict):
            return told
    return {}
