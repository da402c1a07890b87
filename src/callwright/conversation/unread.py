"""Sound that follows sound while nobody tells any words of it, nor that it has none: a dog, typing, a television, or a caller whom the
recogniser reads only when they have come to an end."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import DENSE_MOST_MS, DENSE_PERCENT, DOUBT_MOST_MS
from callwright.conversation.stillness import Stillness


class Unread:
    """How long it goes on, and how much of that time sounds: whoever speaks pauses little. A recogniser that tells words as they are spoken
    would have told some by then."""

    __slots__ = ("_board", "_since_us", "_stillness", "_voiced_ms")

    def __init__(self, board: Board, stillness: Stillness) -> None:
        self._board = board
        self._stillness = stillness
        self._since_us = -1
        self._voiced_ms = 0

    def begin(self, anew: bool) -> None:
        """A sound begins; ``anew``: what was before it is settled."""
        if anew or self._since_us < 0:
            self._since_us, self._voiced_ms = self._board.now_us, 0

    def end(self, voiced_ms: int) -> None:
        """A sound of this length is over."""
        self._voiced_ms += voiced_ms

    def read(self) -> None:
        """New words were told."""
        self._since_us = -1

    @property
    def most_us(self) -> int:
        """How long it may hold anything back."""
        lasted_ms = (self._board.now_us - self._since_us) // 1000 if self._since_us >= 0 else 0
        dense = self._voiced_ms * 100 >= lasted_ms * DENSE_PERCENT
        return (DENSE_MOST_MS if dense and not self._stillness.streams else DOUBT_MOST_MS) * 1000

    @property
    def outwaited(self) -> bool:
        """Whether it has: whatever sounds, there are no more words than those that are known."""
        return 0 <= self._since_us <= self._board.now_us - self.most_us
