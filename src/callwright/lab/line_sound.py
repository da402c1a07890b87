"""The sound on a simulated line: codec, level and noise, and the echo of what we send. PCM of 20 ms in and out."""

from __future__ import annotations

from random import Random

import numpy as np

from callwright.lab.line_conditions import PCMA, PCMU, LineConditions
from callwright.media.framing import SAMPLE_RATE_HZ
from callwright.media.g711 import alaw_of, mulaw_of, pcm_of_alaw, pcm_of_mulaw

FULL_SCALE = 32_768
_NOISE_SAMPLES = 2 * SAMPLE_RATE_HZ
_MOST_AHEAD_MS = 200
_BYTES_PER_MS = 2 * SAMPLE_RATE_HZ // 1000


class Sound:
    """What one way does to the sound: level, then noise, then the codec."""

    def __init__(self, conditions: LineConditions, random: Random) -> None:
        self._conditions = conditions
        self._gain = 10 ** (conditions.level_db / 20)
        self._at = 0
        self._noise = np.zeros(0)
        if conditions.noise_db is not None:
            rms = FULL_SCALE * 10 ** (conditions.noise_db / 20)
            self._noise = np.array([random.gauss(0.0, rms) for _ in range(_NOISE_SAMPLES)])

    def through(self, pcm: bytes) -> bytes:
        """The same length of sound, as it comes out."""
        if self._gain != 1 or self._noise.size:
            pcm = self._shaped(pcm)
        if self._conditions.codec == PCMA:
            return pcm_of_alaw(alaw_of(pcm))
        if self._conditions.codec == PCMU:
            return pcm_of_mulaw(mulaw_of(pcm))
        return pcm

    def _shaped(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, dtype="<i2") * self._gain
        if self._noise.size:
            samples = samples + np.take(self._noise, np.arange(self._at, self._at + samples.size), mode="wrap")
            self._at = (self._at + samples.size) % self._noise.size
        return _clipped(samples)


class Echo:
    """What is heard at the far end comes back later and softer."""

    def __init__(self, echo_db: float, echo_ms: float) -> None:
        self._gain = 10 ** (echo_db / 20)
        self._most_bytes = round(echo_ms + _MOST_AHEAD_MS) * _BYTES_PER_MS
        self._waiting = bytearray(round(echo_ms) * _BYTES_PER_MS)

    def heard(self, pcm: bytes) -> None:
        """Sound that the far end plays."""
        self._waiting += pcm
        # A way back without sound (nobody sends) must not pile up what came.
        del self._waiting[: max(0, len(self._waiting) - self._most_bytes)]

    def mixed(self, pcm: bytes) -> bytes:
        """Sound that the far end sends, with the echo that is due in it."""
        due = bytes(self._waiting[: len(pcm)])
        del self._waiting[: len(due)]
        if not due.strip(b"\0"):
            return pcm
        echo = np.frombuffer(due.ljust(len(pcm), b"\0"), dtype="<i2") * self._gain
        return _clipped(np.frombuffer(pcm, dtype="<i2") + echo)


def _clipped(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    return np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
