"""Sample rate conversion of 16-bit mono PCM.

:func:`resample` is for whole buffers (a clause of speech) and uses libsoxr. :class:`StreamResampler` is for audio that arrives in pieces.
It is a polyphase FIR filter (windowed sinc) of our own, which holds back 2 ms at 8,000 Hz. The stream of libsoxr holds back 40 to 105 ms
(decision 4).
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
import soxr
from numpy.typing import NDArray

_QUALITY = "HQ"
_HALF_TAPS = 16
"""Taps on each side of the centre, counted at the lower of the two rates."""
_PASSBAND = 0.92
"""Where the filter begins to fall, as a share of the lower rate's half."""
_KAISER_BETA = 7.0
_MAX_RATE_HZ = 192_000


@lru_cache(maxsize=32)
def _phases(from_hz: int, to_hz: int) -> tuple[int, int, int, NDArray[np.float32]]:
    """(up, down, taps, filter bank [up, taps]) of the conversion."""
    divisor = gcd(from_hz, to_hz)
    up, down = to_hz // divisor, from_hz // divisor
    cutoff = _PASSBAND * min(1.0, to_hz / from_hz)
    half = int(np.ceil(_HALF_TAPS * max(1.0, from_hz / to_hz)))
    taps = 2 * half
    offsets = np.arange(taps)[None, :] - (half - 1) - np.arange(up)[:, None] / up
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (offsets / half) ** 2, 0, 1))) / np.i0(_KAISER_BETA)
    bank = cutoff * np.sinc(cutoff * offsets) * window
    bank /= bank.sum(axis=1, keepdims=True)
    return up, down, taps, bank.astype(np.float32)


def _check(from_hz: int, to_hz: int) -> None:
    for rate in (from_hz, to_hz):
        if not 1 <= rate <= _MAX_RATE_HZ:
            raise ValueError(f"a sample rate of {rate} Hz cannot be converted; use 1 to {_MAX_RATE_HZ}")


class StreamResampler:
    """Converts a stream piece by piece. Feed whole samples; call :meth:`flush` once at the end."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        _check(from_hz, to_hz)
        self._same = from_hz == to_hz
        self._up, self._down, self._taps, self._bank = _phases(from_hz, to_hz)
        self._data = np.zeros(self._taps // 2 - 1, dtype=np.float32)
        self._taken = 0
        self._made = 0
        self._base = -(self._taps // 2 - 1)

    def feed(self, pcm: bytes) -> bytes:
        """The converted samples that ``pcm`` completes."""
        if self._same:
            return pcm
        self._taken += len(pcm) // 2
        self._data = np.concatenate([self._data, np.frombuffer(pcm, dtype="<i2").astype(np.float32)])
        return self._convert(None)

    def flush(self) -> bytes:
        """The samples held back. The stream begins anew after it."""
        if self._same:
            return b""
        total = -(-self._taken * self._up // self._down)
        self._data = np.concatenate([self._data, np.zeros(self._taps, dtype=np.float32)])
        rest = self._convert(total)
        self._data = np.zeros(self._taps // 2 - 1, dtype=np.float32)
        self._taken = self._made = 0
        self._base = -(self._taps // 2 - 1)
        return rest

    def _convert(self, total: int | None) -> bytes:
        """Make every output sample whose taps are all there, up to ``total``."""
        half = self._taps // 2
        last_start = self._base + len(self._data) - self._taps
        # Output n needs input floor(n * down / up) - half + 1 .. + half.
        ready = -(-(last_start + half) * self._up // self._down) if last_start + half > 0 else 0
        until = ready if total is None else total
        if until <= self._made:
            return b""
        places = np.arange(self._made, until, dtype=np.int64) * self._down
        starts = places // self._up - half + 1 - self._base
        windows = self._data[starts[:, None] + np.arange(self._taps)]
        out = np.einsum("ij,ij->i", windows, self._bank[places % self._up])
        self._made = until
        keep_from = max(0, int(until * self._down // self._up) - half + 1 - self._base)
        self._data = self._data[keep_from:]
        self._base += keep_from
        return bytes(np.clip(np.rint(out), -32_768, 32_767).astype("<i2"))


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """A whole buffer at another rate. ``ceil(samples * to_hz / from_hz)`` samples; the same bytes for the same rate."""
    _check(from_hz, to_hz)
    if from_hz == to_hz or not pcm:
        return pcm
    samples = len(pcm) // 2
    # As floats, because libsoxr adds random noise (dither) to integers: the same input must give the same samples. It rounds the length
    # down now and then, so it is given some silence more than is asked of it.
    given = np.zeros(samples + from_hz // to_hz + 2, dtype=np.float32)
    given[:samples] = np.frombuffer(pcm, dtype="<i2")
    made: NDArray[np.float32] = soxr.resample(given, from_hz, to_hz, _QUALITY)[: -(-samples * to_hz // from_hz)]
    return bytes(np.clip(np.rint(made), -32_768, 32_767).astype("<i2"))
