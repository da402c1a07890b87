"""Judges a sound that continues after the caller's words: the caller's while new words come, else a television or the street."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import WORDS_STILL_MS
from callwright.conversation.words import Words


class Stillness:
    """Waits for new words in a sound.

    ``streams``: the recogniser reports words as they are spoken. For a recogniser of whole sentences, missing words prove nothing.
    """

    __slots__ = ("_board", "_words", "streams")

    def __init__(self, board: Board, words: Words) -> None:
        self._board = board
        self.streams = False
        self._words = words

    @property
    def settled(self) -> bool:
        """Returns whether all pending words are final and the recogniser would report new ones at once."""
        return self.streams and self._words.count > 0 and self._words.all_final

    def begin(self) -> None:
        """Handles the start of a sound, or a new word in it: the wait for the next word starts now."""
        if self.settled:
            self._board.after_ms("still", WORDS_STILL_MS)
        else:
            self._board.timers.cancel("still")

    def hear(self, final: bool, first: bool) -> None:
        """Handles words that came while the agent was silent. ``first``: the segment had no words before.

        Words over the agent do not count: there, a recogniser of whole sentences may stream, too (``TranscriberStream.want_partials``).
        """
        if first or not final:
            self.streams = not final
