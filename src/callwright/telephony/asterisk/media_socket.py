"""A media websocket as a client, on the event loop's own callbacks: a frame of audio costs no task and no queue."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from callwright.domain.limits import MAX_PBX_MEDIA_MESSAGE_BYTES, MAX_PBX_MEDIA_WAITING_BYTES, PBX_CONNECT_SECONDS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.telephony.asterisk.configuration import NAME

_QUIET = logging.getLogger(f"{__name__}.wire")
_QUIET.setLevel(logging.CRITICAL + 1)
"""The library logs the address, and with it the id that opens the channel."""
LOST = 0
"""The code of a websocket that broke off, or that we closed."""


@dataclass(frozen=True, slots=True)
class Place:
    """An IP address and a port to connect to, and the name that the certificate must have; ``tls`` is None in clear."""

    address: str
    port: int
    name: str
    tls: ssl.SSLContext | None = None


class MediaSocket(asyncio.Protocol):
    """One websocket. Messages before :meth:`listen` are dropped, but the first text, which is ``first`` once it is there."""

    def __init__(self, url: str) -> None:
        self.first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._protocol = ClientProtocol(
            parse_uri(url), subprotocols=[Subprotocol("media")], max_size=MAX_PBX_MEDIA_MESSAGE_BYTES, logger=_QUIET
        )
        self._transport: asyncio.Transport | None = None
        self._on_message: Callable[[str | bytes], None] | None = None
        self._on_end: Callable[[int], None] | None = None
        self._ended = False

    def listen(self, on_message: Callable[[str | bytes], None], on_end: Callable[[int], None]) -> None:
        """Hand every message from now on to ``on_message``, as it comes, and the code of the end to ``on_end``, once: the far end's, LOST
        where there is none."""
        self._on_message, self._on_end = on_message, on_end
        if self._transport is None:
            on_end(LOST)

    def send(self, *messages: str | bytes) -> None:
        """Send messages without waiting. A far end that does not read loses the websocket."""
        transport = self._transport
        if transport is None or self._protocol.state is not State.OPEN:
            return
        if transport.get_write_buffer_size() > MAX_PBX_MEDIA_WAITING_BYTES:
            transport.abort()
            return
        for message in messages:
            if isinstance(message, bytes):
                self._protocol.send_binary(message)
            else:
                self._protocol.send_text(message.encode())
        self._flush()

    def end(self) -> None:
        """Close. Returns at once, and nothing is reported any more. Safe to call twice."""
        self._on_message = self._on_end = None
        if self._ended or self._transport is None:
            return
        self._ended = True
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
        # What is written is sent before it is closed.
        self._transport.close()

    # -- asyncio.Protocol ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the websocket."""
        # No isinstance: the transports of uvloop have another base.
        self._transport = cast(asyncio.Transport, transport)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes of the far end."""
        self._protocol.receive_data(data)
        self._take()
        self._flush()

    def eof_received(self) -> bool:
        """The far end sends no more."""
        self._protocol.receive_eof()
        self._take()
        self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport = None
        if not self.first.done():
            self.first.set_exception(_refused("the media websocket closed before it began"))
            # Nobody may wait for it any more.
            self.first.exception()
        on_end, self._on_message, self._on_end = self._on_end, None, None
        if on_end is not None:
            closed = self._protocol.close_rcvd
            on_end(LOST if closed is None or self._ended else int(closed.code))

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        transport = self._transport
        if transport is None:
            return
        for data in self._protocol.data_to_send():
            if data:
                transport.write(data)
            else:
                transport.close()

    def _take(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                if self._protocol.handshake_exc is not None and not self.first.done():
                    self.first.set_exception(_refused(f"the media websocket was refused with {event.status_code}"))
            elif isinstance(event, Frame):
                self._frame(event)

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY and frame.fin:
            self._message(bytes(frame.data))
        elif frame.opcode is Opcode.TEXT and frame.fin:
            self._message(bytes(frame.data).decode(errors="replace"))
        elif frame.opcode in (Opcode.BINARY, Opcode.TEXT):
            # Asterisk sends every message in one frame, so that none has to be put together.
            self._protocol.fail(CloseCode.POLICY_VIOLATION)

    def _message(self, message: str | bytes) -> None:
        if self._on_message is not None:
            self._on_message(message)
        elif isinstance(message, str) and not self.first.done():
            self.first.set_result(message)


async def connect_media(place: Place, url: str) -> MediaSocket:
    """Connect, and wait for the first message. Raises ProviderError."""
    loop = asyncio.get_running_loop()
    socket = MediaSocket(url)
    begun = False
    try:
        async with asyncio.timeout(PBX_CONNECT_SECONDS):
            await loop.create_connection(
                lambda: socket,
                place.address,
                place.port,
                ssl=place.tls,
                server_hostname=place.name if place.tls is not None else None,
            )
            await asyncio.shield(socket.first)
            begun = True
    except TimeoutError:
        raise _refused(f"the media websocket did not begin within {PBX_CONNECT_SECONDS} s") from None
    except OSError as error:
        raise _refused(f"the media websocket cannot be opened: {error.strerror or type(error).__name__}") from None
    finally:
        if not begun:
            socket.end()
    return socket


def _refused(message: str) -> ProviderError:
    return ProviderError(FailureKind.UNAVAILABLE, NAME, message)
