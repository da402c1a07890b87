"""How loud a recording is: the largest amplitude of each side in every stretch of time, for a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

_WINDOWS_AT_ONCE = 4_096
"""So many values are made of one piece of the file: a recording of an hour is never in memory whole."""
_FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Peaks:
    """One byte per value and side, 0 to 255 of full scale."""

    per_second: int
    duration_ms: float
    left: bytes
    right: bytes


def peaks_of(path: str | Path, per_second: int) -> Peaks:
    """The peaks of a stereo file. Blocking. OSError for a file that cannot be read as sound."""
    left: list[bytes] = []
    right: list[bytes] = []
    try:
        with soundfile.SoundFile(str(path)) as file:
            window = max(1, round(file.samplerate / per_second))
            duration_ms = file.frames * 1000 / file.samplerate
            while True:
                samples = file.read(window * _WINDOWS_AT_ONCE, dtype="int16", always_2d=True)
                if not len(samples):
                    break
                found = _largest(samples, window)
                left.append(found[:, 0].tobytes())
                right.append(found[:, -1].tobytes())
    except soundfile.LibsndfileError as error:
        raise OSError(f"{path} cannot be read: {error}") from error
    return Peaks(per_second, round(duration_ms, 3), b"".join(left), b"".join(right))


def wav_length_ms(path: str | Path) -> int:
    """The length of a WAV file, by its head. Blocking. OSError for a file that is none."""
    try:
        found = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise OSError(f"{path} cannot be read: {error}") from error
    if not found.format.startswith("WAV"):
        raise OSError(f"{path} is a file of another kind: {found.format}")
    return int(found.frames) * 1000 // int(found.samplerate)


def _largest(samples: NDArray[np.int16], window: int) -> NDArray[np.uint8]:
    """The largest amplitude of every ``window`` samples, the last ones maybe fewer."""
    amplitudes = np.abs(samples.astype(np.int32))
    found = np.maximum.reduceat(amplitudes, np.arange(0, len(samples), window), axis=0)
    loud: NDArray[np.uint8] = np.minimum(255, found * 256 // _FULL_SCALE).astype(np.uint8)
    return loud
