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
#: The taps that are neither 0 nor the middle one; together they weigh as much as that.
_BESIDE: NDArray[np.float32] = (0.5 * _SHAPE / _SHAPE.sum()).astype(np.float32)
_BETWEEN: NDArray[np.float32] = 2 * _BESIDE
_MIDDLE = _TAPS // 2 - 1
_LEAST, _MOST = np.float32(-32_768), np.float32(32_767)


class Halver:
    """Halves the sample rate of 16-bit PCM. Feed whole frames with an even number of samples, of one size."""

    __slots__ = ("_data", "_kept")

    def __init__(self, samples: int) -> None:
        """``samples``: of each frame that comes in."""
        self._kept = 2 * (_TAPS - 1)
        self._data = np.zeros(self._kept + samples, dtype=np.float32)

    def feed(self, pcm: bytes) -> bytes:
        """The next frame at half the rate."""
        data, kept = self._data, self._kept
        data[:kept] = data[-kept:]
        data[kept:] = np.frombuffer(pcm, dtype="<i2")
        made = np.convolve(data[::2], _BESIDE, "valid")
        made += 0.5 * data[_TAPS - 1 : _TAPS - 1 + 2 * len(made) : 2]
        return _samples(made).tobytes()


class Doubler:
    """Doubles the sample rate of 16-bit PCM. Feed whole frames of one size."""

    __slots__ = ("_data", "_out")

    def __init__(self, samples: int) -> None:
        """``samples``: of each frame that comes in."""
        self._data = np.zeros(_TAPS - 1 + samples, dtype=np.float32)
        self._out = np.zeros(2 * samples, dtype="<i2")

    def feed(self, pcm: bytes) -> bytes:
        """The next frame at twice the rate."""
        data, out = self._data, self._out
        data[: _TAPS - 1] = data[1 - _TAPS :]
        data[_TAPS - 1 :] = np.frombuffer(pcm, dtype="<i2")
        out[::2] = data[_MIDDLE : _MIDDLE + len(out) // 2]
        out[1::2] = _samples(np.convolve(data, _BETWEEN, "valid"))
        return out.tobytes()


def _samples(made: NDArray[np.float32]) -> NDArray[np.int16]:
    np.rint(made, out=made)
    # np.clip takes longer than both.
    np.maximum(made, _LEAST, out=made)
    np.minimum(made, _MOST, out=made)
    return made.astype("<i2")
