"""The caller's sounds: where the voice is, whether a sound that continues is still the caller's, how long one without words delays."""

from __future__ import annotations

from callwright.conversation.bounds import (
    COVER_SLACK_MS,
    DENSE_MOST_MS,
    DENSE_PERCENT,
    DOUBT_MOST_MS,
    FINAL_WAIT_MS,
    STRETCH_GAP_MS,
    WORDS_STILL_MS,
)
from callwright.conversation.onset import Onset
from callwright.conversation.shared_state import SharedState
from callwright.conversation.words import Words


class Voicing:
    """Positions of the caller's voice, in milliseconds of the caller's audio: by the detector, or by words that the detector missed.

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


class ContinuingSound:
    """Waits for new words in a sound that continues after the caller's words. While they come it is the caller's, else a television's or
    the street's.

    ``streams``: the recogniser reports words as they are spoken. For a recogniser of whole sentences, missing words prove nothing.
    """

    __slots__ = ("_shared", "_words", "streams")

    def __init__(self, shared: SharedState, words: Words) -> None:
        self._shared = shared
        self.streams = False
        self._words = words

    @property
    def settled(self) -> bool:
        """Returns whether all pending words are final and the recogniser would report new ones at once."""
        return self.streams and self._words.count > 0 and self._words.all_final

    def begin(self) -> None:
        """Handles the start of a sound, or a new word in it: the wait for the next word starts now."""
        if self.settled:
            self._shared.after_ms("still", WORDS_STILL_MS)
        else:
            self._shared.timers.cancel("still")

    def hear(self, final: bool, first: bool) -> None:
        """Handles words that came while the agent was silent. ``first``: the segment had no words before.

        Words over the agent do not count: there, a recogniser of whole sentences may stream, too (``TranscriberStream.want_partials``).
        """
        if first or not final:
            self.streams = not final


class WordlessSounds:
    """Measures a run of sounds without words: its start, its end, and how much of it is sound. It bounds how long they delay the caller's
    turn and the reply to it.

    A dog, typing or a television can sound again and again while the recogniser reports neither words nor their absence. So can a caller,
    if the recogniser reads whole sentences only.

    One bound covers everything that the run delays: the question to the model, its reply, and the pause before them. A dense run gets more
    time, because people pause little while they speak, unless the recogniser streams words: it would have reported some.
    """

    __slots__ = ("_continuing", "_ended_us", "_shared", "_since_us", "_voiced_ms", "spent")

    def __init__(self, shared: SharedState, continuing: ContinuingSound) -> None:
        self._shared = shared
        self._continuing = continuing
        self._since_us = -1  # start of the run; -1: there is none
        self._ended_us = -1  # end of its latest sound
        self._voiced_ms = 0  # length of its sounds together
        self.spent = False  # the run has used its whole bound: the reply must not be delayed by it a second time

    def begin(self, settled: bool) -> None:
        """Handles the start of a sound.

        ``settled``: the turn waits for nothing that came before. Then the sound starts a new run, unless the present run has outlasted its
        bound and the silence since is too short for a final text to have come.
        """
        now_us = self._shared.now_us
        goes_on = self.outwaited and now_us < self._ended_us + FINAL_WAIT_MS * 1000
        if self._since_us < 0 or (settled and not goes_on):
            self._since_us, self._voiced_ms, self.spent = now_us, 0, False

    def end(self, voiced_ms: int) -> None:
        """Handles the end of a sound of this length."""
        self._ended_us = self._shared.now_us
        self._voiced_ms += voiced_ms

    def read(self) -> None:
        """Handles new words: the run is over."""
        self._since_us, self.spent = -1, False

    @property
    def due_us(self) -> int:
        """Returns when the run may no longer delay anything; -1: there is no run."""
        if self._since_us < 0:
            return -1
        lasted_ms = max(self._ended_us - self._since_us, 0) // 1000
        dense = not self._continuing.streams and self._voiced_ms * 100 >= lasted_ms * DENSE_PERCENT
        return self._since_us + (DENSE_MOST_MS if dense else DOUBT_MOST_MS) * 1000

    @property
    def outwaited(self) -> bool:
        """Returns whether the bound has passed. The known words then count as all words, even if the sound goes on."""
        return 0 <= self.due_us <= self._shared.now_us
