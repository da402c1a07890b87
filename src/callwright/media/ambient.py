"""Ambient sound under the agent's voice: beds of noise made by ourselves, or somebody's WAV, and the mixing of them frame by frame.

A bed is a loop without a seam: its noise is shaped in the frequency domain of the whole loop, which begins where it ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from callwright.media.framing import FRAME_SAMPLES, MULAW_FRAME_BYTES, MULAW_SILENCE, SAMPLE_RATE_HZ
from callwright.media.g711 import mixed_under, mulaw_of
from callwright.media.resample import resample
from callwright.media.wav import WavError, read_wav

LOOP_SECONDS = 16
LONGEST_WAV_SECONDS = 120
LEVEL_RMS = 180.0
"""-45 dB of full scale: present in a pause, far below a voice."""

_LEAST_RATE_HZ, _MAX_RATE_HZ = 4_000, 192_000
"""Sample rates of sound files that are read."""

_EVENED_MS, _EVENED = 60, 0.35

Samples = NDArray[np.float64]


class Bed:
    """A loop of sound with a position. ``pcm`` is PCM at 8,000 Hz, cut to whole frames of 20 ms. Raises ValueError when it has none."""

    def __init__(self, pcm: bytes) -> None:
        frames = len(pcm) // (2 * FRAME_SAMPLES)
        if not frames:
            raise ValueError("an ambient track has at least 20 ms")
        self._pcm = pcm[: frames * 2 * FRAME_SAMPLES]
        self._mulaw = mulaw_of(self._pcm)
        self._at = 0

    def under(self, frame: bytes) -> bytes:
        """``frame`` (20 ms of mu-law) with the next 20 ms of the bed under it. Sums beyond full scale stay at full scale."""
        at = self._at
        end = at + MULAW_FRAME_BYTES
        self._at = end if end < len(self._mulaw) else 0
        if frame is MULAW_SILENCE:
            return self._mulaw[at:end]
        return mixed_under(frame, self._pcm[2 * at : 2 * end])


class _Dice:
    """Numbers that look drawn and are always the same for one name: a counter, mixed (splitmix64). This package draws no chance."""

    def __init__(self, name: str) -> None:
        self._count = int.from_bytes(name.encode()[:6], "big")

    def even(self, count: int) -> Samples:
        """``count`` numbers from 0 to 1, spread evenly; 0 is not among them."""
        at = np.arange(self._count, self._count + count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        self._count += count
        at = (at ^ (at >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        at = (at ^ (at >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        at ^= at >> np.uint64(31)
        numbers: Samples = ((at >> np.uint64(11)).astype(np.float64) + 0.5) / float(1 << 53)
        return numbers

    def bell(self, count: int) -> Samples:
        """``count`` numbers of the normal distribution."""
        wave: Samples = np.sqrt(-2 * np.log(self.even(count))) * np.cos(2 * np.pi * self.even(count))
        return wave

    def between(self, low: float, high: float) -> float:
        """One number between two."""
        return low + (high - low) * float(self.even(1)[0])


def track(name: str) -> bytes:
    """The synthesised track ``name`` (one of TRACKS) as PCM. Always the same samples. About 0.1 s of work."""
    samples = TRACKS[name](_Dice(name))
    return _levelled(_evened(samples))


def track_of_wav(blob: bytes) -> bytes:
    """A WAV file as a track: its first channel, at our rate and level, LONGEST_WAV_SECONDS at most. Raises WavError."""
    wav = read_wav(blob)
    if not _LEAST_RATE_HZ <= wav.rate_hz <= _MAX_RATE_HZ:
        raise WavError(f"a sample rate of {wav.rate_hz} Hz is not read; use {_LEAST_RATE_HZ} to {_MAX_RATE_HZ} Hz")
    pcm = wav.channel(0)[: 2 * wav.rate_hz * LONGEST_WAV_SECONDS]
    samples = np.frombuffer(resample(pcm, wav.rate_hz, SAMPLE_RATE_HZ), dtype="<i2").astype(np.float64)
    if len(samples) < FRAME_SAMPLES or not samples.any():
        raise WavError("the WAV file holds no sound")
    return _levelled(samples)


def _evened(samples: Samples) -> Samples:
    """Loud and soft moments brought closer together: whoever listens for a voice shall not take one for it."""
    window = np.zeros(len(samples))
    window[: _EVENED_MS * SAMPLE_RATE_HZ // 1000] = 1.0
    power = np.fft.irfft(np.fft.rfft(np.square(samples)) * np.fft.rfft(window / window.sum()), len(samples))
    centred = np.roll(power, -_EVENED_MS * SAMPLE_RATE_HZ // 2000)
    return samples / np.maximum(centred, float(power.mean()) / 100) ** _EVENED


def _levelled(samples: Samples) -> bytes:
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return bytes(np.clip(np.rint(samples * (LEVEL_RMS / rms)), -32_768, 32_767).astype("<i2"))


def _hum(dice: _Dice, low_hz: float, high_hz: float, slope: float = 1.0) -> Samples:
    """Noise between two frequencies that falls with the frequency, as rooms do; of power 1."""
    count = LOOP_SECONDS * SAMPLE_RATE_HZ
    spectrum = np.fft.rfft(dice.bell(count))
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    band = (hz >= low_hz) & (hz <= high_hz)
    spectrum *= np.where(band, np.maximum(hz, 1.0) ** (-slope / 2), 0.0)
    noise: Samples = np.fft.irfft(spectrum, count)
    return noise / float(np.std(noise))


def _swell(dice: _Dice, hz: float, floor: float) -> Samples:
    """A loudness that comes and goes about ``hz`` times a second, never below 0."""
    slow = _hum(dice, hz / 4, hz, 0.0)
    return np.maximum(slow - floor, 0.0)


def _voices(dice: _Dice, count: int) -> Samples:
    """Talk of ``count`` people too far away to be understood."""
    murmur = np.zeros(LOOP_SECONDS * SAMPLE_RATE_HZ)
    for _ in range(count):
        low_hz = dice.between(150, 320)
        voice = _hum(dice, low_hz, low_hz * 6, 1.3) * _swell(dice, 4.0, 0.3) * _swell(dice, 0.4, -0.2)
        murmur += voice / float(np.std(voice))
    return murmur / float(np.std(murmur))


def _strokes(dice: _Dice, count: int, hz: tuple[float, float], decay_ms: float) -> Samples:
    """Short noises that ring off: keys of a keyboard, cups."""
    total = LOOP_SECONDS * SAMPLE_RATE_HZ
    length = int(6 * decay_ms * SAMPLE_RATE_HZ / 1000)
    at = np.arange(length) / SAMPLE_RATE_HZ
    sound = np.zeros(total)
    for _ in range(count):
        ringing = np.sin(2 * np.pi * dice.between(*hz) * at) + 0.5 * dice.bell(length)
        places = (int(dice.between(0, total)) + np.arange(length)) % total
        sound[places] += dice.between(0.3, 1.0) * ringing * np.exp(-at * 1000 / decay_ms)
    return sound


def _office(dice: _Dice) -> Samples:
    return _hum(dice, 60, 1_200, 1.6) + 0.5 * _voices(dice, 2) + 2.0 * _strokes(dice, 60, (1_800, 3_200), 4)


def _cafe(dice: _Dice) -> Samples:
    return 0.5 * _hum(dice, 80, 2_500, 1.2) + _voices(dice, 7) + 2.5 * _strokes(dice, 14, (2_200, 3_400), 22)


def _call_centre(dice: _Dice) -> Samples:
    return 0.5 * _hum(dice, 80, 1_600, 1.4) + _voices(dice, 5) + 1.2 * _strokes(dice, 90, (1_800, 3_200), 4)


def _street(dice: _Dice) -> Samples:
    passing = _hum(dice, 50, 900, 1.6) * _swell(dice, 0.25, -0.3)
    return 0.6 * _hum(dice, 50, 2_000, 1.8) + passing + 0.2 * _voices(dice, 2)


TRACKS: dict[str, Callable[[_Dice], Samples]] = {
    "office-ambience": _office,
    "coffee-shop": _cafe,
    "call-center": _call_centre,
    "street": _street,
}
"""Synthesised tracks by the names the hosted service has for its own, and one of ours."""
