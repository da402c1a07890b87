"""The present stretch of the caller's speech: what counts for a barge-in. A longer pause begins a new one, counted anew."""

from __future__ import annotations

from callwright.conversation.words import Words


class Stretch:
    """Which of the pending words are of the present stretch: the last ones. ``_before`` counts the others; ``_earlier`` are the segments
    that had words when it began."""

    __slots__ = ("_before", "_earlier", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words
        self._before = 0
        self._earlier: frozenset[float] = frozenset()

    @property
    def count(self) -> int:
        """How many of the last pending words are of the present stretch."""
        return self._words.count - self._before

    def begin(self) -> None:
        """What is pending was said before."""
        self._before, self._earlier = self._words.count, frozenset(self._words.pieces())

    def forget(self) -> None:
        """All that is pending, or comes, is of one stretch."""
        self._before = 0

    def reread(self, segment: int, known: int) -> None:
        """The words of ``segment``, which were ``known``, have changed. Those of an earlier stretch count off none of this one; what the
        last segment has more of is new."""
        others, now = self._words.before(segment), self._words.counted(segment)
        if segment not in self._earlier:
            return
        earlier = min(max(self._before - others, 0), known)
        if now < earlier:
            self._before -= earlier - now
        elif earlier == known and self._words.count > others + now:
            self._before += now - known

    def dismiss(self, segment: int, others: int, gone: int) -> None:
        """The ``gone`` words of ``segment``, which stood behind ``others``, are not pending any more."""
        if segment in self._earlier:
            self._before -= min(max(self._before - others, 0), gone)
