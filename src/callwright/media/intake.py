"""The caller's side of a call over a websocket: frames as they come, and silence where they stay away.

A frame is passed on when it arrives, so that a good line adds no delay. Frames that are held up arrive together and none is lost. Silence
takes the place of those that stay away for longer than LATE_MS; what of them comes afterwards is dropped, because its time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from callwright.media.framing import FRAME_MS, MULAW_SILENCE

LATE_MS = 200
"""A frame that is later is taken for lost."""
EARLY_MS = 60
"""A frame that is earlier shows that the frames before it were held up."""
TOGETHER_MS = 10
"""Frames that come sooner after one another were held up."""
MOST_FRAMES_A_SECOND = 55
"""A far end's clock may be a little fast. One that sends more for long sends no live sound."""
MOST_AT_ONCE = 300
"""Frames that may come at once after a line that stood still: 6 s."""
_FRAME_S = FRAME_MS / 1000


@dataclass(slots=True)
class IntakeQuality:
    """``filled``: frames of silence in the place of frames that stayed away; ``late``: frames that came after all and were dropped.
    ``jitter_ms``: how much earlier or later than even the pieces came, smoothed as that of RTP (RFC 3550 6.4.1)."""

    frames: int = 0
    filled: int = 0
    late: int = 0
    jitter_ms: float = 0.0


class Intake:
    """Frames (mu-law, 160 bytes) of one call. Times are seconds that never go back; ``began_s`` is that of the answer."""

    __slots__ = (
        "_begins_s",
        "_credit",
        "_deliver",
        "_delivered",
        "_is_interrupted",
        "_owed",
        "_piece_frames",
        "_piece_s",
        "heard_s",
        "quality",
    )

    def __init__(self, began_s: float, deliver: Callable[[bytes], None]) -> None:
        self.quality = IntakeQuality()
        self.heard_s = began_s
        self._deliver = deliver
        self._begins_s = began_s
        self._delivered = 0
        self._owed = 0
        self._piece_s = began_s
        self._piece_frames = 0
        self._credit = float(MOST_AT_ONCE)
        self._is_interrupted = False

    def take(self, frame: bytes, now_s: float) -> bool:
        """The next frame. False when the far end sends faster than anybody speaks; then it is not passed on."""
        self._time(now_s)
        self._is_interrupted = False
        after_s = now_s - self.heard_s
        self._credit = min(MOST_AT_ONCE, self._credit + after_s * MOST_FRAMES_A_SECOND) - 1
        self.heard_s = now_s
        if self._credit < 0:
            return False
        quality = self.quality
        early_s = self._begins_s + self._delivered * _FRAME_S - now_s
        if not quality.frames:
            # The microphone begins some time after the answer, and the line takes its time: they say nothing of later frames.
            self._begins_s -= early_s
            self._owed = 0
        elif self._owed and self._is_late(after_s):
            self._owed -= 1
            quality.frames += 1
            quality.late += 1
            return True
        elif early_s > EARLY_MS / 1000:
            # The frames before it were held up, when the time of the first was taken: it was earlier.
            self._begins_s -= early_s
        quality.frames += 1
        self._delivered += 1
        self._deliver(frame)
        return True

    def interrupted(self) -> None:
        """The far end's connection is gone, or another one took its place. Up to the next frame silence is delivered as before, but no
        frame that stays away was lost on the line, and none comes late."""
        self._is_interrupted = True
        self._owed = 0
        self._piece_frames = 0

    def fill(self, now_s: float) -> None:
        """Put silence where frames have stayed away. Call it every tenth of a second or so."""
        missing = int((now_s - self._begins_s - LATE_MS / 1000) / _FRAME_S) - self._delivered
        for _ in range(missing):
            self._delivered += 1
            self._deliver(MULAW_SILENCE)
        if missing > 0 and not self._is_interrupted:
            self._owed += missing
            if self.quality.frames:
                self.quality.filled += missing

    def _time(self, now_s: float) -> None:
        """The next frame comes now. Frames that come together are one piece, which is timed against the length of the one before."""
        after_ms = (now_s - self._piece_s) * 1000
        if self._piece_frames and after_ms < TOGETHER_MS:
            self._piece_frames += 1
            return
        if self._piece_frames:
            off_ms = min(abs(after_ms - self._piece_frames * FRAME_MS), LATE_MS)
            self.quality.jitter_ms += (off_ms - self.quality.jitter_ms) / 16
        self._piece_s, self._piece_frames = now_s, 1

    def _is_late(self, after_s: float) -> bool:
        """Whether a frame is one of those whose time is over. They come together, the first after a long time; live ones come one by one,
        and then the others were lost."""
        late = after_s < TOGETHER_MS / 1000 or after_s >= LATE_MS / 1000
        if not late:
            self._owed = 0
        return late
