"""The agent's sound on its way to the page: made as wide as the page plays it, and sent a few frames at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from callwright.media.framing import FRAME_MS
from callwright.media.g711 import loudness, pcm_of_mulaw
from callwright.media.half_band import Doubler
from callwright.media.playback import Playback
from callwright.ports.door import DoorSocket
from callwright.telephony.browser.wire import PIECE_GAP_SECONDS, WIDE_FRAME_BYTES, Close, Wire

FRAMES_TOGETHER = 4
"""Frames that are made wide and sent at once while the page has others to play: most of the cost is the same for one frame and for four."""
PIECE_LEAD_SECONDS = 0.3
"""A piece is sent so long before the page has played the one before it."""
QUIET = 300
"""A frame is quiet below this loudness (16-bit samples): between words."""
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
        self._sent_until_s = 0.0
        self._gap_s = 0.0
        self._connection: Connection | None = None
        self._unsent: list[bytes] = []
        self._flushing: asyncio.Handle | None = None
        self._soon = False

    def connect(self, connection: Connection | None) -> None:
        """Send to this connection from now on, from its frame 0; None: to nobody."""
        self._drop_unsent()
        self._connection = connection
        if connection is not None:
            self._gap_s = PIECE_GAP_SECONDS if connection.wire.piecewise else 0.0
            self._sent_until_s = 0.0
            self.playback = Playback(self.playback.delay_ms, self._gap_s)

    def write(self, frame: bytes) -> None:
        """The next 20 ms (mu-law)."""
        if self._connection is None:
            return
        dry = self.playback.wrote(self._loop.time())
        self._unsent.append(frame)
        if self._connection.wire.piecewise:
            self._hold_piece()
        elif dry:
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
            begins_s = max(self._loop.time(), self._sent_until_s)
            self._sent_until_s = begins_s + len(self._unsent) * FRAME_MS / 1000 + self._gap_s
            frames = [wide[at : at + WIDE_FRAME_BYTES] for at in range(0, len(wide), WIDE_FRAME_BYTES)]
            self._connection.socket.send(*self._connection.wire.audio(frames))
        self._drop_unsent()

    def _hold_piece(self) -> None:
        """Send what is held just before the page has played what it has: the longer a piece, the fewer pauses."""
        if self._flushing is None:
            rest_s = self._sent_until_s - self._loop.time() - PIECE_LEAD_SECONDS
            self._flush_by(self._loop.call_later(max(0.0, rest_s), self._send_piece))

    def _send_piece(self) -> None:
        """A piece ends where it is quiet, if that is in its second half."""
        held = self._unsent
        quiet = (at for at in range(len(held), len(held) // 2, -1) if loudness(pcm_of_mulaw(held[at - 1])) < QUIET)
        cut = next(quiet, len(held))
        self._unsent, rest = held[:cut], held[cut:]
        self.flush()
        self._unsent = rest
        if rest:
            self._hold_piece()

    def clear(self) -> None:
        """Drop what was not played."""
        self.playback.clear(self._loop.time(), len(self._unsent))
        self._sent_until_s = 0.0
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
