"""What the caller said last: a recogniser may finish reading it only after the call has ended."""

from __future__ import annotations

from collections.abc import Mapping

from callwright.conversation import events as ev
from callwright.conversation.effects import UserSaid
from callwright.conversation.shared_state import SharedState
from callwright.conversation.words import Words


class LastWords:
    """The caller's last turn of one call, open for the recogniser's final words. Made when the call ends, before the words are taken.

    ``turn`` is the number its words have, or would have if there were none yet.
    """

    __slots__ = ("_from_ms", "_pieces", "_shared", "_taken", "_to_ms", "_turn")

    def __init__(self, shared: SharedState, words: Words, turn: int, from_ms: int, to_ms: int) -> None:
        self._shared = shared
        self._taken: Mapping[float, tuple[str, ...]] = words.taken()
        self._pieces = words.pieces()
        self._turn = turn
        self._from_ms = from_ms
        self._to_ms = to_ms

    def hear(self, event: ev.TranscriptFinal) -> None:
        """Final words of the last turn: the record's words of it are replaced. What does not change the turn is noted."""
        taken = self._taken.get(event.segment, ())
        words = Words.beyond(event.text, taken)
        if words and Words.differs(event.text, taken):
            self._shared.note("words_revised", event.text)
        if words and words != self._pieces.get(event.segment):
            self._pieces[event.segment] = words
            self._to_ms = max(self._to_ms, event.audio_ms)
            text = " ".join(word for number in sorted(self._pieces) for word in self._pieces[number])
            self._shared.emit(UserSaid(self._turn, text, min(self._from_ms, self._to_ms), self._to_ms))
        elif event.text and not words:
            self._shared.note("words_after_end", event.text)
