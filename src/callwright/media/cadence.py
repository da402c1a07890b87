"""The cadence of whoever answered: a person says a word or two and listens, a machine speaks on.

By itself it proves nothing (a receptionist speaks as long as a short greeting of a machine), so it tells suspicion and its end, and words
or a beep decide.
"""

from __future__ import annotations

from callwright.media.framing import FRAME_MS

LONG_MS = 1_800
"""So much voice without a pause is longer than "Hello, who is this?"."""
BREATH_MS = 500
"""A shorter silence is no pause."""
LISTENS_MS = 800
"""Whoever is silent so long after speaking listens."""
_WORD_MS = 100

LIKELY, HUMAN = "likely", "human"


class Cadence:
    """Feed it whether each 20 ms are voiced."""

    def __init__(self) -> None:
        self._voiced_ms = 0
        self._silent_ms = 0
        self._told = ""

    def push(self, voiced: bool) -> str:
        """Returns LIKELY once a voice has gone on for LONG_MS, HUMAN once a voice has stopped to listen, else nothing."""
        if voiced:
            if self._silent_ms >= BREATH_MS:
                self._voiced_ms = 0
            self._silent_ms = 0
            self._voiced_ms += FRAME_MS
            return self._tell(LIKELY) if self._voiced_ms >= LONG_MS else ""
        self._silent_ms += FRAME_MS
        return self._tell(HUMAN) if self._silent_ms >= LISTENS_MS and self._voiced_ms >= _WORD_MS else ""

    def _tell(self, what: str) -> str:
        if what == self._told:
            return ""
        self._told = what
        return what
