"""Text carried in audio, so that tests have real audio without any model: what was cut off is not heard, what was played is.

Each byte of the text (UTF-8) is a symbol of 60 ms of two tones: one of 16 low ones for its upper half, one of 16 high ones for
its lower half, all between 406 and 3,313 Hz. The tones lie 93.75 Hz apart, three bins of a 256-sample transform, where they do not
disturb each other. Neighbouring symbols take turns in which of the two tones is twice as loud, so that a letter said twice is heard
twice. A symbol is heard when about 40 ms of it were played; at any offset of the stream; mu-law and line noise do no harm. That is
the pace of fast speech: a word of five letters takes 360 ms with the space behind it, and the space sounds too, so that a voice
activity detector sees no pause in a sentence.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callwright.media.framing import SAMPLE_RATE_HZ
from callwright.media.g711 import loudness

SYMBOL_MS = 60
SYMBOL_SAMPLES = SYMBOL_MS * SAMPLE_RATE_HZ // 1000
BREATH_MS = 40
"""Silence behind every spoken text, so that two clauses never run into each other."""

_WINDOW = 256
_HOP = 80
_SPACING_BINS = 3
_LOW_BINS = 13 + _SPACING_BINS * np.arange(16)
_HIGH_BINS = _LOW_BINS + 16 * _SPACING_BINS
_BINS = np.concatenate([_LOW_BINS, _HIGH_BINS])
_LOUD, _SOFT = 9_000.0, 4_500.0
_RAMP_SAMPLES = 20
_QUIET = 300
"""Root mean square below which a window holds no symbol."""
_PURE = 0.9
"""Share of a window's energy that must lie in the two strongest tones."""
_UNDECIDED = 1.25
"""Ratio of the two tones below which it is open which one is louder: the window lies across two symbols."""
_AGREEING_WINDOWS = 2
"""Windows in a row that must agree: with the share above they cover at least 39 ms of a symbol."""


@lru_cache(maxsize=512)
def _symbol(value: int, odd: bool) -> bytes:
    """60 ms of the symbol ``value`` (0..255)."""
    at = np.arange(SYMBOL_SAMPLES) * (2 * np.pi / _WINDOW)
    low, high = (_SOFT, _LOUD) if odd else (_LOUD, _SOFT)
    wave = low * np.sin(at * _LOW_BINS[value >> 4]) + high * np.sin(at * _HIGH_BINS[value & 15])
    ramp = np.linspace(0.0, 1.0, _RAMP_SAMPLES, endpoint=False)
    wave[:_RAMP_SAMPLES] *= ramp
    wave[-_RAMP_SAMPLES:] *= ramp[::-1]
    return bytes(wave.astype("<i2"))


def spoken(text: str) -> bytes:
    """PCM of ``text``, followed by a breath of silence. Empty for an empty text."""
    if not text:
        return b""
    symbols = [_symbol(value, bool(at & 1)) for at, value in enumerate(text.encode())]
    return b"".join(symbols) + bytes(BREATH_MS * SAMPLE_RATE_HZ // 1000 * 2)


def spoken_ms(text: str) -> int:
    """Length of the sounding part of ``spoken(text)``."""
    return len(text.encode()) * SYMBOL_MS


def word_times(text: str) -> list[tuple[str, int, int]]:
    """The words of ``text`` as (word, start_ms, end_ms) within ``spoken(text)``."""
    times: list[tuple[str, int, int]] = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        start_ms = spoken_ms(text[:at])
        times.append((word, start_ms, start_ms + spoken_ms(word)))
        at += len(word)
    return times


@dataclass(frozen=True, slots=True)
class HeardCharacter:
    """A character and where it ended in the audio fed so far (within 10 ms)."""

    text: str
    end_ms: int


@lru_cache(maxsize=1)
def _kernel() -> NDArray[np.float32]:
    """Sines and cosines of the 32 tones, one column each."""
    at = np.arange(_WINDOW)[:, None] * (2 * np.pi / _WINDOW) * _BINS[None, :]
    return np.concatenate([np.cos(at), np.sin(at)], axis=1).astype(np.float32)


class ToneTextDecoder:
    """Hears what :func:`spoken` said. Feed it the stream in pieces of any size."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, dtype=np.float32)
        self._at_samples = 0
        self._candidate: tuple[int, bool] | None = None
        self._agreeing = 0
        self._letters = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def feed(self, pcm: bytes) -> list[HeardCharacter]:
        """The characters that ``pcm`` completes."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
        if loudness(pcm) < _QUIET and (not self._rest.size or not self._rest.any()):
            self._skip(samples)
            return []
        data = np.concatenate([self._rest, samples]) if self._rest.size else samples
        windows = max(0, (len(data) - _WINDOW) // _HOP + 1)
        heard: list[HeardCharacter] = []
        for number, seen in enumerate(self._look(data, windows)):
            character = self._follow(seen, self._at_samples + number * _HOP + _WINDOW)
            if character:
                heard.append(character)
        self._at_samples += windows * _HOP
        self._rest = data[windows * _HOP :]
        return heard

    def _skip(self, samples: NDArray[np.float32]) -> None:
        """Silence: keep the position, forget the symbol in progress."""
        data_samples = self._rest.size + samples.size
        self._candidate, self._agreeing = None, 0
        keep = min(data_samples, _WINDOW - _HOP)
        self._at_samples += data_samples - keep
        self._rest = np.zeros(keep, dtype=np.float32)

    def _look(self, data: NDArray[np.float32], windows: int) -> list[tuple[int, bool] | None]:
        """What each window holds: (byte, high tone louder), or None when it is no clear symbol."""
        return [self._judge(data[number * _HOP : number * _HOP + _WINDOW]) for number in range(windows)]

    def _judge(self, window: NDArray[np.float32]) -> tuple[int, bool] | None:
        energy = float(window.dot(window))
        if energy < _QUIET**2 * _WINDOW:
            return None
        parts = window.dot(_kernel())
        parts *= parts
        power = parts[:32] + parts[32:]
        low, high = int(power[:16].argmax()), int(power[16:].argmax())
        low_power, high_power = float(power[low]), float(power[16 + high])
        # A sine of power p in its bin has the energy 2 p / window.
        if (low_power + high_power) * (2 / _WINDOW) < _PURE * energy:
            return None
        if max(low_power, high_power) < _UNDECIDED**2 * min(low_power, high_power):
            return None
        return low << 4 | high, high_power > low_power

    def _follow(self, seen: tuple[int, bool] | None, end_samples: int) -> HeardCharacter | None:
        """Count windows that agree; the character is heard once, when enough of them did."""
        if seen != self._candidate:
            self._candidate, self._agreeing = seen, 0
        self._agreeing += 1
        if seen is None or self._agreeing != _AGREEING_WINDOWS:
            return None
        text = self._letters.decode(bytes([seen[0]]))
        return HeardCharacter(text, end_samples * 1000 // SAMPLE_RATE_HZ) if text else None
