"""Sounds to measure a line with, and what can be read from them at the other end: when a marker arrived, a tone's level, its gaps.

PCM is 16-bit mono at 8,000 Hz. Levels are dBFS: 0 is the root mean square of a full square wave (32,768).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np
from numpy.typing import NDArray

from callwright.media.framing import SAMPLE_RATE_HZ
from callwright.media.tones import tone

FULL_SCALE = 32_768
CLIPPED_AT = 32_100
"""The largest mu-law value is 32,124: from here on a sample has met the ceiling."""
QUIETEST_DBFS = -96.0

MARKER_MS = 200
_MARKER_HZ = (400.0, 3_400.0)
_MARKER_AMPLITUDE = 12_000.0
_RAMP_SAMPLES = 80
_ALIKE = 0.4
"""Share of a marker that must be recognised: a quarter of its frames may be lost, and its own echo is as much alike as itself."""
_APART_SAMPLES = MARKER_MS * SAMPLE_RATE_HZ // 1000
_LEAST_DBFS = -60.0

_BLOCK_SAMPLES = 40
_GAP_DB = 20.0
"""A block of 5 ms so much below the tone is a hole in it."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker found. ``at_samples``: where it begins; ``alike``: how much of it was recognised (0 to 1); ``level_dbfs``: its level."""

    at_samples: int
    alike: float
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class ToneReading:
    """A steady tone at the other end. ``found_ms``: from its first block to its last; ``gaps``: holes between them, ``gap_ms`` in all.

    ``level_dbfs``: the tone alone; ``clipped_share``: samples at the ceiling.
    """

    found_ms: int
    level_dbfs: float
    gaps: int
    gap_ms: int
    clipped_share: float


def marker() -> bytes:
    """200 ms that rise from 400 to 3,400 Hz: unlike anything else on a line, and sharp when compared with itself."""
    at = np.arange(_APART_SAMPLES) / SAMPLE_RATE_HZ
    low_hz, high_hz = _MARKER_HZ
    wave = np.sin(2 * np.pi * (low_hz * at + (high_hz - low_hz) / (2 * MARKER_MS / 1000) * at * at)) * _MARKER_AMPLITUDE
    ramp = np.linspace(0.0, 1.0, _RAMP_SAMPLES, endpoint=False)
    wave[:_RAMP_SAMPLES] *= ramp
    wave[-_RAMP_SAMPLES:] *= ramp[::-1]
    return bytes(wave.astype("<i2"))


def find_markers(pcm: bytes) -> list[Marker]:
    """The markers in ``pcm``, in order. Whole ones only; of two that overlap the more alike."""
    sound = _samples(pcm)
    wanted = _samples(marker())
    if sound.size < wanted.size:
        return []
    size = 1 << (sound.size + wanted.size - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(wanted, size)), size)
    product = product[: sound.size - wanted.size + 1]
    sums = np.concatenate([[0.0], np.cumsum(sound * sound)])
    energy = sums[wanted.size :] - sums[: sums.size - wanted.size]
    least = wanted.size * (FULL_SCALE * 10 ** (_LEAST_DBFS / 20)) ** 2
    alike = np.where(energy > least, product / np.sqrt(np.maximum(energy, 1.0) * float(wanted.dot(wanted))), 0.0)
    found: list[Marker] = []
    while alike.size and float(alike.max()) >= _ALIKE:
        at = int(alike.argmax())
        level = dbfs(float(np.sqrt(energy[at] / wanted.size)))
        found.append(Marker(at, min(1.0, float(alike[at])), level))
        alike[max(0, at - _APART_SAMPLES) : at + _APART_SAMPLES] = 0.0
    return sorted(found, key=lambda one: one.at_samples)


def steady_tone(hz: float, length_ms: int, amplitude: int = 8_000) -> bytes:
    """A tone to judge level and holes by."""
    return tone((hz,), length_ms, amplitude)


def read_tone(pcm: bytes, hz: float) -> ToneReading | None:
    """The tone of ``hz`` in ``pcm``, or None when it is not there. Other sounds beside it do not disturb, if they are 200 Hz away."""
    sound = _samples(pcm)
    blocks = sound.size // _BLOCK_SAMPLES
    if not blocks:
        return None
    at = np.arange(_BLOCK_SAMPLES) * (2 * np.pi * hz / SAMPLE_RATE_HZ)
    parts = sound[: blocks * _BLOCK_SAMPLES].reshape(blocks, _BLOCK_SAMPLES) @ np.exp(-1j * at)
    # The root mean square of a sine is its amplitude over the root of two; the product of n samples is n/2 times the amplitude.
    rms = np.abs(parts) * (2 / _BLOCK_SAMPLES) / np.sqrt(2)
    loud = rms > max(float(np.percentile(rms, 95)) * 10 ** (-_GAP_DB / 20), FULL_SCALE * 10 ** (_LEAST_DBFS / 20))
    if not loud.any():
        return None
    first, last = int(loud.argmax()), blocks - 1 - int(loud[::-1].argmax())
    inside = loud[first : last + 1]
    gaps = int(np.count_nonzero(inside[:-1] & ~inside[1:]))
    span = sound[first * _BLOCK_SAMPLES : (last + 1) * _BLOCK_SAMPLES]
    block_ms = _BLOCK_SAMPLES * 1000 // SAMPLE_RATE_HZ
    return ToneReading(
        found_ms=int(inside.size) * block_ms,
        level_dbfs=dbfs(float(np.median(rms[first : last + 1][inside]))),
        gaps=gaps,
        gap_ms=int(np.count_nonzero(~inside)) * block_ms,
        clipped_share=_clipped(span),
    )


def level_dbfs(pcm: bytes) -> float:
    """The level of all of ``pcm``; -96 for silence."""
    sound = _samples(pcm)
    return dbfs(float(np.sqrt(np.mean(sound * sound)))) if sound.size else QUIETEST_DBFS


def clipped_share(pcm: bytes) -> float:
    """Share of samples that met the ceiling."""
    return _clipped(_samples(pcm))


def dbfs(rms: float) -> float:
    """A root mean square as dBFS, at least -96."""
    return max(QUIETEST_DBFS, 20 * log10(rms / FULL_SCALE)) if rms > 0 else QUIETEST_DBFS


def _clipped(sound: NDArray[np.float64]) -> float:
    return float(np.count_nonzero(np.abs(sound) >= CLIPPED_AT)) / max(1, sound.size)


def _samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)
