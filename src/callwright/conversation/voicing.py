"""Where the caller's voice is: as the detector hears it, or as words say that it misses."""

from __future__ import annotations

from callwright.conversation.bounds import COVER_SLACK_MS, STRETCH_GAP_MS
from callwright.conversation.onset import Onset


class Voicing:
    """Positions in the caller's audio, in milliseconds. ``detected_ms``: where the last voiced audio that the detector heard ended;
    ``sounded``: it heard something of the present turn; ``onset``: where in it the words were begun."""

    __slots__ = ("_missed", "_words_ms", "detected_ms", "onset", "sounded")

    def __init__(self) -> None:
        self.detected_ms = 0
        self.sounded = False
        self.onset = Onset()
        self._words_ms = 0  # up to where the newest words were known
        self._missed = False  # they came, since the last sound, from where the detector heard nothing

    @property
    def ended_ms(self) -> int:
        """Where the voice ended last."""
        return max(self.detected_ms, self._words_ms) if self._missed else self.detected_ms

    def begin(self, audio_ms: int) -> None:
        """The detector hears a sound."""
        self.onset.begin(audio_ms)
        self.sounded = True
        self._missed = False

    def end(self, audio_ms: int) -> None:
        """The last voiced audio that the detector heard ended at ``audio_ms``."""
        self.sounded = True
        self.detected_ms = max(self.detected_ms, audio_ms)
        self.onset.end(audio_ms)

    def hear(self, audio_ms: int, more: bool) -> bool:
        """Words up to ``audio_ms``; ``more``: more than before, while the detector hears nothing. Returns whether it misses the caller.

        It does where words are behind its last sound, and not just late: a recogniser may say that it knows the words of a sound up to a
        while after it.
        """
        late_ms = COVER_SLACK_MS if self._missed or not self.sounded else STRETCH_GAP_MS
        missed = more and audio_ms > self.ended_ms + late_ms
        self._missed = self._missed or missed
        self._words_ms = max(self._words_ms, audio_ms)
        return missed

    def hear_end(self, audio_ms: int, talking: bool) -> None:
        """The recogniser heard the voice end at ``audio_ms``, of which the detector knows only while the caller is ``talking``."""
        if self._missed:
            self._words_ms = max(self._words_ms, audio_ms)
        if talking:
            self.detected_ms = max(self.detected_ms, audio_ms)
            self.onset.end(audio_ms)

    def go_stale(self, began_ms: int) -> None:
        """The sound that began at ``began_ms`` is noise behind the last words."""
        self.detected_ms = max(self.detected_ms, began_ms, self._words_ms)

    def close(self, audio_ms: int, talking: bool) -> None:
        """The turn is over; all of it was up to ``audio_ms``. ``talking``: what sounds now is of the next one."""
        self.detected_ms = max(self.detected_ms, audio_ms)
        self.onset.close(talking)
        self.sounded = talking
        self._missed = False
