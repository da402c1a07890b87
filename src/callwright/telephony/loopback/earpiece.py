"""The far end's playout: what the agent's side wrote, played 20 ms at a time, and how smoothly it came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from callwright.media.framing import FRAME_MS, MULAW_SILENCE

BUFFER_MS = 60
"""What the agent's side may be ahead of real time."""
MOST_FRAMES = 10
"""Frames the line takes at most; more are dropped, like by any telephone's jitter buffer."""
LONGEST_HOLE_FRAMES = 15
"""A silence longer than this (300 ms) between two sounds is a pause of the speaker and no hole in the sound."""


@dataclass(slots=True)
class LineQuality:
    """What the far end noticed. ``starved_frames``: silent 20 ms slots inside the agent's sound, in ``holes`` separate places.

    ``dropped_frames`` were written although the buffer was full.
    """

    played_frames: int = 0
    starved_frames: int = 0
    holes: int = 0
    dropped_frames: int = 0


class Earpiece:
    """Frames (mu-law, 160 bytes) in, one per tick out."""

    def __init__(self) -> None:
        self.quality = LineQuality()
        self._frames: deque[bytes] = deque()
        self._hole_frames = 0
        self._sounding = False

    @property
    def waiting_ms(self) -> int:
        """Audio written and not yet played."""
        return len(self._frames) * FRAME_MS

    def write(self, frame: bytes) -> None:
        """The next frame. Dropped and counted when the buffer is full."""
        if len(self._frames) >= MOST_FRAMES:
            self.quality.dropped_frames += 1
        else:
            self._frames.append(frame)

    def clear(self) -> None:
        """Drop what is not played; the silence that follows is meant."""
        self._frames.clear()
        self._sounding = False

    def play(self) -> bytes | None:
        """The frame of this tick, or None for silence."""
        if not self._frames:
            if self._sounding:
                self._hole_frames += 1
                self._sounding = self._hole_frames <= LONGEST_HOLE_FRAMES
            return None
        frame = self._frames.popleft()
        silent = frame.count(MULAW_SILENCE[0]) + frame.count(0x7F) > len(frame) // 2
        if self._hole_frames and self._sounding and not silent:
            self.quality.starved_frames += self._hole_frames
            self.quality.holes += 1
        self._hole_frames = 0
        self._sounding = not silent
        self.quality.played_frames += 1
        return frame
