"""The recording: two mono tracks of mu-law on one time axis, mixed down to a stereo WAV file."""

from __future__ import annotations

import numpy as np

from callwright.media.g711 import pcm_of_mulaw
from callwright.media.wav import MULAW, PCM16, write_wav

_SILENT = b"\xff"


class Track:
    """One side of a call as it sounded, in samples at 8,000 Hz from the start of the recording. What nobody said is silence.

    Sound is put where it is played. Where two pieces overlap the later one wins, so that a piece may be put slightly early.
    """

    def __init__(self) -> None:
        self._audio = bytearray()

    def __len__(self) -> int:
        return len(self._audio)

    def put(self, at_sample: int, mulaw: bytes) -> None:
        """``mulaw`` is played from ``at_sample`` on. What lies before the start is dropped."""
        if at_sample < 0:
            mulaw = mulaw[-at_sample:]
            at_sample = 0
        gap = at_sample - len(self._audio)
        if gap > 0:
            self._audio += _SILENT * gap
        self._audio[at_sample : at_sample + len(mulaw)] = mulaw

    def append(self, mulaw: bytes) -> None:
        """``mulaw`` follows what there is."""
        self._audio += mulaw

    def cut(self, at_sample: int) -> None:
        """What was put from ``at_sample`` on was never played."""
        del self._audio[max(0, at_sample) :]

    def take_out(self, at_sample: int, samples: int) -> None:
        """What was put behind ``at_sample + samples`` moves to ``at_sample``."""
        del self._audio[max(0, at_sample) : max(0, at_sample + samples)]

    def mulaw(self, from_sample: int = 0) -> bytes:
        """The track from ``from_sample`` on."""
        return bytes(memoryview(self._audio)[from_sample:])


def mix_down(left: bytes, right: bytes, *, compact: bool = False) -> bytes:
    """A stereo WAV of two mu-law tracks that begin together; the shorter is filled with silence.

    PCM16, which everything plays; ``compact`` keeps mu-law at half the size.
    """
    frames = max(len(left), len(right))
    sides = [side + _SILENT * (frames - len(side)) for side in (left, right)]
    if compact:
        stereo = np.column_stack([np.frombuffer(side, dtype=np.uint8) for side in sides])
        return write_wav(stereo.tobytes(), channels=2, encoding=MULAW)
    pcm = np.column_stack([np.frombuffer(pcm_of_mulaw(side), dtype="<i2") for side in sides])
    return write_wav(pcm.tobytes(), channels=2, encoding=PCM16)
