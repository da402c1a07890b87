"""The agent's sound on its way to a media websocket, and what of it was played by the marks that come back."""

from __future__ import annotations

import asyncio

from callwright.media.playback import Playback
from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.media_streams.framing import SpeechFraming, SpeechSocket

FRAMES_TOGETHER = 4
"""Frames in one message while others are being played."""
MARK_EVERY_FRAMES = 10
PAUSE_SECONDS = 0.05
"""The agent pauses when no frame was written for so long: what is too short for a message of the vendor then waits no longer."""


class SpeechOut:
    """What is written for one stream. ``playback`` is what of it was played."""

    def __init__(self, framing: SpeechFraming, socket: SpeechSocket, stream_id: str, delay_ms: int = 0) -> None:
        self.playback = Playback(delay_ms)
        self._framing = framing
        self._socket = socket
        self._stream_id = stream_id
        self._loop = asyncio.get_running_loop()
        self._unsent: list[bytes] = []
        self._soon = False
        self._written_s = 0.0
        self._pausing: asyncio.TimerHandle | None = None
        self._marked = 0
        self._cleared = 0

    def write(self, *frames: bytes) -> None:
        """The next frames of 20 ms (mu-law)."""
        self._written_s = self._loop.time()
        dry = self.playback.wrote(self._written_s, len(frames))
        self._unsent += frames
        if self._soon:
            return
        least = self._framing.least_frames
        if len(self._unsent) >= max(FRAMES_TOGETHER, least):
            self.flush()
        elif dry and least == 1:
            # With those that are written in the same moment.
            self._soon = True
            self._loop.call_soon(self.flush)
        elif least > 1 and self._pausing is None:
            self._pausing = self._loop.call_later(PAUSE_SECONDS, self._paused)

    def flush(self, *, last: bool = False) -> None:
        """Send what is held back. To be called every tenth of a second or so. ``last``: with a mark, for it is waited for. What is too
        short for a message of the vendor stays until it is long enough, the agent pauses, or it is the last."""
        self._soon = False
        messages = self._taken() if last or len(self._unsent) >= self._framing.least_frames else []
        written = self.playback.written - len(self._unsent)
        if written - self._marked >= MARK_EVERY_FRAMES or (last and written > self._marked):
            self._marked = written
            messages.append(self._framing.mark_of(self._stream_id, str(written)))
        if messages:
            self._socket.send(*messages)

    def _paused(self) -> None:
        self._pausing = None
        rest_s = self._written_s + PAUSE_SECONDS - self._loop.time()
        if self._unsent and rest_s > 0:
            self._pausing = self._loop.call_later(rest_s, self._paused)
        elif messages := self._taken():
            self._socket.send(*messages)

    def _taken(self) -> list[str | bytes]:
        """The messages with what is held back, if anything is."""
        unsent = self._unsent
        if not unsent:
            return []
        for _ in range(self._framing.least_frames - len(unsent)):
            unsent.append(SILENCE_FRAME)
            self.playback.wrote(self._loop.time())
        messages = list(self._framing.sound_of(self._stream_id, unsent))
        unsent.clear()
        return messages

    def clear(self) -> None:
        """Drop what was not played."""
        self.playback.clear(self._loop.time(), len(self._unsent))
        self._unsent.clear()
        self._socket.send(self._framing.clear_of(self._stream_id))
        self._cleared = self._marked = self.playback.written
        self.playback.dropped(self._cleared)

    def marked(self, name: str) -> None:
        """A mark came back. Those of what was cleared say nothing, and what is none of ours is passed over."""
        position = int(name) if name.isascii() and name.isdigit() and len(name) < 12 else 0
        if position > self._cleared:
            self.playback.report(position, self._loop.time())
