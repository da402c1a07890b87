"""Signal arithmetic of the local models: floats of PCM, mel features, clause trimming. Plain numpy."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callwright.media.resample import resample

Floats = NDArray[np.float32]

PHONE_HZ = 8_000
MODEL_HZ = 16_000
_FFT = 400
_HOP = 160
_MELS = 80


def floats_of(pcm: bytes) -> Floats:
    """PCM16 as floats in -1..1."""
    signal: Floats = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32_768)
    return signal


def pcm_of(signal: Floats) -> bytes:
    """Floats in -1..1 as PCM16; what is louder is clipped."""
    return bytes(np.clip(np.rint(signal * 32_767), -32_768, 32_767).astype("<i2"))


def widened(pcm: bytes) -> Floats:
    """Telephone audio at the models' 16,000 Hz."""
    return floats_of(resample(pcm, PHONE_HZ, MODEL_HZ))


def narrowed(signal: Floats, rate_hz: int, pitch: Fraction = Fraction(1)) -> bytes:
    """A voice's audio as telephone PCM; a ``pitch`` over 1 plays it that much higher and faster."""
    return resample(pcm_of(signal), round(rate_hz * pitch), PHONE_HZ)


@lru_cache(maxsize=1)
def _mel_filters() -> Floats:
    """Slaney mel filters for 16,000 Hz: [80, 201]."""
    step, knee_hz, log_step = 200 / 3, 1_000.0, np.log(6.4) / 27
    knee = knee_hz / step
    points = np.linspace(0, knee + np.log(MODEL_HZ / 2 / knee_hz) / log_step, _MELS + 2)
    hertz = np.where(points < knee, points * step, knee_hz * np.exp(log_step * (points - knee)))
    bins = np.linspace(0, MODEL_HZ / 2, _FFT // 2 + 1)
    widths = np.diff(hertz)
    ramps = hertz[:, None] - bins[None]
    weights = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]))
    filters: Floats = (weights * (2 / (hertz[2:] - hertz[:-2]))[:, None]).astype(np.float32)
    return filters


@lru_cache(maxsize=1)
def _window() -> Floats:
    window: Floats = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)
    return window


def log_mel(signal: Floats, frames: int) -> Floats:
    """Whisper's log-mel features of 16,000 Hz audio: [80, frames]."""
    padded = np.pad(signal, _FFT // 2, mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][:frames]
    power = np.abs(np.fft.rfft(views * _window(), axis=1)) ** 2
    mel = np.log10(np.maximum(_mel_filters() @ power.T.astype(np.float32), 1e-10))
    features: Floats = ((np.maximum(mel, mel.max() - 8) + 4) / 4).astype(np.float32)
    return features


def loudest_rms(pcm: bytes, window_ms: int = 100) -> float:
    """RMS of the loudest stretch of telephone audio, as PCM16 counts; 0 for no audio."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    size = PHONE_HZ * window_ms // 1000
    if len(samples) < size:
        return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    return float(np.sqrt((whole**2).mean(axis=1).max()))


def trimmed(signal: Floats, rate_hz: int, threshold: float = 0.006, lead_ms: int = 20, tail_ms: int = 90) -> Floats:
    """A clause without the silence that voices put around it."""
    loud = np.flatnonzero(np.abs(signal) > threshold)
    if not len(loud):
        return signal[:0]
    return signal[max(0, int(loud[0]) - rate_hz * lead_ms // 1000) : int(loud[-1]) + rate_hz * tail_ms // 1000]
