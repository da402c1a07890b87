"""The server's end of the socket to the SIP gateway: messages by call number, one write for everything of one turn of the event loop.

Fifty calls write a frame each in the same 20 ms tick; one write per tick instead of fifty is what makes the socket cheap.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Any, Protocol, cast

from callwright.domain.limits import SIP_GATEWAY_BACKLOG_BYTES
from callwright.telephony.sip.wire import GATEWAY, MAX_AUDIO_BYTES, Reader, WireError, audio, control

_LOG = logging.getLogger(__name__)


class Switchboard(Protocol):
    """Where messages of the gateway go. Neither method may raise."""

    def control(self, call: int, message: Mapping[str, Any]) -> None:
        """A control message about a call, or about the gateway itself (call 0)."""

    def audio(self, call: int, frames: bytes) -> None:
        """Whole frames of a caller, in order."""


class GatewayLink(asyncio.Protocol):
    """One connection to one life of the gateway. ``lost`` is done, with the reason, once nothing comes any more. ``used`` is set at every
    message of a call."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._reader = Reader()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pending: list[bytes | tuple[int, bytearray]] = []
        self._audio: dict[int, bytearray] = {}
        self._why = "it closed the connection"
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self.used = asyncio.Event()

    @classmethod
    async def open(cls, ours: socket.socket, switchboard: Switchboard) -> GatewayLink:
        """Take over our end of the socket pair."""
        loop = asyncio.get_running_loop()
        _, link = await loop.create_unix_connection(lambda: cls(switchboard), sock=ours)
        return link

    # -- to the gateway --------------------------------------------------------------------------------------------------------

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message. Dropped when the gateway is gone: whoever waits for an answer hears of the loss. Raises WireError when it is
        too long."""
        message = control(call, kind, **values)
        if call != GATEWAY:
            self.used.set()
        self._audio.pop(call, None)
        self._add(message)

    def write(self, call: int, frame: bytes) -> None:
        """A frame of the agent's audio; it keeps its place between the call's control messages."""
        open_audio = self._audio.get(call)
        if open_audio is not None and len(open_audio) < MAX_AUDIO_BYTES:
            open_audio += frame
            return
        frames = self._audio[call] = bytearray(frame)
        self._add((call, frames))

    def _add(self, message: bytes | tuple[int, bytearray]) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(message)

    def _flush(self) -> None:
        data = b"".join(one if isinstance(one, bytes) else audio(one[0], bytes(one[1])) for one in self._pending)
        self._pending.clear()
        self._audio.clear()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > SIP_GATEWAY_BACKLOG_BYTES:
            self.abort("it does not read what it is sent")

    def abort(self, why: str) -> None:
        """Give this gateway up."""
        self._why = why
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of the gateway."""
        try:
            for call, message in self._reader.feed(data):
                if call != GATEWAY:
                    self.used.set()
                if isinstance(message, bytes):
                    self._switchboard.audio(call, message)
                else:
                    self._switchboard.control(call, message)
        except WireError as error:
            _LOG.error("the SIP gateway sent what is no message: %s", error)
            self.abort(f"it sent what is no message: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """The gateway closed its end, or died."""
        if not self.lost.done():
            self.lost.set_result(f"{self._why} ({exc})" if exc is not None else self._why)
