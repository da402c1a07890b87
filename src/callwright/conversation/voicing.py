"""The position of the caller's voice, by the detector or by words that the detector missed."""

from __future__ import annotations

from callwright.conversation.bounds import COVER_SLACK_MS, STRETCH_GAP_MS
from callwright.conversation.onset import Onset


class Voicing:
    """Positions of the caller's voice, in milliseconds of the caller's audio.

    - ``detected_ms``: end of the last voiced audio that the detector heard.
    - ``sounded``: whether the detector heard anything of the present turn.
    - ``onset``: where the words of the present stretch began.
    """

    __slots__ = ("_missed", "_words_ms", "detected_ms", "onset", "sounded")

    def __init__(self) -> None:
        self.detected_ms = 0
        self.sounded = False
        self.onset = Onset()
        self._words_ms = 0  # end of the newest words
        self._missed = False  # whether words came since the last sound from audio in which the detector heard nothing

    @property
    def ended_ms(self) -> int:
        """Returns the end of the voice."""
        return max(self.detected_ms, self._words_ms) if self._missed else self.detected_ms

    def begin(self, audio_ms: int) -> None:
        """Handles the start of a detected sound."""
        self.onset.begin(audio_ms)
        self.sounded = True
        self._missed = False

    def end(self, audio_ms: int) -> None:
        """Handles the end of a detected sound at ``audio_ms``."""
        self.sounded = True
        self.detected_ms = max(self.detected_ms, audio_ms)
        self.onset.end(audio_ms)

    def hear(self, audio_ms: int, more: bool) -> bool:
        """Handles words up to ``audio_ms``. Returns whether the detector missed the caller.

        ``more``: there are more words than before, while the detector hears nothing. The detector missed them if they lie well after its
        last sound: a recogniser may date the words of a sound a little late.
        """
        late_ms = COVER_SLACK_MS if self._missed or not self.sounded else STRETCH_GAP_MS
        missed = more and audio_ms > self.ended_ms + late_ms
        self._missed = self._missed or missed
        self._words_ms = max(self._words_ms, audio_ms)
        return missed

    def hear_end(self, audio_ms: int, talking: bool) -> None:
        """Handles the recogniser's end of the voice at ``audio_ms``. It counts as detected only while the caller is ``talking``."""
        if self._missed:
            self._words_ms = max(self._words_ms, audio_ms)
        if talking:
            self.detected_ms = max(self.detected_ms, audio_ms)
            self.onset.end(audio_ms)

    def go_stale(self, began_ms: int) -> None:
        """Marks the sound that began at ``began_ms`` as noise after the last words."""
        self.detected_ms = max(self.detected_ms, began_ms, self._words_ms)

    def close(self, audio_ms: int, talking: bool) -> None:
        """Ends the turn at ``audio_ms``. ``talking``: the present sound belongs to the next turn."""
        self.detected_ms = max(self.detected_ms, audio_ms)
        self.onset.close(talking)
        self.sounded = talking
        self._missed = False
