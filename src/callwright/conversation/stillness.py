"""A sound that goes on behind the caller's words: theirs as long as new words come, else a television or the street."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import WORDS_STILL_MS
from callwright.conversation.words import Words


class Stillness:
    """Waits for new words in a sound. That none come says nothing of a recogniser that reads whole sentences (not ``streams``)."""

    __slots__ = ("_board", "_words", "streams")

    def __init__(self, board: Board, words: Words) -> None:
        self._board = board
        self.streams = False  # the recogniser tells words as they are spoken
        self._words = words

    @property
    def settled(self) -> bool:
        """Whether all pending words are final, and new ones would be told as they are spoken."""
        return self.streams and self._words.count > 0 and self._words.all_final

    def begin(self) -> None:
        """A sound begins, or a new word came in it: the next one is waited for from now on."""
        if self.settled:
            self._board.after_ms("still", WORDS_STILL_MS)
        else:
            self._board.timers.cancel("still")

    def hear(self, final: bool, first: bool) -> None:
        """Words came while the agent was silent; ``first``: of a segment of which none were known. (Over the agent also a recogniser that
        otherwise reads whole sentences may tell words as they are spoken: ``TranscriberStream.want_partials``.)"""
        if first or not final:
            self.streams = not final
