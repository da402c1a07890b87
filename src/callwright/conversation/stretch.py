"""The caller's present stretch of speech: the words that count for a barge-in. A pause of STRETCH_GAP_MS begins a new stretch."""

from __future__ import annotations

from callwright.conversation.words import Words


class Stretch:
    """Counts the pending words of the present stretch. They are always the last ones.

    - ``_before``: pending words of earlier stretches.
    - ``_earlier``: segments that had words when the present stretch began.
    """

    __slots__ = ("_before", "_earlier", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words
        self._before = 0
        self._earlier: frozenset[float] = frozenset()

    @property
    def count(self) -> int:
        """Returns how many pending words belong to the present stretch."""
        return self._words.count - self._before

    def begin(self) -> None:
        """Begins a new stretch: all pending words belong to earlier ones."""
        self._before, self._earlier = self._words.count, frozenset(self._words.pieces())

    def forget(self) -> None:
        """Joins all pending and future words to one stretch."""
        self._before = 0

    def reread(self, segment: int, known: int) -> None:
        """Handles a new reading of ``segment``, which had ``known`` words.

        Words that an earlier stretch loses or gains do not change the present one. Additional words of the last segment are new.
        """
        others, now = self._words.before(segment), self._words.counted(segment)
        if segment not in self._earlier:
            return
        earlier = min(max(self._before - others, 0), known)
        if now < earlier:
            self._before -= earlier - now
        elif earlier == known and self._words.count > others + now:
            self._before += now - known

    def dismiss(self, segment: int, others: int, gone: int) -> None:
        """Handles the removal of the ``gone`` words of ``segment``, which followed ``others`` pending words."""
        if segment in self._earlier:
            self._before -= min(max(self._before - others, 0), gone)
