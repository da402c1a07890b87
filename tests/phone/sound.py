"""What crossed the line, judged by frequency and by the text in its tones. The frequency judge shares no code with the platform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callwright.media.resample import resample
from callwright.media.tonetext import ToneTextDecoder, spoken
from callwright.media.wav import Wav, read_wav, write_wav

RATE_HZ = 8_000
FRAME_SAMPLES = 160
FRAME_BYTES = 2 * FRAME_SAMPLES
_WINDOW_SAMPLES = 1_600
HELD_TONE = "UUUUUUUUUUUUUUUU"
"""A text whose letters all have the same two tones: 960 ms of 875 and 2,375 Hz, told apart by frequency alone."""
HELD_TONE_HZ = (875.0, 2_375.0)


def tone(hz: float, length_ms: int, amplitude: int = 8_000) -> bytes:
    """A sine as PCM."""
    at = np.arange(length_ms * RATE_HZ // 1000)
    return np.asarray(amplitude * np.sin(2 * np.pi * hz * at / RATE_HZ)).astype("<i2").tobytes()


def silence(length_ms: int) -> bytes:
    """Silent PCM."""
    return bytes(2 * length_ms * RATE_HZ // 1000)


def goertzel(samples: NDArray[np.float64], hz: float) -> float:
    """Share of the energy at ``hz``: 1 for a pure tone of it."""
    energy = float(np.dot(samples, samples))
    if energy == 0:
        return 0.0
    at = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE_HZ)
    found = abs(complex(np.dot(samples, at)))
    return 2 * found * found / (len(samples) * energy)


def level(pcm: bytes, *hz: float) -> float:
    """The highest share of energy at the frequencies ``hz`` together, over windows of 200 ms, 0..1. Silence counts as 0."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64)
    best = 0.0
    for start in range(0, len(samples) - _WINDOW_SAMPLES + 1, _WINDOW_SAMPLES // 4):
        window = samples[start : start + _WINDOW_SAMPLES]
        if np.sqrt(np.mean(window * window)) > 300:
            best = max(best, sum(goertzel(window, each) for each in hz))
    return best


def sounding_ms(pcm: bytes, *hz: float, share: float = 0.9) -> int:
    """How long the tones ``hz`` sound altogether, in steps of 20 ms."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64)
    frames = (samples[at : at + FRAME_SAMPLES] for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES))
    loud = (frame for frame in frames if np.sqrt(np.mean(frame * frame)) > 300)
    return 20 * sum(sum(goertzel(frame, each) for each in hz) > share for frame in loud)


def words(pcm: bytes) -> str:
    """The text in the tones of ``pcm``."""
    decoder = ToneTextDecoder()
    pieces = (pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))
    return "".join(heard.text for piece in pieces for heard in decoder.feed(piece))


def timed(*parts: tuple[int, str]) -> bytes:
    """A microphone's sound: each part is a silence in milliseconds and the text spoken after it."""
    return b"".join(silence(before_ms) + spoken(text) for before_ms, text in parts)


def microphone(pcm: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """PCM as a WAV file."""
    return write_wav(pcm if rate_hz == RATE_HZ else resample(pcm, RATE_HZ, rate_hz), rate_hz=rate_hz)


def of_wav(blob: bytes, channel: int = 0) -> bytes:
    """One channel of a WAV file as PCM at 8 kHz. A file that is still being written has no length in its head: it is read to its end."""
    wav = _whole(blob)
    pcm = wav.channel(channel)
    return pcm if wav.rate_hz == RATE_HZ else resample(pcm, wav.rate_hz, RATE_HZ)


def _whole(blob: bytes) -> Wav:
    at = blob.find(b"data", 12)
    if at > 0 and int.from_bytes(blob[at + 4 : at + 8], "little") in (0, 0xFFFFFFFF):
        blob = blob[: at + 4] + len(blob[at + 8 :]).to_bytes(4, "little") + blob[at + 8 :]
    return read_wav(blob)
