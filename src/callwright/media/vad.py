"""Voice activity: a detector by energy that needs no model, and the gate that makes beginnings and ends of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import log10

from callwright.media.framing import FRAME_MS
from callwright.media.g711 import loudness

_QUIETEST_DB = 20.0
"""Below this level (rms 10 of 32,768) nothing is speech, whatever the floor."""
_START_FLOOR_DB = 34.0
_RISE_DB_PER_FRAME = 0.06
"""How fast the noise floor follows a louder room: 3 dB a second. A quieter one is followed at once."""
_FIRST_RISE_DB_PER_FRAME = 0.24
"""The same in the first second of a call, when the floor is only a guess."""
_FIRST_FRAMES = 50
_RECENT_FRAMES = 150
"""Three seconds of sound, in which a speaker draws breath."""
_LOUDEST_ROOM_DB = 46.0
"""Noise louder than this is not told from speech without a pause."""
_LIKELY_DB = 9.0
"""A frame this much above the floor is as likely speech as not."""
_SLOPE_DB = 3.0


class EnergyVad:
    """``ports.speech.VadStream``: a frame's level against a noise floor that adapts. About 1 microsecond a frame."""

    def __init__(self) -> None:
        self._floor_db = _START_FLOOR_DB
        self._frames = 0
        self._recent_db: deque[float] = deque(maxlen=_RECENT_FRAMES)

    def feed(self, pcm: bytes) -> int:
        """The next 20 ms; returns how likely they are speech, 0..255.

        Digital silence (a lost packet, a muted microphone) is no speech and says little of the room. Were it taken for the room's floor,
        the noise that goes on behind it would be speech for seconds; so the floor is then what was the quietest sound lately.
        """
        loud = loudness(pcm)
        if not loud:
            self._forget_speech()
            return 0
        level_db = 20 * log10(loud)
        self._recent_db.append(level_db)
        if level_db < self._floor_db:
            self._floor_db = max(_QUIETEST_DB, level_db)
        else:
            rise_db = _RISE_DB_PER_FRAME if self._frames >= _FIRST_FRAMES else _FIRST_RISE_DB_PER_FRAME
            self._floor_db += min(rise_db, level_db - self._floor_db)
        self._frames += 1
        above_db = level_db - max(self._floor_db, _QUIETEST_DB)
        share = 0.5 + (above_db - _LIKELY_DB) / (4 * _SLOPE_DB)
        return max(0, min(255, round(255 * share)))

    def _forget_speech(self) -> None:
        """The floor has risen while somebody spoke: it goes back, however loud they were."""
        if self._recent_db:
            quietest_db = min(*self._recent_db, _LOUDEST_ROOM_DB)
            self._floor_db = min(self._floor_db, max(_START_FLOOR_DB, quietest_db))
            self._recent_db.clear()


@dataclass(frozen=True, slots=True)
class Activity:
    """A change of voice activity. ``audio_ms``: where the voice began, or where its last voiced frame ended."""

    began: bool
    audio_ms: int


class ActivityGate:
    """Turns a probability per 20 ms into beginnings and ends.

    Voice begins when ``onset_ms`` of the last ``onset_ms`` + 20 are voiced, and ends when ``hangover_ms`` passed without a voiced frame.
    Once it began, half the threshold keeps it. Positions count the audio pushed, not the clock.
    """

    def __init__(self, threshold: int = 128, onset_ms: int = 60, hangover_ms: int = 200) -> None:
        self._threshold = threshold
        self._onset_frames = max(1, onset_ms // FRAME_MS)
        self._hangover_ms = hangover_ms
        self._recent: deque[bool] = deque(maxlen=self._onset_frames + 1)
        self._position_ms = 0
        self._last_voiced_ms = 0
        self._active = False
        self.voiced = False
        """Whether the newest 20 ms are voice, the hangover not included."""

    @property
    def active(self) -> bool:
        """Whether there is voice, the hangover included."""
        return self._active

    @property
    def position_ms(self) -> int:
        """How much audio was pushed."""
        return self._position_ms

    @property
    def last_voiced_ms(self) -> int:
        """Where the last voiced frame of the present or last activity ended."""
        return self._last_voiced_ms

    def push(self, probability: int) -> Activity | None:
        """The next 20 ms' probability (0..255). Returns the change it makes, if any."""
        self._position_ms += FRAME_MS
        self.voiced = False
        if self._active:
            return self._go_on(probability)
        loud = probability >= self._threshold
        self._recent.append(loud)
        return self._begin() if loud else None

    def _begin(self) -> Activity | None:
        if sum(self._recent) < self._onset_frames:
            return None
        first = len(self._recent) - list(self._recent).index(True)
        self._recent.clear()
        self._active = self.voiced = True
        self._last_voiced_ms = self._position_ms
        return Activity(True, self._position_ms - first * FRAME_MS)

    def _go_on(self, probability: int) -> Activity | None:
        if probability >= self._threshold // 2:
            self.voiced = True
            self._last_voiced_ms = self._position_ms
        elif self._position_ms - self._last_voiced_ms >= self._hangover_ms:
            self._active = False
            return Activity(False, self._last_voiced_ms)
        return None
