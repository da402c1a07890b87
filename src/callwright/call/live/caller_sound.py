"""Whether anything is heard of the caller, and how loud: one-way audio is found here too, whatever the carrier says or does not say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log10

from callwright.call.live.runner import CallRunner
from callwright.call.live.timers import Timer, Timers
from callwright.domain.limits import ONE_WAY_SECONDS
from callwright.media.framing import FRAME_MS
from callwright.media.g711 import loudness, pcm_of_mulaw

NO_AUDIO_FROM_CALLER = "no_audio_from_caller"

#: Mu-law of digital silence: both zeros, and the smallest steps, which A-law's silence becomes. Even a muffled microphone is louder.
_DIGITAL_SILENCE = b"\xff\x7f\xfe\x7e"

_QUIETEST_DB = -90
_FULL_SCALE = 32_768
_CLIPPED_SAMPLES = 8
"""Samples of one frame at full scale: one or two are a loud voice, so many are its top cut off."""
_CLIPPED_RMS = 7_000


@lru_cache(maxsize=_FULL_SCALE + 1)
def _db(rms: int) -> int:
    """Root mean square in whole dBFS. Remembered: a logarithm for every frame of every call would be most of the work here."""
    return max(_QUIETEST_DB, round(20 * log10(max(1, rms) / _FULL_SCALE)))


class Levels:
    """How loud frames were: counts by whole dBFS, which cost the same for a call of any length."""

    def __init__(self) -> None:
        self._counts = [0] * (1 - _QUIETEST_DB)
        self.frames = 0

    def add(self, rms: int) -> None:
        """A frame with this root mean square, 0..32768."""
        self._counts[_db(rms) - _QUIETEST_DB] += 1
        self.frames += 1

    def median_db(self) -> int | None:
        """The level that half of the frames do not exceed; None without any."""
        return None if not self.frames else _QUIETEST_DB + _position(self._counts, (self.frames + 1) // 2)


def _position(counts: Sequence[int], wanted: int) -> int:
    """The first index up to which at least ``wanted`` are counted."""
    seen = 0
    for index, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return index
    return len(counts) - 1


class CallerSound:
    """Counts the caller's frames and notes when the first one came that is not digital silence. Measures voice, noise and clipping.

    When there was none ONE_WAY_SECONDS after the answer, the fact ``one_way`` is written once. Sound that comes later does not unsay it:
    for that long the call was one-way.
    """

    def __init__(self, runner: CallRunner, timers: Timers) -> None:
        self._runner = runner
        self._timers = timers
        self._timer: Timer | None = None
        self._answered_us = 0
        self.frames = 0
        self.from_ms: int | None = None
        self.voice = Levels()
        self.noise = Levels()
        self.clipped_frames = 0
        self.clipped_from_ms: int | None = None

    def answered(self) -> None:
        """From now on the caller should be heard."""
        self._answered_us = self._runner.now_us()
        self._timer = self._timers.after_us(ONE_WAY_SECONDS * 1_000_000, self._nothing_heard)

    def frame(self, mulaw: bytes, voiced: bool = False) -> None:
        """The caller's next frame, and whether the detector took it for voice. Digital silence has no level: no microphone sends it."""
        self.frames += 1
        if not mulaw.strip(_DIGITAL_SILENCE):
            return
        if self.from_ms is None:
            self.from_ms = (self._runner.now_us() - self._answered_us) // 1000
            self.over()
        rms = loudness(pcm_of_mulaw(mulaw))
        (self.voice if voiced else self.noise).add(rms)
        # The two codes of full scale, which nothing louder can exceed; so many of them alone make a frame this loud.
        if rms >= _CLIPPED_RMS and mulaw.count(0x80) + mulaw.count(0x00) >= _CLIPPED_SAMPLES:
            self.clipped_frames += 1
            if self.clipped_from_ms is None:
                self.clipped_from_ms = (self.frames - 1) * FRAME_MS

    def measured(self) -> dict[str, int | None]:
        """The levels of the call, for its log: medians in dBFS, None where there was nothing to measure."""
        return {
            "voiced_frames": self.voice.frames,
            "unvoiced_frames": self.noise.frames,
            "speech_db": self.voice.median_db(),
            "noise_db": self.noise.median_db(),
            "clipped_frames": self.clipped_frames,
            "clipped_from_ms": self.clipped_from_ms,
        }

    def over(self) -> None:
        """Nothing is to be noticed any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _nothing_heard(self) -> None:
        self._runner.fact("leg", "one_way", {"what": NO_AUDIO_FROM_CALLER, "frames": self.frames})
