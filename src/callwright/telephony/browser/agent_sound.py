"""The agent's sound on its way to the page: made as wide as the page plays it, and sent a few frames at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from callwright.media.framing import FRAME_MS
from callwright.media.g711 import pcm_of_mulaw
from callwright.media.half_band import Doubler
from callwright.media.playback import Playback
from callwright.ports.door import DoorSocket
from callwright.telephony.browser.wire import WIDE_FRAME_BYTES, Close, Wire

FRAMES_TOGETHER = 4
"""Frames that are made wide and sent at once while the page has others to play: most of the cost is the same for one frame and for four."""
HELD_SECONDS = FRAMES_TOGETHER * FRAME_MS / 1000
"""A frame that no other follows is sent this much later."""


class Connection:
    """A websocket of a page, and what is spoken on it."""

    def __init__(self, socket: DoorSocket, wire: Wire) -> None:
        self.socket = socket
        self.wire = wire

    def say(self, kind: str, **values: Any) -> None:
        """Send a control message."""
        self.socket.send(self.wire.control(kind, **values))

    def refuse(self, code: str, message: str, close: Close) -> None:
        """Say what is wrong, and close. Nothing is said after it."""
        self.say("error", code=code, message=message)
        self.socket.end(close)


class AgentSound:
    """What is written for the page. ``playback`` is what of it the page has played."""

    def __init__(self) -> None:
        self.playback = Playback()
        self._loop = asyncio.get_running_loop()
        self._doubler = Doubler()
        self._connection: Connection | None = None
        self._unsent: list[bytes] = []
        self._flushing: asyncio.Handle | None = None
        self._soon = False

    def connect(self, connection: Connection | None) -> None:
        """Send to this connection from now on, from its frame 0; None: to nobody."""
        self._drop_unsent()
        self._connection = connection
        if connection is not None:
            self.playback = Playback(self.playback.delay_ms)

    def write(self, frame: bytes) -> None:
        """The next 20 ms (mu-law)."""
        if self._connection is None:
            return
        dry = self.playback.wrote(self._loop.time())
        self._unsent.append(frame)
        if dry:
            # With those that are written in the same moment.
            self._soon = True
            self._flush_by(self._loop.call_soon(self.flush))
        elif self._flushing is None:
            self._flush_by(self._loop.call_later(HELD_SECONDS, self.flush))
        elif len(self._unsent) >= FRAMES_TOGETHER and not self._soon:
            self.flush()

    def flush(self) -> None:
        """Send what is held back."""
        if self._unsent and self._connection is not None:
            wide = self._doubler.feed(pcm_of_mulaw(b"".join(self._unsent)))
            frames = [wide[at : at + WIDE_FRAME_BYTES] for at in range(0, len(wide), WIDE_FRAME_BYTES)]
            self._connection.socket.send(*self._connection.wire.audio(frames))
        self._drop_unsent()

    def clear(self) -> None:
        """Drop what was not played."""
        self.playback.clear(self._loop.time(), len(self._unsent))
        self._drop_unsent()
        if self._connection is not None:
            self._connection.say("clear")
            if not self._connection.wire.tells_dropped:
                self.playback.dropped(self.playback.written)

    def _flush_by(self, handle: asyncio.Handle | None) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
        self._flushing = handle

    def _drop_unsent(self) -> None:
        self._unsent.clear()
        self._soon = False
        self._flush_by(None)

    def rest_s(self) -> float:
        """How long what was written takes to be played, by all we know."""
        return self.playback.rest_s(self._loop.time())
