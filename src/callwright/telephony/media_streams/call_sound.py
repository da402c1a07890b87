"""The sound of one call both ways, over one stream after another.

Pieces of any length become frames of 20 ms, and silence takes the place of what stays away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from callwright.media.intake import Intake
from callwright.ports.leg import LEG_FRAME_BYTES
from callwright.telephony.media_streams.framing import BadStreamError, SpeechFraming, SpeechSocket
from callwright.telephony.media_streams.speech_out import SpeechOut

QUALITY_LOOKS = 50
MOST_AHEAD = 3
"""Pieces that may come before one that they follow. When there are more, it is taken for lost."""


class PieceOrder:
    """Puts numbered pieces that come in another order back into theirs."""

    def __init__(self) -> None:
        self._next = 0
        self._ahead: dict[int, bytes] = {}

    def take(self, piece: bytes, number: int) -> list[bytes]:
        """What is to be heard now that a piece is there. One that comes when its time is over, or again, is dropped."""
        if number == 0:
            return [piece]
        if number < self._next:
            return []
        self._ahead[number] = piece
        if self._next == 0 or len(self._ahead) > MOST_AHEAD:
            self._next = min(self._ahead)
        heard = []
        while self._next in self._ahead:
            heard.append(self._ahead.pop(self._next))
            self._next += 1
        return heard


class CallSound:
    """It ``began`` with the first stream. ``out`` is the way to the far end, None while there is no stream."""

    def __init__(self, framing: SpeechFraming) -> None:
        self.out: SpeechOut | None = None
        self._framing = framing
        self._loop = asyncio.get_running_loop()
        self._intake: Intake | None = None
        self._order = PieceOrder()
        self._rest = b""
        self._sent = 0
        self._delay_ms = 0
        self._looks = 0

    @property
    def began(self) -> bool:
        """Whether there was a stream."""
        return self._intake is not None

    @property
    def delay_ms(self) -> int:
        """How much later than it was written the far end plays a frame, lately."""
        return self.out.playback.delay_ms if self.out is not None else self._delay_ms

    @property
    def rest_s(self) -> float:
        """How long what was written takes to be played, by all we know."""
        return self.out.playback.rest_s(self._loop.time()) if self.out is not None else 0.0

    def begin(self, deliver: Callable[[bytes], None]) -> None:
        """The caller's frames go to ``deliver`` from now on."""
        self._intake = Intake(self._loop.time(), deliver)

    def connect(self, socket: SpeechSocket, stream_id: str) -> None:
        """A stream is there."""
        self.out = SpeechOut(self._framing, socket, stream_id, self._delay_ms)
        self._order = PieceOrder()
        if self._intake is not None:
            self._intake.interrupted()

    def disconnect(self) -> None:
        """The stream is gone."""
        if self.out is not None:
            self._sent += self.out.playback.written
            self._delay_ms = self.out.playback.delay_ms
        self.out = None
        self._rest = b""
        if self._intake is not None:
            self._intake.interrupted()

    def take(self, mulaw: bytes, number: int = 0) -> None:
        """The caller's next piece. Raises BadStreamError when it comes faster than anybody speaks."""
        intake, now_s = self._intake, self._loop.time()
        if intake is None:
            return
        sound = b"".join((self._rest, *self._order.take(mulaw, number))) if number or self._rest else mulaw
        # Most vendors send frame by frame.
        whole = len(sound) - len(sound) % LEG_FRAME_BYTES
        self._rest = sound[whole:]
        for at in range(0, whole, LEG_FRAME_BYTES):
            if not intake.take(sound[at : at + LEG_FRAME_BYTES], now_s):
                raise BadStreamError("audio comes faster than anybody speaks")

    def look(self) -> bool:
        """To be called every tenth of a second or so: whether frames stay away, and whether some wait to be sent. Returns whether it is
        time to tell how the line is."""
        if self.out is not None:
            self.out.flush()
        if self._intake is not None:
            self._intake.fill(self._loop.time())
        self._looks += 1
        return self._looks % QUALITY_LOOKS == 0

    def quality(self, *, final: bool) -> dict[str, Any]:
        """The fact of that name (docs/reference/telephony.md)."""
        heard = self._intake.quality if self._intake is not None else None
        return {
            "rx_packets": heard.frames if heard is not None else 0,
            "rx_jitter_ms": round(heard.jitter_ms, 3) if heard is not None else 0,
            "jbuf_lost": heard.filled if heard is not None else 0,
            "jbuf_late": heard.late if heard is not None else 0,
            "tx_packets": self._sent + (self.out.playback.written if self.out is not None else 0),
            "rtt_ms": self.delay_ms,
            "one_way": "" if heard is not None and heard.frames else "no_audio_from_caller",
            "final": final,
        }
