"""What the far end's sound says about who answered: cadence and beep, 20 ms at a time."""

from __future__ import annotations

from callwright.media.beeps import BeepDetector
from callwright.media.cadence import Cadence

BEEP = "beep"
_VOICED = 128


class MachineEar:
    """One call's, from the answer on."""

    def __init__(self) -> None:
        self._beeps = BeepDetector()
        self._cadence = Cadence()

    def feed(self, pcm: bytes, probability: int) -> str:
        """The next 20 ms and how likely they are speech (0..255). Returns ``likely`` (a machine), ``human``, ``beep`` or nothing."""
        rhythm = self._cadence.push(probability >= _VOICED)
        return BEEP if self._beeps.push(pcm) else rhythm
