"""The audio of one call in the gateway: what comes from the caller, made steady, and what goes to the caller, kept short. Pure.

The stack hands over what its jitter buffer releases: a lost packet is simply missing, and nothing comes while the far end is silent or
holds us. ``CallerAudio`` turns that into 20 ms for every 20 ms. ``AgentAudio`` holds what the stack must not hold yet, so that little is
lost to sight when the agent is interrupted.
"""

from __future__ import annotations

import warnings
from collections import deque
from itertools import islice

from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME

with warnings.catch_warnings():
    # The module left the standard library with Python 3.13; from there on audioop-lts provides it under the same name.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

WIDTH = 2
FRAME_PCM_BYTES = LEG_FRAME_BYTES * WIDTH
SILENT_PCM = bytes(FRAME_PCM_BYTES)
HELD_MOST_BYTES = 3 * FRAME_PCM_BYTES
"""60 ms: the most that waits in the stack."""
WAITING_MOST_FRAMES = 512
"""Most frames that wait in the gateway for the stack to take them (10 s); the server's pacer sends 3 ahead."""
START_FRAMES = 2
LATE_MOST_FRAMES = 15
SETTLE_TICKS = 150
QUIET_RMS = 150
FADES = (0.7, 0.35)


class CallerAudio:
    """Frames of the caller, one for every tick once audio flows.

    Sound begins with the second frame, so that a little unevenness is no loss. A frame that is not there when it is due is concealed (the
    last one again, fading, then silence) and counted; when it comes after all, everything is one frame later from then on. When nothing
    was late for three seconds, that delay is taken back in a quiet frame.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._waiting: deque[bytes] = deque()
        self._last = SILENT_PCM
        self._missing = 0
        self._flowing = False
        self._primed = False
        self._settled_ticks = 0
        self._spare_frames = LATE_MOST_FRAMES
        self.frames_received = 0
        self.frames_concealed = 0
        self.frames_dropped = 0

    @property
    def flowing(self) -> bool:
        """True from the first frame on, or from ``start``."""
        return self._flowing

    def start(self) -> None:
        """From now on there is a frame for every tick, whether anything comes or not (the call is answered)."""
        self._flowing = True

    def feed(self, pcm: bytes) -> int:
        """PCM as the stack released it. Returns the whole frames that it completed."""
        pcm = self._rest + pcm
        whole = len(pcm) // FRAME_PCM_BYTES
        self._rest = pcm[whole * FRAME_PCM_BYTES :]
        self._waiting.extend(pcm[at * FRAME_PCM_BYTES : (at + 1) * FRAME_PCM_BYTES] for at in range(whole))
        self.frames_received += whole
        while len(self._waiting) > LATE_MOST_FRAMES:
            self._waiting.popleft()
            self.frames_dropped += 1
        return whole

    def take(self, ticks: int, *, expected: bool = True) -> bytes:
        """The mu-law frames that are due after ``ticks`` ticks. ``expected``: false while the far end rightly sends nothing (hold), so
        that nothing is missing."""
        if not self._primed and len(self._waiting) >= START_FRAMES:
            self._primed = self._flowing = True
        if not self._flowing:
            return b""
        return b"".join(self._next(expected) for _ in range(ticks))

    def _next(self, expected: bool) -> bytes:
        if not self._primed:
            return SILENCE_FRAME
        if not self._waiting:
            return self._concealed(expected)
        frame = self._waiting.popleft()
        self._settle()
        self._last, self._missing = frame, 0
        return bytes(audioop.lin2ulaw(frame, WIDTH))

    def _concealed(self, expected: bool) -> bytes:
        self._settled_ticks, self._spare_frames = 0, LATE_MOST_FRAMES
        if not expected:
            # What comes after is a new beginning.
            self._primed = False
            return SILENCE_FRAME
        self.frames_concealed += 1
        self._missing += 1
        if self._missing > len(FADES):
            return SILENCE_FRAME
        return bytes(audioop.lin2ulaw(audioop.mul(self._last, WIDTH, FADES[self._missing - 1]), WIDTH))

    def _settle(self) -> None:
        """Take back delay that was not needed for a while."""
        self._spare_frames = min(self._spare_frames, len(self._waiting))
        self._settled_ticks += 1
        if self._settled_ticks < SETTLE_TICKS:
            return
        if self._spare_frames == 0:
            self._settled_ticks, self._spare_frames = 0, LATE_MOST_FRAMES
        elif audioop.rms(self._waiting[0], WIDTH) < QUIET_RMS:
            self._waiting.popleft()
            self.frames_dropped += 1
            self._settled_ticks, self._spare_frames = 0, LATE_MOST_FRAMES


class AgentAudio:
    """Frames to the caller that the stack was not given yet."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self.frames_refused = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, frames: bytes) -> None:
        """Whole mu-law frames, in order. What is more than ``WAITING_MOST_FRAMES`` is refused and counted."""
        for at in range(0, len(frames), LEG_FRAME_BYTES):
            if len(self._waiting) >= WAITING_MOST_FRAMES:
                self.frames_refused += 1
            else:
                self._waiting.append(frames[at : at + LEG_FRAME_BYTES])

    def due(self, held_bytes: int) -> bytes:
        """The PCM the stack may be given now that it holds ``held_bytes``; tell ``given`` what it took."""
        room = (HELD_MOST_BYTES - held_bytes) // FRAME_PCM_BYTES
        count = min(room, len(self._waiting))
        if count <= 0:
            return b""
        return bytes(audioop.ulaw2lin(b"".join(islice(self._waiting, count)), WIDTH))

    def given(self, taken_bytes: int) -> None:
        """The stack took so much of what was due."""
        for _ in range(taken_bytes // FRAME_PCM_BYTES):
            self._waiting.popleft()

    def clear(self) -> None:
        """Drop everything."""
        self._waiting.clear()
