"""Half and double sample rate in whole frames: a half-band filter with fixed taps, for audio that comes every 20 ms.

Half of a half-band filter's taps are 0, so that a frame costs one short convolution. A frame goes out for each that comes in, 2 ms later.
:mod:`media.resample` converts between any rates and takes four times as long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TAPS = 32
_KAISER_BETA = 6.0
_OFFSETS = 2 * np.arange(_TAPS) - (_TAPS - 1)
_SHAPE = np.sinc(_OFFSETS / 2) * np.i0(_KAISER_BETA * np.sqrt(1 - (_OFFSETS / _TAPS) ** 2))
#: The taps that are neither 0 nor the middle one, for double the rate; for half of it they weigh half, as the middle one does.
_BETWEEN: NDArray[np.float32] = (_SHAPE / _SHAPE.sum()).astype(np.float32)
_MIDDLE = _TAPS // 2 - 1
_PCM = np.dtype("<i2")
_HALF = np.float32(0.5)
_LEAST, _MOST = np.float32(-32_768), np.float32(32_767)


_KEPT = 2 * (_TAPS - 1)
"""Samples before a piece, of which half the rate needs to know."""


class Halver:
    """Halves the sample rate of 16-bit PCM. Feed an even number of samples. Several frames at once cost little more than one."""

    __slots__ = ("_even", "_last", "_middle", "_new", "_old")

    def __init__(self) -> None:
        self._last: NDArray[np.float32] = np.zeros(_KEPT, dtype=np.float32)
        self._make_room(0)

    def feed(self, pcm: bytes) -> bytes:
        """What comes next, at half the rate."""
        samples = len(pcm) // _PCM.itemsize
        if samples != len(self._new):
            self._make_room(samples)
        self._old[:] = self._last
        np.multiply(np.frombuffer(pcm, _PCM), _HALF, out=self._new)
        made = np.correlate(self._even, _BETWEEN, "valid")
        made += self._middle
        return _samples(made).tobytes()

    def _make_room(self, samples: int) -> None:
        """A buffer for pieces of another size, with half of each sample. Its parts stay where they are while the size does: to cut them
        anew costs as much as the sums."""
        data = np.zeros(_KEPT + samples, dtype=np.float32)
        data[-_KEPT:] = self._last
        self._old, self._last, self._new = data[:_KEPT], data[-_KEPT:], data[_KEPT:]
        self._even, self._middle = data[::2], data[_TAPS - 1 : _TAPS - 1 + samples : 2]


class Doubler:
    """Doubles the sample rate of 16-bit PCM. Several frames at once cost little more than one."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: NDArray[np.float32] = np.zeros(_TAPS - 1, dtype=np.float32)

    def feed(self, pcm: bytes) -> bytes:
        """What comes next, at twice the rate."""
        data = np.concatenate((self._kept, np.frombuffer(pcm, _PCM)), dtype=np.float32)
        self._kept = data[1 - _TAPS :]
        out = np.empty(len(pcm), dtype=_PCM)
        out[::2] = data[_MIDDLE : _MIDDLE + len(out) // 2]
        out[1::2] = _samples(np.correlate(data, _BETWEEN, "valid"))
        return out.tobytes()


def _samples(made: NDArray[np.float32]) -> NDArray[np.int16]:
    np.rint(made, out=made)
    # np.clip takes longer than both.
    np.maximum(made, _LEAST, out=made)
    np.minimum(made, _MOST, out=made)
    return made.astype(_PCM)
